"""A patch's depth is that of the pixels it looks at, wherever the grid lies on the picture."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.readouts import pool_depth

# Quarters of a pixel, so that eight parts of each pixel are whole cells' and sums are exact.
STEPS = st.lists(st.integers(2, 40).map(lambda q: q / 4), min_size=1, max_size=6)


def even(pixels: int, cells: int) -> torch.Tensor:
    """Centres of cells laid evenly over pixels."""
    return (torch.arange(cells, dtype=torch.float64) + 0.5) * pixels / cells


def test_cells_hold_the_mean_of_measured_depth() -> None:
    depths = torch.tensor([[[1.0, 3.0, 0.0, 8.0], [5.0, 7.0, torch.nan, torch.inf]]])
    assert pool_depth(depths, xs=even(4, 2), ys=even(2, 1)).tolist() == [[[4, 8]]]
    assert pool_depth(0 * depths, xs=even(4, 1), ys=even(2, 1)).isnan().all()


def test_a_pixel_on_a_border_counts_for_both_cells() -> None:
    depths = torch.tensor([[[1.0, 3.0, 10.0, 20.0, 30.0]]])
    expected = [(1 + 3 + 10 / 2) / 2.5, (10 / 2 + 20 + 30) / 2.5]
    pooled = pool_depth(depths, xs=even(5, 2), ys=even(1, 1))
    assert pooled.flatten().tolist() == pytest.approx(expected)


def test_cells_smaller_than_a_pixel_have_its_depth() -> None:
    depths = torch.tensor([[[1.0, 2.0]]])
    pooled = pool_depth(depths, xs=even(2, 6), ys=even(1, 2))
    assert pooled[0].tolist() == [[1, 1, 1, 2, 2, 2]] * 2


def test_what_a_crop_cut_away_belongs_to_no_cell() -> None:
    depths = torch.full((1, 4, 12), 9.0)
    depths[0, :, 4:8] = torch.tensor([1.0, 1.0, 2.0, 2.0])
    pooled = pool_depth(depths, xs=torch.tensor([5.0, 7.0]), ys=even(4, 2))
    assert pooled[0].tolist() == [[1, 2], [1, 2]]


def test_a_cell_that_stands_out_of_the_picture_has_the_depth_of_what_is_inside() -> None:
    # As cut out of a composite, patches of 4 px that start 1 px left of a picture of 6 px.
    depths = torch.tensor([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]])
    pooled = pool_depth(depths, xs=torch.tensor([1.0, 5.0, 9.0]), ys=even(1, 1))
    assert pooled[0, 0, :2].tolist() == [2, 5]
    assert pooled[0, 0, 2].isnan()


def test_a_cell_that_touches_the_picture_by_rounding_has_no_depth() -> None:
    depths = torch.ones(1, 1, 6)
    pooled = pool_depth(
        depths, xs=torch.tensor([1.0, 3.0, 5.0, 7.0 - 1e-7]).double(), ys=even(1, 1)
    )
    assert pooled.isnan().flatten().tolist() == [False, False, False, True]


@given(STEPS, STEPS, st.integers(-8, 8), st.integers(-8, 8), st.integers(0, 2**32 - 1))
def test_any_grid_agrees_with_counting_eighths_of_pixels(
    across: list[float], down: list[float], left: int, top: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    depths = rng.integers(0, 5, (7, 9)).astype(float)  # 0 is not measured
    axes, cells = [], []
    for start, steps, pixels in ((left / 4, across, 9), (top / 4, down, 7)):
        centres = start + np.cumsum(steps)
        between = (centres[1:] + centres[:-1]) / 2
        if len(centres) == 1:
            edges = np.array([0, pixels])
        else:
            outer = [2 * centres[0] - between[0]], [2 * centres[-1] - between[-1]]
            edges = np.concatenate([outer[0], between, outer[1]])
        axes.append(torch.from_numpy(centres))
        parts = (np.arange(pixels * 8) + 0.5) / 8
        cells.append([(parts >= a) & (parts < b) for a, b in itertools.pairwise(edges)])
    fine = depths.repeat(8, axis=0).repeat(8, axis=1)
    pooled = pool_depth(torch.from_numpy(depths)[None], xs=axes[0], ys=axes[1])[0].numpy()
    for row, in_row in enumerate(cells[1]):
        for col, in_col in enumerate(cells[0]):
            inside = fine[in_row][:, in_col]
            measured = inside[inside > 0]
            if len(measured):
                assert pooled[row, col] == pytest.approx(measured.mean())
            else:
                assert np.isnan(pooled[row, col])


def test_unsound_grids_and_maps_are_refused() -> None:
    depths = torch.ones(1, 4, 6)
    with pytest.raises(ValueError, match=r"depths of shape \(m, h, w\) but got shape \(4, 6\)"):
        pool_depth(depths[0], xs=even(6, 2), ys=even(4, 2))
    with pytest.raises(ValueError, match=r"depths of shape \(m, h, w\)"):
        pool_depth(depths[:, :0], xs=even(6, 2), ys=even(4, 2))
    for wrong in (torch.tensor([3.0, 1.0]), torch.ones(2, 2), torch.ones(0)):
        with pytest.raises(ValueError, match=r"Expected ys as patch centres.*increasing"):
            pool_depth(depths, xs=even(6, 2), ys=wrong)
    with pytest.raises(ValueError, match="xs holds NaN"):
        pool_depth(depths, xs=torch.tensor([1.0, torch.nan]), ys=even(4, 2))
