from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.homography import SHIFT, TILT, draw_homographies, inverse, moved

seeds = st.integers(0, 2**32 - 1)
rotations = st.floats(0, 90)
scales = st.floats(1, 2)
places = st.floats(-0.5, 0.5)


def one(seed: int, rotation: float = 20, scale: float = 1.2) -> np.ndarray:
    found: np.ndarray = draw_homographies(
        np.random.default_rng(seed), 1, rotation=rotation, scale=scale
    )[:, 0]
    return found


@given(seeds, rotations, scales, places, places)
def test_places_are_moved_as_the_matrix_does(
    seed: int, rotation: float, scale: float, x: float, y: float
) -> None:
    made = one(seed, rotation, scale)
    a, b, c = made.reshape(3, 3) @ [x, y, 1]
    assert moved(made, x, y) == pytest.approx((a / c, b / c))


@given(seeds, rotations, scales, places, places)
def test_the_inverse_brings_places_back(
    seed: int, rotation: float, scale: float, x: float, y: float
) -> None:
    made = one(seed, rotation, scale)
    assert moved(inverse(made), *moved(made, x, y)) == pytest.approx((x, y), abs=1e-9)
    assert moved(made, *moved(inverse(made), x, y)) == pytest.approx((x, y), abs=1e-6)
    product = made.reshape(3, 3) @ np.array(inverse(made)).reshape(3, 3)
    assert np.allclose(product, product[0, 0] * np.eye(3), atol=1e-12)
    assert product[0, 0] > 0  # so what is in front stays in front


@given(seeds, st.integers(1, 20), rotations, scales)
def test_views_are_turned_and_scaled_by_what_is_asked_for(
    seed: int, count: int, rotation: float, scale: float
) -> None:
    made = draw_homographies(np.random.default_rng(seed), count, rotation=rotation, scale=scale)
    assert made.shape == (9, count)
    for a, b, along, d, e, down, *tilts, last in made.T.tolist():
        assert (e, d) == (a, -b)  # turned and scaled, not skewed
        assert abs(np.degrees(np.arctan2(d, a))) == pytest.approx(rotation, abs=1e-9)
        assert max(np.hypot(a, d), 1 / np.hypot(a, d)) == pytest.approx(scale)
        assert max(abs(along), abs(down)) <= SHIFT
        assert max(map(abs, tilts)) <= TILT
        assert last == 1


def test_views_are_turned_scaled_moved_and_tilted_either_way() -> None:
    made = draw_homographies(np.random.default_rng(0), 3000, rotation=20, scale=1.2)
    turned, larger = made[3] > 0, np.hypot(made[0], made[3]) > 1
    ways = Counter(zip(turned.tolist(), larger.tolist(), strict=True))
    assert all(way == pytest.approx(750, abs=120) for way in ways.values())
    for row, most in ((2, SHIFT), (5, SHIFT), (6, TILT), (7, TILT)):
        assert abs(made[row].mean()) < 0.06 * most
        assert made[row].std() == pytest.approx(most / 3**0.5, rel=0.06)
    independent = np.corrcoef(made[[2, 3, 5, 6, 7]])
    assert np.abs(independent - np.eye(5)).max() < 0.08


@given(seeds)
def test_many_maps_are_moved_at_once(seed: int) -> None:
    made = draw_homographies(np.random.default_rng(seed), 5, rotation=10, scale=1.1)
    x, y = moved(made, 0.1, -0.2)
    back = inverse(made)
    for number in range(5):
        assert (x[number], y[number]) == moved(made[:, number], 0.1, -0.2)
        assert [row[number] for row in np.array(back)] == list(inverse(made[:, number]))


@given(seeds)
def test_maps_depend_on_the_random_numbers_alone(seed: int) -> None:
    assert np.array_equal(one(seed), one(seed))
    assert not np.array_equal(one(seed), one(seed + 1))
