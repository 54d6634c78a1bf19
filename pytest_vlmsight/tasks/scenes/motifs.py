"""Scenes worth a picture: still lifes, animals, traffic, rooms, landscapes, towns."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .assembly import BLANK
from .creatures import CREATURES
from .drawn import around, between, colour, light, one_of, room, shuffled, texture
from .exact import turned
from .furniture import FURNITURE
from .ornaments import ORNAMENTS, ornament, reach
from .scene import Room, Scene, Thing
from .solids import Solid
from .texture import Texture
from .vehicles import VEHICLES
from .vessels import VESSELS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from .camera import Camera

Motif = tuple[Scene, "Camera"]
"""What there is, and from where it is seen."""

_LARGE = ("striped", "patched", "checked", "ringed")
"""Patterns that are shapes of their own when they are large."""

_GRAIN = 0.06


def still_life(rng: np.random.Generator) -> Motif:
    """Simple things and vessels on the floor, close together."""
    names = shuffled(rng, (*ORNAMENTS, *VESSELS))
    places = shuffled(rng, [(x, y) for x in (-1.3, 0.0, 1.3) for y in (-0.8, 0.8)])
    things = []
    for name, (x, y) in zip(names, places[: _count(rng, 4, 6)], strict=False):
        made = VESSELS[name](rng) if name in VESSELS else ornament(rng, name)
        place = (x + between(rng, -0.3, 0.3), y + between(rng, -0.3, 0.3))
        things.append(_standing(_dressed(rng, made), rng, place, scale=between(rng, 0.55, 0.95)))
    camera = around(
        rng, target=(0.0, 0.0, 0.55), distance=between(rng, 3.9, 4.8), elevation=(12, 38)
    )
    return _in_room(rng, things), camera


def gathering(
    kinds: Mapping[str, Callable[[np.random.Generator], Thing]], rng: np.random.Generator
) -> Motif:
    """A few large things of some kinds."""
    things = []
    count = _count(rng, 2, 3)
    for number in range(count):
        made = _dressed(rng, kinds[one_of(rng, tuple(kinds))](rng))
        place = (between(rng, -0.5, 0.5), 1.5 * (number - (count - 1) / 2))
        things.append(_standing(made, rng, place, scale=between(rng, 0.8, 1.1)))
    camera = around(
        rng, target=(0.0, 0.0, 0.65), distance=between(rng, 3.2, 4.0), elevation=(8, 30)
    )
    return _in_room(rng, things), camera


def landscape(rng: np.random.Generator) -> Motif:
    """Hills and trees under a sky."""
    things = []
    for _ in range(3):
        half = (between(rng, 3, 7), between(rng, 3, 7), between(rng, 0.8, 2.4))
        hill = Solid(kind="ball", centre=(0.0, 0.0, 0.0), half=half)
        skin = _skin(rng, figured=0.0)
        place = (between(rng, 4, 11), between(rng, -9, 9), -0.2)
        things.append(Thing(kind="hill", solids=(hill,), skins=(skin,), position=place))
    for _ in range(_count(rng, 5, 8)):
        made = _dressed(rng, ornament(rng, one_of(rng, ("tree", "tree", "tree", "mushroom"))))
        spot = (between(rng, -2.5, 5), between(rng, -3.5, 3.5))
        things.append(_standing(made, rng, spot, scale=between(rng, 0.6, 1.5)))
    camera = around(
        rng,
        target=(0.0, 0.0, 1.0),
        distance=between(rng, 5, 7),
        elevation=(6, 16),
        azimuth=(155, 205),
    )
    return _outside(rng, things), camera


def town(rng: np.random.Generator) -> Motif:
    """Houses and towers, most of them with a roof."""
    things = []
    for number in range(_count(rng, 6, 9)):
        wide, deep, high = between(rng, 0.4, 0.8), between(rng, 0.4, 0.8), between(rng, 0.4, 1.5)
        solids = [Solid(kind="block", centre=(0.0, 0.0, high), half=(wide, deep, high))]
        if float(rng.random()) < 0.7:
            half = (wide * 1.25, deep * 1.25, 0.35)
            centre = (0.0, 0.0, 2 * high + 0.35)
            solids.append(Solid(kind="cone", centre=centre, half=half, part="roof", skin=1))
        place = (
            2.1 * (number % 3) - 1.6 + between(rng, -0.3, 0.3),
            1.7 * (number // 3) - 2.4 + between(rng, -0.4, 0.4),
            0.0,
        )
        skins = (_skin(rng), _skin(rng))
        axes = turned(yaw=between(rng, -20, 20))
        things.append(
            Thing(kind="house", solids=tuple(solids), skins=skins, position=place, axes=axes)
        )
    camera = around(
        rng,
        target=(0.4, 0.0, 1.0),
        distance=between(rng, 7, 8.5),
        elevation=(12, 35),
        azimuth=(130, 230),
    )
    return _outside(rng, things), camera


def _count(rng: np.random.Generator, least: int, most: int) -> int:
    return one_of(rng, range(least, most + 1))


def _skin(rng: np.random.Generator, *, figured: float = 0.25) -> Texture:
    """A surface with little detail of its own, that a style would have to draw."""
    if float(rng.random()) >= figured:
        gloss = max(0.0, between(rng, -0.35, 0.35))
        return Texture(ground=colour(rng), grain=_GRAIN, gloss=gloss)
    found = texture(rng, pattern=one_of(rng, _LARGE), scale=(0.9, 1.6))
    return replace(found, grain=_GRAIN, bump=0.0)


def _dressed(rng: np.random.Generator, thing: Thing) -> Thing:
    """The thing in such surfaces; details such as eyes stay as they are."""
    blank = BLANK in thing.skins
    return replace(
        thing,
        skins=tuple(_skin(rng) if skin == BLANK or not blank else skin for skin in thing.skins),
    )


def _standing(
    thing: Thing, rng: np.random.Generator, place: tuple[float, float], *, scale: float
) -> Thing:
    """The thing on the floor, turned at random."""
    _, down = reach(thing)
    axes = turned(yaw=between(rng, 0, 360))
    return thing.moved((*place, down * scale), axes=axes, scale=scale)


def _in_room(rng: np.random.Generator, things: list[Thing]) -> Scene:
    walls = [between(rng, 6, 9) for _ in range(4)]
    inside = room(
        rng,
        low=(-walls[0], -walls[1], 0.0),
        high=(walls[2], walls[3], between(rng, 6, 8)),
        plain=True,
    )
    return Scene(room=_calm(inside), things=tuple(things), light=light(rng))


def _outside(rng: np.random.Generator, things: list[Thing]) -> Scene:
    inside = room(rng, low=(-30.0, -30.0, 0.0), high=(30.0, 30.0, 25.0), plain=True)
    sky = replace(inside.skins[2], ground=colour(rng, low=0.4, high=0.9))
    inside = replace(inside, skins=(inside.skins[0], sky, sky))
    return Scene(room=_calm(inside), things=tuple(things), light=light(rng))


def _calm(of: Room) -> Room:
    """The room with evenly lit surfaces."""
    floor, walls, ceiling = (replace(skin, grain=_GRAIN) for skin in of.skins)
    return replace(of, skins=(floor, walls, ceiling))


MOTIFS: dict[str, Callable[[np.random.Generator], Motif]] = {
    "still life": still_life,
    "animals": partial(gathering, CREATURES),
    "vehicles": partial(gathering, VEHICLES),
    "furniture": partial(gathering, FURNITURE),
    "landscape": landscape,
    "town": town,
}
"""Name → random numbers → a scene and from where it is seen."""
