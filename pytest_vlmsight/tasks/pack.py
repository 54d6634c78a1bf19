"""A task folder: task.toml, items.jsonl and images/, written by a user or by ``packing.py``.

Loading checks the structure of every line and opens no image, so that collection stays quick.
Making items reads the files of the items asked for (their headers and hashes, not their pixels).
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .fields import Fields
from .item import READOUTS, Box, DepthMap, Item, Picture, Point, Task
from .markers import DEFAULT_MARKERS, Markers
from .pack_error import PackError, Place, shown
from .pack_line import PackLine, parse_line
from .picture_file import PictureFiles
from .seeded import seeded_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MANIFEST = "task.toml"
ITEMS = "items.jsonl"
MARKERS = ("draw", "none", "burned")

_KEYS = ("name", "version", "readout", "markers", "source", "licence")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9][A-Za-z0-9_.-]*)*")
"""What a task may be called."""


def load_task(folder: Path, *, markers: Markers = DEFAULT_MARKERS) -> Task:
    """Read a task folder.

    Args:
        folder: holds task.toml and items.jsonl.
        markers: draws them where task.toml says ``markers = "draw"``.

    Raises:
        PackError: a file is missing or wrong, naming file, line and field. What is wrong with
            an image is told by the task's ``make_items``.
    """
    manifest_path, items_path = folder / MANIFEST, folder / ITEMS
    manifest, items = _read(manifest_path), _read(items_path)
    fields = _manifest(manifest, Place(manifest_path))
    name = fields.text("name")
    if not NAME.fullmatch(name):
        raise fields.wrong("name", "letters, digits, '_', '-', '.', in parts separated by '/'")
    readout = fields.choice("readout", READOUTS)
    drawn = fields.choice("markers", MARKERS)
    lines = _lines(items, items_path, readout=readout, markers=drawn)
    return Task(
        name=name,
        version=fields.text("version"),
        readout=readout,
        source=fields.text("source"),
        licence=fields.text("licence"),
        make_items=_PackItems(folder, lines, markers if drawn == "draw" else None),
        available=len(lines),
        folder=folder,
        fingerprint=hashlib.sha256(manifest + b"\0" + items).hexdigest(),
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        given = f"a file that cannot be read ({error.strerror})"
        expected = f"a task folder with {MANIFEST} and {ITEMS}"
        raise Place(path).error(None, given, expected) from error


def _manifest(data: bytes, place: Place) -> Fields:
    try:
        record = tomllib.loads(data.decode("utf-8"))
    except ValueError as error:  # not UTF-8, or not TOML
        raise place.error(None, f"a file that is not valid TOML ({error})", "TOML") from error
    return Fields(record, place, required=_KEYS)


def _lines(data: bytes, path: Path, *, readout: str, markers: str) -> tuple[PackLine, ...]:
    lines: list[PackLine] = []
    first: dict[str, int] = {}
    # Not splitlines(): JSON strings may hold the other characters that it splits at.
    for number, raw in enumerate(data.split(b"\n"), start=1):
        if not raw.strip():
            continue
        line = parse_line(raw, Place(path, number), readout=readout, markers=markers)
        if line.id in first:
            given = f"{shown(line.id)}, which line {first[line.id]} has too"
            raise line.place.error("id", given, "a different id on every line")
        first[line.id] = number
        lines.append(line)
    if not lines:
        raise Place(path).error(None, "a file without items", "one JSON object on each line")
    return tuple(lines)


@dataclass(frozen=True, slots=True)
class _PackItems:
    """Makes the items of a folder's lines; picklable, so that tasks can travel to workers."""

    folder: Path
    lines: tuple[PackLine, ...]
    draw: Markers | None

    def __call__(self, n: int, seed: int) -> list[Item]:
        files = PictureFiles(self.folder)
        order = seeded_order(len(self.lines), "pack", seed)[: max(n, 0)]
        return [self._item(self.lines[index], files) for index in order]

    def _item(self, line: PackLine, files: PictureFiles) -> Item:
        images = _pictures(line, "images", line.images, files)
        clean_images = images
        if line.clean_images is not None:
            clean_images = _pictures(line, "clean_images", line.clean_images, files)
            _check_sizes(line, "clean_images", clean_images, images)
        depth_maps = tuple(
            files.depth_map(name, line.place, f"depth_maps[{i}]")
            for i, name in enumerate(line.depth_maps)
        )
        if depth_maps:
            _check_sizes(line, "depth_maps", depth_maps, images)
        for i, point in enumerate(line.points):
            check_inside(line.place, f"points[{i}]", point, images)
        for i, box in enumerate(line.boxes):
            check_inside(line.place, f"boxes[{i}]", box, images)
        item = Item(
            name=line.id,
            images=images,
            clean_images=clean_images,
            question=line.question,
            options=line.options,
            answer=line.answer,
            points=line.points,
            boxes=line.boxes,
            slices=line.slices,
            depth_maps=depth_maps,
        )
        if self.draw is None:
            return item
        draw = self.draw.for_item(line.id, marks=(*line.points, *line.boxes))
        drawn = draw.paint_all(clean_images, points=line.points, boxes=line.boxes)
        return replace(item, images=drawn, draw=draw, slices=item.slices + draw.slices)


def _pictures(
    line: PackLine, field: str, names: tuple[str, ...], files: PictureFiles
) -> tuple[Picture, ...]:
    return tuple(files.picture(n, line.place, f"{field}[{i}]") for i, n in enumerate(names))


def _check_sizes(
    line: PackLine, field: str, others: Sequence[Picture | DepthMap], images: Sequence[Picture]
) -> None:
    for i, (other, image) in enumerate(zip(others, images, strict=True)):
        if other.size != image.size:
            expected = f"the size of images[{i}], {_px(image)}"
            raise line.place.error(f"{field}[{i}]", f"an image of {_px(other)}", expected)


def check_inside(place: Place, field: str, mark: Point | Box, images: Sequence[Picture]) -> None:
    """Be sure that a point or box is inside its image.

    Raises:
        PackError: it is not.
    """
    picture = images[mark.image]
    width, height = picture.size
    if isinstance(mark, Point):
        wrong = [
            (name, value, f"0 or more and less than {limit}")
            for name, value, limit in (("x", mark.x, width), ("y", mark.y, height))
            if not 0 <= value < limit
        ]
    else:
        across = (("x0", mark.x0, width), ("x1", mark.x1, width))
        down = (("y0", mark.y0, height), ("y1", mark.y1, height))
        wrong = [
            (name, value, f"0 to {limit}")
            for name, value, limit in (*across, *down)
            if not 0 <= value <= limit
        ]
    for name, value, bounds in wrong:
        expected = f"{bounds}, inside image {mark.image} of {_px(picture)}"
        raise place.error(f"{field}.{name}", f"{value:g}", expected)


def _px(picture: Picture | DepthMap) -> str:
    return f"{picture.size[0]} × {picture.size[1]} px"


__all__ = ["ITEMS", "MANIFEST", "MARKERS", "PackError", "load_task"]
