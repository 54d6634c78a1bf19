"""Paints markers with Pillow: an anti-aliased shape and a label beside it, both outlined.

Every shape and letter has an outline in black or white, whichever differs more from its colour,
so that it is legible on any picture. A label stays inside the picture and off its own point,
and keeps clear of the other markers where it can.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PIL import Image, ImageColor, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .item import Box, Point
    from .markers import MarkerStyle

_SHOWN = 224
"""Longer side in px at which a marker must be legible."""

_LEAST_RADIUS, _LEAST_LETTER, _LEAST_LINE = 6.0, 16.0, 1.4
"""In px of a picture whose longer side is ``_SHOWN``."""

_SAMPLES = 4
"""Supersampling of shapes."""

Area = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Anchor = tuple[float, float, float, float]
"""x, y, and which share of the label's width and height lies before them."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Colours, and sizes in px of the picture."""

    radius: float
    line: float
    outline: float
    letter: float
    ink: tuple[int, int, int]
    paper: tuple[int, int, int]

    @classmethod
    def of(cls, size: tuple[int, int], style: MarkerStyle) -> _Look:
        shrink = max(1.0, max(size) / _SHOWN)
        radius = max(style.size * min(size), _LEAST_RADIUS * shrink)
        line = max(radius / 4, _LEAST_LINE * shrink)
        letter = max(style.letter_size * min(size), _LEAST_LETTER * shrink)
        red, green, blue = ImageColor.getrgb(style.colour)[:3]
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 140
        paper = (0, 0, 0) if light else (255, 255, 255)
        return cls(radius, line, max(1.0, line * 0.6), letter, (red, green, blue), paper)

    @property
    def reach(self) -> float:
        """From a point to the end of its shape."""
        return self.radius + self.line / 2 + self.outline


def paint(
    image: Image.Image, *, points: Sequence[Point], boxes: Sequence[Box], style: MarkerStyle
) -> Image.Image:
    """Paint markers on an RGB image, in place.

    Args:
        image: painted on and returned.
        points: in px of ``image``.
        boxes: likewise; one with a colour of its own has that and no letter.
        style: how they look.

    Raises:
        ValueError: a box has a colour that Pillow does not know.
    """
    look = _Look.of(image.size, style)
    for box in boxes:
        area = (box.x0, box.y0, box.x1, box.y1)
        own = look if not box.colour else _Look.of(image.size, replace(style, colour=box.colour))
        _paint_shape(image, "box", area, own)
    for point in points:
        area = _around(point.x, point.y, look.radius)
        _paint_shape(image, style.shape, area, look)
    if style.letters:
        _paint_labels(image, points, [box for box in boxes if not box.colour], look)
    return image


def _around(x: float, y: float, reach: float) -> Area:
    return (x - reach, y - reach, x + reach, y + reach)


def _paint_shape(
    image: Image.Image,
    shape: str,
    area: Area,
    look: _Look,
) -> None:
    """Paint the outline, then the line, through masks as large as the shape alone."""
    pad = look.line / 2 + look.outline + 1
    left, top = int(area[0] - pad) - 1, int(area[1] - pad) - 1
    right, bottom = int(area[2] + pad) + 2, int(area[3] + pad) + 2
    # A large box on a large photograph is not supersampled: its lines are straight anyway.
    samples = _SAMPLES if max(right - left, bottom - top) < 1024 else 1
    moved = tuple(
        (edge - start) * samples for edge, start in zip(area, (left, top) * 2, strict=True)
    )
    for paint_colour, line in ((look.paper, look.line + 2 * look.outline), (look.ink, look.line)):
        mask = Image.new("L", ((right - left) * samples, (bottom - top) * samples))
        _SHAPES[shape](ImageDraw.Draw(mask), moved, line * samples, (line - look.line) * samples)
        mask = mask.reduce(samples)
        image.paste(paint_colour, (left, top, right, bottom), mask)


def _grown(area: Sequence[float], by: float) -> Area:
    return (area[0] - by, area[1] - by, area[2] + by, area[3] + by)


def _draw_ring(draw: ImageDraw.ImageDraw, area: Sequence[float], line: float, _: float) -> None:
    draw.ellipse(_grown(area, line / 2), outline=255, width=round(line))


def _draw_square(draw: ImageDraw.ImageDraw, area: Sequence[float], line: float, _: float) -> None:
    draw.rectangle(_grown(area, line / 2), outline=255, width=max(1, round(line)))


def _draw_dot(draw: ImageDraw.ImageDraw, area: Sequence[float], line: float, _: float) -> None:
    draw.ellipse(_grown(area, line / 2), fill=255)


