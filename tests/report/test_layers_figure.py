"""The curve of part ``layers``: every stage once, in order, within its axes, and told in words."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report.drawing import Drawing, drawing
from pytest_vlmsight.stats.interval import Interval

STAGES = [*(f"encoder[{k}]" for k in range(25)), "projector", *(f"llm[{k}]" for k in range(1, 33))]


def estimate(group: str, name: str, value: float) -> Estimate:
    interval = Interval(max(0.0, value - 0.05), min(1.0, value + 0.05))
    return Estimate(group=group, name=name, value=value, interval=interval, n=400)


def made(stages: list[str] = STAGES) -> Diagnosis:
    rows = [
        estimate(group, name, 0.9 - 0.01 * k if group == "readout" else 0.3)
        for group in ("readout", "fitted readout", "untrained twin", "random labels")
        for k, name in enumerate(stages)
    ]
    rows += [estimate("controls", "position only", 0.28), estimate("answers", "sighted", 0.24)]
    return Diagnosis(
        part="layers",
        model="a",
        task="one",
        n=400,
        estimates=tuple(rows),
        details={"chance": 0.25, "way": {"encoder": "encoder[23]", "projector": "projector"}},
    )


def drawn(diagnosis: Diagnosis) -> Drawing:
    found = drawing(diagnosis)
    assert found is not None
    return found


@pytest.mark.parametrize("stages", [STAGES, STAGES[25:], STAGES[:26], ["encoder[0]"]])
def test_all_that_is_drawn_lies_in_the_picture(stages: list[str]) -> None:
    found = drawn(made(stages))
    for shape in found.shapes:
        for name, value in shape.at.items():
            if name in {"x", "x1", "x2", "cx"}:
                assert 0 <= float(value) <= found.width
            if name in {"y", "y1", "y2", "cy"}:
                assert 0 <= float(value) <= found.height


def test_the_readout_has_a_dot_at_each_stage_from_left_to_right() -> None:
    dots = [s for s in drawn(made()).shapes if s.tag == "circle" and s.look == "ceiling"]
    assert len(dots) == len(STAGES)
    for one, other in pairwise(dots):
        assert one.at["cx"] < other.at["cx"]  # type: ignore[operator]
        assert one.at["cy"] < other.at["cy"]  # type: ignore[operator] # less is lower down
    large = [dot.title for dot in dots if dot.at["r"] == 4.5]
    assert large == [
        "encoder: encoder[23] 67.0% [62.0, 72.0]",
        "projector: projector 65.0% [60.0, 70.0]",
    ]


def test_all_numbers_are_told_in_words() -> None:
    told = drawn(made()).told
    for words in ("readout: encoder[0] 90.0% [85.0, 95.0]", "sighted 24.0%", "chance 25.0%"):
        assert words in told


def test_nothing_is_drawn_of_a_diagnosis_that_failed_or_read_nothing() -> None:
    assert drawing(replace(made(), error="there is no map")) is None
    assert drawing(replace(made(), estimates=())) is None


def test_a_record_without_what_is_drawn_is_refused() -> None:
    with pytest.raises(RecordError, match="diagnosis layers of a, one cannot be drawn: KeyError"):
        drawing(replace(made(), details={}))
