"""The part of a canvas's grid that a picture on it covers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.base import MeasurementError, PatchGrid
from pytest_vlmsight.models.grids import cut_out

PATCH = 10


def grid(rows: int, columns: int) -> PatchGrid:
    """Tokens numbered row by row, of patches of 10 px."""
    return PatchGrid(
        features=torch.arange(float(rows * columns)).reshape(rows, columns, 1),
        xs=(np.arange(columns) + 0.5) * PATCH,
        ys=(np.arange(rows) + 0.5) * PATCH,
    )


def test_a_part_of_a_grid_is_in_the_pixels_of_its_picture() -> None:
    part = cut_out(grid(4, 6), x0=30, size=(20, 20))
    assert part.features[..., 0].tolist() == [[3, 4], [9, 10]]
    assert part.xs.tolist() == [5, 15]
    assert part.ys.tolist() == [5, 15]


def test_all_of_a_grid_is_itself() -> None:
    whole = grid(4, 6)
    part = cut_out(whole, x0=0, size=(60, 40))
    assert torch.equal(part.features, whole.features)
    assert np.array_equal(part.xs, whole.xs)
    assert np.array_equal(part.ys, whole.ys)


@pytest.mark.parametrize(
    ("x0", "size", "columns", "rows"),
    [(0, (14, 14), [5], [5]), (0, (16, 26), [5, 15], [5, 15, 25]), (6, (20, 9), [9, 19], [5])],
    ids=str,
)
def test_patches_whose_middle_lies_outside_are_left_out(
    x0: int, size: tuple[int, int], columns: list[int], rows: list[int]
) -> None:
    part = cut_out(grid(4, 6), x0=x0, size=size)
    assert part.xs.tolist() == columns
    assert part.ys.tolist() == rows


@pytest.mark.parametrize(("x0", "size"), [(0, (4, 40)), (0, (40, 4)), (70, (10, 10))], ids=str)
def test_a_picture_without_a_patch_is_no_measurement(x0: int, size: tuple[int, int]) -> None:
    width, height = size
    with pytest.raises(MeasurementError, match=rf"in a picture of {width}×{height} px"):
        cut_out(grid(4, 6), x0=x0, size=size)
