"""BLINK's validation split: the answers of its test split are hidden.

A row has ``prompt`` with the options inside, ``choices``, ``answer`` ("(A)") and up to four
images, the rest of which are None. Its markers are burned into the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import REFERENCE, Item, letter

from .marked import burned_points
from .source import LeftOut, Source, shuffled
from .table import PICTURE, TEXT, TEXTS, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Picture, Point

    from .access import Files
    from .rows import Row

_IMAGES = ("image_1", "image_2", "image_3", "image_4")

_PICTURES = {
    "Art_Style": 3,
    "Functional_Correspondence": 2,
    "Relative_Depth": 1,
    "Semantic_Correspondence": 2,
    "Visual_Correspondence": 2,
}
"""Part → images of an item."""

_MATCHING = frozenset(part for part, images in _PICTURES.items() if images == 2)
_POINTED = _MATCHING | {"Relative_Depth"}


def patterns(part: str) -> tuple[str, ...]:
    """The files of a part."""
    return (f"{part}/val-*.parquet",)


def open_source(files: Files, *, part: str, canvas: Canvas) -> _Blink:  # noqa: ARG001 - as all
    """The items of a part; nothing is drawn on them.

    Raises:
        StudyError: a column is missing or holds something else.
    """
    columns = {"idx": TEXT, "question": TEXT, "prompt": TEXT, "choices": TEXTS, "answer": TEXT}
    columns |= dict.fromkeys(_IMAGES, PICTURE)
    needed = _IMAGES[: _PICTURES[part]]
    optional = frozenset(name for name in _IMAGES if name not in needed)
    return _Blink(Table(files, columns, optional), part)


@dataclass(frozen=True)
class _Blink(Source):
    table: Table
    part: str

    @property
    def told(self) -> str:
        return self.table.files.told

    def order(self, seed: int) -> list[int]:
        return shuffled(len(self.table), seed)

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        rows = self.table.whole(numbers)
        return [self._item(rows[number]) for number in numbers]

    def _item(self, row: Row) -> Item | LeftOut:
        name, options = row.text("idx"), row.texts("choices")
        answer = row.answer("answer", len(options))
        pictures = self._pictures(row, len(options))
        points = self._points(pictures, len(options))
        if isinstance(points, str):
            return LeftOut(name, points)
        return Item(
            name=name,
            images=pictures,
            clean_images=pictures,
            question=question_of(row.text("prompt"), options) or row.text("question"),
            options=options,
            answer=answer,
            points=points,
        )

    def _pictures(self, row: Row, options: int) -> tuple[Picture, ...]:
        there = [row.optional_picture(name) for name in _IMAGES]
        pictures = tuple(picture for picture in there if picture is not None)
        expected = _PICTURES[self.part]
        if there[: len(pictures)] != list(pictures) or len(pictures) != expected:
            given = ", ".join(
                name for name, one in zip(_IMAGES, there, strict=True) if one is not None
            )
            raise row.where.error(
                _IMAGES[0], f"images in {given or 'no column'}", f"{expected}, the others None"
            )
        if self.part == "Art_Style" and options != expected - 1:
            raise row.where.error("choices", f"{options} options", f"{expected - 1}")
        return pictures

    def _points(self, pictures: Sequence[Picture], options: int) -> tuple[Point, ...] | str:
        if self.part not in _POINTED:
            return ()
        letters = [letter(index) for index in range(options)]
        return burned_points(
            pictures, [[REFERENCE], letters] if self.part in _MATCHING else [letters]
        )


def question_of(prompt: str, options: Sequence[str]) -> str:
    """The question of a prompt that goes on with its options; empty where it does not.

    >>> question_of("Which is closer? (A) the cat (B) the dog", ("the cat", "the dog"))
    'Which is closer?'
    """
    end = len(prompt)
    for index in reversed(range(len(options))):
        start = prompt.rfind(f"({letter(index)})", 0, end)
        if start < 0 or prompt[start + 3 : end].strip() != options[index]:
            return ""
        end = start
    return prompt[:end].strip()
