"""A scene as a camera sees it: every solid in the world, and where in the picture it may matter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .exact import Frame, Vec, into, mul, sub, within

if TYPE_CHECKING:
    from .camera import Camera
    from .scene import Scene
    from .solids import Solid

FAR = 100.0
"""Longer than any room, in the world's unit."""

_NEAR = 0.05  # things closer to the camera than this may fill the whole picture

Bounds = tuple[float, float, float, float]
"""Left, right, top and bottom in the picture, from the optical axis, in depths."""

_EVERYWHERE = (-math.inf, math.inf, -math.inf, math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A solid in the world.

    Attributes:
        solid: as its thing has it.
        thing: the thing's number in the scene.
        centre: in the world.
        axes: in the world.
        half: in the world.
    """

    solid: Solid
    thing: int
    centre: Vec
    axes: Frame
    half: Vec

    def inward(self, direction: Any) -> Any:
        """A direction of the world in the plain shape's coordinates."""
        a, b, c = into(self.axes, direction)
        return a / self.half[0], b / self.half[1], c / self.half[2]

    def inside(self, point: Any) -> Any:
        """A point of the world in the plain shape's coordinates."""
        moved = tuple(value - own for value, own in zip(point, self.centre, strict=True))
        return self.inward(moved)

    @property
    def edges(self) -> tuple[Vec, Vec, Vec]:
        """From its centre to the middles of three faces of the box around it, in the world."""
        x, y, z = (mul(axis, size) for axis, size in zip(self.axes, self.half, strict=True))
        return x, y, z


class View:
    """What tracing and shading need of each solid, worked out once for a picture.

    Attributes:
        scene: what is seen.
        camera: from where.
        solids: of all things, in the world; a solid's number is its place here.
    """

    def __init__(self, scene: Scene, camera: Camera) -> None:
        self.scene, self.camera = scene, camera
        self.solids = [
            Placed(
                solid=solid,
                thing=number,
                centre=thing.place(solid.centre),
                axes=within(thing.axes, solid.axes),
                half=mul(solid.half, thing.scale),
            )
            for number, thing in enumerate(scene.things)
            for solid in thing.solids
        ]

    @cached_property
    def bounds(self) -> list[Bounds | None]:
        """Where each solid may be seen; None: nowhere."""
        return [_bounds(self._corners(one)) for one in self.solids]

    @cached_property
    def shadows(self) -> list[Bounds | None]:
        """Where each solid may darken what is seen; None: nowhere, or it casts none.

        That is between its corners and the same moved away from the lamp, out of the room.
        """
        away = mul(self.scene.light.direction, -1)
        turned = into(self.camera.axes, away)
        found: list[Bounds | None] = []
        for one in self.solids:
            if self.scene.things[one.thing].ghost:
                found.append(None)
                continue
            corners = self._corners(one)
            reach = self._reach(one, away)
            far = [
                (x + turned[0] * reach, y + turned[1] * reach, z + turned[2] * reach)
                for x, y, z in corners
            ]
            found.append(_bounds([*corners, *far]))
        return found

    def _corners(self, one: Placed) -> list[Vec]:
        """The corners of the box around a solid: right, below and ahead of the camera."""
        axes = self.camera.axes
        cx, cy, cz = into(axes, sub(one.centre, self.camera.position))
        (ax, ay, az), (bx, by, bz), (dx, dy, dz) = (into(axes, edge) for edge in one.edges)
        return [
            (
                cx + i * ax + j * bx + k * dx,
                cy + i * ay + j * by + k * dy,
                cz + i * az + j * bz + k * dz,
            )
            for i in (-1, 1)
            for j in (-1, 1)
            for k in (-1, 1)
        ]

    def _reach(self, one: Placed, away: Vec) -> float:
        """How far the shadow of a solid goes until all of it is outside of the room."""
        room, reach = self.scene.room, FAR
        for axis in range(3):
            extent = sum(abs(edge[axis]) for edge in one.edges)
            if away[axis] < -1e-9:
                reach = min(reach, (one.centre[axis] + extent - room.low[axis]) / -away[axis])
            elif away[axis] > 1e-9:
                reach = min(reach, (room.high[axis] - one.centre[axis] + extent) / away[axis])
        return max(0.0, reach)


def _bounds(corners: list[Vec]) -> Bounds | None:
    """Where a convex body with these corners may be seen; None: nowhere."""
    if min(ahead for _, _, ahead in corners) < _NEAR:
        # Partly behind the camera: its projection is no box.
        behind = all(ahead < 0 for _, _, ahead in corners)
        return None if behind else _EVERYWHERE
    xs = [x / ahead for x, _, ahead in corners]
    ys = [y / ahead for _, y, ahead in corners]
    return min(xs), max(xs), min(ys), max(ys)
