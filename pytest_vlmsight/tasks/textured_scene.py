"""A textured picture in which every place looks different, and views of it.

Noise of several octaves gives each region a colour of its own, and random shapes and lines give
corners and edges, which is what local features are made of.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence

_OCTAVES = ((3, 1.0), (7, 0.7), (17, 0.4), (53, 0.25), (131, 0.15))
"""Cells a side and amplitude."""
_SHAPES = 1200


@lru_cache(maxsize=2)  # an item's two views are usually loaded one after the other
def scene(key: str, side: int, unit: float) -> Image.Image:
    """A square RGB picture; callers must not change it.

    Args:
        key: decides the picture.
        side: in px.
        unit: px per 1/224 of a view's side, so that shapes grow with the view.
    """
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:16]))
    picture = _noise(rng, side)
    draw = ImageDraw.Draw(picture)
    for values in rng.random((_SHAPES, 20)).tolist():
        _draw_shape(draw, values, side, unit)
    return picture


def _noise(rng: np.random.Generator, side: int) -> Image.Image:
    total, weight = Image.new("RGB", (1, 1)), 0.0
    for cells, amplitude in _OCTAVES:
        # Smooth as it is, an octave needs few pixels a cell; more would only cost time.
        size = (min(side // 2, 8 * cells),) * 2
        grid = (rng.random((cells, cells, 3)) * 255).astype(np.uint8)
        grown = Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)
        weight += amplitude
        total = Image.blend(
            total.resize(size, Image.Resampling.BILINEAR), grown, amplitude / weight
        )
    # Averaging octaves takes contrast away; put it back.
    table = np.clip((np.arange(256) - 127.5) * 1.8 + 127.5, 0, 255).astype(np.uint8)
    return total.point(table.tolist() * 3).resize((side, side), Image.Resampling.BILINEAR)


def _draw_shape(draw: ImageDraw.ImageDraw, values: list[float], side: int, unit: float) -> None:
    """One shape from 20 uniform draws."""
    kind, x, y = values[0], values[1] * side, values[2] * side
    radius = unit * 4 * 7 ** values[3]  # 4 to 28 px of a view of 224: most are small
    colour = (int(values[4] * 256), int(values[5] * 256), int(values[6] * 256))
    width = max(1, round(unit * (1 + 4 * values[7])))
    corners = [
        (x + radius * (2 * a - 1), y + radius * (2 * b - 1))
        for a, b in zip(values[8:14:2], values[9:14:2], strict=True)
    ]
    if kind < 0.45:
        draw.polygon([(x, y - radius * 0.3), *corners], fill=colour)
    elif kind < 0.65:
        flat = radius * (0.4 + 0.6 * values[14])
        draw.ellipse((x - radius, y - flat, x + radius, y + flat), fill=colour)
    elif kind < 0.8:
        flat = radius * (0.4 + 0.6 * values[14])
        draw.ellipse((x - flat, y - radius, x + flat, y + radius), outline=colour, width=width)
    else:
        draw.line([(x, y), *corners], fill=colour, width=width)


def view(picture: Image.Image, homography: Sequence[float], size: int) -> Image.Image:
    """What a view shows whose homography from the central view is given.

    Args:
        picture: a scene; its central ``size`` × ``size`` px are the first view.
        homography: 9 numbers, row by row, in sides of the view with its centre at the origin.
        size: side of the view in px.
    """
    start = (picture.width - size) // 2
    # Second view's px → its sides → the first view's sides → the scene's px.
    to_sides = np.array([[1 / size, 0, -0.5], [0, 1 / size, -0.5], [0, 0, 1]])
    to_scene = np.array([[size, 0, size / 2 + start], [0, size, size / 2 + start], [0, 0, 1]])
    back = to_scene @ np.linalg.inv(np.reshape(homography, (3, 3))) @ to_sides
    coefficients = (back / back[2, 2]).ravel()[:8].tolist()
    return picture.transform(
        (size, size), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC
    )


def relit(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture in other light: gamma, gain, a gain per channel, and slight noise."""
    draws = rng.random(5)
    gamma, gain = 1.4 ** (2 * draws[0] - 1), 0.85 + 0.3 * draws[1]
    channels = 0.88 + 0.24 * draws[2:5]
    table = (np.arange(256)[:, None] / 255.0) ** gamma * gain * channels * 255
    pixels = np.take_along_axis(
        table, np.asarray(picture).reshape(-1, 3).astype(np.intp), axis=0
    ).reshape(picture.height, picture.width, 3)
    # Two uniform draws summed: a standard deviation of 4 of 255, without Gaussian tails.
    noise = (rng.random(pixels.shape) + rng.random(pixels.shape) - 1) * 4 * 6**0.5
    return Image.fromarray(np.clip(pixels + noise + 0.5, 0, 255).astype(np.uint8))
