from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.scenes.assembly import (
    BLANK,
    DARK,
    TRIM,
    Assembly,
    group,
    tips,
    tips_of,
)
from pytest_vlmsight.tasks.scenes.camera import Camera
from pytest_vlmsight.tasks.scenes.drawn import between, one_of
from pytest_vlmsight.tasks.scenes.exact import Vec, any_direction, any_turn, cross, dot
from pytest_vlmsight.tasks.scenes.outline import reach
from pytest_vlmsight.tasks.scenes.render import truth
from pytest_vlmsight.tasks.scenes.scene import Room, Scene, Thing
from pytest_vlmsight.tasks.scenes.solids import KINDS, Solid
from pytest_vlmsight.tasks.scenes.texture import Texture

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SEEDS = st.integers(0, 10_000)


def any_solid(seed: int) -> Solid:
    rng = generator("solid", seed)
    return Solid(
        kind=one_of(rng, KINDS),
        centre=(between(rng, -2, 2), between(rng, -2, 2), between(rng, -2, 2)),
        half=(between(rng, 0.1, 0.9), between(rng, 0.1, 0.9), between(rng, 0.1, 0.9)),
        axes=any_turn(rng),
        top=between(rng, 0, 1),
        part=f"part {seed % 3}",
    )


def added(*solids: Solid) -> Assembly:
    made = Assembly("any")
    for solid in solids:
        made.add(solid)
    return made


def one(add: Callable[[Assembly], None]) -> Solid:
    """The only solid that is added, where it is added."""
    made = Assembly("any")
    add(made)
    (solid,) = made._solids
    return solid


def seen(thing: Thing, *, count: int = 80) -> Any:
    """(n, n) bool, where a thing in the xz-plane is seen."""
    room = Room(low=(-9.0, -9.0, -9.0), high=(9.0, 9.0, 9.0), skins=(Texture(),) * 3)
    camera = Camera.look_at((0.0, -6.0, 0.0), (0.0, 0.0, 0.0), focal=2.4)
    return truth(Scene(room=room, things=(thing,)), camera, count).thing == 0


@given(st.text(alphabet="abc ", min_size=1), st.text(alphabet="abc /"))
def test_a_group_is_what_is_before_the_slash(name: str, place: str) -> None:
    assert group(name) == name
    assert group(f"{name}/{place}") == name


@settings(max_examples=40)
@given(st.lists(SEEDS, min_size=1, max_size=5, unique=True))
def test_a_thing_has_its_middle_at_the_origin_and_reaches_one_from_there(seeds: list[int]) -> None:
    made = added(*map(any_solid, seeds))
    assert len(made) == len(seeds)
    x, y, z = tips(made.thing().solids)
    assert np.sqrt(x * x + y * y + z * z).max() == pytest.approx(1)
    for axis in (x, y, z):
        assert axis.min() == pytest.approx(-axis.max())


@settings(max_examples=40)
@given(st.lists(SEEDS, min_size=2, max_size=5, unique=True))
def test_proportions_kinds_and_parts_stay_when_a_thing_is_made(seeds: list[int]) -> None:
    before = [any_solid(seed) for seed in seeds]
    after = added(*before).thing().solids
    scale = after[0].half[0] / before[0].half[0]
    for old, new in zip(before, after, strict=True):
        assert (new.kind, new.axes, new.top, new.part) == (old.kind, old.axes, old.top, old.part)
        assert new.half == pytest.approx([value * scale for value in old.half])
        gap = np.subtract(new.centre, after[0].centre)
        assert gap == pytest.approx(scale * np.subtract(old.centre, before[0].centre))


@given(SEEDS, SEEDS)
def test_no_solid_reaches_beyond_its_tips_unless_it_is_round(seed: int, way: int) -> None:
    solid, direction = any_solid(seed), any_direction(generator("way", way))
    x, y, z = tips([solid])
    farthest = float(dot(direction, (x, y, z)).max())
    thing = Thing(kind="any", solids=(solid,), skins=(Texture(),))
    # Poles of an ellipsoid leave out at most what is between them.
    most = farthest if solid.kind != "ball" else farthest + 0.75 * max(solid.half)
    assert reach(thing, direction) <= most + 1e-9


@given(st.lists(SEEDS, min_size=1, max_size=4))
def test_tips_are_those_of_each_solid(seeds: list[int]) -> None:
    solids = [any_solid(seed) for seed in seeds]
    together = np.array(sorted(zip(*(axis.tolist() for axis in tips(solids)), strict=True)))
    apart = np.array(sorted(tip for solid in solids for tip in tips_of(solid)))
    assert together == pytest.approx(apart)
    assert len(apart) == sum(6 if solid.kind == "ball" else 8 for solid in solids)


