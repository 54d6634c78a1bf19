from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.grain import grained, taken

seeds = st.integers(0, 2**32 - 1)
GRAIN = 9


def grey(value: int, side: int = 40) -> np.ndarray:
    return np.full((side, side, 3), value, dtype=np.uint8)


@given(seeds, st.integers(0, 40))
def test_no_channel_is_off_by_more_than_the_grain(seed: int, most: int) -> None:
    clean = np.random.default_rng(seed).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    kept = clean.copy()
    found = grained(clean, np.random.default_rng(seed), most=most)
    assert found.dtype == np.uint8
    assert found.shape == clean.shape
    # As whole numbers: what is wrapped around would be off by hundreds.
    assert np.abs(found.astype(int) - clean).max() <= most
    assert np.array_equal(clean, kept)


def test_without_grain_pictures_stay_as_they_are() -> None:
    clean = grey(77)
    assert np.array_equal(grained(clean, np.random.default_rng(0), most=0), clean)


def test_black_and_white_are_not_wrapped_around() -> None:
    rng = np.random.default_rng(0)
    assert grained(grey(0), rng, most=GRAIN).max() == GRAIN
    assert grained(grey(255), rng, most=GRAIN).min() == 255 - GRAIN


def test_every_deviation_is_as_frequent_in_every_channel() -> None:
    off = grained(grey(128, 120), np.random.default_rng(1), most=GRAIN).astype(int) - 128
    expected = 120 * 120 / (2 * GRAIN + 1)
    for channel in range(3):
        counts = [(off[..., channel] == value).sum() for value in range(-GRAIN, GRAIN + 1)]
        assert np.abs(np.array(counts) - expected).max() < 5 * expected**0.5
    # And channels and pixels know nothing of each other.
    assert abs(np.corrcoef(off[..., 0].ravel(), off[..., 1].ravel())[0, 1]) < 0.04
    assert abs(np.corrcoef(off[1:, :, 0].ravel(), off[:-1, :, 0].ravel())[0, 1]) < 0.04


@given(seeds)
def test_grain_depends_on_the_random_numbers_alone(seed: int) -> None:
    first, again, other = (
        grained(grey(100, 6), np.random.default_rng(key), most=GRAIN)
        for key in (seed, seed, seed + 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    brighter = grained(grey(120, 6), np.random.default_rng(seed), most=GRAIN).astype(int)
    assert np.array_equal(brighter - 120, first.astype(int) - 100)


def picture(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (np.stack([x, y, x * y], 1) * 200 + 25).astype(np.uint8)


def test_what_is_taken_is_the_picture_in_its_place_with_grain() -> None:
    x, y = np.random.default_rng(3).random((2, 50))
    found = taken(picture, np.random.default_rng(4), most=GRAIN)(x, y)
    assert found.shape == (50, 3)
    assert found.dtype == np.uint8
    clean = picture(x, y).astype(int)
    off = found.astype(int) - clean
    assert np.abs(off).max() <= GRAIN
    assert off.any()


def test_every_picture_that_is_taken_has_grain_of_its_own() -> None:
    camera = taken(picture, np.random.default_rng(4), most=GRAIN)
    x, y = np.random.default_rng(3).random((2, 50))
    assert not np.array_equal(camera(x, y), camera(x, y))
    again = taken(picture, np.random.default_rng(4), most=GRAIN)
    assert np.array_equal(again(x, y), taken(picture, np.random.default_rng(4), most=GRAIN)(x, y))
