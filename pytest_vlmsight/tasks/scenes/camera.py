"""A pinhole camera; pictures are square and positions on them are shares of the side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .exact import Frame, Vec, cos_sin, cross, dot, into, mul, sub, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Where it stands and what it looks at.

    Attributes:
        position: in the world.
        axes: to the right, down and forward in the picture.
        focal: in sides of the picture; 1.2 is a field of view of 45 degrees.
    """

    position: Vec
    axes: Frame
    focal: float = 1.2

    @classmethod
    def look_at(
        cls, position: Vec, target: Vec, *, roll: float = 0.0, focal: float = 1.2
    ) -> Camera:
        """A camera with ``target`` in the middle of its picture.

        Args:
            position: not straight above or below the target.
            target: in the world.
            roll: degrees by which the camera is turned clockwise, so the picture turns the
                other way.
            focal: in sides of the picture.
        """
        forward = unit(sub(target, position))
        right = unit(cross(forward, (0.0, 0.0, 1.0)))
        down = cross(forward, right)
        c, s = cos_sin(roll)
        return cls(
            position=position,
            axes=(
                (
                    right[0] * c + down[0] * s,
                    right[1] * c + down[1] * s,
                    right[2] * c + down[2] * s,
                ),
                (
                    down[0] * c - right[0] * s,
                    down[1] * c - right[1] * s,
                    down[2] * c - right[2] * s,
                ),
                forward,
            ),
            focal=focal,
        )

    def project(self, point: Any) -> Any:
        """x, y (shares of the side) and depth along the optical axis of a point or points."""
        across, down, depth = into(
            self.axes,
            tuple(value - own for value, own in zip(point, self.position, strict=True)),
        )
        return 0.5 + self.focal * across / depth, 0.5 + self.focal * down / depth, depth

    def ray(self, x: float, y: float) -> Vec:
        """The direction of a place in the picture, scaled so that its depth is 1."""
        right, down, forward = self.axes
        a, b = (x - 0.5) / self.focal, (y - 0.5) / self.focal
        return (
            forward[0] + right[0] * a + down[0] * b,
            forward[1] + right[1] * a + down[1] * b,
            forward[2] + right[2] * a + down[2] * b,
        )

    def at(self, x: float, y: float, depth: float) -> Vec:
        """The point of the world seen at a place in the picture, at a depth."""
        ray = mul(self.ray(x, y), depth)
        p = self.position
        return p[0] + ray[0], p[1] + ray[1], p[2] + ray[2]

    def depth(self, point: Vec) -> float:
        """Depth of a point along the optical axis."""
        return float(dot(self.axes[2], sub(point, self.position)))
