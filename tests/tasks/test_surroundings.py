from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.surroundings import (
    _FINE_RADII,
    FINE,
    MEASURES,
    RADII,
    Surroundings,
    unlikeness,
    windows,
)

seeds = st.integers(0, 2**32 - 1)
REACH = max(_FINE_RADII)
Cells = tuple[np.ndarray, np.ndarray]


def noisy(seed: int, side: int = 40) -> np.ndarray:
    """Blocks of colour with noise on them, so that windows of all sizes differ."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(0, 256, (-(-side // 7), -(-side // 7), 3)), np.ones((7, 7, 1)))
    noise = rng.integers(-30, 31, (side, side, 3))
    found: np.ndarray = np.clip(blocks[:side, :side] + noise, 0, 255).astype(np.uint8)
    return found


def cells(seed: int, count: int, low: int, high: int) -> Cells:
    rows, columns = np.random.default_rng(seed).integers(low, high, (2, count))
    return rows, columns


def cut(picture: np.ndarray, row: int, column: int, radius: int) -> np.ndarray:
    around = np.s_[row - radius : row + radius + 1, column - radius : column + radius + 1]
    return picture[around].astype(float)


def greys(picture: np.ndarray) -> np.ndarray:
    found: np.ndarray = (picture.astype(int) @ np.array([54, 183, 19])) // 256
    return found


@settings(max_examples=30)
@given(seeds)
def test_figures_are_mean_contrast_sharpness_and_saturation_of_each_window(seed: int) -> None:
    picture = noisy(seed)
    grey = greys(picture)
    step = np.zeros(grey.shape)
    step[1:, 1:] = np.abs(grey[1:, 1:] - grey[1:, :-1]) + np.abs(grey[1:, 1:] - grey[:-1, 1:])
    spread = picture.max(2).astype(int) - picture.min(2)
    rows, columns = cells(seed, 4, 9, 31)
    found = Surroundings(picture).figures(rows, columns)
    assert found.shape == (6 * len(RADII), 4)
    for number, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        expected: list[float] = []
        for radius in RADII:
            expected += cut(picture, row, column, radius).mean((0, 1)).tolist()
            expected.append(float(cut(grey, row, column, radius).std()))
            expected += [cut(of, row, column, radius).mean() for of in (step, spread)]
        assert np.allclose(found[:, number], expected, atol=1e-5)


def test_looks_are_figures_in_units_of_their_noise() -> None:
    known, at = Surroundings(noisy(0)), cells(0, 3, 8, 32)
    noise = np.arange(1.0, 19.0)
    expected = known.figures(*at) / noise[:, None]
    assert np.array_equal(known.looks(*at, noise.tolist()), expected)


@settings(max_examples=30)
@given(seeds, st.tuples(st.integers(1, 3), st.integers(3, 5), st.integers(5, 8)))
def test_histograms_count_every_pixel_of_a_window_once(
    seed: int, radii: tuple[int, int, int]
) -> None:
    picture = noisy(seed)
    (row,), (column,) = cells(seed, 1, 9, 31)
    counts = Surroundings(picture, radii).histograms(np.array([row]), np.array([column]))
    for found, radius in zip(counts, radii, strict=True):
        levels = np.minimum(cut(picture, row, column, radius) * 3 // 255, 2).astype(int)
        codes = (levels * [9, 3, 1]).sum(2).ravel()
        assert found[:, 0].tolist() == np.bincount(codes, minlength=27).tolist()


@settings(max_examples=30)
@given(seeds)
def test_unlikeness_is_what_its_measures_say(seed: int) -> None:
    one, other = noisy(seed), noisy(seed + 1)
    first, second = Surroundings(one), Surroundings(other)
    (row,), (column,) = here = cells(seed, 1, 9, 31)
    there = cells(seed + 1, 3, 9, 31)
    found = unlikeness(first, here, second, there)
    assert found.shape == (len(MEASURES), 3)
    for number, (r, c) in enumerate(zip(*(axis.tolist() for axis in there), strict=True)):
        named = dict(zip(MEASURES, found[:, number].tolist(), strict=True))
        gaps = (first.figures(*here)[:, 0] - second.figures(*there)[:, number]).reshape(-1, 6)
        for radius, (*colours, contrast, sharpness, saturation) in zip(
            RADII, gaps.tolist(), strict=True
        ):
            assert named[f"colour {radius}"] == pytest.approx(np.linalg.norm(colours))
            assert named[f"contrast {radius}"] == pytest.approx(abs(contrast))
            assert named[f"sharpness {radius}"] == pytest.approx(abs(sharpness))
            assert named[f"saturation {radius}"] == pytest.approx(abs(saturation))
        a, b = cut(one, row, column, RADII[1]), cut(other, r, c, RADII[1])
        assert named["pixels"] == pytest.approx(((a - b) ** 2).mean() ** 0.5)
        a, b = (value - value.mean((0, 1)) for value in (a, b))
        alike = (a * b).sum() / ((a * a).sum() * (b * b).sum()) ** 0.5
        assert named["normalised pixels"] == pytest.approx(255 * (1 - alike), abs=1e-6)
        for radius, own, its in zip(
            RADII, first.histograms(*here), second.histograms(*there), strict=True
        ):
            gap = np.abs(own[:, 0] - its[:, number]).sum() / own.sum()
            assert named[f"histogram {radius}"] == pytest.approx(gap)


@settings(max_examples=30)
@given(seeds)
def test_a_place_is_not_unlike_itself_and_either_picture_may_come_first(seed: int) -> None:
    first, second = Surroundings(noisy(seed)), Surroundings(noisy(seed + 1))
    here, there = cells(seed, 1, 8, 32), cells(seed + 1, 1, 8, 32)
    assert np.allclose(unlikeness(first, here, first, here), 0, atol=1e-9)
    assert np.array_equal(
        unlikeness(first, here, second, there), unlikeness(second, there, first, here)
    )


@pytest.mark.parametrize("value", [0, 77, 255])
def test_flat_pictures_are_measured_as_well(value: int) -> None:
    """Nor do sums over a white picture outgrow what they are kept in."""
    flat = Surroundings(np.full((FINE, FINE, 3), value, dtype=np.uint8), _FINE_RADII)
    rows, columns = cells(0, 20, REACH, FINE - REACH)
    red, green, blue, *rest = flat.figures(rows, columns).reshape(3, 6, 20).transpose(1, 0, 2)
    assert (np.stack([red, green, blue]) == value).all()
    assert not np.stack(rest).any()
    found = unlikeness(flat, (rows[:1], columns[:1]), flat, (rows, columns))
    assert np.isfinite(found).all()
    # Nothing can be said of the pixels' pattern, as nothing is there.
    patterned = MEASURES.index("normalised pixels")
    assert not np.delete(found, patterned, 0).any()
    assert found[patterned] == pytest.approx(255)


def shown(picture: np.ndarray) -> tuple[list[int], object]:
    """A picture as something that can be asked for any place, and how many places were."""
    asked: list[int] = []

    def at(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        asked.append(len(x))
        rows, columns = (np.floor(value * FINE).astype(int) for value in (y, x))
        found: np.ndarray = picture[rows, columns]
        return found

    return asked, at


@settings(max_examples=20, deadline=None)
@given(seeds, st.integers(1, 6))
def test_windows_show_what_the_whole_picture_shows(seed: int, count: int) -> None:
    picture = noisy(seed, FINE)
    whole = Surroundings(picture, _FINE_RADII)
    rows, columns = cells(seed, count, REACH + 1, FINE - REACH - 1)
    asked, at = shown(picture)
    own, there = windows(at, (columns + 0.5) / FINE, (rows + 0.5) / FINE)  # type: ignore[arg-type]
    assert sum(asked) < 1.2 * count * (2 * REACH + 1) ** 2
    assert np.array_equal(own.figures(*there), whole.figures(rows, columns))
    assert np.array_equal(own.patches(*there), whole.patches(rows, columns))
    for one, other in zip(own.moments(*there), whole.moments(rows, columns), strict=True):
        assert np.array_equal(one, other)
    for one, other in zip(own.histograms(*there), whole.histograms(rows, columns), strict=True):
        assert np.array_equal(one, other)
    for number in range(count):
        one = slice(number, number + 1)
        assert np.array_equal(
            unlikeness(own, (there[0][one], there[1][one]), own, there),
            unlikeness(whole, (rows[one], columns[one]), whole, (rows, columns)),
        )
