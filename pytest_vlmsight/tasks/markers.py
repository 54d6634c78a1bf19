"""Markers: the ring (or other shape) and letter that show a model which point is meant.

Their sizes follow the picture, so that a marker is as legible on a photograph of 4000 px as on
one of 224 px once the model has shrunk it: nothing is smaller than a person can read when the
picture's longer side is shown at 224 px. The painting itself is in ``marker_painting.py``, which
needs Pillow; this module does not.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .item import Box, Picture, Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

SHAPES = ("ring", "square", "cross", "dot")

_HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerStyle:
    """How markers look.

    Attributes:
        colour: any name or notation that Pillow knows, kept as ``#rrggbb``.
        size: radius of the shape, as a share of the picture's shorter side.
        letter_size: font size of the label, likewise.
        shape: ``ring`` and ``square`` are hollow and ``cross`` has a gap, so that the marked
            point stays visible; ``dot`` covers it.
        letters: whether labels are drawn at all.

    Raises:
        ValueError: a field is not as above.
    """

    colour: str = "#ff0000"
    size: float = 0.032
    letter_size: float = 0.1
    shape: str = "ring"
    letters: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "colour", _hex(self.colour))
        if self.shape not in SHAPES:
            raise ValueError(f"marker shape: got {self.shape!r}; expected one of {SHAPES}")
        for name, value, most in (("size", self.size, 0.2), ("letter_size", self.letter_size, 0.4)):
            if not 0 < value <= most:
                raise ValueError(
                    f"marker {name}: got {value!r}; expected a share of the picture's "
                    f"shorter side, more than 0 and at most {most}"
                )

    @property
    def description(self) -> str:
        """All that decides the looks, in one line, for cache keys.

        >>> MarkerStyle(colour="Red").description
        'markers-1 ring #ff0000 size=0.032 letter_size=0.1 letters'
        """
        letters = "letters" if self.letters else "no-letters"
        sizes = f"size={self.size:g} letter_size={self.letter_size:g}"
        return f"markers-1 {self.shape} {self.colour} {sizes} {letters}"


def _hex(colour: object) -> str:
    if isinstance(colour, str):
        if _HEX.fullmatch(colour):
            return colour  # without importing Pillow, which the default must not do
        from PIL import ImageColor

        try:
            red, green, blue = ImageColor.getrgb(colour)[:3]
        except ValueError:
            pass
        else:
            return f"#{red:02x}{green:02x}{blue:02x}"
    expected = "a colour name or notation such as 'red' or '#ff0000'"
    raise ValueError(f"marker colour: got {colour!r}; expected {expected}")


DEFAULT_STYLE = MarkerStyle()

COLOURS = {
    "red": "#ff0000",
    "yellow": "#ffff00",
    "lime": "#00ff00",
    "cyan": "#00ffff",
    "magenta": "#ff00ff",
    "white": "#ffffff",
    "black": "#000000",
}
"""What varied markers draw their colour from."""

SIZES = {"small": (0.027, 0.072), "medium": (0.037, 0.1), "large": (0.05, 0.13)}
"""What they draw their size from: ``MarkerStyle.size`` and ``letter_size``.

