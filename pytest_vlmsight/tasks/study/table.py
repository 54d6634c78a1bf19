"""Tables of the hub: parquet files, read a part at a time, with their columns checked first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .errors import Where
from .extra import require
from .rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .access import Files

_BATCH = 64
"""Rows that are decoded at a time: images are large."""

TEXT, TEXTS, NUMBER, PICTURE, PICTURES, ANY = (
    "a text",
    "a list of texts",
    "a number",
    "an image (bytes and path)",
    "a list of images",
    "anything",
)
"""What a column may hold."""


@dataclass(frozen=True)
class Table:
    """The rows of parquet files, one after another.

    Attributes:
        files: where they lie.
        columns: name → what it holds.
        optional: names of those that may be missing.
    """

    files: Files
    columns: Mapping[str, str]
    optional: frozenset[str] = frozenset()

    @cached_property
    def _opened(self) -> list[tuple[str, Any]]:
        """Name and opened file of each, whose columns are as expected."""
        require("pyarrow", what=f"data set {self.files.data.key}")
        from pyarrow import ArrowException, parquet

        opened = []
        for path in self.files.paths:
            name = f"{self.files.data.key}/{path.relative_to(self.files.folder).as_posix()}"
            try:
                file = parquet.ParquetFile(path)
            except (ArrowException, OSError) as error:
                first = str(error).splitlines()[0]
                raise Where(name).error(
                    "", f"a file that does not open ({first})", "a whole parquet file"
                ) from error
            self._check(file.schema_arrow, Where(name))
            opened.append((name, file))
        return opened

    def _check(self, schema: Any, where: Where) -> None:
        for column, kind in self.columns.items():
            if column not in schema.names:
                if column in self.optional:
                    continue
                names = ", ".join(map(repr, schema.names))
                raise where.error(column, f"no such column, but {names}", kind)
            found = schema.field(column).type
            if not _holds(found, kind):
                raise where.error(column, f"a column of type {found}", kind)

    def __len__(self) -> int:
        return sum(file.metadata.num_rows for _, file in self._opened)

    @cached_property
    def _pictured(self) -> frozenset[str]:
        return frozenset(c for c, kind in self.columns.items() if kind in (PICTURE, PICTURES))

    def classes(self, column: str) -> tuple[str, ...]:
        """The names of a column's classes, which the hub's tables hold; none where they do not."""
        _, file = self._opened[0]
        try:
            told = json.loads((file.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
            names = told["info"]["features"][column]["names"]
            return tuple(map(str, names))
        except (ValueError, KeyError, TypeError):
            return ()

    @cached_property
    def plain(self) -> list[Row]:
        """All rows, without their images."""
        wanted = [column for column in self.columns if column not in self._pictured]
        return [row for _, row in self._rows(wanted)]

    def whole(self, numbers: Sequence[int]) -> dict[int, Row]:
        """Some rows, with their images, by their numbers."""
        wanted = set(numbers)
        return dict(self._rows(list(self.columns), only=wanted))

    def _rows(
        self, columns: Sequence[str], *, only: set[int] | None = None
    ) -> Iterator[tuple[int, Row]]:
        start = 0
        for name, file in self._opened:
            there = [column for column in columns if column in file.schema_arrow.names]
            for group in range(file.metadata.num_row_groups):
                count = file.metadata.row_group(group).num_rows
                here = range(start, start + count)
                if only is None or not only.isdisjoint(here):
                    yield from self._of_group(name, file, group, there, start, only)
                start += count

    def _of_group(
        self,
        name: str,
        file: Any,
        group: int,
        columns: list[str],
        start: int,
        only: set[int] | None,
    ) -> Iterator[tuple[int, Row]]:
        from pyarrow import ArrowException

        index = start
        try:
            for batch in file.iter_batches(_BATCH, row_groups=[group], columns=columns):
                for offset in range(batch.num_rows):
                    if only is None or index in only:
                        values = batch.slice(offset, 1).to_pylist()[0]
                        yield index, Row(values, Where(name, index))
                    index += 1
        except (ArrowException, OSError) as error:
            first = str(error).splitlines()[0]
            raise Where(name).error(
                "", f"rows that cannot be read ({first})", "a whole parquet file"
            ) from error


def _holds(found: Any, kind: str) -> bool:
    from pyarrow import types

    def is_list(of: Any) -> bool:
        return bool(types.is_list(of) or types.is_large_list(of))

    def is_text(of: Any) -> bool:
        return bool(types.is_string(of) or types.is_large_string(of))

    def is_picture(of: Any) -> bool:
        if types.is_struct(of):
            return any(part.name == "bytes" and is_picture(part.type) for part in of)
        return bool(types.is_binary(of) or types.is_large_binary(of))

    if kind == TEXT:
        return is_text(found)
    if kind == TEXTS:
        return is_list(found) and is_text(found.value_type)
    if kind == NUMBER:
        return bool(types.is_integer(found) or types.is_floating(found))
    if kind == PICTURE:
        # A column without any value has no type.
        return is_picture(found) or bool(types.is_null(found))
    if kind == PICTURES:
        return is_list(found) and is_picture(found.value_type)
    return True
