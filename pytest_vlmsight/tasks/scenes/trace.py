"""Which surface each sample of a picture sees, and exactly where.

Every solid is tried only on the samples within the box around its projection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .solids import entry

if TYPE_CHECKING:
    from .camera import Camera
    from .view import Bounds, Placed, View

ROOM = -1
"""The number that stands for the room in place of a thing or a solid."""

SIDES = 6
"""Of the room: low x, high x, low y, high y, floor, ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Places in a picture, and what is seen there.

    Attributes:
        across: (n,) float64 to the right of the optical axis, in depths.
        down: (n,) float64 below it.
        depth: (n,) float64 of what is seen, along the optical axis.
        code: (n,) int16, number of the view's solid, or the room's side less ``SIDES`` (−6 for
            low x to −1 for the ceiling).
    """

    across: Any
    down: Any
    depth: Any
    code: Any


def trace(view: View, count: int) -> Samples:
    """What the centres of a picture's count × count pixels see, row by row."""
    offsets = (np.arange(count) + (0.5 - count / 2)) / (count * view.camera.focal)
    depth, code = _room(view, offsets, offsets[:, None])
    for number, (one, bounds) in enumerate(zip(view.solids, view.bounds, strict=True)):
        if bounds is None:
            continue
        columns = _between(bounds[:2], view.camera, count)
        rows = _between(bounds[2:], view.camera, count)
        found = _entry(one, view.camera, offsets[columns], offsets[rows, None])
        own = depth[rows, columns]
        closer = (found < own) & (found > 0)
        np.copyto(own, found, where=closer)
        np.copyto(code[rows, columns], number, where=closer)
    return Samples(
        across=np.tile(offsets, count),
        down=np.repeat(offsets, count),
        depth=depth.ravel(),
        code=code.ravel(),
    )


def trace_at(view: View, across: Any, down: Any) -> Samples:
    """What places anywhere in a picture see; see ``Samples`` for the arguments."""
    depth, code = _room(view, across, down)
    for number, (one, bounds) in enumerate(zip(view.solids, view.bounds, strict=True)):
        if bounds is None:
            continue
        near = np.flatnonzero(inside(bounds, across, down))
        if not len(near):
            continue
        found = _entry(one, view.camera, across.take(near), down.take(near))
        closer = (found < depth.take(near)) & (found > 0)
        near = near[closer]
        depth[near] = found[closer]
        code[near] = number
    return Samples(across=across, down=down, depth=depth, code=code)


def rays(camera: Camera, across: Any, down: Any) -> Any:
    """x, y, z of the directions of places, of depth 1, in the world."""
    right, below, forward = camera.axes
    return tuple((forward[k] + right[k] * across) + below[k] * down for k in range(3))


def inside(bounds: Bounds, across: Any, down: Any) -> Any:
    """(n,) which places are within bounds."""
    left, right, top, bottom = bounds
    return (across >= left) & (across <= right) & (down >= top) & (down <= bottom)


def _between(bounds: tuple[float, float], camera: Camera, count: int) -> slice:
    """The rows or columns of pixels whose centres lie within bounds, and up to one more."""
    scale, middle = count * camera.focal, count / 2 - 0.5
    low = min(max(bounds[0] * scale + middle, 0.0), float(count))
    high = min(max(bounds[1] * scale + middle + 2, 0.0), float(count))
    return slice(int(low), int(high))


def _entry(one: Placed, camera: Camera, across: Any, down: Any) -> Any:
    """Depth at which places see a solid, +inf where they do not."""
    # Directions in the plain shape's coordinates are sums, too: no ray is turned by itself.
    right, below, forward = (one.inward(axis) for axis in camera.axes)
    direction = tuple((forward[k] + right[k] * across) + below[k] * down for k in range(3))
    return entry(one.solid.kind, one.inside(camera.position), direction, top=one.solid.top)


def _room(view: View, across: Any, down: Any) -> tuple[Any, Any]:
    """Depth of the room's inside, and which side of it is seen."""
    room = view.scene.room
    depth, side = None, None
    for axis, direction in enumerate(rays(view.camera, across, down)):
        own = view.camera.position[axis]
        to_high = direction > 0
        ahead = np.where(to_high, room.high[axis] - own, room.low[axis] - own)
        found = ahead / np.where(direction == 0, 1e-30, direction)
        number = to_high.astype(np.int16) + np.int16(2 * axis - SIDES)
        if depth is None or side is None:
            depth, side = np.abs(found), number
            continue
        closer = np.abs(found) < depth
        np.copyto(depth, np.abs(found), where=closer)
        np.copyto(side, number, where=closer)
    return depth, side
