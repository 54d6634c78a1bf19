"""Pictures with red circles and labels burned in, drawn with Pillow, and what may go wrong."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Mapping

RADIUS, LETTER = 10, 24


def background(size: tuple[int, int] = (320, 240), *, seed: int = 0) -> Image.Image:
    """Soft blobs of muted greens and blues."""
    coarse = np.random.default_rng(seed).integers(40, 190, (6, 8, 3), dtype=np.uint8)
    coarse[..., 0] = coarse.min(axis=2)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def circle(image: Image.Image, point: tuple[int, int], *, radius: int = RADIUS) -> None:
    """A red circle round a whole pixel."""
    (x, y), r = point, radius + 1
    ImageDraw.Draw(image).ellipse((x - r, y - r, x + r, y + r), outline=(255, 0, 0), width=3)


def label(image: Image.Image, point: tuple[int, int], text: str, *, fill: str = "white") -> None:
    """A label to the right of a point's circle."""
    font = ImageFont.load_default(LETTER)
    at = (point[0] + RADIUS + 5, point[1])
    ImageDraw.Draw(image).text(at, text, fill, font, anchor="lm")


def marked(
    points: Mapping[str, tuple[int, int]], *, image: Image.Image | None = None, fill: str = "white"
) -> Image.Image:
    """The image, or a background, with a marker at each point."""
    image = image or background()
    for text, point in points.items():
        circle(image, point)
        label(image, point, text, fill=fill)
    return image


def jpeg(image: Image.Image, quality: int = 75) -> Image.Image:
    """The picture as it is after being saved as a JPEG file."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")
