"""A thing made of parts as it is shown: dressed, in a plain room, in its own light."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .scenes.assembly import tips
from .scenes.drawn import between, light, room
from .scenes.dress import COATS, dressed
from .scenes.exact import cos_sin, unit
from .scenes.scene import Light, Scene

if TYPE_CHECKING:
    import numpy as np

    from .scenes.scene import Thing

_ROOM = 6.5
"""Half its width: the camera is inside."""
_ASIDE = 80.0  # degrees, the lamp at most to the left or right of the camera
_RISE = (0.1, 1.3)
"""Of the lamp, for one unit to the side."""
_ROOMS = 20  # drawn at most until the thing stands out
_APART = 0.2  # least difference between the colours of a thing and of floor and walls


def staged(rng: np.random.Generator, thing: Thing, *, coat: str, azimuth: float) -> Scene:
    """The thing on the floor of a room of its own.

    Args:
        rng: random numbers.
        thing: at the origin of the world.
        coat: see ``dress.dressed``.
        azimuth: degrees from the thing's x axis to the camera; the lamp is on the same side.
    """
    floor = float(tips(thing.solids)[2].min())
    worn = dressed(thing, rng, coat=coat)
    for _ in range(_ROOMS):
        found = room(
            rng, low=(-_ROOM, -_ROOM, floor - 0.01), high=(_ROOM, _ROOM, _ROOM), plain=True
        )
        if coat != COATS[0] or all(
            max(abs(a - b) for a, b in zip(skin.ground, worn.skins[0].ground, strict=True))
            >= _APART
            for skin in found.skins[:2]
        ):
            break
    return Scene(room=found, things=(worn,), light=_side_light(rng, azimuth))


def _side_light(rng: np.random.Generator, azimuth: float) -> Light:
    """A lamp that is mostly low, so that what is above is not always what is bright."""
    c, s = cos_sin(azimuth + between(rng, -_ASIDE, _ASIDE))
    return replace(light(rng), direction=unit((c, s, between(rng, *_RISE))))
