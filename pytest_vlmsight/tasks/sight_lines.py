"""Two cameras, what each sees coarsely, and which points of a scene both of them see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .scenes.camera import Camera
from .scenes.drawn import between
from .scenes.exact import cos_sin, dot
from .scenes.render import developed, truth
from .scenes.shade import shade
from .scenes.trace import ROOM, trace_at
from .scenes.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

    from .scenes.exact import Vec
    from .scenes.scene import Scene

_TARGET = (0.0, 0.0, 0.2)
"""What the first camera looks at."""

_SAME_DEPTH = 0.03
"""Share by which depths of one point may differ on a coarse picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """What a camera sees, coarsely.

    Attributes:
        camera: from where.
        picture: (n, n, 3) uint8.
        points: x, y, z (n, n) of the surface in the world.
        depth: (n, n) along the optical axis.
        thing: (n, n) number of the thing, or ``ROOM``.
        normals: x, y, z (n, n) of the direction that the surface faces.
        facing: (n, n) cosine between the surface and the way it is seen, 0 to 1.
    """

    camera: Camera
    picture: Any
    points: tuple[Any, Any, Any]
    depth: Any
    thing: Any
    normals: Any
    facing: Any

    def usable(self, *, margin: float, facing: float) -> Any:
        """(n, n) bool, which pixels show a thing well.

        Args:
            margin: least distance from the border, as a share of the side.
            facing: least cosine between surface and line of sight.
        """
        count = len(self.depth)
        centres = (np.arange(count) + 0.5) / count
        inner = (centres >= margin) & (centres <= 1 - margin)
        good = inner & inner[:, None] & (self.thing != ROOM) & (self.facing >= facing)
        # Not beside an edge: a pixel away the same surface is seen.
        good[[0, -1]] = good[:, [0, -1]] = False
        middle = np.s_[1:-1, 1:-1]
        for i in (0, 1, 2):
            for j in (0, 1, 2):
                beside = np.s_[i : count - 2 + i, j : count - 2 + j]
                good[middle] &= self.thing[beside] == self.thing[middle]
                gap = np.abs(self.depth[beside] - self.depth[middle])
                good[middle] &= gap <= _SAME_DEPTH * self.depth[middle]
        return good


def seen_by(scene: Scene, camera: Camera) -> Callable[[Any, Any], Any]:
    """What a camera sees: places (k,) in shares of the side → (k, 3) uint8, not anti-aliased."""
    view = View(scene, camera)

    def at(x: Any, y: Any) -> Any:
        samples = trace_at(view, (x - 0.5) / camera.focal, (y - 0.5) / camera.focal)
        return developed(shade(view, samples)[:, None])[0]

    return at


def look(scene: Scene, camera: Camera, count: int, *, picture: bool = True) -> Sight:
    """What a camera sees on a picture of count × count px, without anti-aliasing.

    Args:
        scene: what is seen.
        camera: from where.
        count: pixels along a side.
        picture: whether colours are wanted, which take most of the time; otherwise it is black.
    """
    known = truth(scene, camera, count)
    points = known.points()
    _, normals = known.surfaces()
    way = tuple(own - value for own, value in zip(camera.position, points, strict=True))
    return Sight(
        camera=camera,
        picture=known.picture() if picture else np.zeros((count, count, 3), dtype=np.uint8),
        points=points,
        depth=known.depth,
        thing=known.thing,
        normals=normals,
        facing=dot(normals, way) / np.sqrt(dot(way, way)),
    )


def both_see(first: Sight, second: Sight, *, margin: float, facing: float) -> Any:
    """(n, n) bool, which pixels of the first picture show a point that the second shows as well.

    Args:
        first: picture.
        second: picture, of the same side.
        margin: least distance from the border in both, as a share of the side.
        facing: least cosine between surface and line of sight in both.
    """
    count = len(first.depth)
    x, y, depth = second.camera.project(first.points)
    inside = (x >= margin) & (x <= 1 - margin) & (y >= margin) & (y <= 1 - margin) & (depth > 0)
    rows = np.where(inside, y * count, 0).astype(np.intp)
    columns = np.where(inside, x * count, 0).astype(np.intp)
    return (
        inside
        & first.usable(margin=margin, facing=facing)
        & second.usable(margin=0.0, facing=facing)[rows, columns]
        & (second.thing[rows, columns] == first.thing)
        & (np.abs(second.depth[rows, columns] - depth) <= _SAME_DEPTH * depth)
    )


def two_cameras(rng: np.random.Generator, *, around: float, roll: float) -> tuple[Camera, Camera]:
    """Two cameras that look down on what is around the origin.

    Args:
        rng: random numbers.
        around: degrees that the second has gone around it, either way; it is higher or lower as
            well. 0 leaves it on its side, but it looks elsewhere. It is nearer or farther anyway.
        roll: degrees by which the second is turned, either way.
    """
    azimuth, elevation = between(rng, 0, 360), between(rng, 34, 52)
    distance = between(rng, 4.6, 5.4)
    first = _camera(azimuth, elevation, distance, _TARGET)
    azimuth += around if float(rng.random()) < 0.5 else -around
    rise, nearer, x, y, z = (between(rng, -1, 1) for _ in range(5))
    if around:
        elevation += 8 * rise
    distance *= 1 + (0.12 if around else 0.25) * nearer
    aim = (_TARGET[0] + 0.75 * x, _TARGET[1] + 0.75 * y, _TARGET[2] + 0.45 * z)
    turn = roll if float(rng.random()) < 0.5 else -roll
    return first, _camera(azimuth, elevation, distance, aim, roll=turn)


def _camera(
    azimuth: float, elevation: float, distance: float, aim: Vec, *, roll: float = 0.0
) -> Camera:
    (ca, sa), (ce, se) = cos_sin(azimuth), cos_sin(elevation)
    x, y, z = _TARGET
    position = (x + distance * ce * ca, y + distance * ce * sa, z + distance * se)
    return Camera.look_at(position, aim, roll=roll)
