"""Red rings drawn on a picture: where they are, to a fraction of a pixel.

Candidates come from one correlation per radius with a ring that is positive on its line and
negative on both sides of it, so that a filled red thing answers with nothing. Each candidate is
then unrolled: along every direction from its centre the red line is looked for, and the circle
through what is found is fitted by least squares. What is reported of a ring is what a line drawn
by a program has and red things of a photograph do not: it goes all the way round, at one distance.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

SMALLEST = 3.5
"""Radius in px below which a ring has no inside that could be told from its line."""

LARGEST = 0.05
"""Largest radius, as a share of the picture's longer side."""

_SEARCHED = 1280
"""Longer side in px at which candidates are looked for; they are fitted at full size."""

_STEP = 1.15
"""Ratio of neighbouring radii that are looked for."""

_ANGLES = 48

_BLOCK = 8
"""Side in px of the squares in which red is looked for first."""

_LEAST_ANSWER = 0.08
_KEPT = 24
"""Candidates that are fitted, at most."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A red ring.

    Attributes:
        x: of its centre in px, the centre of the first pixel being .5.
        y: likewise.
        radius: of the middle of its line, in px.
        covered: share of the directions, of those that lie in the picture, in which the line is
            there, at the fitted distance.
        inside: share of all directions that lie in the picture.
        contrast: redness of the line beyond that of both its sides, 0 to 1 (median).
        rough: root mean square distance of the line from the circle, in px.
    """

    x: float
    y: float
    radius: float
    covered: float
    inside: float
    contrast: float
    rough: float


