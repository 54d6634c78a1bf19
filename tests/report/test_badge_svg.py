"""The picture of a badge can be read by everybody, and holds nothing but text."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.phrases import printable
from pytest_vlmsight.report.badge import Badge
from pytest_vlmsight.report.badge_svg import _LABEL, COLOURS, badge_svg, text_width

SVG = "{http://www.w3.org/2000/svg}"


def drawn(label: str, message: str, colour: str = "red") -> ET.Element:
    return ET.fromstring(badge_svg(Badge(label=label, message=message, colour=colour)))  # noqa: S314


def test_it_has_a_title_and_a_label_for_those_who_cannot_see_it() -> None:
    picture = drawn("sight", "7/9")
    assert picture.get("role") == "img"
    assert picture.get("aria-label") == picture.findtext(f"{SVG}title") == "sight: 7/9"
    assert [text.text for text in picture.iter(f"{SVG}text")] == ["sight", "7/9"]


def test_without_a_label_there_is_only_the_message() -> None:
    picture = drawn("", "7/9")
    assert picture.get("aria-label") == "7/9"
    assert len(list(picture.iter(f"{SVG}path"))) == len(list(picture.iter(f"{SVG}text"))) == 1
    assert float(str(picture.get("width"))) < float(str(drawn("sight", "7/9").get("width")))


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_any_text_is_text(label: str, message: str) -> None:
    shown = [printable(label), printable(message)]
    picture = drawn(*shown)
    assert [text.text for text in picture.iter(f"{SVG}text")] == shown
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} == {
        *("svg", "title", "path", "g", "text")
    }


def test_markup_is_shown_and_not_obeyed() -> None:
    text = badge_svg(Badge(label='"><script>x</script>', message="&amp;", colour="red"))
    assert "<script" not in text
    assert "&amp;amp;" in text


def test_what_is_wide_has_more_room() -> None:
    assert text_width("iiii") < text_width("7777") < text_width("WWWW") < text_width("見見見見")
    assert text_width("e\u0301") == text_width("e")
    # As shields.io draws it, in Verdana of 11 px.
    assert text_width("sight") == pytest.approx(27, abs=1.5)


def test_texts_stay_within_their_ground() -> None:
    picture = drawn("relative_depth", "sighted 87% / ceiling 93%")
    ends = [
        float(str(text.get("x"))) + float(str(text.get("textLength")))
        for text in picture.iter(f"{SVG}text")
    ]
    starts = [float(str(text.get("x"))) for text in picture.iter(f"{SVG}text")]
    assert ends[0] < starts[1] - 6
    assert ends[1] < float(str(picture.get("width"))) - 5


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("ground", "ink"), [_LABEL, *COLOURS.values()])
def test_ink_can_be_read_on_its_ground(ground: str, ink: str) -> None:
    dark, light = sorted((luminance(ground), luminance(ink)))
    assert (light + 0.05) / (dark + 0.05) > 4.5
