"""The picture of part ``prompt``: a curve by prefixes and a line for each wording, in words too."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate
from pytest_vlmsight.models.wordings import WORDINGS
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report.drawing import Drawing, Shape, drawing
from pytest_vlmsight.stats.interval import Interval

PREFIXES = ("0 prefixes", "1 prefix", "5 prefixes", "10 prefixes")
NAMES = tuple(wording.name for wording in WORDINGS)


def estimate(group: str, name: str, value: float) -> Estimate:
    interval = Interval(max(0.0, value - 0.05), min(1.0, value + 0.05))
    return Estimate(group=group, name=name, value=value, interval=interval, n=200)


def made(prefixes: tuple[str, ...] = PREFIXES, names: tuple[str, ...] = NAMES) -> Diagnosis:
    rows = [estimate("wordings", name, 0.4 + 0.02 * k) for k, name in enumerate(names)]
    rows += [estimate("wordings, blind", name, 0.25) for name in names]
    rows += [estimate("best of wordings", name, 0.55) for name in ("sighted", "blind")]
    rows += [estimate("sighted", name, 0.4 + 0.1 * k) for k, name in enumerate(prefixes)]
    rows += [estimate("blind", name, 0.25) for name in prefixes]
    return Diagnosis(
        part="prompt",
        model="a",
        task="one",
        n=200,
        estimates=(*rows, estimate("readout", "matched", 0.9)),
        details={"chance": 0.25},
    )


def drawn(diagnosis: Diagnosis) -> Drawing:
    found = drawing(diagnosis)
    assert found is not None
    return found


def dots(found: Drawing, look: str) -> list[Shape]:
    return [shape for shape in found.shapes if shape.tag == "circle" and shape.look == look]


@pytest.mark.parametrize(
    ("prefixes", "names"),
    [(PREFIXES, NAMES), (PREFIXES[:1], NAMES[:1]), (PREFIXES, ("w" * 60,) + NAMES * 2)],
)
def test_all_that_is_drawn_lies_in_the_picture(
    prefixes: tuple[str, ...], names: tuple[str, ...]
) -> None:
    found = drawn(made(prefixes, tuple(f"{name}{k}" for k, name in enumerate(names))))
    for shape in found.shapes:
        for name, value in shape.at.items():
            if name in {"x", "x1", "x2", "cx"}:
                assert 0 <= float(value) <= found.width
            if name in {"y", "y1", "y2", "cy"}:
                assert 0 <= float(value) <= found.height


def test_the_curve_rises_with_what_is_learned_and_wordings_are_further_right() -> None:
    found = drawn(made())
    sighted = dots(found, "sighted")
    assert len(sighted) == len(PREFIXES) + len(NAMES) + 1
    curve, lines = sighted[: len(PREFIXES)], sighted[len(PREFIXES) :]
    heights = [float(dot.at["cy"]) for dot in curve]
    assert heights == sorted(heights, reverse=True)
    places = [float(dot.at["cx"]) for dot in lines[:-1]]
    assert places == sorted(places)
    assert [dot.title.partition(":")[0] for dot in lines] == [*NAMES, "best of wordings"]


def test_each_line_has_its_name_and_none_runs_into_another() -> None:
    found = drawn(made())
    names = [shape for shape in found.shapes if shape.text in NAMES]
    assert [shape.text for shape in names] == list(NAMES)
    heights = [float(shape.at["y"]) for shape in names]
    assert min(b - a for a, b in pairwise(heights)) >= 15


def test_all_numbers_are_told_in_words() -> None:
    told = drawn(made()).told
    for words in (
        "10 prefixes: blind 25.0% [20.0, 30.0], sighted 70.0% [65.0, 75.0]",
        "bare: blind 25.0% [20.0, 30.0], sighted 42.0% [37.0, 47.0]",
        "best of wordings: blind 55.0%",
        "readout 90.0%",
        "chance 25.0%",
    ):
        assert words in told


def test_nothing_is_drawn_of_a_diagnosis_that_failed_or_asked_nothing() -> None:
    assert drawing(replace(made(), error="it cannot be asked")) is None
    assert drawing(replace(made(), estimates=())) is None


def test_a_record_without_what_is_drawn_is_refused() -> None:
    with pytest.raises(RecordError, match="diagnosis prompt of a, one cannot be drawn: KeyError"):
        drawing(replace(made(), details={}))
