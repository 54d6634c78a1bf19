"""Squares in pictures, and whether what sees them looks where they are."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.base import PatchGrid
from pytest_vlmsight.models.lit_squares import (
    PLACES,
    UnseenSquareError,
    check_not_aside,
    lit,
    off_place,
    texture,
)


def grid(rows: int, columns: int, lit_at: tuple[int, int] | None = None) -> PatchGrid:
    """Of a picture of 10 px patches, all alike but for one."""
    features = torch.zeros(rows, columns, 3)
    if lit_at:
        features[lit_at] = 1
    return PatchGrid(
        features=features, xs=10 * np.arange(columns) + 5.0, ys=10 * np.arange(rows) + 5.0
    )


@pytest.mark.parametrize("share", PLACES)
def test_a_square_lies_within_the_patch_that_is_told(share: tuple[float, float]) -> None:
    plain = texture(0, (80, 60))
    drawn, (row, column) = lit(plain, grid(6, 8), share)
    changed = (np.asarray(drawn) != np.asarray(plain)).any(-1)
    ys, xs = np.nonzero(changed)
    assert ys.min() >= 10 * row
    assert ys.max() < 10 * row + 10
    assert xs.min() >= 10 * column
    assert xs.max() < 10 * column + 10
    assert (np.asarray(drawn)[changed] == 255).all()
    assert abs(column - share[0] * 8) <= 1
    assert abs(row - share[1] * 6) <= 1


def test_how_far_off_what_changes_is_counted_in_patches() -> None:
    before = grid(6, 8)
    assert off_place(before, grid(6, 8, (2, 3)), (2, 3)) == (0, 0)
    assert off_place(before, grid(6, 8, (3, 2)), (2, 3)) == (1, -1)
    with pytest.raises(UnseenSquareError, match=r"at \(35, 25\) px changes most .* \(55, 25\) px"):
        off_place(before, grid(6, 8, (2, 5)), (2, 3))
    with pytest.raises(UnseenSquareError, match="changes nothing"):
        off_place(before, grid(6, 8), (2, 3))


@pytest.mark.parametrize(
    ("off", "want"),
    [
        ([(0, 0)] * 3, False),
        ([(0, 1), (0, -1), (1, 0)], False),
        ([(0, 1), (0, 0), (0, 0)], False),
        ([(0, 1), (0, 1), (0, 0)], True),
        ([(-1, 0)] * 11, True),
        ([(1, 1), (1, -1), (1, 0)], True),
    ],
)
def test_being_beside_on_the_same_side_is_told_from_being_beside_on_any(
    off: list[tuple[int, int]], *, want: bool
) -> None:
    with pytest.raises(UnseenSquareError, match="beside") if want else nullcontext():
        check_not_aside(off)
