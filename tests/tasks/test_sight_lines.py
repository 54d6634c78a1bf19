from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.exact import sub, unit
from pytest_vlmsight.tasks.scenes.render import developed, light_of, truth
from pytest_vlmsight.tasks.scenes.still_life import still_life
from pytest_vlmsight.tasks.scenes.trace import ROOM, trace_at
from pytest_vlmsight.tasks.scenes.view import View
from pytest_vlmsight.tasks.sight_lines import _TARGET, Sight, both_see, look, seen_by, two_cameras

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.exact import Vec
    from pytest_vlmsight.tasks.scenes.scene import Scene

seeds = st.integers(0, 2**32 - 1)
COUNT = 64


@cache
def scene() -> Scene:
    return still_life(generator("sight lines"), things=14)


@cache
def sights() -> tuple[Sight, Sight]:
    cameras = two_cameras(generator("cameras", 1), around=40, roll=20)
    return look(scene(), cameras[0], COUNT), look(scene(), cameras[1], COUNT)


def first_hit(camera: Camera, target: np.ndarray) -> np.ndarray:
    """The point of the scene that is seen where a point would be."""
    x, y, _ = camera.project(target)
    samples = trace_at(
        View(scene(), camera),
        np.array([(x - 0.5) / camera.focal]),
        np.array([(y - 0.5) / camera.focal]),
    )
    return np.array(camera.at(x, y, float(samples.depth[0])))


def test_what_is_seen_is_the_truth_of_the_picture() -> None:
    for seen in sights():
        known = truth(scene(), seen.camera, COUNT)
        assert np.array_equal(seen.depth, known.depth)
        assert np.array_equal(seen.thing, known.thing)
        assert np.array_equal(np.stack(seen.points), np.stack(known.points()))
        plain = developed(light_of(scene(), seen.camera, COUNT, smooth=False))
        assert np.array_equal(seen.picture, plain)


def test_surfaces_that_are_seen_face_the_camera_by_their_cosine() -> None:
    for seen in sights():
        assert seen.facing.min() >= -1e-9
        assert seen.facing.max() <= 1 + 1e-9
        for row, column in ((10, 20), (32, 32), (50, 12)):
            point: Vec = tuple(float(axis[row, column]) for axis in seen.points)  # type: ignore[assignment]
            way = unit(sub(seen.camera.position, point))
            normal = [float(axis[row, column]) for axis in seen.normals]
            assert np.linalg.norm(normal) == pytest.approx(1)
            assert seen.facing[row, column] == pytest.approx(np.dot(normal, way))


@pytest.mark.parametrize(("margin", "facing"), [(0.0, 0.0), (0.15, 0.4)])
def test_usable_pixels_show_a_thing_well_all_around(margin: float, facing: float) -> None:
    seen = sights()[0]
    found = seen.usable(margin=margin, facing=facing)
    assert found.any()
    for row in range(COUNT):
        for column in range(COUNT):
            near = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
            place = (np.array([row, column]) + 0.5) / COUNT
            gap = np.abs(seen.depth[near] - seen.depth[row, column]).max()
            expected = (
                min(row, column) > 0
                and max(row, column) < COUNT - 1
                and (place >= margin).all()
                and (place <= 1 - margin).all()
                and seen.thing[row, column] != ROOM
                and (seen.thing[near] == seen.thing[row, column]).all()
                and seen.facing[row, column] >= facing
                and gap <= 0.03 * seen.depth[row, column]
            )
            assert found[row, column] == expected, (row, column)


def test_what_both_see_is_hidden_from_neither() -> None:
    first, second = sights()
    both = both_see(first, second, margin=0.1, facing=0.3)
    assert both.sum() > 50
    assert (both <= first.usable(margin=0.1, facing=0.3)).all()
    for row, column in np.argwhere(both)[::5]:
        point = np.array([axis[row, column] for axis in first.points])
        x, y, _ = second.camera.project(point)
        assert min(x, y, 1 - x, 1 - y) >= 0.1
        for seen in (first, second):
            # Depth may be off by its share on a coarse picture.
            assert np.linalg.norm(first_hit(seen.camera, point) - point) < 0.15


def test_what_is_hidden_from_the_second_is_left_out() -> None:
    first, second = sights()
    both = both_see(first, second, margin=0.0, facing=0.0)
    hidden = 0
    for row, column in np.argwhere(first.usable(margin=0.0, facing=0.0))[::2]:
        point = np.array([axis[row, column] for axis in first.points])
        if np.linalg.norm(first_hit(second.camera, point) - point) > 0.2:
            hidden += 1
            assert not both[row, column]
    assert hidden > 10


