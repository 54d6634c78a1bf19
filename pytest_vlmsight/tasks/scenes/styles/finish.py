"""The last touch: brightness, contrast, colours and sharpness as they are drawn for a picture.

Styles differ in all four, and whoever knows them need not see any stroke. So every picture gets
values that have nothing to do with its style.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .subject import brightness

_LEAST, _MOST = 0.2, 5.0
"""Of the factors: what has nearly no contrast or colour is not blown up."""

_SOFTEST, _SHARPEST = -0.8, 2.0
"""How much of a picture's detail may be added to it; below 0 some is taken away."""

_REACH = 224
"""Detail is what differs from the mean of places so many parts of a side away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """How a picture comes out.

    Attributes:
        cast: mean red, green and blue, 0 to 1.
        contrast: standard deviation of the brightness.
        colourful: mean difference between a pixel's strongest and weakest channel, beside that
            of the cast.
        liveliness: how much the brightness goes up and down along a line of 1/224 of a side, on
            average, in contrasts.
    """

    cast: tuple[float, float, float]
    contrast: float
    colourful: float
    liveliness: float

    def put_on(self, picture: Any) -> Any:
        """(3, n, n) float32 colours finished, at least 0 and at most 1.

        Args:
            picture: (3, n, n) float32 colours.
        """
        detail = picture - _around(picture, max(1, round(picture.shape[1] / _REACH)))
        share = self._detail(brightness(picture), brightness(detail))
        picture = picture + np.float32(share) * detail
        means = [np.float32(_mean(channel)) for channel in picture]
        off = np.stack([channel - mean for channel, mean in zip(picture, means, strict=True)])
        light = brightness(off)
        tint = off - light
        gain = _bounded(self.contrast / _spread(light))
        vivid = _bounded(self.colourful / max(1e-3, _mean(tint.max(0) - tint.min(0))))
        out = np.empty_like(off)
        for channel, cast in enumerate(self.cast):
            out[channel] = (
                light * np.float32(gain) + tint[channel] * np.float32(vivid) + np.float32(cast)
            )
        return np.clip(out, np.float32(0), np.float32(1))

    def _detail(self, light: Any, detail: Any) -> float:
        """How much detail to add."""
        own = liveliness(light)
        end = _SHARPEST if own < self.liveliness else _SOFTEST
        last = liveliness(light + np.float32(end) * detail)
        if abs(last - own) < 1e-6:
            return 0.0
        share = min(1.0, max(0.0, (self.liveliness - own) / (last - own)))
        # Between the ends it bends: one step of a secant.
        middle = liveliness(light + np.float32(end * share) * detail)
        if middle != own:
            share = min(1.0, share * max(0.0, (self.liveliness - own) / (middle - own)))
        return end * share


def liveliness(light: Any) -> float:
    """Of (n, n) brightness; see ``Finish``."""
    stored = _stored(light)
    across, down = np.abs(stored[:, 1:] - stored[:, :-1]), np.abs(stored[1:] - stored[:-1])
    step = (int(across.sum()) + int(down.sum())) / (2 * int(across.size) * 255)
    return step * len(light) / _REACH / _spread(light)


def _stored(values: Any) -> Any:
    """Whole numbers, whose sums are the same in any order."""
    return (np.clip(values, -2, 3) * np.float32(255) + np.float32(600)).astype(np.int64)


def _mean(values: Any) -> float:
    return (int(_stored(values).sum()) / int(values.size) - 599.5) / 255


def _spread(values: Any) -> float:
    stored = _stored(values)
    count = int(stored.size)
    mean = int(stored.sum()) / count
    square = int((stored * stored).sum()) / count
    return math.sqrt(max(0.25, square - mean * mean)) / 255


def _around(picture: Any, reach: int) -> Any:
    """The mean of every place and those so many pixels left, right, above and below it."""
    padded = np.pad(picture, ((0, 0), (reach, reach), (reach, reach)), mode="edge")
    total = picture.copy()
    for columns, rows in ((0, 1), (2, 1), (1, 0), (1, 2)):
        total += padded[
            :,
            rows * reach : rows * reach + picture.shape[1],
            columns * reach : columns * reach + picture.shape[2],
        ]
    return total * np.float32(0.2)


def _bounded(factor: float) -> float:
    return min(_MOST, max(_LEAST, factor))
