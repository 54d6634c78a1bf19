"""What a style draws: the colours of a scene, evened out, and which way its edges run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.tasks.scenes.render import light_of, truth

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.scene import Scene
    from pytest_vlmsight.tasks.scenes.texture import Colour

COARSE = 112
"""Side in px of the picture that strokes take their colours from, whatever size they end up in."""

_MIDDLE, _SPREAD = 0.5, 0.2
_FLOW = 28
RED, GREEN, BLUE = np.float32(54 / 256), np.float32(183 / 256), np.float32(19 / 256)


def brightness(colours: Any) -> Any:
    """Of (3, ...) colours."""
    return colours[0] * RED + colours[1] * GREEN + colours[2] * BLUE


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Which colours a picture may have.

    Attributes:
        dark: the ink, as pictures store it.
        light: the paper.
        colour: how much of the scene's own colours is kept, 0 to 1.
    """

    dark: Colour
    light: Colour
    colour: float

    @property
    def ink(self) -> Any:
        """(3, 1) float32."""
        return np.array(self.dark, dtype=np.float32)[:, None]

    @property
    def paper(self) -> Any:
        """(3, 1) float32."""
        return np.array(self.light, dtype=np.float32)[:, None]

    def tone(self, colours: Any) -> Any:
        """(n,) brightness of (3, n) colours, 0 to 1."""
        return np.clip(brightness(colours), np.float32(0), np.float32(1))

    def inks(self, colours: Any) -> tuple[Any, Any]:
        """(3, n) paper and ink that show a colour between them."""
        tint = colours - brightness(colours)
        keep = np.float32(self.colour)
        return self.paper + keep * tint, self.ink + keep * np.float32(0.8) * tint


class Subject:
    """A scene as a style sees it.

    Args:
        scene: what is drawn.
        camera: from where.
        palette: its colours.
    """

    def __init__(self, scene: Scene, camera: Camera, palette: Palette) -> None:
        self._scene, self._camera = scene, camera
        self.palette = palette
        stored = np.sqrt(light_of(scene, camera, COARSE, smooth=False))
        values = (brightness(stored) * np.float32(255) + np.float32(0.5)).astype(np.int64)
        count = values.size
        total, squares = int(values.sum()), int((values * values).sum())
        spread = math.sqrt(max(1.0, squares / count - (total / count) ** 2))
        gain = min(3.0, _SPREAD * 255 / spread)
        self._gain = np.float32(gain)
        self._lift = np.float32(_MIDDLE - gain * total / count / 255)
        self.colours = self._evened(stored)

    def _evened(self, stored: Any) -> Any:
        """Contrast and brightness like those of any other subject, in the palette's colours."""
        values = np.clip(stored * self._gain + self._lift, np.float32(0.02), np.float32(0.98))
        grey = brightness(values)
        keep = np.float32(self.palette.colour)
        out = np.empty_like(values)
        for channel, (low, high) in enumerate(
            zip(self.palette.dark, self.palette.light, strict=True)
        ):
            toned = np.float32(low) + grey * np.float32(high - low)
            out[channel] = toned + keep * (values[channel] - toned)
        return out

    def fine(self, count: int) -> Any:
        """(3, n, n) float32 colours in full detail."""
        return self._evened(np.sqrt(light_of(self._scene, self._camera, count)))

    def solids(self, count: int) -> Any:
        """(n, n) a number for the solid, or the side of the room, that every pixel sees."""
        seen = truth(self._scene, self._camera, count)
        return np.where(seen.solid < 0, -1 - seen.part, seen.solid)

    def at(self, x: Any, y: Any) -> Any:
        """(3, n) colours at places in sides of the picture, linear between coarse pixels."""
        return looked_up(self.colours, x, y)

    @cached_property
    def flow(self) -> Any:
        """(2, m, m) cosine and sine of the direction that edges run in, from −90 to 90 degrees."""
        step = COARSE // _FLOW
        grey = brightness(self.colours)
        across, down = np.zeros_like(grey), np.zeros_like(grey)
        across[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
        down[1:-1] = grey[2:] - grey[:-2]
        products = np.stack(
            [across * across - down * down, 2 * across * down, across * across + down * down]
        )
        small = np.zeros((3, _FLOW, _FLOW), dtype=np.float32)
        for i in range(step):
            for j in range(step):
                small += products[:, i::step, j::step]
        for _ in range(3):
            small = _blurred(small)
        # The direction across edges has twice the angle (c, s); along them it is the opposite.
        c, s, total = (
            -small[0],
            -small[1],
            np.float32(1e-6) + np.sqrt(small[0] * small[0] + small[1] * small[1]),
        )
        c, s = c / total, s / total
        cosine = np.sqrt(np.maximum((1 + c) * np.float32(0.5), np.float32(0)))
        sine = np.sqrt(np.maximum((1 - c) * np.float32(0.5), np.float32(0)))
        return np.stack([cosine, np.where(s < 0, -sine, sine)])

    def flow_at(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Cosine and sine (n,) of the nearest direction."""
        column = np.clip((x * _FLOW).astype(np.intp), 0, _FLOW - 1)
        row = np.clip((y * _FLOW).astype(np.intp), 0, _FLOW - 1)
        return self.flow[0][row, column], self.flow[1][row, column]


def looked_up(values: Any, x: Any, y: Any) -> Any:
    """(k, n) of (k, m, m) at places in sides, linear between pixel centres."""
    side = values.shape[1]
    half, most = np.float32(0.5), np.float32(side - 1.001)
    a = np.clip(x * np.float32(side) - half, np.float32(0), most)
    b = np.clip(y * np.float32(side) - half, np.float32(0), most)
    column, row = a.astype(np.intp), b.astype(np.intp)
    a -= column.astype(np.float32)
    b -= row.astype(np.float32)
    start = row * side + column
    below = start + side
    out = np.empty((len(values), len(start)), dtype=np.float32)
    for layer, found in zip(values.reshape(len(values), -1), out, strict=True):
        left, right = layer.take(start), layer.take(start + 1)
        upper = left + (right - left) * a
        left, right = layer.take(below), layer.take(below + 1)
        lower = left + (right - left) * a
        found[:] = upper + (lower - upper) * b
    return out


def _blurred(values: Any) -> Any:
    """Means of three by three neighbours; the border's pixels go on."""
    for axis in (1, 2):
        padded = np.concatenate(
            [values.take([0], axis), values, values.take([values.shape[axis] - 1], axis)], axis
        )
        last = padded.shape[axis]
        values = (
            padded.take(range(last - 2), axis)
            + padded.take(range(1, last - 1), axis)
            + padded.take(range(2, last), axis)
        ) * np.float32(1 / 3)
    return values
