from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.relight import Relight, draw_relight

seeds = st.integers(0, 2**32 - 1)
shares = st.floats(-0.5, 0.5)
strengths = st.floats(0, 1)


def grades(count: int = 33) -> np.ndarray:
    """(3, n) greys from black to white."""
    return np.tile(np.linspace(0, 1, count, dtype=np.float32), (3, 1))


def at(light: Relight, values: np.ndarray, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    count = values.shape[1]
    found: np.ndarray = light(values, np.full(count, x), np.full(count, y))
    return found


@given(seeds, shares, shares)
def test_no_strength_is_no_change(seed: int, x: float, y: float) -> None:
    for light in (Relight(), draw_relight(np.random.default_rng(seed), 0.0)):
        assert np.array_equal(at(light, grades(), x, y), grades())


@given(seeds, strengths, shares, shares)
def test_light_stays_between_black_and_white_and_keeps_its_order(
    seed: int, strength: float, x: float, y: float
) -> None:
    given = grades()
    found = at(draw_relight(np.random.default_rng(seed), strength), given, x, y)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
    for channel in found:
        assert channel[0] == 0
        below = channel < 0.999
        assert (np.diff(channel[below]) > 0).all()  # what differed differs still
        assert below.sum() > 8
    assert np.array_equal(given, grades())


@given(seeds, strengths)
def test_a_change_is_bounded_by_its_strength(seed: int, strength: float) -> None:
    light = draw_relight(np.random.default_rng(seed), strength)
    assert all(abs(gain - 1) <= 0.45 * strength + 1e-12 for gain in light.gains)
    assert all(abs(value) <= 0.35 * strength for value in light.slope)
    # 1 + b is how steep the curve is at black, its inverse how steep that of the inverse is.
    for bend in light.bend:
        assert max(1 + bend, 1 / (1 + bend)) <= 1 + 1.1 * strength + 1e-9


@given(st.floats(0.01, 1.5))
def test_curves_have_inverses(bend: float) -> None:
    brighter = Relight(bend=(bend, bend, bend))
    back = -bend / (1 + bend)
    darker = Relight(bend=(back, back, back))
    assert (at(brighter, grades())[:, 1:-1] > grades()[:, 1:-1]).all()
    assert np.allclose(at(darker, at(brighter, grades())), grades(), atol=1e-5)


def test_curves_brighten_as_often_as_they_darken_and_by_as_much() -> None:
    lights = [draw_relight(generator("relight", seed), 1.0) for seed in range(1500)]
    steepness = np.log([1 + light.bend[0] for light in lights])
    assert abs((steepness > 0).mean() - 0.5) < 0.05
    assert abs(np.median(steepness[steepness > 0]) + np.median(steepness[steepness < 0])) < 0.08
    for values in (
        np.array([light.gains for light in lights]) - 1,
        np.array([light.slope for light in lights]),
    ):
        assert (np.abs((values > 0).mean(0) - 0.5) < 0.05).all()


def test_channels_change_on_their_own() -> None:
    light = draw_relight(generator("relight"), 0.8)
    assert len(set(light.gains)) == len(set(light.bend)) == 3
    red, green, blue = Relight(gains=(0.5, 1.0, 0.25))(grades() / 2, np.zeros(33), np.zeros(33))
    assert np.allclose(red, green / 2)
    assert np.allclose(blue, green / 4)


@pytest.mark.parametrize(("slope", "x", "y"), [((0.3, 0.0), 0.5, 0.0), ((0.0, 0.3), 0.0, 0.5)])
def test_the_lamp_is_at_the_border_that_the_slope_says(
    slope: tuple[float, float], x: float, y: float
) -> None:
    given, light = np.full((3, 1), 0.5, dtype=np.float32), Relight(slope=slope)
    assert at(light, given) == pytest.approx(0.5)
    assert at(light, given, x, y) == pytest.approx(0.5 * 1.3)
    assert at(light, given, -x, -y) == pytest.approx(0.5 * 0.7)
    assert at(light, given, y, x) == pytest.approx(0.5)  # along the other border nothing changes


@given(seeds, strengths)
def test_a_change_depends_on_the_random_numbers_alone(seed: int, strength: float) -> None:
    one, other = (draw_relight(np.random.default_rng(seed), strength) for _ in range(2))
    assert one == other
