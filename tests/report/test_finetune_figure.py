"""The bars of part ``finetune``: two for each way, as high as they are right, told in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report.drawing import Drawing, drawing
from pytest_vlmsight.stats.interval import Interval

WAYS = ("before", "encoder", "projector", "llm", "whole projector")


def estimate(group: str, name: str, value: float) -> Estimate:
    interval = Interval(max(0.0, value - 0.05), min(1.0, value + 0.05))
    return Estimate(group=group, name=name, value=value, interval=interval, n=400)


def made(ways: tuple[str, ...] = WAYS) -> Diagnosis:
    rows = [estimate("sighted", name, 0.3 + 0.1 * k) for k, name in enumerate(ways)]
    rows += [estimate("blind", name, 0.25) for name in ways]
    return Diagnosis(
        part="finetune",
        model="a",
        task="one",
        n=400,
        estimates=(*rows, estimate("readout", "matched", 0.9)),
        details={
            "chance": 0.25,
            "ways": {name: {"size": 12345} for name in ways if name != "before"},
        },
    )


def drawn(diagnosis: Diagnosis) -> Drawing:
    found = drawing(diagnosis)
    assert found is not None
    return found


@pytest.mark.parametrize("ways", [WAYS, WAYS[:2], WAYS[:1]])
def test_all_that_is_drawn_lies_in_the_picture(ways: tuple[str, ...]) -> None:
    found = drawn(made(ways))
    for shape in found.shapes:
        at = {name: float(v) for name, v in shape.at.items() if name != "text-anchor"}
        for name, value in at.items():
            limit = found.width if name in {"x", "x1", "x2", "width"} else found.height
            assert 0 <= value <= limit
        if shape.tag == "rect":
            assert at["x"] + at["width"] <= found.width


def test_bars_are_as_high_as_they_are_right_and_do_not_overlap() -> None:
    bars = [s for s in drawn(made()).shapes if s.tag == "rect" and s.title]
    assert len(bars) == 2 * len(WAYS)
    sighted = [float(bar.at["height"]) for bar in bars if "sighted" in bar.look]
    assert sighted == sorted(sighted)
    assert sighted[4] / sighted[0] == pytest.approx(0.7 / 0.3, rel=0.01)
    ends = [(float(b.at["x"]), float(b.at["x"]) + float(b.at["width"])) for b in bars]
    assert all(end <= start for (_, end), (start, _) in pairwise(ends))


def test_sizes_are_told_in_characters_that_a_page_shows_as_they_are() -> None:
    texts = [shape.text for shape in drawn(made()).shapes if shape.tag == "text"]
    assert texts.count("12,345 weights") == 4
    assert all(map(str.isprintable, texts))


def test_all_numbers_are_told_in_words() -> None:
    told = drawn(made()).told
    for words in (
        "LLM: sighted 60.0% [55.0, 65.0], blind 25.0% [20.0, 30.0]",
        "readout 90.0%",
        "chance 25.0%",
    ):
        assert words in told


def test_nothing_is_drawn_of_a_diagnosis_that_failed_or_tuned_nothing() -> None:
    assert drawing(replace(made(), error="there is no peft")) is None
    assert drawing(replace(made(), estimates=())) is None


def test_a_record_without_what_is_drawn_is_refused() -> None:
    with pytest.raises(RecordError, match="diagnosis finetune of a, one cannot be drawn: KeyError"):
        drawing(replace(made(), details={}))
