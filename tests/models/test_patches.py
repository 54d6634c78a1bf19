"""Where patches look: through real image processors, against squares drawn at known places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from transformers import (
    CLIPImageProcessorPil,
    LlavaImageProcessorPil,
    LlavaOnevisionImageProcessorPil,
    SiglipImageProcessorPil,
)

from pytest_vlmsight.models.patches import PatchMap, PatchMapError, patch_map

if TYPE_CHECKING:
    from collections.abc import Callable

    Process = Callable[[Image.Image], np.ndarray]

PATCH = 14
SIDE = 8 * PATCH

WIDE, TALL, SQUARE = (640, 240), (200, 500), (300, 300)
SMALL, LARGE = (40, 30), (900, 700)
SIZES = [WIDE, TALL, SQUARE, SMALL, LARGE]


def _box(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def _with(processor: Any) -> Process:
    def process(image: Image.Image) -> np.ndarray:
        pixels = np.asarray(processor(images=[image], return_tensors="np")["pixel_values"][0])
        return pixels[0] if pixels.ndim == 4 else pixels  # the base tile of those that tile

    return process


def _letterboxed(processor: Any) -> Process:
    """Pads to a square with the mean colour first, as LLaVA's own code does."""
    inner = _with(processor)

    def process(image: Image.Image) -> np.ndarray:
        side = max(image.size)
        canvas = Image.new("RGB", (side, side), (122, 116, 104))
        canvas.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        return inner(canvas)

    return process


_SQUASH = CLIPImageProcessorPil(size=_box(SIDE), do_center_crop=False)
PROCESSORS: dict[str, Process] = {
    "clip, centre crop": _with(
        CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=_box(SIDE))
    ),
    "clip, squash": _with(_SQUASH),
    "clip, crop smaller than resize": _with(
        CLIPImageProcessorPil(size={"shortest_edge": 140}, crop_size=_box(SIDE))
    ),
    "siglip": _with(SiglipImageProcessorPil(size=_box(SIDE))),
    "llava, padded": _with(
        LlavaImageProcessorPil(
            size={"shortest_edge": SIDE}, crop_size=_box(SIDE), do_pad=True, do_center_crop=True
        )
    ),
    "onevision, base tile": _with(
        LlavaOnevisionImageProcessorPil(size=_box(SIDE), image_grid_pinpoints=[[SIDE, SIDE]])
    ),
    "letterboxed": _letterboxed(_SQUASH),
    "not normalised": _with(
        CLIPImageProcessorPil(size=_box(SIDE), do_center_crop=False, do_normalize=False)
    ),
    "not rescaled": _with(
        CLIPImageProcessorPil(size=_box(SIDE), do_center_crop=False, do_rescale=False)
    ),
}
PADDING = {"llava, padded", "letterboxed"}
CROPPING = {"clip, centre crop", "clip, crop smaller than resize"}


@dataclass(frozen=True, slots=True)
class Lit:
    """The patch that a white square on grey lights most, by row and column of the inside."""

    row: int
    col: int


def lit(
    process: Process, mapped: PatchMap, *, size: tuple[int, int], at: tuple[float, float]
) -> Lit:
    """Draw a square of a quarter of a patch at ``at`` and find the patch that sees it."""
    # A patch's size in the source picture, from nothing but the sizes of both pictures.
    step = PATCH * max(size) / SIDE / 4
    square = np.full((size[1], size[0], 3), 128, np.uint8)
    x0, y0 = round(at[0] - step / 2), round(at[1] - step / 2)
    x1, y1 = max(x0 + 1, round(at[0] + step / 2)), max(y0 + 1, round(at[1] + step / 2))
    square[max(0, y0) : y1, max(0, x0) : x1] = 255
    dark = process(Image.new("RGB", size, (128,) * 3))
    change = np.abs(process(Image.fromarray(square)) - dark).sum(0)
    rows, cols = mapped.shape
    cells = change[: rows * PATCH, : cols * PATCH].reshape(rows, PATCH, cols, PATCH).sum((1, 3))
    inside = cells[mapped.rows, mapped.cols]
    assert inside.max() > 0
    row, col = np.unravel_index(int(inside.argmax()), inside.shape)
    return Lit(row=int(row), col=int(col))