def redness(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much redder than green or blue each pixel is.

    Args:
        pixels: (height, width, 3) RGB.

    Returns:
        (height, width) from 0 (grey, or another hue) to 1 (pure red).
    """
    values = pixels.astype(np.float32) / 255
    excess = values[..., 0] - np.maximum(values[..., 1], values[..., 2])
    return np.clip(excess, 0, 1).astype(np.float32)


def find_rings(red: NDArray[np.float32]) -> list[Ring]:
    """The rings of a picture, the most complete first; red things that are none are left out.

    Args:
        red: (height, width), as ``redness`` gives it.
    """
    from scipy.ndimage import zoom

    height, width = red.shape
    shrink = min(1.0, _SEARCHED / max(height, width))
    small = red if shrink == 1 else zoom(red, shrink, order=1, grid_mode=True, mode="nearest")
    largest = max(12.0, LARGEST * max(small.shape))
    rings: list[Ring] = []
    for x, y, radius in _candidates(small, largest):
        ring = _fitted(red, x / shrink, y / shrink, radius / shrink)
        if ring is not None and not any(_same(ring, other) for other in rings):
            rings.append(ring)
    return sorted(rings, key=lambda ring: -ring.covered * ring.inside)


def _same(one: Ring, other: Ring) -> bool:
    apart = float(np.hypot(one.x - other.x, one.y - other.y))
    return apart < 0.5 * max(one.radius, other.radius)


def _candidates(red: NDArray[np.float32], largest: float) -> list[tuple[float, float, float]]:
    """x, y (first pixel at 0) and radius of the strongest answers of all radii, best first."""
    steps = int(np.log(largest / SMALLEST) / np.log(_STEP)) + 1
    radii = [SMALLEST * _STEP**step for step in range(steps)]
    found: list[tuple[float, float, float, float]] = []
    for rows, columns in _reddish(red, reach=int(np.ceil(1.6 * largest)) + 4):
        for radius, answer in zip(radii, _answers(red[rows, columns], radii), strict=True):
            found += [
                (strength, x + columns.start, y + rows.start, radius)
                for strength, x, y in _peaks(answer)
            ]
    found.sort(reverse=True)
    kept: list[tuple[float, float, float]] = []
    for _, x, y, radius in found:
        if len(kept) == _KEPT:
            break
        if all(np.hypot(x - a, y - b) > 0.4 * max(radius, c) for a, b, c in kept):
            kept.append((x, y, radius))
    return kept


def _reddish(red: NDArray[np.float32], *, reach: int) -> list[tuple[slice, slice]]:
    """Where red is, with ``reach`` px on all sides: most pictures have little of it."""
    from scipy.ndimage import find_objects, label, maximum_filter

    height, width = red.shape
    padded = np.pad(red, ((0, -height % _BLOCK), (0, -width % _BLOCK)))
    blocks = padded.reshape(padded.shape[0] // _BLOCK, _BLOCK, -1, _BLOCK).max(axis=(1, 3)) > 0.15
    if not blocks.any():
        return []
    far = -(-reach // _BLOCK)
    areas = [
        (
            slice(max(0, (rows.start - far) * _BLOCK), min(height, (rows.stop + far) * _BLOCK)),
            slice(max(0, (cols.start - far) * _BLOCK), min(width, (cols.stop + far) * _BLOCK)),
        )
        for rows, cols in find_objects(label(maximum_filter(blocks, size=3))[0])
    ]
    covered = sum((r.stop - r.start) * (c.stop - c.start) for r, c in areas)
    return areas if covered < 0.8 * height * width else [(slice(0, height), slice(0, width))]


def _answers(red: NDArray[np.float32], radii: Sequence[float]) -> Iterator[NDArray[np.float32]]:
    """Correlations with rings of all radii; outside of the area there is no red."""
    from scipy import fft  # scipy.signal has this in one call, and takes a second to import

    kernels = [_kernel(radius) for radius in radii]
    most = max(kernel.shape[0] for kernel in kernels)
    shape = [fft.next_fast_len(side + most, real=True) for side in red.shape]
    spectrum = fft.rfft2(red, shape)
    for kernel in kernels:
        half = kernel.shape[0] // 2
        full = fft.irfft2(spectrum * fft.rfft2(kernel, shape), shape)
        yield full[half : half + red.shape[0], half : half + red.shape[1]]


def _peaks(answer: NDArray[np.float32]) -> list[tuple[float, float, float]]:
    """Strength, x and y of where a ring is likelier than at all neighbouring pixels."""
    padded = np.pad(answer, 1)
    ys, xs = np.nonzero(answer > _LEAST_ANSWER)
    strength = answer[ys, xs]
    top = np.ones(len(ys), bool)
    for down, right in itertools.product((0, 1, 2), repeat=2):
        top &= strength >= padded[ys + down, xs + right]
    return [
        (float(s), float(x), float(y))
        for s, x, y in zip(strength[top], xs[top], ys[top], strict=True)
    ]


@lru_cache(maxsize=64)
def _kernel(radius: float) -> NDArray[np.float32]:
    """A line of radius ``radius``: its positive part sums to 1, its negative part to -1."""
    width = max(1.0, 0.13 * radius)
    half = int(np.ceil(radius + 4 * width)) + 1
    axis = np.arange(-half, half + 1, dtype=np.float32)
    away = np.hypot(axis[:, None], axis[None, :]) - radius
    line = np.exp(-0.5 * (away / width) ** 2)
    line /= line.sum()
    sides = np.exp(-0.5 * ((away + 3 * width) / width) ** 2)
    outer = np.exp(-0.5 * ((away - 3 * width) / width) ** 2)
    kernel = line - 0.5 * sides / sides.sum() - 0.5 * outer / outer.sum()
    signed: NDArray[np.float32] = kernel.astype(np.float32)
    return signed


def _fitted(red: NDArray[np.float32], x: float, y: float, radius: float) -> Ring | None:
    """The circle through the red line around a candidate; None where there is no such line."""
    from scipy.ndimage import map_coordinates

    angles = np.arange(_ANGLES) * (2 * np.pi / _ANGLES)
    cos, sin = np.cos(angles), np.sin(angles)
    height, width = red.shape
    ring: Ring | None = None
    for turn in range(5):
        # The line is looked for further away as long as the centre is only known roughly.
        slack = max(2.0, 0.35 * radius) if turn < 2 else max(1.5, 0.2 * radius)
        away = np.arange(max(0.0, radius - 2 * slack), radius + 2 * slack + 0.25, 0.25)
        xs, ys = x + away[:, None] * cos, y + away[:, None] * sin
        values = map_coordinates(red, (ys, xs), order=1, mode="nearest")
        near = np.abs(away - radius) <= slack
        line = np.where(near[:, None], values, -1.0)
        peak = line.max(axis=0)
        # The middle of the line, not its reddest spot: the centre of all that is nearly as red.
        strong = np.where(line >= 0.75 * peak[None, :], line, 0.0)
        place = (strong * away[:, None]).sum(axis=0) / np.maximum(strong.sum(axis=0), 1e-6)
        inner = np.where((away < radius - 0.5 * slack)[:, None], values, np.inf).min(axis=0)
        outer = np.where((away > radius + 0.5 * slack)[:, None], values, np.inf).min(axis=0)
        contrast = peak - np.maximum(inner, outer)
        at_x, at_y = x + radius * cos, y + radius * sin
        seen = (at_x >= 0) & (at_y >= 0) & (at_x <= width - 1) & (at_y <= height - 1)
        there = seen & (contrast > 0.12)
        if there.sum() < _ANGLES / 4:
            return None
        design = np.stack([np.ones(_ANGLES), cos, sin], axis=1)
        weight = there.astype(float)
        for _ in range(3):
            solved = np.linalg.lstsq(design * weight[:, None], place * weight, rcond=None)[0]
            off = place - design @ solved
            scale = max(0.4, 1.5 * float(np.median(np.abs(off[there]))))
            weight = there / (1 + (off / scale) ** 2)
        radius, x, y = float(solved[0]), x + float(solved[1]), y + float(solved[2])
        off_x, off_y = abs(x - width / 2), abs(y - height / 2)
        if radius < 2 or off_x > width / 2 + radius or off_y > height / 2 + radius:
            return None
        on = there & (np.abs(off) <= max(1.0, 0.12 * radius))
        if not on.any():
            return None
        ring = Ring(
            x=x + 0.5,
            y=y + 0.5,
            radius=radius,
            covered=float(on.sum() / max(1, seen.sum())),
            inside=float(seen.mean()),
            contrast=float(np.median(contrast[on])),
            rough=float(np.sqrt(np.mean(off[on] ** 2))),
        )
    return ring
