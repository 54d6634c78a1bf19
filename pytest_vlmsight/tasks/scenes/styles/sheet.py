"""What is drawn on: the places of a picture's pixels, and edges as sharp as pixels allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.tasks.scenes.noise import noise

from .lattice import Lattice

if TYPE_CHECKING:
    from .subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How something is drawn, whatever it is.

    Attributes:
        family: the kind of strokes, lines, dots or tiles.
        variant: number of one of the family's own variants.
        size: their main length in sides of the picture.
        angle: their direction in degrees, where they have one.
    """

    family: str
    variant: int
    size: float
    angle: float


class Sheet:
    """An empty picture.

    Args:
        subject: what is to be drawn.
        manner: how.
        count: pixels along a side.
        rng: decides where single strokes are.

    Attributes:
        x: (n,) float32 of the pixels' centres, row by row, in sides.
        y: likewise.
        pixel: side of a pixel, in sides.
        phase: x and y from 0 to 1, by which what repeats is moved.
    """

    def __init__(
        self, subject: Subject, manner: Manner, count: int, rng: np.random.Generator
    ) -> None:
        self.subject, self.manner, self.count, self.rng = subject, manner, count, rng
        centres = ((np.arange(count) + 0.5) / count).astype(np.float32)
        self.x, self.y = np.tile(centres, count), np.repeat(centres, count)
        self.pixel = 1 / count
        self.phase = rng.random(2).tolist()
        self._origin = [64 * value for value in rng.random(3).tolist()]

    def within(self, distance: Any, *, unit: float = 1.0) -> Any:
        """How much of a pixel is inside of an edge, 0 to 1.

        Args:
            distance: (n,) of its centre from the edge, positive inside.
            unit: length of the distance's unit in sides.
        """
        return np.clip(
            distance * np.float32(unit / self.pixel) + np.float32(0.5), np.float32(0), np.float32(1)
        )

    def tooth(self, grain: float, *, stretch: float = 1.0) -> Any:
        """(n,) values from 0 to 1 without detail coarser or finer than ``grain`` sides.

        Args:
            grain: across the manner's direction.
            stretch: how much longer it is along that direction.
        """
        lattice = Lattice(grain, self.manner.angle, self.rng, 1, stretch=stretch)
        u, v = lattice.coordinates(self.x, self.y)
        return lattice.between(u, v)

    def noise(self, grain: float, *, layer: int = 0, x: Any = None, y: Any = None) -> Any:
        """(n,) irregular values, 0 to 1, with details of the size of ``grain`` sides and more."""
        x, y = (self.x, self.y) if x is None else (x, y)
        scale = np.float32(1 / grain)
        a, b, c = (np.float32(value) for value in self._origin)
        return noise(x * scale + a, y * scale + b, np.full_like(x, c + np.float32(7.3 * layer)))


def mixed(low: Any, high: Any, share: Any) -> Any:
    """(3, n) from ``low`` where the share is 0 to ``high`` where it is 1."""
    return low + (high - low) * share


def paint_over(picture: Any, where: Any, alpha: Any, colour: Any) -> None:
    """Put colours over some of a picture's pixels.

    Args:
        picture: (3, n), changed.
        where: (k,) numbers of pixels.
        alpha: (k,) how much of each is covered.
        colour: (3, k).
    """
    for channel, new in zip(picture, colour, strict=True):
        old = channel.take(where)
        channel[where] = old + (new - old) * alpha
