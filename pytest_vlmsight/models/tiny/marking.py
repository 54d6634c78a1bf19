"""Markers on the pictures of lessons, so that an eye learns to see what is under them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import labels
from .architecture import SIZE
from .pictures import CLASSES, GRID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.item import Box, Point
    from pytest_vlmsight.tasks.markers import MarkerStyle

    from .lessons import Lesson

_MARKED = 0.6
"""How many pictures have markers."""

_VARIED = 0.3
"""Of these, how many have others than the default ones."""

_AROUND = 10.0
"""Places that are nearer to a marked point than this, in px, are told to be marked."""

_LEFT_OUT = 20
"""Least distance of a marked point from the border, in px."""


def marked(lesson: Lesson, rng: np.random.Generator) -> Lesson:
    """The lesson, markers painted on some of its pictures.

    As in items REF is marked on the first picture and A to D on the second, at places that show
    the same and others; in rooms two points or two boxes are.
    What is marked is told by the picture's classes.
    """
    known = rng.permutation(int(lesson.known.sum()))[:4]
    pictures = []
    for number, picture in enumerate(lesson.pictures):
        drawn = picture
        if float(rng.random()) < _MARKED:
            points, boxes = _places(lesson, number, known, rng)
            drawn = replace(
                picture,
                pixels=painted(picture.pixels, points, boxes=boxes, style=_style(rng)),
                classes=_told(picture.classes, points, boxes),
            )
        pictures.append(drawn)
    return replace(lesson, pictures=(pictures[0], pictures[1]))


def _places(
    lesson: Lesson, number: int, known: Any, rng: np.random.Generator
) -> tuple[list[Point], list[Box]]:
    from pytest_vlmsight.tasks.item import REFERENCE, Box, Point, letter
    from pytest_vlmsight.tasks.object_depth import COLOURS
    from pytest_vlmsight.tasks.scenes.drawn import between, shuffled

    if lesson.sort in {"forms", "gadgets", "styles"}:
        return [], []  # items of these are about whole pictures
    if lesson.sort == "rooms":
        middles = [[between(rng, _LEFT_OUT, SIZE - _LEFT_OUT) for _ in range(2)] for _ in range(2)]
        if float(rng.random()) < 0.5:
            sides = [[between(rng, 10, 35) for _ in range(2)] for _ in range(2)]
            colours = shuffled(rng, tuple(COLOURS.values()))
            return [], [
                Box(
                    image=0,
                    x0=max(1.0, x - w),
                    y0=max(1.0, y - h),
                    x1=min(SIZE - 1.0, x + w),
                    y1=min(SIZE - 1.0, y + h),
                    label=letter(k),
                    colour=colours[k],
                )
                for k, ((x, y), (w, h)) in enumerate(zip(middles, sides, strict=True))
            ]
        return [Point(image=0, x=x, y=y, label=letter(k)) for k, (x, y) in enumerate(middles)], []
    places = lesson.sites[number][known if number else known[:1]]
    labels = [REFERENCE]
    if number:
        labels = shuffled(rng, [letter(k) for k in range(len(places))])
    # A little beside the middles of the grid's cells, where else they would always be.
    return [
        Point(
            image=0, x=float(x) + between(rng, -4, 4), y=float(y) + between(rng, -4, 4), label=one
        )
        for (x, y), one in zip(places, labels, strict=False)
    ], []


def _told(classes: Any, points: list[Point], boxes: list[Box]) -> Any:
    """What is known of the places, and which marker is at them or which box is around them."""
    middle = (np.arange(GRID) + 0.5) * (SIZE / GRID)
    x, y = middle[None], middle[:, None]
    found = np.array(classes)
    of = found[CLASSES.index("mark")]
    for box in boxes:
        inside = (x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)
        of[inside] = labels.marks()[box.colour]
    for point in points:
        near = (x - point.x) ** 2 + (y - point.y) ** 2 < _AROUND * _AROUND
        of[near] = labels.marks()[point.label]
    return found


def _style(rng: np.random.Generator) -> MarkerStyle:
    """How markers look, mostly as they do by default."""
    from pytest_vlmsight.tasks.markers import COLOURS, DEFAULT_STYLE, SHAPES, SIZES, MarkerStyle
    from pytest_vlmsight.tasks.scenes.drawn import one_of

    if float(rng.random()) >= _VARIED:
        return DEFAULT_STYLE
    size, letter_size = one_of(rng, tuple(SIZES.values()))
    return MarkerStyle(
        colour=one_of(rng, tuple(COLOURS.values())),
        size=size,
        letter_size=letter_size,
        shape=one_of(rng, SHAPES),
    )


def painted(
    pixels: Any,
    points: Sequence[Point],
    *,
    boxes: Sequence[Box] = (),
    style: MarkerStyle | None = None,
) -> Any:
    """(n, n, 3) uint8, a picture (n, n, 3) uint8 with markers.

    Args:
        pixels: without.
        points: that are marked.
        boxes: likewise.
        style: of the markers; the default one unless given.
    """
    from PIL import Image

    from pytest_vlmsight.tasks.marker_painting import paint
    from pytest_vlmsight.tasks.markers import DEFAULT_STYLE

    image = Image.fromarray(pixels)
    shown = paint(image.copy(), points=points, boxes=boxes, style=style or DEFAULT_STYLE)
    return np.asarray(shown)