def misplaced(process: Process, mapped: PatchMap, *, size: tuple[int, int]) -> int:
    """How many of the patch centres do not light their patch when a square is drawn there."""
    wrong = 0
    for row in range(0, len(mapped.ys), 2):
        for col in range(row % 3, len(mapped.xs), 3):
            at = (float(mapped.xs[col]), float(mapped.ys[row]))
            wrong += lit(process, mapped, size=size, at=at) != Lit(row=row, col=col)
    return wrong


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", PROCESSORS)
def test_a_square_lights_the_patch_that_is_mapped_there(name: str, size: tuple[int, int]) -> None:
    mapped = patch_map(PROCESSORS[name], size=size, patch=PATCH)
    assert misplaced(PROCESSORS[name], mapped, size=size) == 0


@pytest.mark.parametrize("size", [WIDE, TALL, LARGE], ids=str)
@pytest.mark.parametrize("name", PROCESSORS)
def test_a_square_anywhere_lights_the_nearest_patch(name: str, size: tuple[int, int]) -> None:
    mapped = patch_map(PROCESSORS[name], size=size, patch=PATCH)
    random = np.random.default_rng(0)
    for _ in range(8):
        # Away from the edges of patches, where two are as near.
        row, col = int(random.integers(len(mapped.ys))), int(random.integers(len(mapped.xs)))
        dx, dy = random.uniform(-0.3, 0.3, 2)
        x = mapped.xs[col] + dx * np.diff(mapped.xs).mean()
        y = mapped.ys[row] + dy * np.diff(mapped.ys).mean()
        got = lit(PROCESSORS[name], mapped, size=size, at=(float(x), float(y)))
        want = (int(np.abs(mapped.ys - y).argmin()), int(np.abs(mapped.xs - x).argmin()))
        assert (got.row, got.col) == want


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["clip, squash", "siglip", "not normalised", "not rescaled"])
def test_squashed_centres_are_those_of_the_formula(name: str, size: tuple[int, int]) -> None:
    mapped = patch_map(PROCESSORS[name], size=size, patch=PATCH)
    width, height = size
    centres = (np.arange(8) + 0.5) / 8
    assert mapped.shape == (8, 8)
    assert (mapped.rows, mapped.cols) == (slice(0, 8), slice(0, 8))
    np.testing.assert_allclose(mapped.xs, centres * width, atol=1)
    np.testing.assert_allclose(mapped.ys, centres * height, atol=1)


@given(width=st.integers(16, 700), height=st.integers(16, 700))
@settings(max_examples=20)
def test_squashed_centres_are_right_for_any_size(width: int, height: int) -> None:
    mapped = patch_map(PROCESSORS["clip, squash"], size=(width, height), patch=PATCH)
    centres = (np.arange(8) + 0.5) / 8
    np.testing.assert_allclose(mapped.xs, centres * width, atol=max(1, width / 200))
    np.testing.assert_allclose(mapped.ys, centres * height, atol=max(1, height / 200))


@pytest.mark.parametrize("size", [WIDE, TALL, LARGE], ids=str)
def test_a_centre_crop_hides_the_border_of_the_longer_side(size: tuple[int, int]) -> None:
    mapped = patch_map(PROCESSORS["clip, centre crop"], size=size, patch=PATCH)
    short, (width, height) = min(size), size
    step, pixel = short / 8, short / SIDE  # the crop starts at a whole processed pixel
    centres = (np.arange(8) + 0.5) * step
    np.testing.assert_allclose(mapped.xs, centres + (width - short) / 2, atol=pixel + 1)
    np.testing.assert_allclose(mapped.ys, centres + (height - short) / 2, atol=pixel + 1)
    long = mapped.xs if width > height else mapped.ys
    assert long[0] > (max(size) - short) / 2
    assert long[-1] < max(size) - (max(size) - short) / 2


