"""What a whole picture is like to whoever does not see what it shows, nor how it is made.

Colours, contrast and sharpness, a thumbnail, and the outline of what stands out from the border.
Measured while items are made, to find pictures of which the right one is no more like the
reference than the wrong one is (``crossed.py``). All of it is sums of whole numbers and square
roots of them, so that choices made by it are the same everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

SIDE = 112
"""Of the pictures that are looked at, in px; twice as large ones were no better at it."""

GRID = 16
"""Pixels along the side of a thumbnail."""

SEEN = 56
"""Pixels along the side where outlines are looked at."""

MEASURES = (
    "colour",
    "contrast",
    "sharpness",
    "saturation",
    "histogram",
    "thumbnail",
    "normalised thumbnail",
    "area",
    "outline length",
    "extent",
    "slimness",
    "outline",
    "centred outline",
    "profile",
    "border",
)

_GREY = (54, 183, 19)  # of 256
_LEAST = 24
"""Of 255: a smaller difference from the border does not stand out."""

_LEVELS = 3
"""Of each channel in the histogram of colours."""

_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
"""Of the foreground's pixels, from its middle outwards, where the profile is taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Foreground:
    """What stands out from the border.

    Attributes:
        mask: (n, n) bool, where it is.
        centred: (n, n) bool, the same with its middle in the middle.
        length: of its border, in roots of its area.
        extent: root of the mean squared distance from its middle, in shares of the side.
        slimness: its length for its width.
        profile: (6,) squared distances from its middle, from the smallest to the largest, by the
            mean squared one: the same however it is turned or scaled.
    """

    mask: Any
    centred: Any
    length: float
    extent: float
    slimness: float
    profile: Any


@dataclass(frozen=True, slots=True, eq=False)
class Impression:
    """What is compared of a picture.

    Attributes:
        colour: mean red, green and blue, 0 to 255.
        contrast: spread of the brightness, likewise.
        sharpness: mean difference of the brightness of neighbours, likewise.
        saturation: mean difference between the most and the least of a pixel's channels.
        histogram: (27,) pixels of each colour.
        thumbnail: (256, 3) int64 sums of blocks of pixels.
        block: pixels in such a block.
        border: (3,) int64 the border's median colour, in a hundredth part of 255.
        foreground: what differs from that.
    """

    colour: tuple[float, ...]
    contrast: float
    sharpness: float
    saturation: float
    histogram: Any
    thumbnail: Any
    block: int
    border: Any
    foreground: Foreground


