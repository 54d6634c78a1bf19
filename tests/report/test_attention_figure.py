"""The picture of part ``attention``: every layer and everything cut off, within its bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate
from pytest_vlmsight.report.drawing import Drawing, drawing
from pytest_vlmsight.stats.interval import Interval

SHARES = {"marked points": 0.05, "rest of the images": 0.5, "text": 0.45}
CONTROLS = {"points of another item": 0.03, "right answer's point": 0.01}
CUT = (
    "answer position → marked",
    "answer position → as many others",
    "all text → marked",
    "all text → as many others",
    "all text → images",
)


def estimate(group: str, name: str, value: float) -> Estimate:
    interval = Interval(max(0.0, 0.8 * value), min(1.0, 1.2 * value))
    return Estimate(group=group, name=name, value=value, interval=interval, n=400)


def made(layers: int = 32, *, pointed: bool = True) -> Diagnosis:
    shares = {**SHARES, **CONTROLS} if pointed else {"images": 0.6, "text": 0.4}
    cut = CUT if pointed else CUT[-1:]
    rows = [
        estimate(group, f"llm[{k + 1}]", value * (1 + 0.5 * k / layers))
        for group, value in shares.items()
        for k in range(layers)
    ]
    rows += [estimate("attending to all tokens alike", name, 0.04) for name in shares]
    rows += [estimate("answers that change", name, 0.2 * k) for k, name in enumerate(cut)]
    return Diagnosis(
        part="attention", model="a", task="one", n=400, estimates=tuple(rows), details={}
    )


def drawn(diagnosis: Diagnosis) -> Drawing:
    found = drawing(diagnosis)
    assert found is not None
    return found


@pytest.mark.parametrize("layers", [1, 6, 80])
@pytest.mark.parametrize("pointed", [True, False])
def test_all_that_is_drawn_lies_in_the_picture(layers: int, pointed: bool) -> None:
    found = drawn(made(layers, pointed=pointed))
    for shape in found.shapes:
        for name, value in shape.at.items():
            if name in {"x", "x1", "x2", "cx"}:
                assert 0 <= float(value) <= found.width
            if name in {"y", "y1", "y2", "cy"}:
                assert 0 <= float(value) <= found.height


def test_every_share_has_a_dot_at_each_layer_and_small_ones_an_axis_of_their_own() -> None:
    found = drawn(made(6))
    dots = [s for s in found.shapes if s.tag == "circle" and "llm[" in s.title]
    assert len(dots) == 6 * (len(SHARES) + len(CONTROLS))
    marked = [float(s.at["cy"]) for s in dots if s.title.startswith("marked points")]
    assert marked == sorted(marked, reverse=True)  # it rises
    assert marked[0] - marked[-1] > 20
    ticks = [s.text for s in found.shapes if s.look == "tick"]
    assert "12" in ticks
    assert "100" in ticks


def test_what_is_cut_off_stands_in_rows_in_order() -> None:
    dots = [
        s
        for s in drawn(made()).shapes
        if s.tag == "circle" and any(s.title.startswith(name) for name in CUT)
    ]
    assert [float(s.at["cx"]) for s in dots] == sorted(float(s.at["cx"]) for s in dots)
    assert len({float(s.at["cy"]) for s in dots}) == len(CUT)


def test_all_numbers_are_told_in_words() -> None:
    told = drawn(made(2)).told
    for words in (
        "marked points: llm[1] 5.0% [4.0, 6.0]",
        "right answer's point: llm[1] 1.0%",
        "attending to all tokens alike: marked points 4.0%",
        "answers that change: answer position → marked 0.0%",
        "all text → images 80.0%",
    ):
        assert words in told


def test_without_shares_there_is_no_picture() -> None:
    assert drawing(replace(made(), estimates=())) is None