def test_another_thing_at_the_place_hides_a_point_as_does_the_same_one_at_another_depth() -> None:
    first, second = sights()
    expected = both_see(first, second, margin=0.1, facing=0.3)
    other = replace(second, thing=np.where(second.thing == ROOM, ROOM, second.thing + 100))
    assert not both_see(first, other, margin=0.1, facing=0.3).any()
    for share in (0.9, 1.1):
        nearer = replace(second, depth=share * second.depth)
        assert not both_see(first, nearer, margin=0.1, facing=0.3).any()
    # On a coarse picture depths may differ a little.
    near = both_see(first, replace(second, depth=1.005 * second.depth), margin=0.1, facing=0.3)
    assert (near == expected).mean() > 0.98


def test_everything_usable_is_seen_by_two_equal_cameras() -> None:
    first, _ = sights()
    both = both_see(first, first, margin=0.1, facing=0.3)
    assert np.array_equal(both, first.usable(margin=0.1, facing=0.3))


def heading(camera: Camera) -> tuple[float, float, float]:
    """Azimuth, elevation and distance of a camera from what is looked at."""
    x, y, z = sub(camera.position, _TARGET)
    level = np.hypot(x, y)
    return (
        float(np.degrees(np.arctan2(y, x))),
        float(np.degrees(np.arctan2(z, level))),
        float(np.hypot(level, z)),
    )


def lean(camera: Camera) -> float:
    """Degrees that a camera is turned clockwise from upright."""
    right, down, _ = camera.axes
    return float(np.degrees(np.arctan2(right[2], -down[2])))


@given(seeds, st.floats(0.5, 180), st.floats(0, 90))
def test_the_second_camera_has_gone_around_and_is_turned_by_what_is_asked_for(
    seed: int, around: float, roll: float
) -> None:
    first, second = two_cameras(np.random.default_rng(seed), around=around, roll=roll)
    gap = (heading(second)[0] - heading(first)[0] + 180) % 360 - 180
    assert min(abs(abs(gap) - around), abs(360 - abs(gap) - around)) < 1e-6
    assert abs(lean(first)) < 1e-6
    assert abs(lean(second)) == pytest.approx(roll, abs=1e-6)
    assert first.project(_TARGET)[:2] == pytest.approx((0.5, 0.5))


@given(seeds, st.floats(0, 90))
def test_a_camera_that_has_not_gone_around_is_on_its_side_but_looks_elsewhere(
    seed: int, roll: float
) -> None:
    first, second = two_cameras(np.random.default_rng(seed), around=0.0, roll=roll)
    assert heading(second)[:2] == pytest.approx(heading(first)[:2], abs=1e-6)
    assert heading(second)[2] == pytest.approx(heading(first)[2], rel=0.26)
    x, y, depth = second.project(_TARGET)
    assert max(abs(x - 0.5), abs(y - 0.5)) > 1e-4
    assert max(abs(x - 0.5), abs(y - 0.5)) < 0.5  # what is around the origin stays in view
    assert depth > 0


def test_cameras_go_and_turn_either_way_and_come_nearer_or_not() -> None:
    ways = Counter[tuple[bool, bool, bool]]()
    for seed in range(400):
        first, second = two_cameras(generator("ways", seed), around=30, roll=20)
        gap = (heading(second)[0] - heading(first)[0]) % 360
        ways[gap < 180, lean(second) > 0, heading(second)[2] > heading(first)[2]] += 1
    assert len(ways) == 8
    assert min(ways.values()) > 25


@given(seeds)
def test_cameras_depend_on_the_random_numbers_alone(seed: int) -> None:
    one, other = (two_cameras(np.random.default_rng(seed), around=10, roll=5) for _ in range(2))
    assert one == other


def test_what_is_seen_at_places_is_what_the_picture_shows() -> None:
    scene = still_life(np.random.default_rng(5), things=20)
    camera, _ = two_cameras(np.random.default_rng(6), around=20, roll=10)
    rows, columns = np.random.default_rng(0).integers(0, 96, (2, 40))
    found = seen_by(scene, camera)((columns + 0.5) / 96, (rows + 0.5) / 96)
    whole = developed(light_of(scene, camera, 96, smooth=False))
    off = found.astype(int) - whole[rows, columns]
    assert (np.abs(off).max(1) <= 1).mean() > 0.9  # a ray at an edge may be rounded across it
