"""The convex solids that everything is built of, and where rays enter them.

Each is a plain shape (unit ball, cube, cylinder, cone) stretched along three axes and turned, so a
ray is taken into the shape's own coordinates, where the intersection is a line of algebra. The
ray's parameter is the same in all coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .exact import WORLD, Frame, Vec, along, dot, mul, sub

KINDS = ("ball", "block", "rod", "cone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solid:
    """A part of a thing, in the thing's coordinates.

    Attributes:
        kind: ``ball`` (ellipsoid), ``block`` (cuboid), ``rod`` (cylinder along its z) or ``cone``
            (along its z, narrowing upwards).
        centre: of the solid.
        half: half its extent along its own axes.
        axes: of the solid.
        top: of a cone, its upper radius as a share of the lower; 0 is a point.
        part: name of the part that it belongs to.
        skin: number of the thing's texture that it wears.
    """

    kind: str
    centre: Vec
    half: Vec
    axes: Frame = WORLD
    top: float = 0.0
    part: str = "body"
    skin: int = 0


def limb(
    start: Vec,
    end: Vec,
    width: float,
    *,
    top: float | None = None,
    kind: str = "rod",
    part: str = "body",
    skin: int = 0,
    flat: float = 1.0,
) -> Solid:
    """A solid that reaches from one point to another.

    Args:
        start: middle of its lower end.
        end: middle of its upper end.
        width: its radius.
        top: of a cone, see ``Solid``.
        kind: of the solid; ``cone`` where ``top`` is given.
        part: see ``Solid``.
        skin: see ``Solid``.
        flat: its second radius as a share of the first.
    """
    axis = sub(end, start)
    length = math.sqrt(dot(axis, axis))
    return Solid(
        kind=kind if top is None else "cone",
        centre=mul((start[0] + end[0], start[1] + end[1], start[2] + end[2]), 0.5),
        half=(width, width * flat, length / 2),
        axes=along(axis),
        top=top or 0.0,
        part=part,
        skin=skin,
    )


def entry(kind: str, origin: Any, ray: Any, *, top: float = 0.0) -> Any:
    """The parameter at which rays enter a plain shape, +inf where they miss it.

    Args:
        kind: of the shape.
        origin: x, y, z in the shape's coordinates, floats or arrays.
        ray: likewise; they broadcast.
        top: of a cone.

    Returns:
        an array; negative where a ray starts inside the shape or beyond it.
    """
    if kind == "ball":
        return _ball(origin, ray)
    if kind == "block":
        enter, leave = _slabs(origin, ray)
    elif kind == "rod":
        enter, leave = _round(origin, ray, 1.0, 0.0)
    else:
        enter, leave = _round(origin, ray, (1 + top) / 2, (top - 1) / 2)
    enter[~(enter < leave)] = np.inf
    return enter


def _ball(o: Any, d: Any) -> Any:
    a = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
    b = o[0] * d[0] + o[1] * d[1] + o[2] * d[2]
    c = o[0] * o[0] + o[1] * o[1] + o[2] * o[2] - 1
    root = b * b - a * c
    miss = root <= 0
    root[miss] = 0
    root = -(b + np.sqrt(root)) / a
    root[miss] = np.inf
    return root


def _slab(o: Any, d: Any) -> tuple[Any, Any]:
    """Where rays enter and leave −1 … 1 along one axis."""
    with np.errstate(divide="ignore"):
        inverse = 1 / np.where(d == 0, np.float32(1e-30), d)
    middle, half = -o * inverse, np.abs(inverse)
    return middle - half, middle + half


def _slabs(o: Any, d: Any) -> tuple[Any, Any]:
    enter, leave = _slab(o[0], d[0])
    for axis in (1, 2):
        first, last = _slab(o[axis], d[axis])
        enter, leave = np.maximum(enter, first), np.minimum(leave, last)
    return enter, leave


def _round(o: Any, d: Any, middle: float, slope: float) -> tuple[Any, Any]:
    """Cylinder or cone of radius middle + slope × z, between z = −1 and 1."""
    first, last = _slab(o[2], d[2])
    rise, radius = slope * d[2], middle + slope * o[2]
    a = d[0] * d[0] + d[1] * d[1] - rise * rise
    a = np.where(a == 0, np.float32(1e-30), a)  # along the side: no division by zero
    b = o[0] * d[0] + o[1] * d[1] - radius * rise
    c = o[0] * o[0] + o[1] * o[1] - radius * radius
    square = b * b - a * c
    miss = square <= 0
    root = np.sqrt(np.where(miss, 0, square))
    low, high = (-b - root) / a, (-b + root) / a
    if slope == 0:
        enter, leave = np.maximum(first, low), np.minimum(last, high)
        enter = np.where(miss, np.inf, enter)
        return enter, leave
    # Steeper than the cone (a < 0), a ray is inside before the first root and after the second,
    # in one of the two nappes; the slab holds one of them only.
    steep = a < 0
    low, high = np.minimum(low, high), np.maximum(low, high)
    enter = np.where(steep, first, np.maximum(first, low))
    leave = np.where(steep, np.minimum(last, low), np.minimum(last, high))
    late = steep & ~(enter < leave)
    enter = np.where(late, np.maximum(first, high), enter)
    leave = np.where(late, last, leave)
    # Without roots a steep ray is inside all along, any other ray outside.
    enter = np.where(miss, np.where(steep, first, np.inf), enter)
    leave = np.where(miss & steep, last, leave)
    return enter, leave


def normal(kind: str, point: Any, *, top: float = 0.0) -> tuple[Any, Any, Any]:
    """The outward direction at points on a plain shape, not of length 1.

    Args:
        kind: of the shape.
        point: x, y, z arrays in the shape's coordinates.
        top: of a cone.
    """
    x, y, z = point
    if kind == "ball":
        return x, y, z
    size = np.abs(z)
    if kind == "block":
        across, along_y = np.abs(x), np.abs(y)
        flat_x = (across >= along_y) & (across >= size)
        flat_y = ~flat_x & (along_y >= size)
        flat_z = ~flat_x & ~flat_y
        return (
            np.where(flat_x, np.sign(x), 0),
            np.where(flat_y, np.sign(y), 0),
            np.where(flat_z, np.sign(z), 0),
        )
    slope = 0.0 if kind == "rod" else (top - 1) / 2
    middle = 1.0 if kind == "rod" else (1 + top) / 2
    radius = middle + slope * z
    # On an end where the point is nearer to the end's plane than to the round side.
    end = np.abs(1 - size) < np.abs(radius - np.sqrt(x * x + y * y))
    return np.where(end, 0, x), np.where(end, 0, y), np.where(end, np.sign(z), -slope * radius)
