"""DA-2K: which of two points is closer, in photographs of many kinds.

``annotations.json`` has for each image a list of pairs: ``point1`` and ``point2`` as [row,
column], and ``closer_point``. That is always "point1", so the points are dealt to A and B by a
hash of the pair.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import Item, Point
from pytest_vlmsight.tasks.pack_error import Place
from pytest_vlmsight.tasks.picture_file import PictureFiles

from .errors import Where
from .json_file import read_json
from .rows import Row
from .source import Source, shuffled, with_markers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas

    from .access import Files
    from .source import LeftOut

_POINTS = ("point1", "point2")
_QUESTION = "Two points are marked in the image, A and B. Which point is closer to the camera?"


def patterns(part: str) -> tuple[str, ...]:  # noqa: ARG001 - there is one part
    """The files; images are read by the names in it."""
    return ("*annotations.json", "annotations.json")


def open_source(files: Files, *, part: str, canvas: Canvas) -> _Da2k:  # noqa: ARG001 - as all
    """All items, with markers drawn on them.

    Raises:
        StudyError: the file is not as expected.
    """
    return _Da2k(files, canvas)


@dataclass(frozen=True)
class _Da2k(Source):
    files: Files
    canvas: Canvas

    @property
    def told(self) -> str:
        return self.files.told

    @cached_property
    def _pairs(self) -> list[tuple[str, Row]]:
        """Image and pair, in the file's order."""
        path = self.files.paths[0]
        where = Where(f"{self.files.data.key}/{path.name}", kind="field")
        record = read_json(path, where)
        if not isinstance(record, dict) or not record:
            raise where.wrong("", record, "an object with a list of pairs for each image")
        pairs = []
        for image, listed in record.items():
            if not isinstance(listed, list):
                raise where.at(image).wrong("", listed, "a list of pairs")
            for number, pair in enumerate(listed):
                here = where.at(f"{image} {number}")
                if not isinstance(pair, dict):
                    raise here.wrong("", pair, "an object with point1, point2 and closer_point")
                pairs.append((image, Row(pair, here)))
        return pairs

    def order(self, seed: int) -> list[int]:
        return shuffled(len(self._pairs), seed)

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        pictures = PictureFiles(self.files.paths[0].parent)
        return [self._item(*self._pairs[number], pictures) for number in numbers]

    def _item(self, image: str, pair: Row, pictures: PictureFiles) -> Item:
        closer = pair.text("closer_point")
        if closer not in _POINTS:
            raise pair.where.wrong("closer_point", closer, "'point1' or 'point2'")
        picture = pictures.picture(image, Place(Path(pair.where.file)), image)
        places = {name: self._place(pair, name, picture.size) for name in _POINTS}
        # Not by position in the file: an item stays as it is where others are left out.
        told = json.dumps([image, places], sort_keys=True).encode()
        dealt = _POINTS[:: 1 if hashlib.sha256(told).digest()[0] % 2 else -1]
        points = [
            Point(image=0, x=places[name][0], y=places[name][1], label=label)
            for name, label in zip(dealt, "AB", strict=True)
        ]
        folders = PurePosixPath(image).parts[:-1]
        return with_markers(
            self.canvas,
            name=str(pair.where.row),
            pictures=(picture,),
            question=_QUESTION,
            options=("point A", "point B"),
            answer=dealt.index(closer),
            points=points,
            slices=(("kind", folders[-1] if folders else "none"),),
        )

    def _place(self, pair: Row, name: str, size: tuple[int, int]) -> tuple[float, float]:
        """The middle of the pixel that a row and a column name."""
        row, column = pair.numbers(name, 2)
        width, height = size
        if not (0 <= row < height and 0 <= column < width):
            given = f"row {row:g}, column {column:g}"
            raise pair.where.error(name, given, f"a place inside the image of {width} × {height}")
        return column + 0.5, row + 0.5
