"""What is wrong with a task folder, and exactly where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class PackError(ValueError):
    """A task folder that cannot be used.

    Attributes:
        path: the file at fault.
        line: its line, counted from 1; None where the whole file is meant.
        field: the field at fault, such as ``points[2].x``; None where there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Path | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.line = line
        self.field = field


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or a line of it, that errors are reported against."""

    path: Path
    line: int | None = None

    def error(self, field: str | None, given: str, expected: str) -> PackError:
        """The error that says where, what was given and what was expected.

        Args:
            field: the field at fault, or None.
            given: what was found there; values through ``shown``.
            expected: what a right value looks like.
        """
        where = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        at = "" if field is None else f"field '{field}': "
        return PackError(
            f"{where}: {at}got {given}; expected {expected}",
            path=self.path,
            line=self.line,
            field=field,
        )


def shown(value: object) -> str:
    """A value as an error shows it: escaped, with its type, not too long."""
    text = ascii(value)
    if len(text) > 80:
        text = f"{text[:60]} … {text[-15:]}"
    return text if isinstance(value, str) else f"{text} ({type(value).__name__})"
