"""Labels drawn on a picture: what looks like one of a few short words, and how much.

Each word is known by what it looks like in Pillow's own font and in strokes of even width (as
OpenCV draws), thin and bold. A part of the picture that stands out in one colour is cut to its
bounding box, brought to one size, and correlated with all of them. Nothing is read that is not
asked for: a shape is only ever compared with the words that may be there.
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

_ROWS, _COLUMNS = 20, 16
"""Size that one letter is brought to; a word of n letters has n times the columns."""

_LEVELS = (0.22, 0.35, 0.55, 0.75, 0.88)
"""Shares of the way from dark to the ink's full strength at which parts are cut out."""

_LEAST_HEIGHT = 6

_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "A": (((0, 1), (0.5, 0), (1, 1)), ((0.2, 0.65), (0.8, 0.65))),
    "B": (
        ((0, 0), (0, 1)),
        ((0, 0), (0.6, 0), (0.9, 0.1), (0.95, 0.24), (0.9, 0.38), (0.6, 0.48), (0, 0.48)),
        ((0.6, 0.48), (0.95, 0.6), (1, 0.74), (0.95, 0.88), (0.6, 1), (0, 1)),
    ),
    "C": (
        (
            (1, 0.24), (0.88, 0.09), (0.65, 0), (0.35, 0), (0.12, 0.12), (0, 0.36),
            (0, 0.64), (0.12, 0.88), (0.35, 1), (0.65, 1), (0.88, 0.91), (1, 0.76),
        ),
    ),
    "D": (
        ((0, 0), (0, 1)),
        ((0, 0), (0.5, 0), (0.8, 0.1), (0.95, 0.28), (1, 0.5), (0.95, 0.72), (0.8, 0.9),
         (0.5, 1), (0, 1)),
    ),
    "R": (
        ((0, 0), (0, 1)),
        ((0, 0), (0.65, 0), (0.92, 0.1), (1, 0.25), (0.92, 0.4), (0.65, 0.48), (0, 0.48)),
        ((0.5, 0.48), (1, 1)),
    ),
    "E": (((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.48), (0.65, 0.48))),
    "F": (((1, 0), (0, 0), (0, 1)), ((0, 0.48), (0.65, 0.48))),
}  # fmt: skip
"""Letters as lines in a box of 1 by 1, from its top left."""

LETTERS = frozenset(_STROKES)
"""What words may be made of."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """Something that may be a label.

    Attributes:
        x: of its middle in px, the centre of the first pixel being .5.
        y: likewise.
        width: of its box, in px.
        height: likewise.
        likeness: to each word that was asked for, in their order: correlation, at most 1.
    """

    x: float
    y: float
    width: float
    height: float
    likeness: tuple[float, ...]


def planes(pixels: NDArray[np.uint8], red: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """How strongly each pixel has the ink that labels may be drawn in, 0 to 1.

    Args:
        pixels: (height, width, 3) RGB.
        red: (height, width) redness without what belongs to rings.
    """
    light = pixels.min(axis=2).astype(np.float32) / 255
    dark = 1 - pixels.max(axis=2).astype(np.float32) / 255
    return {"white": light, "black": dark, "red": red}


def find_glyphs(
    plane: NDArray[np.float32], words: Sequence[str], *, least: float, most: float
) -> list[Glyph]:
    """What looks like one of the words.

    Args:
        plane: (height, width) strength of the ink.
        words: of ``LETTERS``; all of one length.
        least: smallest height in px.
        most: largest.

    Returns:
        One for each place and size, at the level that looks most like a word.
    """
    letters = len(words[0])
    templates, owners = _templates(tuple(words))
    kept: list[Glyph] = []
    found: list[Glyph] = []
    for level in _LEVELS:
        for box in _boxes(plane >= level, letters, least=least, most=most):
            patch = _patch(plane, box, letters)
            if patch is None:
                continue
            scores = templates @ patch
            likeness = tuple(float(scores[owners == k].max()) for k in range(len(words)))
            if max(likeness) > 0.4:
                top, bottom, left, right = box
                found.append(
                    Glyph(
                        (left + right) / 2, (top + bottom) / 2, right - left, bottom - top, likeness
                    )
                )
    for glyph in sorted(found, key=lambda g: -max(g.likeness)):
        if not any(_overlap(glyph, other) for other in kept):
            kept.append(glyph)
    return kept


def _overlap(one: Glyph, other: Glyph) -> bool:
    return abs(one.x - other.x) < 0.5 * max(one.width, other.width) and abs(
        one.y - other.y
    ) < 0.5 * max(one.height, other.height)


Bounds = tuple[int, int, int, int]
"""Top, bottom, left, right; bottom and right are outside."""


def _boxes(mask: NDArray[np.bool_], letters: int, *, least: float, most: float) -> Iterator[Bounds]:
    """Boxes round parts, or rows of up to ``letters`` parts, that have a label's proportions."""
    from scipy.ndimage import find_objects, label

    parts: list[Bounds] = []
    for area in find_objects(label(mask, np.ones((3, 3)))[0]):
        top, bottom, left, right = area[0].start, area[0].stop, area[1].start, area[1].stop
        height, width = bottom - top, right - left
        if max(_LEAST_HEIGHT, least) <= height <= most and width <= 1.4 * letters * height:
            parts.append((top, bottom, left, right))
    if letters == 1:
        yield from (p for p in parts if p[3] - p[2] >= 0.35 * (p[1] - p[0]))
        return
    parts.sort(key=lambda p: p[2])
    for number, first in enumerate(parts):
        row = first
        yield from _if_word(row, letters)
        for _ in range(letters - 1):
            height = row[1] - row[0]
            after = [
                p
                for p in parts[number + 1 :]
                if row[3] - 2 <= p[2] <= row[3] + 0.5 * height
                and abs(p[0] - row[0]) <= 0.2 * height + 1
                and abs(p[1] - row[1]) <= 0.2 * height + 1
            ]
            if not after:
                break
            nearest = after[0]
            row = (min(row[0], nearest[0]), max(row[1], nearest[1]), row[2], nearest[3])
            yield from _if_word(row, letters)


