"""What is wrong with a public data set, and where in it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_vlmsight.tasks.generated import GenerationError
from pytest_vlmsight.tasks.pack_error import shown


class StudyError(GenerationError):
    """Items of a public data set cannot be made; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a data set that errors are reported against.

    Attributes:
        file: as the data set names it.
        row: counted from 0; None where the whole file is meant.
        kind: what its parts are called: column, field or member.
    """

    file: str
    row: int | str | None = None
    kind: str = "column"

    def at(self, row: int | str) -> Where:
        """A row of it."""
        return Where(self.file, row, self.kind)

    def wrong(self, name: str, value: object, expected: str) -> StudyError:
        """The error for a value that is not as expected."""
        return self.error(name, shown(value), expected)

    def error(self, name: str, given: str, expected: str) -> StudyError:
        """The error that names the column, what was found and what was expected.

        Args:
            name: of the column; empty where none is meant.
            given: what was found there.
            expected: what a right value looks like.
        """
        row = "" if self.row is None else f", row {self.row}"
        part = f"{self.kind} '{name}': " if name else ""
        return StudyError(f"{self.file}{row}: {part}got {given}; expected {expected}")
