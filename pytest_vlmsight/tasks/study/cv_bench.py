"""CV-Bench: questions about boxed objects, in two tables.

A row has ``task`` (Depth, Distance, Relation or Count), ``image``, ``question``, ``choices``,
``answer`` ("(A)"), ``source`` and ``bbox``. The boxes are drawn in the image in colours that the
question names; which of ``bbox`` has which colour is found in the pixels (``drawn_boxes.py``).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import REFERENCE, Box, Item, letter

from .drawn_boxes import CHANNELS, drawn_as
from .errors import Where
from .source import LeftOut, Source, shuffled
from .table import ANY, NUMBER, PICTURE, TEXT, TEXTS, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Picture

    from .access import Files
    from .drawn_boxes import Corners
    from .rows import Row

_TABLES = {"Depth": "3d", "Distance": "3d", "Relation": "2d", "Count": "2d"}

_BOXED = {"Depth": 2, "Distance": 3}
"""Part → boxed objects of an item, whose features a readout compares."""

_COMPARED = ""
"""Stands for what the options are compared with."""

_HIGHLIGHTED = re.compile(r"([^(),?]+) \((?:highlighted|annotated) by (?:a|the) (\w+) box\)")


def patterns(part: str) -> tuple[str, ...]:
    """The files of a part: one table, or a folder of the configuration's name."""
    size = _TABLES[part]
    return (f"test_{size}.parquet", f"{size.upper()}/test*.parquet")


def open_source(files: Files, *, part: str, canvas: Canvas) -> _CvBench:  # noqa: ARG001 - as all
    """The items of a part; nothing is drawn on them.

    Raises:
        StudyError: a column is missing or holds something else.
    """
    columns = {"idx": NUMBER, "task": TEXT, "image": PICTURE, "question": TEXT, "choices": TEXTS}
    columns |= {"answer": TEXT, "source": TEXT, **({"bbox": ANY} if part in _BOXED else {})}
    return _CvBench(Table(files, columns), part)


@dataclass(frozen=True)
class _CvBench(Source):
    table: Table
    part: str

    @property
    def told(self) -> str:
        return self.table.files.told

    @cached_property
    def _numbers(self) -> list[int]:
        """Rows of the part."""
        plain = self.table.plain
        numbers = [i for i, row in enumerate(plain) if row.text("task") == self.part]
        if not numbers:
            found = sorted({row.text("task") for row in plain})
            where = plain[0].where.file if plain else self.table.files.data.key
            raise Where(where).error("task", f"{', '.join(found) or 'no rows'}", self.part)
        return numbers

    def order(self, seed: int) -> list[int]:
        return [self._numbers[index] for index in shuffled(len(self._numbers), seed)]

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        rows = self.table.whole(numbers)
        return [self._item(rows[number]) for number in numbers]

    def _item(self, row: Row) -> Item | LeftOut:
        name, options = f"{self.part} {row.whole('idx')}", row.texts("choices")
        answer, picture = row.answer("answer", len(options)), row.picture("image")
        question = row.text("question")
        boxes: tuple[Box, ...] | str = ()
        if self.part in _BOXED:
            boxes = _boxes(row, picture, question, options)
        if isinstance(boxes, str):
            return LeftOut(name, boxes)
        return Item(
            name=name,
            images=(picture,),
            clean_images=(picture,),
            question=question,
            options=options,
            answer=answer,
            boxes=boxes,
            slices=(("source", row.text("source")),),
        )


def _boxes(
    row: Row, picture: Picture, question: str, options: Sequence[str]
) -> tuple[Box, ...] | str:
    """The boxes of the options, and of what they are compared with, or why they are not certain."""
    named = _named(question, options)
    if isinstance(named, str):
        return named
    import numpy as np

    found = drawn_as(np.asarray(picture.load()), _places(row, len(named)), list(named.values()))
    if isinstance(found, str):
        return found
    labels = {letter(index): option for index, option in enumerate(options)}
    if _COMPARED in named:
        labels = {REFERENCE: _COMPARED, **labels}
    boxes = []
    for label, option in labels.items():
        x0, y0, x1, y1 = found[named[option]]
        boxes.append(Box(image=0, x0=x0, y0=y0, x1=x1, y1=y1, label=label))
    return tuple(boxes)


def _named(question: str, options: Sequence[str]) -> dict[str, str] | str:
    """Option → the colour that the question gives its box; what they are compared with, likewise.

    In "closer to the desk (highlighted by a red box), the shelves (highlighted by a blue box) or
    …" the desk is no option.
    """
    told = _HIGHLIGHTED.findall(question)
    colours = [colour for _, colour in told]
    if not colours or len(set(colours)) < len(colours) or not set(colours) <= set(CHANNELS):
        return f"the question names boxes by {', '.join(colours) or 'no colour'}"
    # What is compared comes last: "closer to the lamp, the lamp or the chair" names two lamps.
    last = told[len(told) - len(options) :]
    if not 0 <= len(told) - len(options) <= 1 or not all(
        f" {before}".endswith(f" {option}")
        for (before, _), option in zip(last, options, strict=False)
    ):
        return "the question does not tell the boxes of its options"
    found = {option: colour for (_, colour), option in zip(last, options, strict=True)}
    if len(told) > len(options):
        found[_COMPARED] = told[0][1]
    return found


def _places(row: Row, count: int) -> list[Corners]:
    """The corners of each box, from lists or from the text of lists."""
    value = row.values.get("bbox")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise row.where.wrong("bbox", value, "a list of boxes") from error
    if not isinstance(value, list) or len(value) != count:
        raise row.where.wrong("bbox", value, f"a list of {count} boxes")
    places = []
    for box in value:
        x0, y0, x1, y1 = row.all_finite("bbox", box, 4)
        places.append((x0, y0, x1, y1))
    return places
