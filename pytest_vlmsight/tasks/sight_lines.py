"""Which points of a scene two cameras both see, and where other cameras would have seen a point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .scenes.camera import Camera
from .scenes.drawn import between
from .scenes.exact import cos_sin, cross, dot
from .scenes.render import developed, truth
from .scenes.shade import shade
from .scenes.solids import entry
from .scenes.trace import ROOM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scenes.exact import Vec
    from .scenes.scene import Scene
    from .scenes.view import Placed

_TOUCHING = 1e-4  # of the way to a camera: what is closer to the point touches it

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


def look(scene: Scene, camera: Camera, count: int) -> Sight:
    """What a camera sees on a picture of count × count px, without anti-aliasing."""
    known = truth(scene, camera, count)
    points = known.points()
    _, normals = known.surfaces()
    way = tuple(own - value for own, value in zip(camera.position, points, strict=True))
    light = shade(known._view, known._samples)
    return Sight(
        camera=camera,
        picture=developed(light.reshape(3, count, count)),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How the camera of a second picture may differ from the first's.

    Attributes:
        around: degrees that it has gone around the target, either way; 0 leaves it in its place
            and at its height, but it looks elsewhere.
        roll: degrees by which it is turned, either way.
        target: what the first looks at.
    """

    around: float
    roll: float
    target: Vec = (0.0, 0.0, 0.2)

    def first(self, rng: np.random.Generator) -> Stand:
        """Where the first camera stands."""
        return Stand(
            azimuth=between(rng, 0, 360),
            elevation=between(rng, 34, 52),
            distance=between(rng, 4.6, 5.4),
        )

    def seconds(self, rng: np.random.Generator, stand: Stand, count: int) -> Lenses:
        """Cameras that might take the second picture."""
        draws = rng.random((7, count))
        ways = [_both_ways(stand.azimuth, self.around, draw) for draw in (0.0, 1.0)]
        left = draws[0] < 0.5
        c, s = (
            np.where(left, first, last) for first, last in zip(*map(cos_sin, ways), strict=True)
        )
        height, distance = np.full(count, 0.0), np.full(count, stand.distance)
        # The height is drawn as a tangent's share, so that no angle has to be taken.
        ce, se = cos_sin(stand.elevation)
        slope = np.full(count, se / ce)
        if self.around:
            slope = slope * (0.75 + 0.5 * draws[1])
            distance = distance * (0.85 + 0.3 * draws[2])
        flat = distance / np.sqrt(1 + slope * slope)
        height = flat * slope
        x, y, z = self.target
        position = (x + flat * c, y + flat * s, z + height)
        aim = (
            x + 1.5 * (draws[3] - 0.5),
            y + 1.5 * (draws[4] - 0.5),
            z + 0.9 * (draws[5] - 0.5),
        )
        return Lenses(position, aim, self.roll, np.where(draws[6] < 0.5, -1.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a camera stands around its target, in degrees and in the scene's unit."""

    azimuth: float
    elevation: float
    distance: float

    def camera(self, target: Vec) -> Camera:
        """The camera."""
        (ca, sa), (ce, se) = cos_sin(self.azimuth), cos_sin(self.elevation)
        return Camera.look_at(
            (
                target[0] + self.distance * ce * ca,
                target[1] + self.distance * ce * sa,
                target[2] + self.distance * se,
            ),
            target,
        )


def _both_ways(angle: float, by: float, share: float) -> float:
    return angle + by * (2 * share - 1)


class Lenses:
    """Many cameras that are asked at once where each sees a point.

    Args:
        position: x, y, z (n,) of each.
        aim: x, y, z (n,) that each looks at.
        roll: degrees by which each is turned.
        side: (n,) 1 or −1, which way.
    """

    def __init__(self, position: Any, aim: Any, roll: float, side: Any) -> None:
        self._position, self._aim, self._roll, self._side = position, aim, roll, side
        forward = tuple(a - p for a, p in zip(aim, position, strict=True))
        length = np.sqrt(dot(forward, forward))
        fx, fy, fz = (value / length for value in forward)
        level = np.sqrt(fx * fx + fy * fy)
        right = (fy / level, -fx / level, np.zeros_like(fx))
        down = cross((fx, fy, fz), right)
        c, s = cos_sin(roll)
        s = side * s
        self._axes = (
            tuple(r * c + d * s for r, d in zip(right, down, strict=True)),
            tuple(d * c - r * s for r, d in zip(right, down, strict=True)),
            (fx, fy, fz),
        )

    def camera(self, number: int) -> Camera:
        """One of them."""
        x, y, z = (float(value[number]) for value in self._position)
        a, b, c = (float(value[number]) for value in self._aim)
        return Camera.look_at((x, y, z), (a, b, c), roll=self._roll * float(self._side[number]))

    def faced(self, point: Vec, normal: Vec, facing: float) -> Any:
        """(n,) whether a surface is turned to each by a cosine of at least ``facing``."""
        way = [own - value for value, own in zip(point, self._position, strict=True)]
        return dot(normal, way) >= facing * np.sqrt(dot(way, way))

    def unhidden(self, blockers: Blockers, point: Vec, numbers: Any) -> Any:
        """(k,) whether nothing is between a point and the cameras of these numbers (k,)."""
        way = tuple(own[numbers] - value for value, own in zip(point, self._position, strict=True))
        return blockers.clear(point, way)

    def project(self, point: Vec, *, focal: float = 1.2) -> tuple[Any, Any]:
        """Places (n,) across and down, in shares of the side; nan behind a camera."""
        off = [value - own for value, own in zip(point, self._position, strict=True)]
        across, down, ahead = (dot(axis, off) for axis in self._axes)
        ahead = np.where(ahead > 0.1, ahead, np.nan)
        return 0.5 + focal * across / ahead, 0.5 + focal * down / ahead


class Blockers:
    """What may stand between a point and a camera.

    Args:
        solids: of a scene.
    """

    def __init__(self, solids: Sequence[Placed]) -> None:
        self._solids = solids
        self._centres = np.array([one.centre for one in solids]).T
        half = np.array([one.half for one in solids]).T
        self._reach = dot(half, half)  # of spheres around them, squared

    def clear(self, point: Vec, way: Any) -> Any:
        """(k,) whether ways x, y, z (k,) from a point meet no solid before their ends."""
        off = [(own - value)[:, None] for value, own in zip(point, self._centres, strict=True)]
        along = dot(off, way)
        beside = dot(off, off) - along * np.abs(along) / dot(way, way)
        near = beside <= self._reach[:, None]
        clear = np.ones(near.shape[1], dtype=bool)
        for number in np.flatnonzero(near.any(1)).tolist():
            one = self._solids[number]
            found = entry(one.solid.kind, one.inside(point), one.inward(way), top=one.solid.top)
            clear &= ~((found > _TOUCHING) & (found < 1))
        return clear
