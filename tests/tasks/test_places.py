from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from pytest_vlmsight.tasks.framing import framed
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.places import COUNT, Sight, sight
from pytest_vlmsight.tasks.scenes.assembly import Assembly
from pytest_vlmsight.tasks.scenes.camera import Camera
from pytest_vlmsight.tasks.scenes.catalogue import BLOB, NAMEABLE, TOOLS
from pytest_vlmsight.tasks.scenes.render import Truth, truth
from pytest_vlmsight.tasks.scenes.scene import Room, Scene, Thing
from pytest_vlmsight.tasks.scenes.texture import Texture

THINGS = {
    "blob": BLOB,
    "horse": NAMEABLE["animal"]["horse"],
    "chair": NAMEABLE["furniture"]["chair"],
    "kettle": TOOLS["vessel"]["kettle"],
}
each = pytest.mark.parametrize("name", THINGS)
FRONT = Camera.look_at((0.0, -4.5, 0.0), (0.0, 0.0, 0.0), focal=1.6)


@cache
def case(name: str) -> tuple[Thing, Camera, Sight, Truth]:
    thing = THINGS[name].build(generator("places", name))
    camera = framed(thing, azimuth=65, elevation=15, tilt=5, share=0.8)
    room = Room(low=(-9.0, -9.0, -9.0), high=(9.0, 9.0, 9.0), skins=(Texture(),) * 3)
    known = truth(Scene(room=room, things=(thing,)), camera, COUNT)
    return thing, camera, sight(thing, camera), known


@each
def test_every_place_is_on_its_part(name: str) -> None:
    _, camera, seen, known = case(name)
    assert seen.places
    for part, place in seen.places.items():
        row, column = known.at(place.x, place.y)
        assert known.thing[row, column] == 0
        assert known.parts[known.part[row, column]] == part
        x, y, depth = camera.project(place.point)
        assert (x, y) == pytest.approx((place.x, place.y))
        assert depth == pytest.approx(known.depth[row, column])


@each
def test_every_visible_part_has_a_place_and_no_other(name: str) -> None:
    thing, _, seen, known = case(name)
    visible = {known.parts[number] for number in np.unique(known.part[known.thing == 0])}
    assert seen.places.keys() == visible
    assert visible <= set(thing.parts)


@each
def test_a_place_is_about_as_far_from_the_edge_of_its_part_as_can_be(name: str) -> None:
    """Against the distance to the nearest sample of anything else, for every sample of a part."""
    _, _, seen, known = case(name)
    rows, columns = np.indices((COUNT + 2, COUNT + 2))
    for part, place in seen.places.items():
        own = np.zeros((COUNT + 2, COUNT + 2), dtype=bool)
        own[1:-1, 1:-1] = (known.thing == 0) & (known.part == known.parts.index(part))
        others = np.stack([rows[~own], columns[~own]])
        row, column = known.at(place.x, place.y)
        here = np.hypot(others[0] - row - 1, others[1] - column - 1).min()
        inside = np.argwhere(own)[::7]
        best = max(np.hypot(others[0] - r, others[1] - c).min() for r, c in inside.tolist())
        assert here >= 0.85 * best - 1
        assert place.clearance * COUNT == pytest.approx(here - 1, abs=0.15 * here + 1)


@each
def test_mask_and_box_are_of_what_is_seen(name: str) -> None:
    _, _, seen, known = case(name)
    assert np.array_equal(seen.mask, known.thing == 0)
    rows, columns = np.nonzero(seen.mask)
    edges = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    assert seen.box == tuple(edge / COUNT for edge in edges)


def test_a_hidden_part_has_no_place() -> None:
    made = Assembly("box")
    made.block("front", (0.0, -0.5, 0.0), (0.5, 0.1, 0.5))
    made.block("behind", (0.0, 0.5, 0.0), (0.2, 0.1, 0.2))
    made.ball("knob", (0.0, -0.7, 0.0), (0.1, 0.1, 0.1))
    seen = sight(made.thing(), FRONT)
    assert seen.places.keys() == {"front", "knob"}
    knob, front = seen.places["knob"], seen.places["front"]
    assert (knob.x, knob.y) == pytest.approx((0.5, 0.5), abs=0.01)
    # The plate is pointed at beside its knob.
    assert max(abs(front.x - 0.5), abs(front.y - 0.5)) > 0.05
    assert front.clearance > knob.clearance > 0


def test_of_a_part_in_two_pieces_the_broader_is_pointed_at() -> None:
    made = Assembly("pair")
    made.ball("ear", (-0.6, 0.0, 0.0), (0.1, 0.1, 0.1))
    made.ball("ear", (0.4, 0.0, 0.0), (0.3, 0.3, 0.3))
    assert sight(made.thing(), FRONT).places["ear"].x > 0.5


def test_where_nothing_is_seen_there_is_no_place() -> None:
    made = Assembly("ball")
    made.ball("ball", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    away = Camera.look_at((0.0, -4.5, 0.0), (0.0, -9.0, 0.0))
    seen = sight(made.thing(), away)
    assert not seen.places
    assert not seen.mask.any()
    assert seen.box == (0.0, 1.0, 0.0, 1.0)
