"""The pixels that an option is about: a window around a point, the inside of a box, a picture.

Windows are measured where a picture's shorter side is 224 px, as models see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.tasks.item import Box, Point

if TYPE_CHECKING:
    from PIL.Image import Image

    from .rows import FloatArray
    from .subjects import Mark

SHOWN = 224
"""Shorter side in px at which windows are cut out."""

RADII = (3, 8, 16)
"""Of the windows around a point, in px."""

_LEAST = 2
"""Least side of a box in px: differences between neighbours need two."""


def shown(image: Image) -> FloatArray:
    """(height, width, 3) the picture at ``SHOWN`` px, 0 to 1."""
    from PIL import Image as Images

    scale = SHOWN / min(image.size)
    if scale != 1:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Images.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float64) / 255


def resampled(image: Image, side: int) -> FloatArray:
    """(side, side, 3) the whole picture, averaged, 0 to 1."""
    from PIL import Image as Images

    return np.asarray(image.resize((side, side), Images.Resampling.BOX), dtype=np.float64) / 255


def regions(image: Image, pixels: FloatArray, mark: Mark | None) -> dict[str, FloatArray]:
    """The regions that are looked at, each (height, width, 3), by a name for rules.

    Args:
        image: without markers.
        pixels: the same, as ``shown``.
        mark: in px of the image; None stands for the whole picture.
    """
    if mark is None:
        return {"picture": pixels}
    if isinstance(mark, Point):
        window = _window(pixels, mark.x / image.width, mark.y / image.height)
        middle = max(RADII)
        return {
            f"{radius} px": window[
                middle - radius : middle + radius + 1, middle - radius : middle + radius + 1
            ]
            for radius in RADII
        }
    return {"box": _inside(pixels, image.size, mark)}


def _window(pixels: FloatArray, across: float, down: float) -> FloatArray:
    """The largest window; beyond the picture its outermost pixels go on."""
    height, width = pixels.shape[:2]
    reach = np.arange(-max(RADII), max(RADII) + 1)
    rows = np.clip(int(down * height) + reach, 0, height - 1)
    columns = np.clip(int(across * width) + reach, 0, width - 1)
    return pixels[rows[:, None], columns]


def _inside(pixels: FloatArray, size: tuple[int, int], box: Box) -> FloatArray:
    """The pixels of a box as they are, so that contrast does not depend on the box's size."""
    height, width = pixels.shape[:2]
    across, down = width / size[0], height / size[1]
    # A box without area still has the pixels around its corner.
    left = min(max(round(box.x0 * across), 0), width - _LEAST)
    top = min(max(round(box.y0 * down), 0), height - _LEAST)
    right, bottom = round(box.x1 * across), round(box.y1 * down)
    return pixels[top : max(bottom, top + _LEAST), left : max(right, left + _LEAST)]
