from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.scenes.exact import (
    Frame,
    along,
    any_direction,
    any_turn,
    cos_sin,
    cross,
    dot,
    into,
    out_of,
    turned,
    unit,
    within,
)

angles = st.floats(-720, 720)


@given(angles)
def test_cosine_and_sine_are_those_of_the_standard_library(degrees: float) -> None:
    cosine, sine = cos_sin(degrees)
    assert cosine == pytest.approx(math.cos(math.radians(degrees)), abs=1e-14)
    assert sine == pytest.approx(math.sin(math.radians(degrees)), abs=1e-14)


def test_right_angles_are_exact() -> None:
    assert [cos_sin(90 * k) for k in range(5)] == [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]


def is_right_handed(frame: Frame) -> bool:
    lengths = all(abs(dot(axis, axis) - 1) < 1e-12 for axis in frame)
    third = cross(frame[0], frame[1])
    return lengths and max(abs(a - b) for a, b in zip(third, frame[2], strict=True)) < 1e-12


@given(angles, angles, angles, st.integers(0, 2**32 - 1))
def test_every_frame_is_a_rotation(yaw: float, pitch: float, roll: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = turned(yaw=yaw, pitch=pitch, roll=roll), any_turn(rng)
    for frame in (first, second, within(first, second), along(any_direction(rng))):
        assert is_right_handed(frame)


@given(st.integers(0, 2**32 - 1))
def test_into_undoes_out_of(seed: int) -> None:
    frame = any_turn(np.random.default_rng(seed))
    assert into(frame, out_of(frame, (0.3, -2.0, 5.0))) == pytest.approx((0.3, -2.0, 5.0))


def test_turns_by_known_angles() -> None:
    assert out_of(turned(yaw=90), (1.0, 0.0, 0.0)) == (0, 1, 0)
    assert out_of(turned(pitch=90), (0.0, 1.0, 0.0)) == (0, 0, 1)
    assert out_of(turned(roll=90), (0.0, 0.0, 1.0)) == (1, 0, 0)


def test_directions_are_drawn_evenly_from_the_sphere() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([any_direction(rng) for _ in range(4000)])
    assert np.abs(drawn.mean(0)).max() < 0.03
    assert np.abs((drawn**2).mean(0) - 1 / 3).max() < 0.02


def test_zero_has_no_direction() -> None:
    with pytest.raises(ZeroDivisionError):
        unit((0.0, 0.0, 0.0))
