"""Marker settings as they are typed."""

from __future__ import annotations

import pytest

from pytest_vlmsight.tasks.marker_words import parse_markers, parse_style
from pytest_vlmsight.tasks.markers import Markers, MarkerStyle


def test_no_words_are_the_default_style() -> None:
    assert parse_style([]) == MarkerStyle()


def test_each_word_sets_its_attribute() -> None:
    style = parse_style(["colour=yellow", "size=.06", "shape=cross", "letters=no"])
    assert style == MarkerStyle(colour="yellow", size=0.06, shape="cross", letters=False)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("yellow", "attribute=value"),
        ("varied", "attribute=value with an attribute of .*, or vary"),
        ("hue=3", "colour, size"),
        ("size=big", "expected a number"),
        ("letters=maybe", "yes or no"),
        ("colour=nocolour", "nocolour"),
        ("shape=star", "star"),
        ("size=9", "size"),
    ],
)
def test_words_that_mean_nothing_are_refused(word: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_style([word])


def test_words_are_a_style_or_vary() -> None:
    assert parse_markers(["colour=blue"]) == Markers(MarkerStyle(colour="blue"))
    assert parse_markers([]) == Markers(MarkerStyle())
    varied = parse_markers(["vary"])
    assert (varied.varied, varied.fixed, varied.slices) == (True, frozenset(), ())


@pytest.mark.parametrize("words", [["vary", "colour=red"], ["colour=red", "vary"]])
def test_words_beside_vary_fix_an_attribute(words: list[str]) -> None:
    markers = parse_markers(words)
    assert markers.varied
    assert markers.fixed == {"colour"}
    assert markers.style.colour == "#ff0000"


def test_words_beside_vary_are_checked() -> None:
    with pytest.raises(ValueError, match="star"):
        parse_markers(["vary", "shape=star"])
