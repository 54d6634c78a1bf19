"""How far things reach: down to what they stand on, and to each side of a picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .exact import Vec, add, dot, into, mul, out_of

if TYPE_CHECKING:
    from .camera import Camera
    from .scene import Thing
    from .solids import Solid


def reach(thing: Thing, direction: Vec) -> float:
    """How far a thing goes in a direction of the world from its origin.

    Args:
        thing: anywhere.
        direction: of length 1.
    """
    own = into(thing.axes, direction)
    return float(thing.scale * max(dot(_tip(solid, own), own) for solid in thing.solids))


def frame_of(thing: Thing, camera: Camera) -> tuple[float, float, float, float]:
    """Left, upper, right and lower edge of a thing in a picture, in shares of the side.

    Right to within a few hundredths of the thing's size where the camera is twice its size away.
    """
    right, down, _ = camera.axes
    places = {}
    for axis, way in enumerate((right, down)):
        for sign in (-1, 1):
            own = into(thing.axes, mul(way, sign))
            places[axis, sign] = [
                camera.project(thing.place(_tip(solid, own)))[axis] for solid in thing.solids
            ]
    return min(places[0, -1]), min(places[1, -1]), max(places[0, 1]), max(places[1, 1])


def _tip(solid: Solid, direction: Vec) -> Vec:
    """The point of a solid that is farthest in a direction; both in the thing's coordinates."""
    x, y, z = (
        dot(axis, direction) * half for axis, half in zip(solid.axes, solid.half, strict=True)
    )
    if solid.kind == "block":
        plain = (_sign(x), _sign(y), _sign(z))
    elif solid.kind == "ball":
        length = math.sqrt(x * x + y * y + z * z) or 1.0
        plain = (x / length, y / length, z / length)
    else:
        rim = math.sqrt(x * x + y * y)
        top = 1.0 if solid.kind == "rod" else solid.top
        radius, end = (1.0, -1.0) if rim - z > rim * top + z else (top, 1.0)
        length = rim or 1.0
        plain = (radius * x / length, radius * y / length, end)
    hx, hy, hz = solid.half
    return add(solid.centre, out_of(solid.axes, (plain[0] * hx, plain[1] * hy, plain[2] * hz)))


def _sign(value: float) -> float:
    return 1.0 if value >= 0 else -1.0
