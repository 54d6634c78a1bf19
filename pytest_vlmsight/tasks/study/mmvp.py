"""MMVP: 150 pairs of images that are alike to CLIP, with one question and opposite answers.

A row has ``Index`` (from 1), ``Question``, ``Options`` ("(a) X (b) Y"), ``Correct Answer``
("(a)") and ``image``. Rows 1 and 2 are a pair, 3 and 4, and so on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import Item

from .errors import Where
from .source import Source, shuffled
from .table import NUMBER, PICTURE, TEXT, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas

    from .access import Files
    from .rows import Row
    from .source import LeftOut

_OPTIONS = re.compile(r"\(a\)\s*(.+?)\s*\(b\)\s*(.+?)\s*", re.IGNORECASE | re.DOTALL)


def patterns(part: str) -> tuple[str, ...]:  # noqa: ARG001 - there is one part
    """The files."""
    return ("*train*.parquet",)


def open_source(files: Files, *, part: str, canvas: Canvas) -> _Mmvp:  # noqa: ARG001 - as all
    """All items.

    Raises:
        StudyError: a column is missing or holds something else.
    """
    columns = {"Index": NUMBER, "Question": TEXT, "Options": TEXT, "Correct Answer": TEXT}
    return _Mmvp(Table(files, {**columns, "image": PICTURE}))


@dataclass(frozen=True)
class _Mmvp(Source):
    table: Table

    @property
    def told(self) -> str:
        return self.table.files.told

    @cached_property
    def _pairs(self) -> dict[int, list[int]]:
        """Number of a pair → its rows."""
        pairs: dict[int, list[int]] = {}
        for number, row in enumerate(self.table.plain):
            pairs.setdefault(_pair(row), []).append(number)
        for pair, rows in pairs.items():
            if len(rows) != 2:
                where = Where(self.table.plain[rows[0]].where.file)
                raise where.error("Index", f"{len(rows)} rows of pair {pair}", "two")
        return pairs

    def order(self, seed: int) -> list[int]:
        pairs = sorted(self._pairs)
        return [row for index in shuffled(len(pairs), seed) for row in self._pairs[pairs[index]]]

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        rows = self.table.whole(numbers)
        return [self._item(rows[number]) for number in numbers]

    def _item(self, row: Row) -> Item:
        text = row.text("Options")
        match = _OPTIONS.fullmatch(text)
        if match is None or match[1] == match[2]:
            raise row.where.wrong("Options", text, "'(a) ONE (b) ANOTHER'")
        picture, pair = row.picture("image"), f"pair {_pair(row)}"
        return Item(
            name=f"MMVP {row.whole('Index', least=1)}",
            images=(picture,),
            clean_images=(picture,),
            question=row.text("Question"),
            options=(match[1], match[2]),
            answer=row.answer("Correct Answer", 2),
            slices=(("pair", pair), ("scene", pair)),
        )


def _pair(row: Row) -> int:
    return (row.whole("Index", least=1) + 1) // 2
