"""One line of items.jsonl: everything that can be checked without opening an image.

These checks are pure and quick, so all lines are checked when a task is collected.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

from .fields import Fields
from .item import REFERENCE, Box, Point, letter
from .markers import MarkerStyle
from .pack_error import PackError, Place, shown

MAX_OPTIONS = 26
"""Options are named by the letters A to Z."""

_REQUIRED = ("id", "images", "question", "options", "answer")
_OPTIONAL = ("points", "boxes", "slices", "clean_images", "depth_maps")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackLine:
    """A checked line; the fields are those of the file."""

    place: Place
    id: str
    images: tuple[str, ...]
    clean_images: tuple[str, ...] | None
    question: str
    options: tuple[str, ...]
    answer: int
    points: tuple[Point, ...]
    boxes: tuple[Box, ...]
    slices: tuple[tuple[str, str], ...]
    depth_maps: tuple[str, ...]


def parse_line(raw: bytes, place: Place, *, readout: str, markers: str) -> PackLine:
    """Read one line.

    Args:
        raw: the line as it is in the file.
        place: the file and the line's number.
        readout: the task's; it decides which images and points an item needs.
        markers: the task's, likewise.

    Raises:
        PackError: naming the field, what was given and what was expected.
    """
    fields = Fields(_parse(raw, place), place, required=_REQUIRED, optional=_OPTIONAL)
    images = fields.texts("images")
    options = fields.texts("options")
    if not 2 <= len(options) <= MAX_OPTIONS:
        raise fields.wrong("options", f"2 to {MAX_OPTIONS} options")
    if twice := [text for text, times in Counter(options).items() if times > 1]:
        raise place.error("options", f"{shown(twice[0])} more than once", "different options")
    line = PackLine(
        place=place,
        id=fields.text("id"),
        images=images,
        clean_images=fields.texts("clean_images") if "clean_images" in fields else None,
        question=fields.text("question"),
        options=options,
        answer=fields.index("answer", len(options), "options"),
        points=tuple(
            _point(record, place, f"points[{i}].", len(images))
            for i, record in enumerate(fields.objects("points"))
        ),
        boxes=tuple(
            _box(record, place, f"boxes[{i}].", len(images))
            for i, record in enumerate(fields.objects("boxes"))
        ),
        slices=fields.labels("slices"),
        depth_maps=fields.texts("depth_maps") if "depth_maps" in fields else (),
    )
    check_labels(line, readout)
    _check_markers(line, markers)
    check_image_count(line, readout)
    return line


def _parse(raw: bytes, place: Place) -> object:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        record = dict(pairs)
        if len(record) < len(pairs):
            name = next(n for n, times in Counter(n for n, _ in pairs).items() if times > 1)
            raise place.error(name, "the field twice in one object", "it once")
        return record

    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=once)
    except PackError:
        raise
    except (ValueError, RecursionError) as error:  # ValueError: not UTF-8, not JSON, huge numbers
        given = f"a line that is not valid JSON in UTF-8 ({error})"
        raise place.error(None, given, "one JSON object on each line") from error


def _point(record: object, place: Place, prefix: str, images: int) -> Point:
    fields = Fields(record, place, required=("image", "x", "y", "label"), prefix=prefix)
    return Point(
        image=fields.index("image", images, "images"),
        x=fields.number("x"),
        y=fields.number("y"),
        label=fields.text("label"),
    )


def _box(record: object, place: Place, prefix: str, images: int) -> Box:
    required = ("image", "x0", "y0", "x1", "y1", "label")
    fields = Fields(record, place, required=required, optional=("colour",), prefix=prefix)
    box = Box(
        image=fields.index("image", images, "images"),
        x0=fields.number("x0"),
        y0=fields.number("y0"),
        x1=fields.number("x1"),
        y1=fields.number("y1"),
        label=fields.text("label"),
        colour=_colour(fields) if "colour" in fields else "",
    )
    for low, high, least in (("x0", "x1", box.x0), ("y0", "y1", box.y0)):
        if not least < fields.number(high):
            raise fields.wrong(high, f"more than {low}, which is {least:g}")
    return box


def _colour(fields: Fields) -> str:
    colour = fields.text("colour")
    try:
        MarkerStyle(colour=colour)
    except ValueError:
        raise fields.wrong("colour", "'#rrggbb' or the name of a colour") from None
    return colour


def check_labels(line: PackLine, readout: str) -> None:
    """Be sure that points and boxes are labelled as a readout needs them.

    Raises:
        PackError: they are not.
    """
    letters = [letter(i) for i in range(len(line.options))]
    marks = [("points", i, p.label) for i, p in enumerate(line.points)]
    marks += [("boxes", i, b.label) for i, b in enumerate(line.boxes)]
    known = f"{REFERENCE} or an option's letter ({letters[0]} to {letters[-1]})"
    seen: set[str] = set()
    for name, index, label in marks:
        field = f"{name}[{index}].label"
        if label not in letters and label != REFERENCE:
            raise line.place.error(field, shown(label), known)
        if label in seen:
            raise line.place.error(field, f"{shown(label)} a second time", "each label once")
        seen.add(label)
    missing = [label for label in letters if label not in seen]
    if readout == "nearest_patch":
        if line.boxes:
            raise line.place.error("boxes", f"{len(line.boxes)} boxes", "points for nearest_patch")
        missing = [label for label in (REFERENCE, *letters) if label not in seen]
        if missing:
            given = f"no point labelled {', '.join(missing)}"
            expected = f"a point {REFERENCE} and one per option for readout nearest_patch"
            raise line.place.error("points", given, expected)
    elif readout in ("depth", "linear") and marks and missing:
        given = f"no point or box labelled {', '.join(missing)}"
        raise line.place.error("points", given, f"one per option for readout {readout}, or none")


def _check_markers(line: PackLine, markers: str) -> None:
    if markers == "draw" and not line.points and not line.boxes:
        expected = 'something to draw, because task.toml has markers = "draw"'
        raise line.place.error("points", "neither points nor boxes", expected)
    if line.clean_images is None:
        return
    if markers != "burned":
        expected = f'none unless task.toml has markers = "burned" (it has "{markers}")'
        raise line.place.error("clean_images", f"{len(line.clean_images)} images", expected)
    if len(line.clean_images) != len(line.images):
        given = f"{len(line.clean_images)} images"
        raise line.place.error("clean_images", given, f"{len(line.images)}, one per image")


def check_image_count(line: PackLine, readout: str) -> None:
    """Be sure that there are as many images and depth maps as a readout needs.

    Raises:
        PackError: there are not.
    """
    if line.depth_maps and len(line.depth_maps) != len(line.images):
        given = f"{len(line.depth_maps)} depth maps"
        raise line.place.error("depth_maps", given, f"{len(line.images)}, one per image")
    given, options = f"{len(line.images)} images", len(line.options)
    if readout == "oddity" and len(line.images) != options:
        expected = f"{options}, one per option for readout oddity"
        raise line.place.error("images", given, expected)
    if readout in ("gram", "pooled") and len(line.images) != options + 1:
        expected = f"{options + 1}, a reference and one per option for readout {readout}"
        raise line.place.error("images", given, expected)