def test_parts_wear_skins_of_their_own_and_details_belong_to_their_part() -> None:
    made = Assembly("face")
    made.ball("head", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    made.ball("head|eye", (1.0, 0.3, 0.3), (0.1, 0.1, 0.1))
    made.ball("hat", (0.0, 0.0, 1.0), (0.5, 0.5, 0.5))
    made.ball("hat|band", (0.0, 0.0, 1.0), (0.6, 0.6, 0.1))
    made.ball("head|eye", (1.0, -0.3, 0.3), (0.1, 0.1, 0.1))
    thing = made.thing()
    assert thing.kind == "face"
    assert thing.parts == ("head", "hat")
    assert [solid.skin for solid in thing.solids] == [0, 1, 2, 3, 1]
    assert thing.skins == (BLANK, DARK, BLANK, TRIM)


@pytest.mark.parametrize("last", [None, 0.1, 0.2, 0.3])
def test_a_tube_reaches_from_end_to_end_and_narrows_towards_the_thinner(last: float | None) -> None:
    start, end = (0.2, 0.1, -0.3), (1.2, 0.4, 0.5)
    solid = one(lambda made: made.tube("arm", start, end, 0.2, last))
    assert solid.part == "arm"
    assert (solid.kind == "rod") == (last in {None, 0.2})
    ends = [
        tuple(
            c + sign * axis * solid.half[2]
            for c, axis in zip(solid.centre, solid.axes[2], strict=True)
        )
        for sign in (-1, 1)
    ]
    radii = [solid.half[0], solid.half[0] * (solid.top if solid.kind == "cone" else 1)]
    wide, thin = (end, start) if last == 0.3 else (start, end)
    assert ends[0] == pytest.approx(wide)
    assert ends[1] == pytest.approx(thin)
    assert radii == pytest.approx(sorted((0.2, 0.2 if last is None else last), reverse=True))


def test_a_wing_is_flat_and_as_broad_as_asked_for() -> None:
    start, end = (0.0, 0.0, 0.0), (0.0, 2.0, 0.0)
    solid = one(lambda made: made.wing("wing", start, end, 0.5, 0.2, thin=0.1))
    assert solid.half == pytest.approx((0.5, 0.05, 1.0))
    assert solid.half[0] * solid.top == pytest.approx(0.2)
    assert solid.axes[0] == pytest.approx((1.0, 0.0, 0.0))  # its breadth is ahead
    assert solid.axes[2] == pytest.approx((0.0, 1.0, 0.0))
    turned = one(lambda made: made.wing("wing", start, end, 0.5, 0.2, ahead=(0.0, 0.0, 1.0)))
    assert turned.axes[0] == pytest.approx((0.0, 0.0, 1.0))


def test_a_slab_reaches_from_edge_to_edge() -> None:
    solid = one(lambda made: made.slab("seat", (0.0, 0.2, 0.0), (3.0, 0.2, 4.0), 0.6, 0.1))
    assert solid.half == pytest.approx((2.5, 0.6, 0.1))
    assert solid.centre == pytest.approx((1.5, 0.2, 2.0))
    assert solid.axes[0] == pytest.approx((0.6, 0.0, 0.8))
    assert cross(solid.axes[0], solid.axes[1]) == pytest.approx(solid.axes[2])


def test_a_chain_has_no_gap_at_its_joints() -> None:
    made = Assembly("chain")
    places: list[Vec] = [(-0.8, 0.0, 0.0), (0.0, 0.0, 0.6), (0.8, 0.0, 0.0)]
    made.chain("chain", places, (0.1, 0.15, 0.1))
    kinds = [solid.kind for solid in made.thing().solids]
    assert (kinds.count("ball"), len(kinds)) == (3, 5)
    columns = seen(made.thing()).any(0)
    inside = np.flatnonzero(columns)
    assert columns[inside[0] : inside[-1]].all()


def test_a_ring_is_closed_around_a_hole() -> None:
    made = Assembly("ring")
    made.ring("ring", (0.5, 0.0, 0.2), (0.6, 0.4), 0.08)
    mask = seen(made.thing())
    assert not mask[40, 40]
    for angle in np.radians(range(0, 360, 5)):
        reaches = np.arange(0, 39)
        rows = (40 + reaches * math.sin(angle)).astype(int)
        columns = (40 + reaches * math.cos(angle)).astype(int)
        assert mask[rows, columns].any()
    assert max((mask != other).mean() for other in (mask[::-1], mask[:, ::-1])) < 0.01
    rows, columns = np.nonzero(mask)
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(0.68 / 0.48, abs=0.1)


@settings(max_examples=40)
@given(st.lists(SEEDS, min_size=1, max_size=4, unique=True))
def test_a_twin_is_the_mirror_image_of_what_was_added_since(seeds: list[int]) -> None:
    made = Assembly("any")
    made.ball("first", (0.0, 0.5, 0.0), (0.2, 0.2, 0.2))
    since = len(made)
    for seed in seeds:
        made.add(any_solid(seed))
    made.twin(since)
    assert len(made) == 1 + 2 * len(seeds)
    first, *rest = made._solids
    own, twins = rest[: len(seeds)], rest[len(seeds) :]
    flip = np.array([1, -1, 1])
    for solid, twin in zip(own, twins, strict=True):
        assert (twin.kind, twin.half, twin.top) == (solid.kind, solid.half, solid.top)
        assert (twin.part, twin.skin) == (solid.part, solid.skin)
        assert np.array(sorted(tips_of(twin))) == pytest.approx(
            np.array(sorted(tuple((np.array(tip) * flip).tolist()) for tip in tips_of(solid)))
        )
    assert first.centre == (0.0, 0.5, 0.0)