def test_a_smaller_crop_hides_all_borders() -> None:
    mapped = patch_map(PROCESSORS["clip, crop smaller than resize"], size=(280, 280), patch=PATCH)
    want = 28 + (np.arange(8) + 0.5) * 28
    np.testing.assert_allclose(mapped.xs, want, atol=1)
    np.testing.assert_allclose(mapped.ys, want, atol=1)


@pytest.mark.parametrize("name", sorted(PADDING))
def test_padding_is_cut_off(name: str) -> None:
    mapped = patch_map(PROCESSORS[name], size=(640, 320), patch=PATCH)
    assert mapped.shape == (8, 8)
    assert (mapped.rows, mapped.cols) == (slice(2, 6), slice(0, 8))
    np.testing.assert_allclose(mapped.xs, (np.arange(8) + 0.5) * 80, atol=2)
    np.testing.assert_allclose(mapped.ys, (np.arange(4) + 0.5) * 80, atol=2)
    mapped = patch_map(PROCESSORS[name], size=(320, 640), patch=PATCH)
    assert (mapped.rows, mapped.cols) == (slice(0, 8), slice(2, 6))


@pytest.mark.parametrize("name", sorted(PADDING))
@pytest.mark.parametrize("size", [WIDE, TALL, SMALL], ids=str)
def test_centres_of_padded_pictures_lie_inside(name: str, size: tuple[int, int]) -> None:
    mapped = patch_map(PROCESSORS[name], size=size, patch=PATCH)
    assert 0 < mapped.xs[0] < mapped.xs[-1] < size[0]
    assert 0 < mapped.ys[0] < mapped.ys[-1] < size[1]
    assert len(mapped.ys) == mapped.rows.stop - mapped.rows.start
    assert len(mapped.xs) == mapped.cols.stop - mapped.cols.start


def test_a_remainder_of_less_than_a_patch_is_no_patch() -> None:
    process = _with(CLIPImageProcessorPil(size=_box(SIDE + 9), do_center_crop=False))
    mapped = patch_map(process, size=(484, 242), patch=PATCH)
    assert mapped.shape == (8, 8)
    np.testing.assert_allclose(mapped.xs, (np.arange(8) + 0.5) * PATCH * 4, atol=1)
    np.testing.assert_allclose(mapped.ys, (np.arange(8) + 0.5) * PATCH * 2, atol=1)


# -- planted faults -------------------------------------------------------------------------------


def _shuffled(pixels: np.ndarray) -> np.ndarray:
    order = np.random.default_rng(0).permutation(64)
    cells = pixels.reshape(3, 8, PATCH, 8, PATCH).transpose(1, 3, 0, 2, 4).reshape(64, 3, PATCH, -1)
    cells = cells[order].reshape(8, 8, 3, PATCH, PATCH)
    return cells.transpose(2, 0, 3, 1, 4).reshape(3, SIDE, SIDE)


