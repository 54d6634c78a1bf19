"""Tokens as a grid that knows where each looks, and whether it shows all of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.base import MeasurementError, Stage
from pytest_vlmsight.models.grids import Grids, cut_out

if TYPE_CHECKING:
    from PIL.Image import Image

PATCH = 10
ENCODER, LLM = Stage("encoder", 2), Stage("llm", 2)


def as_it_is(image: Image) -> np.ndarray:
    """A processor that only scales to 0 … 1."""
    return np.asarray(image, np.float32).transpose(2, 0, 1) / 255


def cropped(by: int) -> Grids:
    """Grids of a processor that cuts pixels off each side of a picture's width."""
    return Grids(lambda image: as_it_is(image)[:, :, by : image.width - by], patch=PATCH)


def test_tokens_are_laid_out_by_row() -> None:
    grids = Grids(as_it_is, patch=PATCH)
    assert grids.shape((60, 40)) == (4, 6)
    tokens = torch.arange(24.0)[:, None]
    grid = grids.lay_out(tokens, size=(60, 40), stage=LLM)
    assert grid.features[1, 2].item() == 8
    assert grid.xs == pytest.approx([5, 15, 25, 35, 45, 55], abs=0.3)
    assert grid.ys == pytest.approx([5, 15, 25, 35], abs=0.3)


def test_extra_tokens_in_front_are_the_encoders_alone() -> None:
    grids = Grids(as_it_is, patch=PATCH)
    tokens = torch.arange(25.0)[:, None]
    assert grids.lay_out(tokens, size=(60, 40), stage=ENCODER).features[0, 0].item() == 1
    with pytest.raises(MeasurementError, match=r"25 tokens at llm\[2\] for a grid of 4×6"):
        grids.lay_out(tokens, size=(60, 40), stage=LLM)


def test_too_few_tokens_are_an_error() -> None:
    with pytest.raises(MeasurementError, match="23 tokens"):
        Grids(as_it_is, patch=PATCH).lay_out(torch.zeros(23, 1), size=(60, 40), stage=ENCODER)


@pytest.mark.parametrize(("by", "hidden"), [(0, False), (3, False), (8, True), (20, True)])
def test_more_than_half_a_patch_cropped_away_is_hidden(by: int, hidden: bool) -> None:
    assert cropped(by).hides((100 + 2 * by, 60)) is hidden


def test_a_remainder_smaller_than_half_a_patch_is_not_hidden() -> None:
    assert not Grids(as_it_is, patch=PATCH).hides((104, 63))


def test_a_part_of_a_grid_is_in_the_pixels_of_its_picture() -> None:
    grid = Grids(as_it_is, patch=PATCH).lay_out(
        torch.arange(24.0)[:, None], size=(60, 40), stage=LLM
    )
    part = cut_out(grid, x0=30, size=(20, 20))
    assert part.features[..., 0].tolist() == [[3, 4], [9, 10]]
    assert part.xs == pytest.approx([5, 15], abs=0.3)
    assert part.ys == pytest.approx([5, 15], abs=0.3)
