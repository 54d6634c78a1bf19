"""Where tokens look is found from what changes them, in whatever order a model has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.source_fields import Field, SourceFields
from pytest_vlmsight.models.token_places import TokenPlaces, token_places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

SIDE, PATCH = 40, 5
ROWS = SIDE // PATCH
MIDDLES = (np.arange(ROWS) + 0.5) / ROWS
SIZE = 1 / ROWS
"""Of a patch, as a share of the picture's."""

OFF = 0.3 * SIZE
"""What one token's place may be off by."""


def source(*, pictures: int = 1, padded_rows: int = 0) -> SourceFields:
    """Of pictures of 40×40 px, the last rows of which are padding."""
    shape = (pictures, 3, SIDE, SIDE)
    height = SIDE - padded_rows
    inside = torch.zeros(shape, dtype=torch.double)
    inside[..., :height, :] = 1
    places = (torch.arange(SIDE, dtype=torch.double) + 0.5) / SIDE
    down = (torch.arange(SIDE, dtype=torch.double) + 0.5) / height
    field = Field(
        inside=inside,
        x=places.expand(shape) * inside,
        y=down[:, None].expand(shape) * inside,
        picture=torch.arange(pictures, dtype=torch.double)[:, None, None, None] * inside,
        grain=torch.ones(shape, dtype=torch.double),
    )
    given = {"pixel_values": torch.randn(shape, generator=torch.Generator().manual_seed(1))}
    return SourceFields(given=given, fields={"pixel_values": field})


def patches(pixels: Tensor, *, side: int = PATCH, width: int = 32) -> Tensor:
    """(tokens, width): each is made of one patch's numbers."""
    cells = pixels.unfold(2, side, side).unfold(3, side, side)
    rows = cells.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2)
    weight = torch.randn(rows.shape[1], width, generator=torch.Generator().manual_seed(2))
    tokens: Tensor = rows @ (weight / rows.shape[1] ** 0.5).to(rows.dtype)
    return tokens


