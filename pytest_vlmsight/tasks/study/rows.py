"""One row of a table, or object of a JSON file, whose errors name the column."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import letter
from pytest_vlmsight.tasks.pack_error import PackError, Place, shown
from pytest_vlmsight.tasks.picture_file import picture_of

from .errors import StudyError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.tasks.item import Picture

_ANSWER = re.compile(r"\(?([A-Za-z])\)?\.?")

HIDDEN = "hidden"
"""What BLINK has for the answers of its test split."""


@dataclass(frozen=True, slots=True)
class Row:
    """Values by their names.

    Attributes:
        values: as they were read; names that nobody asks for may be there.
        where: the row, for errors.
    """

    values: Mapping[str, object]
    where: Where

    def _value(self, name: str, expected: str) -> object:
        if name not in self.values:
            given = f"nothing (there are {', '.join(map(repr, sorted(self.values))) or 'none'})"
            raise self.where.error(name, given, expected)
        return self.values[name]

    def text(self, name: str) -> str:
        """A string with something in it."""
        value = self._value(name, "a text")
        if not isinstance(value, str) or not value.strip():
            raise self.where.wrong(name, value, "a non-empty text")
        return value.strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Two or more different non-empty strings."""
        value = self._value(name, "a list of texts")
        if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
            raise self.where.wrong(name, value, "a list of non-empty texts")
        found = tuple(text.strip() for text in value)
        if not 2 <= len(set(found)) == len(found) <= 26:
            raise self.where.wrong(name, value, "2 to 26 different texts")
        return found

    def whole(self, name: str, *, least: int = 0) -> int:
        """A whole number."""
        value = self._value(name, "a whole number")
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.where.wrong(name, value, f"a whole number of at least {least}")
        return value

    def number(self, name: str) -> float:
        """A finite number."""
        return self._finite(name, self._value(name, "a number"))

    def numbers(self, name: str, count: int) -> tuple[float, ...]:
        """A list of so many finite numbers."""
        return self.all_finite(name, self._value(name, f"{count} numbers"), count)

    def all_finite(self, name: str, value: object, count: int) -> tuple[float, ...]:
        """So many finite numbers, of a value that stands somewhere in a column."""
        if not isinstance(value, list | tuple) or len(value) < count:
            raise self.where.wrong(name, value, f"a list of {count} numbers")
        return tuple(self._finite(name, part) for part in value[:count])

    def _finite(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.where.wrong(name, value, "a finite number")
        if not math.isfinite(value):
            raise self.where.wrong(name, value, "a finite number")
        return float(value)

    def answer(self, name: str, options: int) -> int:
        """The index that a letter stands for: "(A)", "A" or "(a)" is 0."""
        value = self._value(name, "the letter of an option, such as '(A)'")
        if isinstance(value, str) and value.strip().lower() == HIDDEN:
            raise self.where.wrong(name, value, "an answer: those of the test split are hidden")
        match = _ANSWER.fullmatch(value.strip()) if isinstance(value, str) else None
        index = ord(match[1].upper()) - ord("A") if match else options
        if index >= options:
            last = letter(options - 1)
            raise self.where.wrong(name, value, f"the letter of an option, '(A)' to '({last})'")
        return index

    def picture(self, name: str) -> Picture:
        """An encoded image, as the hub's tables have it: bytes, and a path that is only a name."""
        return self._picture(name, self._value(name, "an image"))

    def optional_picture(self, name: str) -> Picture | None:
        """Likewise; None where the row has none."""
        value = self.values.get(name)
        return None if value is None else self._picture(name, value)

    def pictures(self, name: str, *, least: int) -> tuple[Picture, ...]:
        """A list of encoded images."""
        value = self._value(name, "a list of images")
        if not isinstance(value, list) or len(value) < least:
            given = f"{len(value)} images" if isinstance(value, list) else shown(value)
            raise self.where.error(name, given, f"a list of {least} or more images")
        return tuple(self._picture(f"{name}[{i}]", one) for i, one in enumerate(value))

    def _picture(self, name: str, value: object) -> Picture:
        data = value.get("bytes") if isinstance(value, dict) else value
        if not isinstance(data, bytes):
            given = "no bytes" if isinstance(value, dict) else shown(value)
            raise self.where.error(name, given, "an image that the table holds itself")
        try:
            return picture_of(data, f"{self.where.file} {name}", Place(Path(self.where.file)), name)
        except PackError as error:
            raise StudyError(str(error)) from error
