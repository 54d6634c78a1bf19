"""Several pictures side by side in one, and pictures padded to a square.

Pictures keep their pixels and stand at the top of a black canvas with a gap of 10 px, as BLINK's
own helper lays them out, so that a point in one of them is a point of the composite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

GAP = 10
"""Black pixels between two pictures."""


def side_by_side(pictures: Sequence[Image]) -> tuple[Image, tuple[int, ...]]:
    """One picture and the x at which each of the given ones starts in it (all start at y = 0)."""
    from PIL import Image

    offsets, x = [], 0
    for picture in pictures:
        offsets.append(x)
        x += picture.width + GAP
    canvas = Image.new("RGB", (x - GAP, max(p.height for p in pictures)))
    for picture, offset in zip(pictures, offsets, strict=True):
        canvas.paste(picture, (offset, 0))
    return canvas, tuple(offsets)


def squared(picture: Image, colour: tuple[int, int, int]) -> Image:
    """The picture at the upper left of a square of a colour, its pixels kept."""
    from PIL import Image

    if picture.width == picture.height:
        return picture
    canvas = Image.new("RGB", (max(picture.size),) * 2, colour)
    canvas.paste(picture, (0, 0))
    return canvas