At 224 px a radius of 6 to 11 px and letters of 16 to 29 px; anything smaller would be painted at
the least legible size, and anything larger would reach the next point.
"""


@dataclass(frozen=True, slots=True)
class _MarkedPicture:
    """Paints markers on a picture when called."""

    picture: Picture
    points: tuple[Point, ...]
    boxes: tuple[Box, ...]
    style: MarkerStyle

    def __call__(self) -> Image:
        from .marker_painting import paint

        return paint(self.picture.load(), points=self.points, boxes=self.boxes, style=self.style)


def draw_markers(
    picture: Picture,
    *,
    points: Sequence[Point] = (),
    boxes: Sequence[Box] = (),
    style: MarkerStyle = DEFAULT_STYLE,
) -> Picture:
    """The picture with markers, painted when it is loaded.

    Args:
        picture: without markers.
        points: in pixels of ``picture``, whatever their image index.
        boxes: likewise; one with a colour of its own has that and no letter.
        style: how they look.

    Returns:
        ``picture`` itself where there is nothing to draw.
    """
    if not points and not boxes:
        return picture
    marked = _MarkedPicture(picture, tuple(points), tuple(boxes), style)
    content: dict[str, object] = {
        "picture": picture.digest,
        "style": style.description,
        "points": [(p.x, p.y, p.label) for p in points],
        "boxes": [(b.x0, b.y0, b.x1, b.y1, b.label) for b in boxes],
    }
    # Only where there are some, so that pictures without keep the digests they have.
    if any(b.colour for b in boxes):
        content["colours"] = [b.colour for b in boxes]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return Picture(digest, picture.size, marked)


@dataclass(frozen=True, slots=True)
class Markers:
    """Draws in one style, or gives every item a style of its own; what ``Item.draw`` holds.

    Attributes:
        style: what is drawn; of varied markers, the attributes that do not vary.
        varied: whether ``for_item`` draws colour, shape and size anew for every item.
        fixed: attributes of the style that do not vary; ``size`` fixes the letters' size as well.
        slices: (name, value) labels of what was drawn for an item; none where nothing varies.
    """

    style: MarkerStyle
    varied: bool = False
    fixed: frozenset[str] = frozenset()
    slices: tuple[tuple[str, str], ...] = ()

    def for_item(self, key: str, *, marks: Sequence[Point | Box] | None = None) -> Markers:
        """The markers of one item: these, or where they vary those that the key decides.

        Colour, shape and size are drawn independently of each other, each value as often as any
        other in the long run.

        Args:
            key: tells the item from all others of its task.
            marks: what is drawn for it, so that no slice tells of what cannot be seen: a box has
                no shape and may have a colour of its own. By default points.
        """
        if not self.varied:
            return self
        style, slices = self.style, []
        if "colour" not in self.fixed:
            colour = _drawn(tuple(COLOURS), "colour", key)
            style = replace(style, colour=COLOURS[colour])
            if marks is None or any(isinstance(m, Point) or not m.colour for m in marks):
                slices.append(("marker_colour", colour))
        if "shape" not in self.fixed:
            style = replace(style, shape=_drawn(SHAPES, "shape", key))
            if marks is None or any(isinstance(m, Point) for m in marks):
                slices.append(("marker_shape", style.shape))
        if "size" not in self.fixed:
            size = _drawn(tuple(SIZES), "size", key)
            radius, letters = SIZES[size]
            if "letter_size" in self.fixed:
                letters = style.letter_size
            style = replace(style, size=radius, letter_size=letters)
            slices.append(("marker_size", size))
        return Markers(style, slices=tuple(slices))

    def __call__(
        self, picture: Picture, *, points: Sequence[Point], boxes: Sequence[Box]
    ) -> Picture:
        """The picture with the given markers (see ``draw_markers``)."""
        return draw_markers(picture, points=points, boxes=boxes, style=self.style)

    def paint_all(
        self, pictures: Sequence[Picture], *, points: Sequence[Point], boxes: Sequence[Box]
    ) -> tuple[Picture, ...]:
        """An item's pictures, each with the markers of its own image index."""
        return tuple(
            self(
                picture,
                points=[p for p in points if p.image == index],
                boxes=[b for b in boxes if b.image == index],
            )
            for index, picture in enumerate(pictures)
        )


DEFAULT_MARKERS = Markers(DEFAULT_STYLE)


def _drawn(values: Sequence[str], attribute: str, key: str) -> str:
    """One of the values, decided by the key alone."""
    text = f"marker/{attribute}/{key}".encode(errors="surrogatepass")
    return values[int.from_bytes(hashlib.sha256(text).digest()[:8]) % len(values)]
