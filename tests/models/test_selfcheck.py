"""The start-up self-check refuses grids that do not look where they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.base import ModelError, PatchGrid
from pytest_vlmsight.models.selfcheck import check_places

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    Fault = Callable[[torch.Tensor], torch.Tensor]

SIZE = (224, 160)
PATCH = 20


def look(picture: Image) -> PatchGrid:
    """The mean colour of each patch of 20 px, and what is left over on the right is not seen."""
    pixels = torch.from_numpy(np.asarray(picture, np.float32).copy())
    rows, columns = pixels.shape[0] // PATCH, pixels.shape[1] // PATCH
    cells = pixels[: rows * PATCH, : columns * PATCH].reshape(rows, PATCH, columns, PATCH, 3)
    return PatchGrid(
        features=cells.mean((1, 3)),
        xs=(np.arange(columns) + 0.5) * PATCH,
        ys=(np.arange(rows) + 0.5) * PATCH,
    )


def check(fault: Fault) -> None:
    def faulty(picture: Image) -> PatchGrid:
        grid = look(picture)
        return PatchGrid(features=fault(grid.features), xs=grid.xs, ys=grid.ys)

    check_places(faulty, size=SIZE, what="the LLM's input", name="model")


def test_a_grid_that_looks_where_it_says_passes() -> None:
    check(torch.clone)


@pytest.mark.parametrize("size", [(224, 224), (300, 60), (60, 300), (33, 500)], ids=str)
def test_pictures_of_any_shape_are_checked(size: tuple[int, int]) -> None:
    check_places(look, size=size, what="the LLM's input", name="model")


def _reordered(x: torch.Tensor, change: Fault) -> torch.Tensor:
    """The same grid with its tokens, row by row, in another order."""
    return change(x.flatten(0, 1)).reshape(x.shape)


FAULTS: dict[str, Fault] = {
    "mirrored": lambda x: x.flip(1),
    "upside down": lambda x: x.flip(0),
    "turned": lambda x: x.rot90(2, (0, 1)),
    "columns read as rows": lambda x: x.transpose(0, 1).reshape(x.shape),
    "shuffled": lambda x: _reordered(
        x, lambda y: y[torch.randperm(len(y), generator=torch.Generator().manual_seed(0))]
    ),
    "one token early": lambda x: _reordered(x, lambda y: y.roll(-1, 0)),
    "one token late": lambda x: _reordered(x, lambda y: y.roll(1, 0)),
    "a row off": lambda x: x.roll(1, 0),
    "halves swapped": lambda x: x.roll(x.shape[1] // 2, 1),
    "windows": lambda x: x.reshape(4, 2, x.shape[1], -1).transpose(1, 2).reshape(x.shape),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_grid_that_looks_elsewhere_is_refused(fault: str) -> None:
    with pytest.raises(ModelError, match=r"model: self-check failed at .*look in the wrong place"):
        check(FAULTS[fault])


def test_the_message_says_where_a_square_was_and_where_it_was_seen() -> None:
    with pytest.raises(
        ModelError,
        match=r"LLM's input: a square at \(70, 30\) px changes most what looks at \(150, 30\)",
    ):
        check(FAULTS["mirrored"])
    with pytest.raises(ModelError, match=r"beside them, by \(rows, columns\) \[\(0, 1\)"):
        check(FAULTS["one token late"])


@pytest.mark.parametrize(
    "fault", [lambda x: 0 * x, lambda x: x * torch.nan], ids=["zeros", "no numbers"]
)
def test_what_does_not_see_a_square_is_refused(fault: Fault) -> None:
    with pytest.raises(ModelError, match="the LLM's input: a white square changes nothing"):
        check(fault)


def test_what_each_token_sees_of_its_neighbours_is_allowed() -> None:
    def blurred(x: torch.Tensor) -> torch.Tensor:
        cells = torch.nn.functional.avg_pool2d(
            x.permute(2, 0, 1)[None], 3, 1, 1, count_include_pad=False
        )[0].permute(1, 2, 0)
        return x + 2 * cells

    check(blurred)