def measured(
    read: Callable[[Tensor], Tensor],
    *,
    of: SourceFields | None = None,
    coarse: bool = False,
) -> TokenPlaces:
    def run(changed: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {"llm": read(changed["pixel_values"])}

    return token_places(of or source(), run, coarse=coarse)["llm"]


def test_a_patch_is_found_with_its_size() -> None:
    places = measured(patches)
    assert places.x.reshape(ROWS, ROWS) - MIDDLES == pytest.approx(np.zeros((ROWS, ROWS)), abs=OFF)
    assert places.y.reshape(ROWS, ROWS) - MIDDLES[:, None] == pytest.approx(
        np.zeros((ROWS, ROWS)), abs=OFF
    )
    columns = np.median(places.x.reshape(ROWS, ROWS), 0)
    assert columns == pytest.approx(MIDDLES, abs=0.1 * SIZE)
    assert np.median(places.width) == pytest.approx(SIZE, rel=0.1)
    assert np.median(places.height) == pytest.approx(SIZE, rel=0.1)
    assert places.share == pytest.approx(np.ones(64), abs=0.1)


def test_tokens_are_known_in_any_order() -> None:
    order = torch.randperm(64, generator=torch.Generator().manual_seed(3))
    places = measured(lambda pixels: patches(pixels)[order])
    assert places.x == pytest.approx(np.tile(MIDDLES, ROWS)[order], abs=OFF)
    assert places.y == pytest.approx(np.repeat(MIDDLES, ROWS)[order], abs=OFF)


def test_what_comes_after_each_token_by_itself_moves_nothing() -> None:
    weight = torch.randn(32, 48, generator=torch.Generator().manual_seed(4)) / 6
    places = measured(lambda pixels: torch.nn.functional.gelu(patches(pixels) @ weight) @ weight.T)
    assert places.x == pytest.approx(np.tile(MIDDLES, ROWS), abs=OFF)


def test_merged_patches_are_found_in_their_middle() -> None:
    places = measured(lambda pixels: patches(pixels, side=2 * PATCH))
    middles = (np.arange(4) + 0.5) / 4
    assert places.x == pytest.approx(np.tile(middles, 4), abs=2 * OFF)
    assert np.median(places.width) == pytest.approx(2 * SIZE, rel=0.1)


def test_tokens_that_show_nothing_have_no_place() -> None:
    """Classes, words, ends of rows."""

    def among_words(pixels: Tensor) -> Tensor:
        shown = patches(pixels)
        word = torch.randn(1, 32, generator=torch.Generator().manual_seed(5))
        return torch.cat([word, shown[:8], word, shown[8:], word])

    places = measured(among_words)
    nothing = [0, 9, 66]
    assert np.flatnonzero(np.isnan(places.x)).tolist() == nothing
    assert np.isnan(places.picture[nothing]).all()
    assert np.delete(places.x, nothing) == pytest.approx(np.tile(MIDDLES, ROWS), abs=OFF)


def test_padding_has_no_place_and_patches_half_in_it_show_half() -> None:
    places = measured(patches, of=source(padded_rows=7))
    share = places.share.reshape(ROWS, ROWS)
    assert np.isnan(share[-1]).all()
    assert share[:-2] == pytest.approx(np.ones((6, ROWS)), abs=0.1)
    assert share[-2] == pytest.approx(np.full(ROWS, 0.6), abs=0.2)


@pytest.mark.parametrize("pictures", [2, 3, 5])
def test_each_token_is_known_by_its_picture(pictures: int) -> None:
    places = measured(patches, of=source(pictures=pictures))
    numbers = np.repeat(np.arange(pictures), 64)
    assert places.picture == pytest.approx(numbers, abs=0.2)
    assert places.x == pytest.approx(np.tile(np.tile(MIDDLES, ROWS), pictures), abs=OFF)


def test_tokens_that_see_everything_show_all_of_the_width() -> None:
    def mixed(pixels: Tensor) -> Tensor:
        shown = patches(pixels)
        weight = torch.randn(16, 64, generator=torch.Generator().manual_seed(6))
        return weight @ shown

    places = measured(mixed)
    assert float(np.median(places.width)) == pytest.approx(1, abs=0.15)
    assert places.x == pytest.approx(np.full(16, 0.5), abs=0.15)


def test_stages_of_other_widths_are_measured_together() -> None:
    def run(changed: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        pixels = changed["pixel_values"]
        return {"encoder": patches(pixels, width=8), "llm": patches(pixels, side=10, width=64)}

    found = token_places(source(), run)
    assert found["encoder"].x == pytest.approx(np.tile(MIDDLES, ROWS), abs=OFF)
    assert found["llm"].x == pytest.approx(np.tile((np.arange(4) + 0.5) / 4, 4), abs=OFF)


def test_views_of_other_fineness_are_told_apart() -> None:
    of = source(pictures=2)
    field = of.fields["pixel_values"]
    field.picture.zero_()
    field.grain[1] = 0.25
    places = measured(patches, of=of)
    assert places.grain[:64] == pytest.approx(np.ones(64), abs=0.1)
    assert places.grain[64:] == pytest.approx(np.full(64, 0.25), abs=0.1)


def test_sixteen_bits_find_the_same_places() -> None:
    def halved(pixels: Tensor) -> Tensor:
        return patches(pixels.bfloat16())

    places = measured(halved, coarse=True)
    assert places.x == pytest.approx(np.tile(MIDDLES, ROWS), abs=OFF)
    assert places.y == pytest.approx(np.repeat(MIDDLES, ROWS), abs=OFF)


def test_places_are_the_same_each_time_and_leave_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    one, again = measured(patches), measured(patches)
    assert np.array_equal(one.x, again.x)
    assert torch.equal(torch.get_rng_state(), before)
