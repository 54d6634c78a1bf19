"""What is seen of the marked things of twin scenes, and whether both twins show it alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .scenes.render import truth
from .scenes.solids import entry
from .scenes.trace import ROOM, trace_at
from .scenes.trace import rays as directions
from .scenes.view import FAR, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scenes.camera import Camera
    from .scenes.scene import Scene
    from .twins import Twins

COARSE = 112
"""Side in px of the pictures that places are chosen on."""

FINE = 224
"""Side in px of the pictures that boxes are drawn around things on."""

BORDER = 0.015
"""Least distance of a marked thing from the border, in shares of the side."""

_LOOKED_AT = 12  # places on a thing that shadows are asked for
_FLIPPED = 1  # px that may differ by rounding
_SEEN = 3  # of the four corners of a support's foot
_TOUCHING = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """What is seen of a marked thing and its support where nothing else is.

    Attributes:
        thing: (n, n) bool.
        support: (n, n) bool.
        depth: (n, n) float64, where the thing's origin is at a depth of 1.
    """

    thing: Any
    support: Any
    depth: Any

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower edge around the thing, in shares of the side."""
        count = len(self.thing)
        rows = np.flatnonzero(self.thing.any(1)).tolist()
        cols = np.flatnonzero(self.thing.any(0)).tolist()
        return (
            cols[0] / count,
            rows[0] / count,
            (cols[-1] + 1) / count,
            (rows[-1] + 1) / count,
        )

    @property
    def inside(self) -> bool:
        """Whether the thing is seen and not cut off."""
        return bool(self.thing.any()) and all(BORDER <= edge <= 1 - BORDER for edge in self.box)


def outline(twins: Twins, number: int, count: int = COARSE) -> Outline:
    """The outline of one of the two things, the same in both twins."""
    seen = truth(twins.alone(number), twins.camera, count)
    depth = twins.near / twins.held[number].own
    return Outline(seen.thing == 0, seen.thing == 1, seen.depth / depth)


@dataclass(frozen=True, slots=True, eq=False)
class Mark:
    """Where a thing is marked.

    Attributes:
        place: x and y of a point, or the edges of a box, in shares of the side.
        own: depth there, where the thing's origin is at a depth of 1.
        extents: other depths that must agree about which thing is nearer, likewise.
        rows: (m,) of the coarse pixels that must be seen beside the thing itself.
        cols: (m,) likewise.
    """

    place: tuple[float, ...]
    own: float
    extents: tuple[float, ...]
    rows: Any
    cols: Any


def length_of_ray(camera: Camera, x: float, y: float) -> float:
    """Distance from the camera for a depth of 1, at a place in shares of the side."""
    across, down = (x - 0.5) / camera.focal, (y - 0.5) / camera.focal
    return math.sqrt(1 + across * across + down * down)


def agree(marks: Sequence[Mark], ratio: float) -> bool:
    """Whether all extents tell the nearer thing by at least half of the ratio, in both twins."""
    least = 1 + (ratio - 1) / 2
    first, second = marks
    return all(
        ratio * min(a / b, b / a) >= least
        for a, b in (
            (one / first.own, other / second.own)
            for one, other in zip(first.extents, second.extents, strict=True)
        )
    )


def alike(twins: Twins, outlines: Sequence[Outline], marks: Sequence[Mark]) -> bool:
    """Whether both twins show both things whole, their supports' feet, and the same shadows."""
    shadows = [_shadows(twins, nearer, outlines, marks) for nearer in (0, 1)]
    if shadows[0] is None or shadows[1] is None:
        return False
    return bool((shadows[0] == shadows[1]).all())


def _shadows(twins: Twins, nearer: int, outlines: Sequence[Outline], marks: Sequence[Mark]) -> Any:
    """Which of some places on the things lie in shadow; None where not all is seen."""
    scene, camera = twins.scene(nearer), twins.camera
    view = View(scene, camera)
    of_code = np.array([one.thing for one in view.solids] + [ROOM] * 6, dtype=np.int16)
    dark = []
    for number, (own, mark) in enumerate(zip(outlines, marks, strict=True)):
        rows, cols = np.nonzero(own.thing)
        feet = _corners(twins, number, scene)
        xs = np.concatenate([(cols + 0.5) / COARSE, (mark.cols + 0.5) / COARSE, feet[0]])
        ys = np.concatenate([(rows + 0.5) / COARSE, (mark.rows + 0.5) / COARSE, feet[1]])
        seen = trace_at(view, (xs - 0.5) / camera.focal, (ys - 0.5) / camera.focal)
        found = of_code[seen.code]
        body, beside = len(rows), len(rows) + len(mark.rows)
        wanted = np.where(own.thing[mark.rows, mark.cols], number, 2 + number)
        if (
            np.count_nonzero(found[:body] != number) > _FLIPPED
            or (found[body:beside] != wanted).any()
            or np.count_nonzero(found[beside:] == 2 + number) < _SEEN
        ):
            return None
        picked = [int((k + 0.5) * body / _LOOKED_AT) for k in range(_LOOKED_AT)]
        picked += range(body, beside)
        ray = directions(camera, seen.across[picked], seen.down[picked])
        points = [
            own_ + seen.depth[picked] * value
            for own_, value in zip(camera.position, ray, strict=True)
        ]
        dark.append(_dark(view, scene, number, points))
    return np.concatenate(dark)


def _corners(twins: Twins, number: int, scene: Scene) -> tuple[Any, Any]:
    """Places of the corners of a support's foot, in shares of the side."""
    support = twins.held[number].support
    points = support.corners(scene.things[number])
    places = [twins.camera.project(point) for point in points]
    return np.array([x for x, _, _ in places]), np.array([y for _, y, _ in places])


def _dark(view: View, scene: Scene, number: int, points: Sequence[Any]) -> Any:
    """(n,) whether anything but the thing itself keeps the lamp's light from points on it."""
    dark = np.zeros(len(points[0]), dtype=bool)
    for one in view.solids:
        if one.thing == number:
            continue
        way = tuple(np.float64(value) for value in one.inward(scene.light.direction))
        found = entry(one.solid.kind, one.inside(points), way, top=one.solid.top)
        dark |= (found > _TOUCHING) & (found < FAR)
    return dark
