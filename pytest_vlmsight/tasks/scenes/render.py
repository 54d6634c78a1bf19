"""Pictures and ground truth of a scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .shade import shade, surface
from .trace import ROOM, SIDES, rays, trace, trace_at
from .view import View

if TYPE_CHECKING:
    from .camera import Camera
    from .scene import Scene
    from .trace import Samples

_CONTRAST = 10 / 255
"""Difference to a neighbour, as pictures store it, from which on a pixel is sampled finely."""

_FINE = ((-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25))
"""Where those pixels are sampled, in pixels from the centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of every pixel's centre, exactly.

    Attributes:
        depth: (n, n) float64, along the optical axis.
        thing: (n, n) int16, the thing's number in the scene, or ``ROOM``.
        solid: (n, n) int16, the solid's number among all of the scene, or ``ROOM``.
        part: (n, n) int16, index into ``parts``; of the room 0 to 5 (low x, high x, low y, high
            y, floor, ceiling).
        parts: names of all parts, those of the room first.
    """

    depth: Any
    thing: Any
    solid: Any
    part: Any
    parts: tuple[str, ...]
    _view: View
    _samples: Samples

    def points(self) -> Any:
        """x, y, z (n, n) of the surface in the world."""
        seen = self._samples
        directions = rays(self._view.camera, seen.across, seen.down)
        return tuple(
            (own + seen.depth * direction).reshape(self.depth.shape)
            for own, direction in zip(self._view.camera.position, directions, strict=True)
        )

    def surfaces(self) -> tuple[Any, Any]:
        """Where in its thing every pixel looks, and which way the surface faces.

        Returns:
            (3, n, n) points in the coordinates of their thing (of the world for the room), and
            (3, n, n) outward normals of length 1 in the world.
        """
        points = self.points()
        own = np.stack(points)
        across = np.zeros_like(own)
        code = self._samples.code.reshape(self.depth.shape)
        for number in np.unique(code).tolist():
            here = code == number
            if number < 0:
                axis, high = divmod(number + SIDES, 2)
                across[axis][here] = -1 if high else 1
                continue
            one = self._view.solids[number]
            thing = self._view.scene.things[one.thing]
            found, normals = surface(thing, one, [value[here] for value in points])
            for axis in range(3):
                own[axis][here] = found[axis]
                across[axis][here] = normals[axis]
        return own, across

    def picture(self) -> Any:
        """(n, n, 3) uint8 picture of the pixels' centres, without anti-aliasing."""
        light = shade(self._view, self._samples)
        return developed(light.reshape(3, *self.depth.shape))

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the pixel at a place in shares of the side."""
        count = len(self.depth)
        return min(count - 1, max(0, int(y * count))), min(count - 1, max(0, int(x * count)))


ROOM_PARTS = ("wall x-", "wall x+", "wall y-", "wall y+", "floor", "ceiling")


def truth(scene: Scene, camera: Camera, count: int) -> Truth:
    """The ground truth of a picture of count × count pixels."""
    view = View(scene, camera)
    samples = trace(view, count)
    parts = list(ROOM_PARTS)
    numbers, things = [], []
    for one in view.solids:
        if one.solid.part not in parts:
            parts.append(one.solid.part)
        numbers.append(parts.index(one.solid.part))
        things.append(one.thing)
    code = samples.code.reshape(count, count)
    # Negative numbers, the room's sides, are found at the end.
    part = np.array([*numbers, *range(SIDES)], dtype=np.int16)[code]
    thing = np.array([*things, *[ROOM] * SIDES], dtype=np.int16)[code]
    return Truth(
        depth=samples.depth.reshape(count, count),
        thing=thing,
        solid=np.maximum(code, ROOM),
        part=part,
        parts=tuple(parts),
        _view=view,
        _samples=samples,
    )


def light_of(scene: Scene, camera: Camera, count: int, *, smooth: bool = True) -> Any:
    """(3, n, n) float32 light of every pixel, 0 to 1.

    Args:
        scene: what is seen.
        camera: from where.
        count: pixels along a side.
        smooth: whether edges are anti-aliased: pixels that differ from a neighbour in what they
            see or in colour are the mean of four samples.
    """
    view = View(scene, camera)
    centres = trace(view, count)
    light = shade(view, centres).reshape(3, count, count)
    if not smooth:
        return light
    rough = np.flatnonzero(uneven(centres.code.reshape(count, count), light))
    fine = finely(centres.across.take(rough), centres.down.take(rough), count * camera.focal)
    light.reshape(3, -1)[:, rough] = mean_of(shade(view, trace_at(view, *fine)))
    return light


def finely(across: Any, down: Any, scale: float) -> tuple[Any, Any]:
    """Where pixels are sampled finely.

    Args:
        across: (n,) of the pixels' centres, in depths.
        down: likewise.
        scale: pixels in a depth.

    Returns:
        (4 n,) of all first samples, all second ones, …
    """
    step = 1 / scale
    return (
        np.concatenate([across + x * step for x, _ in _FINE]),
        np.concatenate([down + y * step for _, y in _FINE]),
    )


def mean_of(light: Any) -> Any:
    """(3, n) light of pixels that were sampled at the (4 n,) places of ``finely``."""
    samples = light.reshape(3, len(_FINE), -1)
    # Written out: a mean over an axis may be summed in another order elsewhere.
    total = samples[:, 0]
    for number in range(1, len(_FINE)):
        total = total + samples[:, number]
    return total * np.float32(1 / len(_FINE))


def uneven(code: Any, light: Any) -> Any:
    """(…, n, n) whether a pixel differs from the next in its row or column.

    Args:
        code: (…, n, n) of what pixels see.
        light: (3, …, n, n) of them.
    """
    stored = np.sqrt(light)
    found = np.zeros(code.shape, dtype=bool)
    for first, second in (
        (np.s_[..., 1:], np.s_[..., :-1]),
        (np.s_[..., 1:, :], np.s_[..., :-1, :]),
    ):
        differs = code[first] != code[second]
        for channel in stored:
            differs |= np.abs(channel[first] - channel[second]) > _CONTRAST
        found[first] |= differs
        found[second] |= differs
    return found


def developed(light: Any) -> Any:
    """(3, n, n) light from 0 to 1 → (n, n, 3) uint8 as pictures store it.

    The square root stands for the usual gamma of 2.2, because it is exact everywhere.
    """
    values = np.sqrt(light) * np.float32(255) + np.float32(0.5)
    return np.ascontiguousarray(values.astype(np.uint8).transpose(1, 2, 0))


def render(scene: Scene, camera: Camera, count: int, *, smooth: bool = True) -> Any:
    """(n, n, 3) uint8 picture; see ``light_of``."""
    return developed(light_of(scene, camera, count, smooth=smooth))
