from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.tasks.framing import framed
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.places import sight
from pytest_vlmsight.tasks.scenes.assembly import group, tips
from pytest_vlmsight.tasks.scenes.catalogue import (
    BLOB,
    NAMEABLE,
    ROLES,
    TOOLS,
    Kind,
    roles,
    tool_pairs,
)

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.scene import Thing

ALL = {
    f"{family} {name}": kind
    for family, kinds in {**NAMEABLE, **TOOLS, "nameless": {"blob": BLOB}}.items()
    for name, kind in kinds.items()
}
FAMILY_OF = {name: family for family, kinds in TOOLS.items() for name in kinds}
every_kind = pytest.mark.parametrize("name", ALL)
every_family = pytest.mark.parametrize("family", TOOLS)


def build(name: str, seed: int = 0) -> Thing:
    return ALL[name].build(generator("catalogue", name, seed))


def seen(thing: Thing, kind: Kind, azimuth: float, *, least: float = 0.008) -> set[str]:
    """Parts of which enough is seen to point at them."""
    camera = framed(thing, azimuth=azimuth, elevation=sum(kind.elevation) / 2, tilt=0, share=0.8)
    places = sight(thing, camera).places
    return {part for part, place in places.items() if place.clearance >= least}


@every_kind
def test_a_thing_fills_the_unit_ball_and_is_what_it_is_called(name: str) -> None:
    thing = build(name)
    assert name.endswith(thing.kind)
    x, y, z = tips(thing.solids)
    assert np.sqrt(x * x + y * y + z * z).max() == pytest.approx(1)
    for axis in (x, y, z):
        assert axis.min() == pytest.approx(-axis.max())
    assert all(0 <= solid.skin < len(thing.skins) for solid in thing.solids)
    assert all(min(solid.half) > 0 for solid in thing.solids)


@every_kind
def test_proportions_are_drawn_anew_and_parts_are_not(name: str) -> None:
    one, again, other = build(name), build(name), build(name, 1)
    assert one == again
    assert one.solids != other.solids
    if name != "nameless blob":
        assert set(one.parts) ^ set(other.parts) <= {"exhaust"}  # which not every truck has


@every_kind
def test_all_parts_are_seen_from_some_of_its_sides_and_four_from_each(name: str) -> None:
    kind, thing = ALL[name], build(name)
    needed = roles(thing) if kind.build in TOOL_BUILDS else set(thing.parts)
    found: set[str] = set()
    for azimuth in (kind.azimuth[0], sum(kind.azimuth) / 2, kind.azimuth[1]):
        visible = seen(thing, kind, azimuth)
        assert len({group(part) for part in visible & needed}) >= 4
        found |= seen(thing, kind, azimuth, least=0)
    assert found >= needed


TOOL_BUILDS = [kind.build for kinds in TOOLS.values() for kind in kinds.values()]


@every_kind
def test_a_thing_is_never_seen_from_straight_ahead_behind_or_above(name: str) -> None:
    low, high = ALL[name].azimuth
    assert 0 < low < high < 180
    assert all(abs(bound) < 60 for bound in ALL[name].elevation)


@pytest.mark.parametrize("name", [f"animal {name}" for name in NAMEABLE["animal"]])
def test_animals_look_ahead(name: str) -> None:
    thing = build(name)
    ahead = [s.centre[0] for s in thing.solids if s.part in {"head", "muzzle", "beak", "mouth"}]
    behind = [s.centre[0] for s in thing.solids if s.part == "tail"]
    assert min(ahead) > max(behind)


def test_names_are_different_in_all_categories() -> None:
    names = [name for kinds in (*NAMEABLE.values(), *TOOLS.values()) for name in kinds]
    assert len(set(names)) == len(names)


def test_every_role_is_one_of_some_tool() -> None:
    served = [
        roles(kind.build(generator(0))) for kinds in TOOLS.values() for kind in kinds.values()
    ]
    assert frozenset().union(*served) == set(ROLES)
    assert len(set(ROLES.values())) == len(ROLES)


@every_family
def test_tools_are_for_the_same_whatever_their_proportions(family: str) -> None:
    for name, kind in TOOLS[family].items():
        served = {roles(kind.build(generator("roles", name, seed))) for seed in range(4)}
        assert len(served) == 1


@every_family
def test_pairs_are_all_two_tools_that_share_four_purposes(family: str) -> None:
    served = {name: roles(kind.build(generator(1))) for name, kind in TOOLS[family].items()}
    pairs = tool_pairs(family)
    assert set(pairs) == {
        (one, other)
        for one, other in permutations(served, 2)
        if len(served[one] & served[other]) > 3
    }
    assert len(set(pairs)) == len(pairs)
    assert {(other, one) for one, other in pairs} == set(pairs)
    assert {name for pair in pairs for name in pair} == set(TOOLS[family])
