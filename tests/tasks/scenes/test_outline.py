from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.drawn import around, between, one_of, room
from pytest_vlmsight.tasks.scenes.exact import any_direction, any_turn, dot, turned
from pytest_vlmsight.tasks.scenes.outline import frame_of, reach
from pytest_vlmsight.tasks.scenes.render import truth
from pytest_vlmsight.tasks.scenes.scene import Scene, Thing
from pytest_vlmsight.tasks.scenes.solids import KINDS, Solid
from pytest_vlmsight.tasks.scenes.texture import Texture

PIXELS = 200
SEEDS = st.integers(0, 10_000)


def any_thing(number: int) -> Thing:
    """Two solids of any kinds and proportions, anyhow turned."""
    rng = generator("outline", number)

    def solid() -> Solid:
        return Solid(
            kind=one_of(rng, KINDS),
            centre=(between(rng, -0.4, 0.4), between(rng, -0.4, 0.4), between(rng, -0.4, 0.4)),
            half=(between(rng, 0.1, 0.5), between(rng, 0.1, 0.5), between(rng, 0.1, 0.5)),
            axes=any_turn(rng),
            top=between(rng, 0, 1),
        )

    return Thing(
        kind="any",
        solids=(solid(), solid()),
        skins=(Texture(),),
        position=(0.3, -0.2, 2.0),
        axes=any_turn(rng),
        scale=between(rng, 0.7, 1.2),
    )


@pytest.mark.parametrize("number", range(8))
def test_a_thing_reaches_as_far_as_it_is_seen(number: int) -> None:
    rng = generator("camera", number)
    thing = any_thing(number)
    camera = around(rng, target=thing.position, distance=4.5, focal=1.5)
    scene = Scene(room=room(rng, low=(-9, -9, -9), high=(9, 9, 9)), things=(thing,))
    seen = truth(scene, camera, PIXELS)
    rows, columns = np.nonzero(seen.thing == 0)
    edges = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert np.allclose(frame_of(thing, camera), edges / PIXELS, atol=0.015)
    # No visible point is beyond its reach, and the farthest towards the camera is close to it.
    points = np.stack([axis[rows, columns] for axis in seen.points()])
    off = points - np.array(thing.position)[:, None]
    way, nearer = any_direction(rng), tuple(-axis for axis in camera.axes[2])
    assert dot(way, off).max() <= reach(thing, way) + 1e-9
    along = dot(nearer, off).max()
    assert reach(thing, (nearer[0], nearer[1], nearer[2])) - 0.02 <= along
    assert along <= reach(thing, (nearer[0], nearer[1], nearer[2])) + 1e-9


def one_solid(kind: str, *, top: float = 0.0) -> Thing:
    solid = Solid(kind=kind, centre=(0.0, 0.0, 0.0), half=(0.3, 0.4, 0.6), top=top)
    return Thing(kind=kind, solids=(solid,), skins=(Texture(),))


@pytest.mark.parametrize(
    ("thing", "up", "down", "aside", "askew"),
    [
        (one_solid("ball"), 0.6, 0.6, 0.3, math.hypot(0.3, 0.6) * math.sqrt(0.5)),
        (one_solid("block"), 0.6, 0.6, 0.3, 0.9 * math.sqrt(0.5)),
        (one_solid("rod"), 0.6, 0.6, 0.3, 0.9 * math.sqrt(0.5)),
        (one_solid("cone"), 0.6, 0.6, 0.3, 0.6 * math.sqrt(0.5)),
        (one_solid("cone", top=0.5), 0.6, 0.6, 0.3, 0.75 * math.sqrt(0.5)),
    ],
)
def test_the_reach_of_each_kind_of_solid(
    thing: Thing, up: float, down: float, aside: float, askew: float
) -> None:
    root = math.sqrt(0.5)
    assert reach(thing, (0.0, 0.0, 1.0)) == pytest.approx(up)
    assert reach(thing, (0.0, 0.0, -1.0)) == pytest.approx(down)
    assert reach(thing, (1.0, 0.0, 0.0)) == pytest.approx(aside)
    assert reach(thing, (root, 0.0, root)) == pytest.approx(askew)


@given(SEEDS, st.floats(0.1, 5.0))
def test_reach_is_counted_from_the_thing_and_grows_with_it(seed: int, scale: float) -> None:
    thing, way = any_thing(seed), any_direction(generator("way", seed))
    moved = thing.moved((9.0, 8.0, 7.0), scale=scale)
    assert reach(moved, way) * thing.scale == pytest.approx(reach(thing, way) * scale)


@given(SEEDS)
def test_reach_turns_with_the_thing(seed: int) -> None:
    thing = any_thing(seed)
    for yaw in (90, 180):
        axes = turned(yaw=yaw)
        plain = thing.moved(thing.position, axes=turned())
        # The thing's own x looks along the first of its axes.
        assert reach(plain.moved(thing.position, axes=axes), axes[0]) == pytest.approx(
            reach(plain, (1.0, 0.0, 0.0))
        )
