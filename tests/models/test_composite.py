"""Pictures side by side: a point of one is a point of the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pytest_vlmsight.models.composite import GAP, side_by_side, squared

sizes = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=4)


def noise(width: int, height: int, seed: int) -> Image.Image:
    """No pixel of it is black."""
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(1, 256, (height, width, 3), np.uint8))


@given(sizes)
def test_every_pixel_is_kept_and_all_else_is_black(shapes: list[tuple[int, int]]) -> None:
    pictures = [noise(*size, seed) for seed, size in enumerate(shapes)]
    whole, offsets = side_by_side(pictures)
    pixels = np.asarray(whole).copy()
    for picture, x in zip(pictures, offsets, strict=True):
        part = pixels[: picture.height, x : x + picture.width]
        assert np.array_equal(part, np.asarray(picture))
        part[:] = 0
    assert not pixels.any()


@given(sizes)
def test_pictures_stand_at_the_top_a_gap_apart(shapes: list[tuple[int, int]]) -> None:
    whole, offsets = side_by_side([noise(*size, 0) for size in shapes])
    widths = [width for width, _ in shapes]
    assert offsets[0] == 0
    assert np.diff(offsets).tolist() == [width + GAP for width in widths[:-1]]
    assert whole.size == (offsets[-1] + widths[-1], max(height for _, height in shapes))


def test_the_gap_is_ten_black_pixels() -> None:
    white = Image.new("RGB", (20, 30), (255,) * 3)
    whole, offsets = side_by_side([white, white])
    assert offsets == (0, 30)
    columns = np.asarray(whole).mean(axis=(0, 2))
    assert columns.tolist() == [255.0] * 20 + [0.0] * 10 + [255.0] * 20


def test_a_point_of_a_picture_maps_into_the_whole() -> None:
    pictures = [noise(width, height, width) for width, height in ((30, 50), (7, 9), (64, 20))]
    pictures[2].putpixel((41, 13), (255, 0, 128))
    whole, offsets = side_by_side(pictures)
    assert whole.getpixel((offsets[2] + 41, 13)) == (255, 0, 128)


def test_one_picture_is_itself() -> None:
    picture = noise(12, 8, 0)
    whole, offsets = side_by_side([picture])
    assert offsets == (0,)
    assert np.array_equal(np.asarray(whole), np.asarray(picture))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "1"])
def test_other_modes_are_pasted_as_colour(mode: str) -> None:
    picture = Image.new("RGB", (6, 6), (255,) * 3).convert(mode)
    whole, _ = side_by_side([picture, picture])
    assert whole.mode == "RGB"
    assert whole.getpixel((3, 3)) == (255, 255, 255)


def test_the_given_pictures_are_left_alone() -> None:
    picture = noise(12, 8, 0)
    before = picture.tobytes()
    whole, _ = side_by_side([picture, picture])
    whole.paste((0, 0, 0), (0, 0, *whole.size))
    assert picture.tobytes() == before


@pytest.mark.parametrize("size", [(40, 25), (25, 40)], ids=str)
def test_squared_keeps_the_pixels_at_the_upper_left(size: tuple[int, int]) -> None:
    picture = noise(*size, 3)
    whole = squared(picture, (1, 2, 3))
    assert whole.size == (40, 40)
    assert whole.crop((0, 0, *size)).tobytes() == picture.tobytes()
    assert whole.getpixel((39, 39)) == (1, 2, 3)


def test_a_square_is_left_as_it_is() -> None:
    picture = noise(30, 30, 3)
    assert squared(picture, (0, 0, 0)) is picture
