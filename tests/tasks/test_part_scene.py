from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.framing import framed
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.part_scene import staged
from pytest_vlmsight.tasks.scenes.assembly import tips
from pytest_vlmsight.tasks.scenes.catalogue import BLOB, NAMEABLE, TOOLS, Kind
from pytest_vlmsight.tasks.scenes.dress import COATS

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.scene import Scene, Thing

SEEDS = st.integers(0, 10_000)
KINDS = st.sampled_from(
    [BLOB, NAMEABLE["animal"]["fish"], NAMEABLE["furniture"]["lamp"], TOOLS["handled"]["axe"]]
)
FEW = settings(max_examples=30)


def shown(
    seed: int, kind: Kind, *, coat: str = COATS[0], azimuth: float = 70
) -> tuple[Thing, Scene]:
    thing = kind.build(generator("thing", seed))
    return thing, staged(generator("staged", seed), thing, coat=coat, azimuth=azimuth)


@FEW
@given(SEEDS, KINDS, st.sampled_from(COATS))
def test_a_thing_alone_stands_on_the_floor_of_its_room(seed: int, kind: Kind, coat: str) -> None:
    thing, scene = shown(seed, kind, coat=coat)
    (only,) = scene.things
    assert (only.solids, only.position, only.axes) == (thing.solids, thing.position, thing.axes)
    lowest = tips(thing.solids)[2].min()
    assert lowest - 0.02 < scene.room.low[2] < lowest
    assert {skin.pattern for skin in scene.room.skins} == {"plain"}


@FEW
@given(SEEDS, KINDS, st.floats(-180, 180), st.floats(-10, 40))
def test_camera_and_thing_are_inside_of_the_room(
    seed: int, kind: Kind, azimuth: float, elevation: float
) -> None:
    thing, scene = shown(seed, kind, azimuth=azimuth)
    camera = framed(thing, azimuth=azimuth, elevation=elevation, tilt=0, share=0.8)
    low, high = scene.room.low, scene.room.high
    for axis in range(2):
        assert low[axis] < camera.position[axis] < high[axis]
        assert low[axis] < tips(thing.solids)[axis].min()
    assert camera.position[2] < high[2]


@FEW
@given(SEEDS, st.floats(-180, 180))
def test_the_lamp_is_on_the_side_of_the_camera(seed: int, azimuth: float) -> None:
    x, y, z = shown(seed, BLOB, azimuth=azimuth)[1].light.direction
    away = (np.degrees(np.arctan2(y, x)) - azimuth + 180) % 360 - 180
    assert abs(away) <= 80 + 1e-6
    assert 0 < z < 0.8  # mostly low
    assert np.hypot(np.hypot(x, y), z) == pytest.approx(1)


@FEW
@given(SEEDS, KINDS)
def test_what_is_of_one_material_stands_out_from_floor_and_walls(seed: int, kind: Kind) -> None:
    _, scene = shown(seed, kind)
    own = scene.things[0].skins[0].ground
    for skin in scene.room.skins[:2]:
        assert max(abs(a - b) for a, b in zip(own, skin.ground, strict=True)) >= 0.2


def test_each_scene_is_lit_and_dressed_anew() -> None:
    thing = BLOB.build(generator("thing"))
    one, other = (staged(generator(key), thing, coat=COATS[0], azimuth=70) for key in "ab")
    again = staged(generator("a"), thing, coat=COATS[0], azimuth=70)
    assert one == again
    assert one.light != other.light
    assert one.room.skins != other.room.skins
    assert one.things[0].skins != other.things[0].skins