def _if_word(row: Bounds, letters: int) -> Iterator[Bounds]:
    if 0.5 * letters <= (row[3] - row[2]) / (row[1] - row[0]) <= 1.1 * letters:
        yield row


def _patch(plane: NDArray[np.float32], box: Bounds, letters: int) -> NDArray[np.float64] | None:
    """The part in the box at the templates' size, with mean 0 and length 1; None if flat."""
    from scipy.ndimage import map_coordinates

    top, bottom, left, right = box
    rows = top - 0.5 + (np.arange(_ROWS) + 0.5) * (bottom - top) / _ROWS
    columns = (
        left - 0.5 + (np.arange(_COLUMNS * letters) + 0.5) * (right - left) / (_COLUMNS * letters)
    )
    grid = np.meshgrid(rows, columns, indexing="ij")
    return _normalised(map_coordinates(plane, grid, order=1, mode="nearest"))


def _normalised(values: NDArray[np.float32]) -> NDArray[np.float64] | None:
    flat = values.astype(float).ravel()
    flat -= flat.mean()
    length = float(np.linalg.norm(flat))
    return None if length < 1e-3 * flat.size**0.5 else flat / length


@lru_cache(maxsize=8)
def _templates(words: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Looks of the words, one a row, and which word each row is."""
    looks: list[NDArray[np.float64]] = []
    owners: list[int] = []
    for number, word in enumerate(words):
        for image in (*_printed(word), *_stroked(word)):
            box = np.nonzero(image > 0.5 * image.max())
            area = (box[0].min(), box[0].max() + 1, box[1].min(), box[1].max() + 1)
            patch = _patch(image, tuple(int(v) for v in area), len(word))  # type: ignore[arg-type]
            if patch is not None:
                looks.append(patch)
                owners.append(number)
    return np.stack(looks), np.array(owners)


def _printed(word: str) -> Iterator[NDArray[np.float32]]:
    """In Pillow's own font, at widths of its lines from thin to bold."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(60)
    for bold in (0, 1, 2, 4):
        image = Image.new("L", (90 * len(word), 120))
        ImageDraw.Draw(image).text((20, 20), word, 255, font, stroke_width=bold)
        yield _softened(image)


def _stroked(word: str) -> Iterator[NDArray[np.float32]]:
    """In strokes of even width."""
    from PIL import Image, ImageDraw

    gaps = (18,) if len(word) == 1 else (10, 18, 26)
    for wide, line, gap in itertools.product((36, 46), (4, 6, 9, 13), gaps):
        image = Image.new("L", ((wide + gap) * len(word) + 40, 120))
        draw = ImageDraw.Draw(image)
        for place, letter in enumerate(word):
            left = 20 + place * (wide + gap)
            for stroke in _STROKES[letter]:
                points = [(left + wide * x, 25 + 60 * y) for x, y in stroke]
                draw.line(points, fill=255, width=line, joint="curve")
        yield _softened(image)


def _softened(image: object) -> NDArray[np.float32]:
    """As soft as a letter of some fifteen pixels is after it was saved as a JPEG file."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(np.asarray(image) / 255, 1.5).astype(np.float32)
