from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.camera import Camera
from pytest_vlmsight.tasks.scenes.exact import into, turned
from pytest_vlmsight.tasks.scenes.held import Held, row
from pytest_vlmsight.tasks.scenes.ornaments import ornament, reach
from pytest_vlmsight.tasks.scenes.scene import Room, Thing
from pytest_vlmsight.tasks.scenes.supports import KINDS, support
from pytest_vlmsight.tasks.scenes.texture import Texture


def thing(height: float = 1.5) -> Thing:
    made = ornament(generator("support"), "cone")
    return made.moved((0.5, 3.0, height), axes=turned(yaw=30), scale=0.4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_support_reaches_from_the_floor_into_the_thing(kind: str) -> None:
    held = thing()
    solids = support(generator(kind), held, kind).holding(held).solids
    low, high = (
        held.place((0.0, 0.0, pick(s.centre[2] + sign * s.half[2] for s in solids)))[2]
        for pick, sign in ((min, -1), (max, 1))
    )
    assert low == pytest.approx(0, abs=1e-9)
    bottom = 1.5 - reach(held)[1] * 0.4
    assert bottom < high < bottom + 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_right_below_the_thing_a_support_looks_the_same_however_long_it_is(kind: str) -> None:
    own = support(generator(kind), thing(), kind)
    short, long = (own.holding(thing(height)) for height in (1.2, 1.9))
    assert short.skins == long.skins
    assert [s.half[:2] for s in short.solids] == [s.half[:2] for s in long.solids]
    assert [s.centre[:2] for s in short.solids] == [s.centre[:2] for s in long.solids]
    tops = [
        [round(s.centre[2] + s.half[2], 9) for s in of.solids if s.part != "foot"]
        for of in (short, long)
    ]
    assert tops[0] == tops[1]
    assert own.length(thing(1.9)) - own.length(thing(1.2)) == pytest.approx(0.7 / 0.4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_corners_are_on_the_foot(kind: str) -> None:
    held = thing()
    own = support(generator(kind), held, kind)
    solids = own.holding(held).solids
    for corner in own.corners(held):
        inside = into(
            held.axes, tuple((c - p) / 0.4 for c, p in zip(corner, held.position, strict=True))
        )
        assert any(all(abs(inside[k] - s.centre[k]) <= s.half[k] for k in range(3)) for s in solids)


def camera() -> Camera:
    return Camera.look_at((0.0, 0.0, 1.5), (0.3, 3.0, 1.1), roll=2.0, focal=0.95)


@given(x=st.floats(0.1, 0.9), depth=st.floats(1.0, 9.0), height=st.floats(0.0, 3.0))
def test_a_row_is_where_a_height_is_seen(x: float, depth: float, height: float) -> None:
    seen = camera().at(x, row(camera(), x, depth, height), depth)
    assert seen[2] == pytest.approx(height)


def held() -> Held:
    made = ornament(generator("held"), "ball")
    post = support(generator("post"), made, "post")
    return Held(thing=made, support=post, x=0.5, y=0.5, size=0.2, own=0.9)


def room(*, deep: float = 9.0, high: float = 4.0) -> Room:
    return Room(low=(-4.0, -1.0, 0.0), high=(4.0, deep, high), skins=(Texture(),) * 3)


@given(depth=st.floats(1.0, 20.0))
def test_a_held_thing_looks_the_same_at_any_depth(depth: float) -> None:
    own, nearest = held(), held().at(camera(), 1.0)
    far = own.at(camera(), depth)
    for tip in ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.3, 0.4, -0.5)):
        near_x, near_y, near_depth = camera().project(nearest.place(tip))
        x, y, its_depth = camera().project(far.place(tip))
        assert (x, y) == pytest.approx((near_x, near_y))
        assert its_depth == pytest.approx(depth * near_depth)


def test_a_thing_fits_only_inside_of_the_room_with_its_foot_in_the_picture() -> None:
    assert held().fits(camera(), 4.0, room())
    assert not held().fits(camera(), 4.0, room(deep=4.0))  # behind the wall
    assert not held().fits(camera(), 4.0, room(high=1.3))  # in the ceiling
    assert not held().fits(camera(), 15.0, room(deep=20.0))  # below the floor
    assert not held().fits(camera(), 1.5, room())  # its foot is below the picture
