from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.framing import aimed, framed
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.places import sight
from pytest_vlmsight.tasks.scenes.assembly import tips
from pytest_vlmsight.tasks.scenes.camera import Camera
from pytest_vlmsight.tasks.scenes.catalogue import BLOB
from pytest_vlmsight.tasks.scenes.exact import any_direction, cross, dot, mul

share = st.floats(0.1, 0.9)
places = st.tuples(share, share)


@given(places, places, st.floats(1.2, 4.0), st.integers(0, 1000))
def test_what_is_aimed_at_is_seen_where_it_is_to_be(
    source: tuple[float, float], target: tuple[float, float], focal: float, seed: int
) -> None:
    rng = generator("aimed", seed)
    before = Camera.look_at(mul(any_direction(rng), 4.0), (0.0, 0.0, 0.0), roll=seed, focal=focal)
    after = aimed(before, source, target)
    x, y, depth = after.project(before.at(*source, 3.0))
    assert depth > 0
    assert (x, y) == pytest.approx(target, abs=1e-3)


@given(places, places, st.integers(0, 1000))
def test_an_aimed_camera_is_turned_on_the_spot(
    source: tuple[float, float], target: tuple[float, float], seed: int
) -> None:
    before = Camera.look_at((0.0, -4.0, 1.0), (0.0, 0.0, 0.0), roll=seed, focal=2.0)
    after = aimed(before, source, target)
    assert (after.position, after.focal) == (before.position, before.focal)
    right, down, forward = after.axes
    for axis in after.axes:
        assert dot(axis, axis) == pytest.approx(1)
    assert cross(forward, right) == pytest.approx(down)
    assert dot(right, before.axes[0]) > 0.7  # not rolled


@given(places)
def test_aiming_at_where_it_is_changes_nothing(place: tuple[float, float]) -> None:
    before = Camera.look_at((2.0, -4.0, 1.0), (0.0, 0.0, 0.0), roll=20, focal=2.0)
    after = aimed(before, place, place)
    for axis, own in zip(after.axes, before.axes, strict=True):
        assert axis == pytest.approx(own, abs=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 1000), st.floats(-160, 160), st.floats(-10, 40), st.floats(-180, 180), share)
def test_a_framed_thing_is_in_the_middle_and_as_large_as_asked_for(
    seed: int, azimuth: float, elevation: float, tilt: float, share: float
) -> None:
    thing = BLOB.build(generator("framed", seed))
    camera = framed(thing, azimuth=azimuth, elevation=elevation, tilt=tilt, share=share)
    xs, ys, depths = camera.project(tips(thing.solids))
    assert depths.min() > 0
    assert max(np.ptp(xs), np.ptp(ys)) == pytest.approx(share, abs=0.05)
    middle = (xs.min() + xs.max()) / 2, (ys.min() + ys.max()) / 2
    assert middle == pytest.approx((0.5, 0.5), abs=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_no_more_of_the_picture_than_asked_for_is_seen_of_a_framed_thing(seed: int) -> None:
    thing = BLOB.build(generator("seen", seed))
    camera = framed(thing, azimuth=70, elevation=20, tilt=30, share=0.8)
    left, right, top, bottom = sight(thing, camera).box
    assert 0.6 < max(right - left, bottom - top) < 0.86


def test_the_camera_is_at_the_side_that_was_asked_for() -> None:
    thing = BLOB.build(generator("side"))
    camera = framed(thing, azimuth=120, elevation=30, tilt=15, share=0.8)
    x, y, z = camera.position
    assert np.degrees(np.arctan2(y, x)) == pytest.approx(120)
    assert np.degrees(np.arctan2(z, np.hypot(x, y))) == pytest.approx(30)
    upright = framed(thing, azimuth=120, elevation=30, tilt=0, share=0.8)
    assert dot(camera.axes[0], upright.axes[0]) == pytest.approx(np.cos(np.radians(15)), abs=0.02)