def _blocks(pixels: np.ndarray) -> np.ndarray:
    """The two halves swapped."""
    return np.roll(pixels, SIDE // 2, axis=2)


def _two_swapped(pixels: np.ndarray) -> np.ndarray:
    """The first and the last patch: no row's or column's median tells."""
    swapped = pixels.copy()
    swapped[:, :PATCH, :PATCH] = pixels[:, -PATCH:, -PATCH:]
    swapped[:, -PATCH:, -PATCH:] = pixels[:, :PATCH, :PATCH]
    return swapped


def _one_row_reversed(pixels: np.ndarray) -> np.ndarray:
    turned = pixels.copy()
    turned[:, 2 * PATCH : 3 * PATCH] = pixels[:, 2 * PATCH : 3 * PATCH, ::-1]
    return turned


FAULTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "transposed": lambda pixels: pixels.transpose(0, 2, 1),
    "flipped": lambda pixels: pixels[:, :, ::-1],
    "upside down": lambda pixels: pixels[:, ::-1],
    "turned": lambda pixels: np.rot90(pixels, axes=(1, 2)),
    "shuffled": _shuffled,
    "halves swapped": _blocks,
    "rolled by a patch": lambda pixels: np.roll(pixels, PATCH, axis=1),
    "rolled by half a patch": lambda pixels: np.roll(pixels, PATCH // 2, axis=2),
    "two columns swapped": lambda pixels: np.concatenate(
        [pixels[:, :, PATCH : 2 * PATCH], pixels[:, :, :PATCH], pixels[:, :, 2 * PATCH :]], axis=2
    ),
    "first channel last": lambda pixels: pixels[::-1],
    "two patches swapped": _two_swapped,
    "one row reversed": _one_row_reversed,
    "flat": np.zeros_like,
    "scrambled rows": lambda pixels: np.concatenate([pixels[:, ::2], pixels[:, 1::2]], axis=1),
    "sheared": lambda pixels: np.stack(
        [np.roll(line, 3 * y, axis=-1) for y, line in enumerate(pixels.swapaxes(0, 1))], axis=1
    ),
}


@pytest.mark.parametrize("size", [WIDE, TALL, SQUARE], ids=str)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_processor_that_moves_things_about_is_refused(fault: str, size: tuple[int, int]) -> None:
    plain = PROCESSORS["clip, squash"]
    with pytest.raises(PatchMapError):
        patch_map(lambda image: FAULTS[fault](plain(image)), size=size, patch=PATCH)


@pytest.mark.parametrize(
    "fault", ["flipped", "transposed", "halves swapped", "two columns swapped"]
)
def test_squares_show_a_fault_that_comes_after_the_map(fault: str) -> None:
    """What the map cannot know (the tower reorders its patches) the squares above would show."""
    plain = PROCESSORS["clip, squash"]
    mapped = patch_map(plain, size=WIDE, patch=PATCH)
    assert misplaced(lambda image: FAULTS[fault](plain(image)), mapped, size=WIDE) > 0


def test_squares_show_a_map_that_is_off_by_a_patch() -> None:
    mapped = patch_map(PROCESSORS["clip, squash"], size=WIDE, patch=PATCH)
    step = float(np.diff(mapped.xs).mean())
    moved = PatchMap(
        xs=mapped.xs + step, ys=mapped.ys, rows=mapped.rows, cols=mapped.cols, shape=mapped.shape
    )
    at = (float(moved.xs[3]), float(moved.ys[3]))
    assert lit(PROCESSORS["clip, squash"], moved, size=WIDE, at=at) != Lit(row=3, col=3)


@pytest.mark.parametrize(
    "shape", [(3, 13, 112), (3, 112, 5), (3, 0, 0), (5, 3, 112, 112), (112, 112)], ids=str
)
def test_a_processed_picture_of_no_patch_is_refused_with_its_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(PatchMapError, match=r"14 px patch from the image processor, got shape"):
        patch_map(lambda image: np.ones(shape), size=SQUARE, patch=PATCH)


def test_the_message_names_the_picture_and_how_far_off_it_is() -> None:
    plain = PROCESSORS["clip, squash"]
    with pytest.raises(PatchMapError, match=r"map a 640×240 picture .* disagree by .* patches"):
        patch_map(lambda image: plain(image).transpose(0, 2, 1), size=WIDE, patch=PATCH)


def test_the_smallest_pictures_are_mapped_or_refused() -> None:
    for size in ((1, 1), (2, 1), (3, 4), (8, 8), (1, 50)):
        try:
            mapped = patch_map(PROCESSORS["clip, squash"], size=size, patch=PATCH)
        except PatchMapError:
            continue
        assert 0 <= mapped.xs[0] <= mapped.xs[-1] <= size[0]
        assert 0 <= mapped.ys[0] <= mapped.ys[-1] <= size[1]


def test_a_single_patch_looks_at_the_middle() -> None:
    process = _with(CLIPImageProcessorPil(size=_box(PATCH), do_center_crop=False))
    mapped = patch_map(process, size=(300, 100), patch=PATCH)
    assert mapped.shape == (1, 1)
    np.testing.assert_allclose(mapped.xs, [150], atol=2)
    np.testing.assert_allclose(mapped.ys, [50], atol=2)
