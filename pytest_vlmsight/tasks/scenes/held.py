"""An upright thing on a support: at one place in the picture, of one size, at any distance.

A thing that is moved along its ray from the camera and scaled by as much looks exactly as before.
What tells its distance is all around it: where its support meets the floor, what that hides,
shadows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .supports import LEAST

if TYPE_CHECKING:
    from .camera import Camera
    from .scene import Room, Thing
    from .supports import Support

_AIR = 0.04  # between a thing and the room's sides, in the world's unit
_EDGE = 0.035  # between a support's foot and the picture's border, in shares of the side


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A thing on a support.

    Attributes:
        thing: upright, within 1 of its origin.
        support: what holds it.
        x: of the thing's origin, in shares of the side.
        y: likewise.
        size: of the ball around the thing, in shares of the side.
        own: depth of the place in it that is asked about, for a depth of its origin of 1.
    """

    thing: Thing
    support: Support
    x: float
    y: float
    size: float
    own: float = 1.0

    def at(self, camera: Camera, depth: float) -> Thing:
        """The thing with the place in it that is asked about at a depth."""
        from_origin = depth / self.own
        return self.thing.moved(
            camera.at(self.x, self.y, from_origin),
            scale=self.size * from_origin / (2 * camera.focal),
        )

    def foot(self, camera: Camera, depth: float) -> tuple[float, float]:
        """Where its support meets the floor, in shares of the side."""
        x, y, _ = self.at(camera, depth).position
        across, down, _ = camera.project((x, y, 0.0))
        return float(across), float(down)

    def fits(self, camera: Camera, depth: float, room: Room) -> bool:
        """Whether it is inside of the room and its support long enough and seen to its foot."""
        thing = self.at(camera, depth)
        aside = thing.scale + _AIR
        for axis in (0, 1):
            if not room.low[axis] + aside < thing.position[axis] < room.high[axis] - aside:
                return False
        if thing.position[2] + aside > room.high[2] or self.support.length(thing) < LEAST:
            return False
        return all(_EDGE < value < 1 - _EDGE for value in self.foot(camera, depth))


def row(camera: Camera, x: float, depth: float, height: float) -> float:
    """The row, in shares of the side, of what is at a depth and a height in a column."""
    right, down, forward = camera.axes
    ray = (height - camera.position[2]) / depth
    across = (x - 0.5) / camera.focal
    return 0.5 + camera.focal * (ray - forward[2] - right[2] * across) / down[2]