def impression(picture: NDArray[np.uint8]) -> Impression:
    """The impression of a (n, n, 3) picture, n a multiple of 112."""
    side = len(picture)
    values = picture.astype(np.int64)
    channels = [values[..., channel] for channel in range(3)]
    grey = _GREY[0] * channels[0] + _GREY[1] * channels[1] + _GREY[2] * channels[2]
    count, total, squares = side * side, int(grey.sum()), int((grey * grey).sum())
    steps = int(np.abs(grey[1:] - grey[:-1]).sum()) + int(np.abs(grey[:, 1:] - grey[:, :-1]).sum())
    levels = np.minimum(values * _LEVELS // 255, _LEVELS - 1)
    codes = (levels[..., 0] * _LEVELS + levels[..., 1]) * _LEVELS + levels[..., 2]
    most, least = (
        how(how(channels[0], channels[1]), channels[2]) for how in (np.maximum, np.minimum)
    )
    border, foreground = _foreground(values)
    return Impression(
        colour=tuple(int(channel.sum()) / count for channel in channels),
        contrast=math.sqrt(squares * count - total * total) / (256 * count),
        sharpness=steps / (2 * 256 * side * (side - 1)),
        saturation=int((most - least).sum()) / count,
        histogram=np.bincount(codes.ravel(), minlength=_LEVELS**3),
        thumbnail=_blocks(values, GRID).reshape(-1, 3),
        block=(side // GRID) ** 2,
        border=border,
        foreground=foreground,
    )


def unlikeness(first: Impression, second: Impression) -> tuple[float, ...]:
    """How unlike two pictures of one size are by each of ``MEASURES``; 0 is equal."""
    one, other = first.foreground, second.foreground
    off = first.thumbnail - second.thumbnail
    return (
        _distance([a - b for a, b in zip(first.colour, second.colour, strict=True)]),
        abs(first.contrast - second.contrast),
        abs(first.sharpness - second.sharpness),
        abs(first.saturation - second.saturation),
        int(np.abs(first.histogram - second.histogram).sum()) / (first.block * GRID**2),
        math.sqrt(int((off * off).sum()) / off.size) / first.block,
        _uncorrelated(first.thumbnail, second.thumbnail),
        abs(int(one.mask.sum()) - int(other.mask.sum())) / one.mask.size,
        abs(one.length - other.length),
        abs(one.extent - other.extent),
        abs(one.slimness - other.slimness),
        _apart(one.mask, other.mask),
        _apart(one.centred, other.centred),
        _distance((one.profile - other.profile).tolist()),
        _distance((first.border - second.border).tolist()),
    )


def counted(more: Mapping[str, float]) -> tuple[float, ...]:
    """(m,) how much each of ``MEASURES`` counts: 1, where nothing else is given."""
    return tuple(more.get(measure, 1.0) for measure in MEASURES)


def _distance(values: list[float]) -> float:
    total = 0.0
    for value in values:  # in this order on every machine
        total += value * value
    return math.sqrt(total)


def _uncorrelated(one: Any, other: Any) -> float:
    """How unlike two thumbnails are when each channel's mean and the spread are taken away: 0–2."""
    count, shared, own, others = len(one), 0, 0, 0
    for a, b in zip(one.T, other.T, strict=True):
        shared += count * int((a * b).sum()) - int(a.sum()) * int(b.sum())
        own += count * int((a * a).sum()) - int(a.sum()) ** 2
        others += count * int((b * b).sum()) - int(b.sum()) ** 2
    return 1.0 if own == 0 or others == 0 else 1 - shared / (math.sqrt(own) * math.sqrt(others))


def _apart(one: Any, other: Any) -> float:
    """Share of what two masks cover that they do not both cover."""
    either = int((one | other).sum())
    return 1 - int((one & other).sum()) / either if either else 0.0


def _foreground(values: Any) -> tuple[Any, Foreground]:
    """The border's median colour, and what differs from it."""
    small = _blocks(values, SEEN) * 100 // (len(values) // SEEN) ** 2
    edge = np.concatenate([small[0], small[-1], small[1:-1, 0], small[1:-1, -1]])
    border = _median(edge)
    # Where the border itself is unruly, more is needed to stand out from it.
    unrest = int(_median(np.abs(edge - border).max(1)[:, None])[0])
    mask = np.abs(small - border).max(2) > max(100 * _LEAST, 3 * unrest)
    down, across = np.nonzero(mask)
    area = len(down)
    if area < 2:
        return border, Foreground(mask, mask, 0.0, 0.0, 0.0, np.zeros(len(_SHARES)))
    length = int((mask[1:] != mask[:-1]).sum()) + int((mask[:, 1:] != mask[:, :-1]).sum())
    # Places times the area, from the middle, so that they are whole numbers.
    y, x = area * down - int(down.sum()), area * across - int(across.sum())
    yy, xx, xy = (int((a * b).sum()) / area**3 for a, b in ((y, y), (x, x), (x, y)))
    spread = math.sqrt((xx - yy) * (xx - yy) + 4 * xy * xy)
    long, short = (max(1e-6, (xx + yy + sign * spread) / 2) for sign in (1, -1))
    distances = np.sort(x * x + y * y)
    profile = distances[[min(area - 1, int(share * area)) for share in _SHARES]]
    # Rounded up from a half, or the same foreground elsewhere could be another.
    centre = [(SEEN * area - 2 * int(at.sum()) + area) // (2 * area) for at in (down, across)]
    return border, Foreground(
        mask=mask,
        centred=np.roll(mask, centre, (0, 1)),
        length=length / math.sqrt(area),
        extent=math.sqrt(xx + yy) / SEEN,
        slimness=math.sqrt(long / short),
        profile=profile / max(1, int(distances.sum())) * area,
    )


def _median(values: Any) -> Any:
    """(k,) the middle one of (n, k) in each column."""
    return np.sort(values, axis=0)[len(values) // 2]


def _blocks(values: Any, side: int) -> Any:
    """Sums over blocks, so that ``side`` × ``side`` are left."""
    step = len(values) // side
    return values.reshape(side, step, side, step, *values.shape[2:]).sum((1, 3))