def _draw_cross(draw: ImageDraw.ImageDraw, area: Sequence[float], line: float, more: float) -> None:
    left, top, right, bottom = _grown(area, more / 2)
    x, y = (left + right) / 2, (top + bottom) / 2
    gap, half = (right - left) * 0.22 - more / 2, line / 2
    for bar in (
        (left, y - half, x - gap, y + half),
        (x + gap, y - half, right, y + half),
        (x - half, top, x + half, y - gap),
        (x - half, y + gap, x + half, bottom),
    ):
        draw.rectangle(bar, fill=255)


_SHAPES = {
    "ring": _draw_ring,
    "square": _draw_square,
    "dot": _draw_dot,
    "cross": _draw_cross,
    "box": _draw_square,
}


def _paint_labels(
    image: Image.Image,
    points: Sequence[Point],
    boxes: Sequence[Box],
    look: _Look,
) -> None:
    font = ImageFont.load_default(size=look.letter)
    bold, edge = look.letter * 0.03, max(1.0, look.letter * 0.09)
    draw = ImageDraw.Draw(image)
    taken = [_around(p.x, p.y, look.reach) for p in points]
    places: list[tuple[str, list[Anchor], tuple[float, float] | None]] = []
    places += [(p.label, list(_beside(p, look)), (p.x, p.y)) for p in points]
    places += [(b.label, list(_at_corner(b, look)), None) for b in boxes]
    for label, anchors, own in places:
        ink = font.getbbox(label, anchor="ls", stroke_width=bold + edge)
        width, height = ink[2] - ink[0], ink[3] - ink[1]
        left, top = _best(anchors, (width, height), image.size, taken=taken, own=own)
        taken.append((left, top, left + width, top + height))
        at = (round(left) - ink[0], round(top) - ink[1])
        draw.text(at, label, look.paper, font, anchor="ls", stroke_width=bold + edge)
        draw.text(at, label, look.ink, font, anchor="ls", stroke_width=bold)


def _beside(point: Point, look: _Look) -> Iterator[Anchor]:
    """Where a point's label may go, best first."""
    for gap in (1.0, 1.6):
        reach = look.reach * gap
        diagonal = reach * 0.75
        yield (point.x + reach, point.y, 0.0, 0.5)
        yield (point.x - reach, point.y, 1.0, 0.5)
        yield (point.x, point.y - reach, 0.5, 1.0)
        yield (point.x, point.y + reach, 0.5, 0.0)
        yield (point.x + diagonal, point.y - diagonal, 0.0, 1.0)
        yield (point.x - diagonal, point.y - diagonal, 1.0, 1.0)
        yield (point.x + diagonal, point.y + diagonal, 0.0, 0.0)
        yield (point.x - diagonal, point.y + diagonal, 1.0, 0.0)


def _at_corner(box: Box, look: _Look) -> Iterator[Anchor]:
    """The same for a box: outside its corners, then inside."""
    out = look.line / 2 + look.outline
    yield (box.x0 - out, box.y0 - out, 0.0, 1.0)
    yield (box.x1 + out, box.y0 - out, 0.0, 0.0)
    yield (box.x0 - out, box.y1 + out, 0.0, 0.0)
    yield (box.x0 - out, box.y0 - out, 1.0, 0.0)
    yield (box.x0 + out, box.y0 + out, 0.0, 0.0)
    yield (box.x1 - out, box.y1 - out, 1.0, 1.0)


def _best(
    anchors: Sequence[Anchor],
    label: tuple[float, float],
    size: tuple[int, int],
    *,
    taken: Sequence[Area],
    own: tuple[float, float] | None,
) -> tuple[float, float]:
    """The left and top of the place that stays off the point and overlaps the least."""
    width, height = label

    def cost(place: tuple[float, float, float]) -> tuple[bool, float]:
        left, top, moved = place
        area = (left, top, left + width, top + height)
        covers = own is not None and area[0] <= own[0] <= area[2] and area[1] <= own[1] <= area[3]
        return (covers, sum(_overlap(area, other) for other in taken) + moved)

    places = []
    for x, y, before_x, before_y in anchors:
        left, top = x - before_x * width, y - before_y * height
        inside_left = max(0.0, min(left, size[0] - width))
        inside_top = max(0.0, min(top, size[1] - height))
        # Slight, so that of two places without overlap the unmoved one is taken.
        moved = 0.01 * (abs(inside_left - left) + abs(inside_top - top))
        places.append((inside_left, inside_top, moved))
    left, top, _ = min(places, key=cost)
    return left, top


def _overlap(a: Area, b: Area) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height)
