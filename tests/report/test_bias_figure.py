"""The picture of part ``bias``: a bar of each letter for each run, told in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report.drawing import Drawing, Shape, drawing
from pytest_vlmsight.stats.interval import Interval

KINDS = ("blank", "none", "noise", "shuffled")


def estimate(group: str, name: str, value: float) -> Estimate:
    interval = Interval(max(0.0, value - 0.05), min(1.0, value + 0.05))
    return Estimate(group=group, name=name, value=value, interval=interval, n=200)


def made(kinds: tuple[str, ...] = KINDS, letters: str = "ABCD") -> Diagnosis:
    rows = [estimate("letters, right", name, 1 / len(letters)) for name in letters]
    for number, run in enumerate(("sighted", *kinds)):
        first = 0.9 - 0.15 * number
        rest = (1 - first) / (len(letters) - 1)
        rows += [
            estimate(f"letters, {run}", name, rest if place else first)
            for place, name in enumerate(letters)
        ]
    rows += [estimate("sighted and blind agree", kind, 0.6) for kind in kinds]
    stays = "what stays when options are rotated"
    rows += [estimate(stays, "option", 0.3), estimate(stays, "letter", 0.7)]
    rows += [estimate("markers", "as usual", 0.5), estimate("markers", "same option", 0.8)]
    return Diagnosis(
        part="bias",
        model="a",
        task="one",
        n=200,
        estimates=tuple(rows),
        details={"chance": 1 / len(letters), "blind": list(kinds)},
    )


def drawn(diagnosis: Diagnosis) -> Drawing:
    found = drawing(diagnosis)
    assert found is not None
    return found


def bars(found: Drawing) -> list[Shape]:
    return [shape for shape in found.shapes if shape.tag == "rect" and shape.title]


@pytest.mark.parametrize("kinds", [KINDS, KINDS[:1]])
@pytest.mark.parametrize("letters", ["AB", "ABCD", "ABCDEFGH"])
def test_all_that_is_drawn_lies_in_the_picture(kinds: tuple[str, ...], letters: str) -> None:
    found = drawn(made(kinds, letters))
    wide = {"x", "x1", "x2", "cx", "width"}
    for shape in found.shapes:
        at = {name: float(v) for name, v in shape.at.items() if name != "text-anchor"}
        for name, value in at.items():
            assert 0 <= value <= (found.width if name in wide else found.height)
        if shape.tag == "rect":
            assert at["width"] > 2
            assert at["x"] + at["width"] <= found.width


@pytest.mark.parametrize("letters", ["AB", "ABCD", "ABCDEFGH"])
def test_bars_of_letters_stand_beside_each_other_as_high_as_they_are_answered(
    letters: str,
) -> None:
    found = bars(drawn(made(letters=letters)))
    assert len(found) == len(letters) * 5
    heights = [float(bar.at["height"]) for bar in found[:5]]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] / heights[4] == pytest.approx(0.9 / 0.3, rel=0.02)
    ends = sorted((float(b.at["x"]), float(b.at["x"]) + float(b.at["width"])) for b in found)
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def test_each_way_of_not_seeing_has_a_colour_of_its_own_that_the_legend_has_too() -> None:
    found = drawn(made())
    paints = [(bar.look, bar.at.get("fill-opacity")) for bar in bars(found)[:5]]
    assert len(set(paints)) == 5
    legend = [s for s in found.shapes if s.tag == "rect" and not s.title]
    assert [(one.look, one.at.get("fill-opacity")) for one in legend] == paints


def test_all_numbers_are_told_in_words() -> None:
    told = drawn(made()).told
    for words in (
        "right: A 25.0% [20.0, 30.0]",
        "sighted: A 90.0% [85.0, 95.0]",
        "shuffled: A 30.0% [25.0, 35.0]",
        "same answer, blind (none): 60.0% [55.0, 65.0]",
        "same answer, options rotated: 30.0% [25.0, 35.0]",
        "same answer, other markers: 80.0% [75.0, 85.0]",
    ):
        assert words in told


def test_what_was_not_measured_has_no_line() -> None:
    bare = [
        one
        for one in made().estimates
        if one.group not in ("markers", "what stays when options are rotated")
    ]
    found = drawn(replace(made(), estimates=tuple(bare)))
    assert len([shape for shape in found.shapes if shape.tag == "circle"]) == len(KINDS)
    assert "markers" not in found.told


def test_nothing_is_drawn_of_a_diagnosis_that_failed_or_has_no_letters() -> None:
    assert drawing(replace(made(), error="cannot be asked")) is None
    assert drawing(replace(made(), estimates=())) is None


def test_a_diagnosis_that_lacks_what_its_part_writes_is_an_error_of_the_record() -> None:
    with pytest.raises(RecordError, match="bias of a, one cannot be drawn"):
        drawing(replace(made(), details={}))
