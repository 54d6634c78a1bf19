"""What is known of each number of a model's input: which picture it shows, and where in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import (
    CLIPImageProcessorPil,
    Idefics3ImageProcessorPil,
    LlavaImageProcessorPil,
    LlavaNextImageProcessorPil,
    LlavaOnevisionImageProcessorPil,
    Qwen2VLImageProcessorPil,
    SiglipImageProcessorPil,
)

from pytest_vlmsight.models.source_fields import Field, NoFieldsError, source_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Process = Callable[[Sequence[Image.Image]], Mapping[str, Any]]

MEAN, DEVIATION = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
LEVEL = 1.5 / 255
"""Of a picture's width: a level of its ramp, and a bit."""


def pixels(picture: Image.Image) -> torch.Tensor:
    """(3, height, width), normalised as CLIP's are."""
    shares = torch.from_numpy(np.asarray(picture, np.float32).transpose(2, 0, 1).copy()) / 255
    normal: torch.Tensor = (shares - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[
        :, None, None
    ]
    return normal


def as_they_are(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
    return {"pixel_values": torch.stack([pixels(picture) for picture in pictures])}


def only(process: Process, *sizes: tuple[int, int]) -> Field:
    (field,) = source_fields(process, sizes).fields.values()
    return field


# -- places ---------------------------------------------------------------------------------------


@given(width=st.integers(2, 300), height=st.integers(2, 300))
@settings(max_examples=30)
def test_a_pixel_is_where_it_is_in_a_picture_of_any_size(width: int, height: int) -> None:
    field = only(as_they_are, (width, height))
    assert field.x.shape == (1, 3, height, width)
    assert field.inside.min() == 1
    x = (torch.arange(width) + 0.5) / width
    y = (torch.arange(height) + 0.5) / height
    assert float((field.x - x).abs().max()) < LEVEL
    assert float((field.y - y[:, None]).abs().max()) < LEVEL
    assert field.picture.max() == 0
    assert field.grain.min() == 1


def test_what_is_cropped_away_is_not_there() -> None:
    def cropped(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        return as_they_are([picture.crop((20, 0, 80, 60)) for picture in pictures])

    field = only(cropped, (100, 60))
    assert float(field.x.min()) == pytest.approx(0.205, abs=LEVEL)
    assert float(field.x.max()) == pytest.approx(0.795, abs=LEVEL)
    assert float(field.y.max() - field.y.min()) == pytest.approx(59 / 60, abs=2 * LEVEL)


@pytest.mark.parametrize("colour", [(0, 0, 0), (127, 127, 127), (255, 255, 255), (122, 116, 104)])
def test_padding_of_any_colour_is_outside(colour: tuple[int, int, int]) -> None:
    def padded(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        canvases = []
        for picture in pictures:
            canvas = Image.new("RGB", (100, 100), colour)
            canvas.paste(picture, (0, 25))
            canvases.append(canvas)
        return as_they_are(canvases)

    field = only(padded, (100, 50))
    inside = torch.zeros(100)
    inside[25:75] = 1
    assert torch.equal(field.inside, inside[:, None].expand(1, 3, 100, 100).double())
    y = (torch.arange(50) + 0.5) / 50
    assert float((field.y[0, :, 25:75] - y[:, None]).abs().max()) < LEVEL
    assert float(field.y[0, :, :25].abs().max()) == 0


def test_each_of_several_pictures_is_known_by_its_number() -> None:
    field = only(as_they_are, (40, 30), (40, 30), (40, 30))
    for number in range(3):
        assert float((field.picture[number] - number).abs().max()) == 0


def test_pictures_in_another_order_are_known_too() -> None:
    def reversed_(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        return as_they_are(list(reversed(pictures)))

    field = only(reversed_, (40, 30), (40, 30))
    assert field.picture[:, 0, 0, 0].tolist() == [1, 0]


def test_tiles_are_finer_than_a_view_of_the_whole() -> None:
    def tiled(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        tiles = [
            picture.crop(box) if box else picture.resize((50, 50), Image.Resampling.BILINEAR)
            for picture in pictures
            for box in (None, (0, 0, 50, 50), (50, 0, 100, 50))
        ]
        return {"pixel_values": as_they_are(tiles)["pixel_values"][None]}

    field = only(tiled, (100, 50))
    assert [float(tile.mean()) for tile in field.grain[0]] == [1, 0.5, 0.5]
    assert [float(tile.mean()) for tile in field.x[0]] == pytest.approx([0.5, 0.25, 0.75], abs=0.01)


def test_a_padded_mosaic_and_a_squashed_whole_are_told_apart() -> None:
    """A pixel of either shows as large a part of the picture."""

    def tiled(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        tiles = []
        for picture in pictures:
            mosaic = Image.new("RGB", (100, 50))
            mosaic.paste(picture.resize((100, 25), Image.Resampling.BILINEAR), (0, 12))
            tiles += [picture.resize((50, 50), Image.Resampling.BILINEAR)]
            tiles += [mosaic.crop((0, 0, 50, 50)), mosaic.crop((50, 0, 100, 50))]
        return {"pixel_values": as_they_are(tiles)["pixel_values"][None]}

    field = only(tiled, (300, 75))
    grains = [float(tile.mean()) for tile in field.grain[0]]
    assert sorted(grains) in ([0.5, 0.5, 1], [0.5, 1, 1])
    assert grains[1] == grains[2] != grains[0]


def test_each_picture_has_views_of_its_own() -> None:
    def shrunk(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        views = [picture.resize((50, 50), Image.Resampling.BILINEAR) for picture in pictures]
        views += [pictures[1].crop((0, 0, 50, 50))]
        return as_they_are(views)

    field = only(shrunk, (50, 50), (100, 100))
    assert [float(view.mean()) for view in field.grain] == [1, 1, 0.5]


def in_patches(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
    """Patches of 10 px, one after another."""
    cells = as_they_are(pictures)["pixel_values"].unfold(2, 10, 10).unfold(3, 10, 10)
    return {"pixel_values": cells.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(0, 2)}


@pytest.mark.parametrize("side", [100, 900])
def test_patches_of_large_pictures_are_of_one_view(side: int) -> None:
    """They are a few of the ramp's levels wide."""
    assert only(in_patches, (side, side)).grain.min() == 1


def test_patches_in_a_row_are_known() -> None:
    field = only(in_patches, (60, 40))
    assert field.x.shape == (24, 300)
    middles = field.x.mean(1).reshape(4, 6)
    assert float((middles - (torch.arange(6) + 0.5) / 6).abs().max()) < LEVEL
    assert field.grain.min() == 1


# -- what the processors of transformers make of pictures ------------------------------------------

SIDE = 112
BOX = {"height": SIDE, "width": SIDE}
PINPOINTS = [[56, 112], [112, 56], [112, 112]]
REAL: dict[str, Any] = {
    "squashed": SiglipImageProcessorPil(size=BOX),
    "cropped": CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=BOX),
    "not normalised": CLIPImageProcessorPil(size=BOX, do_center_crop=False, do_normalize=False),
    "not rescaled": CLIPImageProcessorPil(size=BOX, do_center_crop=False, do_rescale=False),
    "padded": LlavaImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=BOX, do_pad=True),
    "tiles": LlavaOnevisionImageProcessorPil(
        size={"height": 56, "width": 56}, image_grid_pinpoints=PINPOINTS
    ),
    "tiles of a cropped view": LlavaNextImageProcessorPil(
        size={"shortest_edge": 56},
        crop_size={"height": 56, "width": 56},
        image_grid_pinpoints=PINPOINTS,
    ),
    "patches": Qwen2VLImageProcessorPil(
        size={"shortest_edge": 56**2, "longest_edge": 2 * SIDE**2}, patch_size=14
    ),
    "tiles in lists": Idefics3ImageProcessorPil(
        size={"longest_edge": SIDE}, max_image_size={"longest_edge": 56}
    ),
}


@pytest.mark.parametrize("size", [(224, 224), (336, 160), (120, 300)], ids=str)
@pytest.mark.parametrize("name", REAL)
def test_numbers_that_a_square_changes_are_where_the_square_is(
    name: str, size: tuple[int, int]
) -> None:
    def process(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        given = [list(pictures)] if name == "tiles in lists" else list(pictures)
        x: Mapping[str, Any] = REAL[name](images=given, return_tensors="pt")
        return x

    width, height = size
    field = only(process, size)
    plain = Image.new("RGB", size, (110, 110, 110))
    (before,) = (v for v in process([plain]).values() if v.is_floating_point())
    side = 0.1 * min(size)
    for share_x, share_y in ((0.5, 0.5), (0.42, 0.61), (0.55, 0.4)):
        x, y = share_x * width, share_y * height
        lit = plain.copy()
        lit.paste(
            (150, 150, 150),
            (round(x - side / 2), round(y - side / 2), round(x + side / 2), round(y + side / 2)),
        )
        (after,) = (v for v in process([lit]).values() if v.is_floating_point())
        weight = (after - before).abs().double() * field.inside
        seen_x = float((weight * field.x).sum() / weight.sum())
        seen_y = float((weight * field.y).sum() / weight.sum())
        assert (seen_x * width, seen_y * height) == pytest.approx((x, y), abs=0.1 * side + 1.5)


# -- no places ------------------------------------------------------------------------------------


def test_a_processor_that_ignores_pictures_is_told() -> None:
    with pytest.raises(NoFieldsError, match="the same of dark and of light pictures"):
        source_fields(lambda _: {"pixel_values": torch.zeros(1, 3, 8, 8)}, [(40, 30)])


def test_words_are_no_pictures() -> None:
    """Whole numbers that depend on what pictures show are tokens, and no places."""

    def named(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        return {"input_ids": pixels(pictures[0]).mean().mul(100).long()[None]}

    with pytest.raises(NoFieldsError, match="the same of dark and of light pictures"):
        source_fields(named, [(40, 30)])


def test_an_input_whose_shape_depends_on_what_is_shown_is_told() -> None:
    def cut(pictures: Sequence[Image.Image]) -> Mapping[str, Any]:
        x = as_they_are(pictures)["pixel_values"]
        return {"pixel_values": x if x.std() < 0.2 else x[..., :10]}

    with pytest.raises(NoFieldsError, match=r"pixel_values is \(1, 3, 30, 40\) for one picture"):
        source_fields(cut, [(40, 30)])


def test_what_is_given_is_of_noise_and_the_same_each_time() -> None:
    one, again = (source_fields(as_they_are, [(40, 30)]).given["pixel_values"] for _ in range(2))
    assert torch.equal(one, again)
    assert float(one.std()) > 0.5
