"""Cluttered still lifes: a floor full of things that share one colour.

Because no thing has a colour of its own, a place is told by the shapes around it and not by what a
small window of it looks like.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .drawn import between, colour, light, one_of, room, shuffled
from .exact import any_turn, turned, within
from .forms import FORMS
from .scene import Scene, Thing
from .texture import Texture

if TYPE_CHECKING:
    import numpy as np

    from .exact import Frame
    from .solids import Solid

GRID = 6
"""Things stand on a lattice of so many rows and columns, each off its place by a little."""

_STEP = 0.95

_NAMES = (
    *("ball", "cube", "can", "cone", "pill", "mushroom", "snowman", "dumbbell", "hammer", "corner"),
    *("hourglass", "jack", "arch"),
)
"""Forms of few solids, as there are many things."""


def still_life(rng: np.random.Generator, *, things: int) -> Scene:
    """Things of different shapes all over the floor around the origin, in a plain room.

    Args:
        rng: random numbers.
        things: how many, at most ``GRID``² of them.
    """
    skin = Texture(ground=colour(rng, low=0.1, high=0.8), grain=0.0)
    cells = shuffled(rng, range(GRID * GRID))[:things]
    middle = (GRID - 1) / 2
    placed = []
    for cell in cells:
        row, column = divmod(cell, GRID)
        x = _STEP * (column - middle + between(rng, -0.15, 0.15))
        y = _STEP * (row - middle + between(rng, -0.15, 0.15))
        upright = float(rng.random()) < 0.5
        axes = turned(yaw=between(rng, 0, 360)) if upright else any_turn(rng)
        placed.append(_standing(rng, one_of(rng, _NAMES), axes, (x, y), skin))
    return Scene(
        room=room(rng, low=(-6.5, -6.5, 0.0), high=(6.5, 6.5, 5.5), plain=True),
        things=tuple(placed),
        light=light(rng),
    )


def _standing(
    rng: np.random.Generator,
    name: str,
    axes: Frame,
    at: tuple[float, float],
    skin: Texture,
) -> Thing:
    scale = between(rng, 0.4, 0.62)
    thing = Thing(kind=name, solids=FORMS[name].build(rng), skins=(skin,), axes=axes, scale=scale)
    return thing.moved((*at, -min(_lowest(thing, solid) for solid in thing.solids)))


def _lowest(thing: Thing, solid: Solid) -> float:
    """The height of a solid's lowest point."""
    frame = within(thing.axes, solid.axes)
    x, y, z = (axis[2] * half for axis, half in zip(frame, solid.half, strict=True))
    if solid.kind == "ball":
        reach = math.sqrt(x * x + y * y + z * z)
    elif solid.kind == "block":
        reach = abs(x) + abs(y) + abs(z)
    else:
        rim, top = math.sqrt(x * x + y * y), 1.0 if solid.kind == "rod" else solid.top
        reach = max(rim + z, rim * top - z)
    return thing.place(solid.centre)[2] - reach * thing.scale
