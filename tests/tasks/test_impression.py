"""A first impression tells pictures apart by what takes no eye."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_vlmsight.tasks.impression import MEASURES, SIDE, WEIGHTS, impression, lean, unlikeness


def square(side: int, *, at: int = 30, value: int = 220, ground: int = 60) -> Any:
    picture = np.full((SIDE, SIDE, 3), ground, dtype=np.uint8)
    picture[at : at + side, at : at + side] = value
    return picture


def test_a_picture_is_like_itself() -> None:
    assert unlikeness(impression(square(40)), impression(square(40))) == (0.0,) * len(MEASURES)
    assert len(WEIGHTS) == len(MEASURES)


def test_foreground_is_what_differs_from_the_border() -> None:
    seen = impression(square(40))
    assert seen.area == pytest.approx(40**2 / SIDE**2)
    assert seen.outline == pytest.approx(4)  # of a square: four sides of one root of its area
    nothing = impression(square(40, value=70))
    assert (nothing.outline, nothing.area) == (0.0, 0.0)


def test_a_ragged_foreground_has_a_longer_outline() -> None:
    ragged = square(40)
    ragged[30:70:4, 30:70] = 60
    ragged[31:70:4, 30:70] = 60
    assert impression(ragged).outline > 3 * impression(square(40)).outline


@pytest.mark.parametrize(
    ("measure", "changed"),
    [
        ("area", square(50)),
        ("colours", square(40, value=120)),
        ("light", square(40, at=60)),
    ],
)
def test_each_measure_tells_its_own(measure: str, changed: Any) -> None:
    by_name = dict(
        zip(MEASURES, unlikeness(impression(square(40)), impression(changed)), strict=True)
    )
    assert by_name[measure] > 0
    if measure == "light":  # moved, and nothing else
        assert by_name["area"] == by_name["colours"] == 0


def test_who_looks_more_like_the_reference() -> None:
    reference, near, far = (impression(square(side)) for side in (40, 42, 80))
    assert lean(reference, near, far) > 0
    assert lean(reference, far, near) == -lean(reference, near, far)
    assert lean(reference, near, near) == 0
