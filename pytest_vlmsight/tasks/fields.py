"""Typed reading of a JSON or TOML object whose errors name the field."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING

from .pack_error import PackError, Place, shown

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fields:
    """An object with a known set of fields.

    Args:
        record: the parsed object.
        place: the file and line it was read from.
        required: fields that must be there.
        optional: fields that may be there.
        prefix: the path to this object, such as ``points[2].``.

    Raises:
        PackError: ``record`` is not an object, lacks a field or has an unknown one.
    """

    def __init__(
        self,
        record: object,
        place: Place,
        *,
        required: Iterable[str],
        optional: Iterable[str] = (),
        prefix: str = "",
    ) -> None:
        self._place = place
        self._prefix = prefix
        required = tuple(required)
        known = (*required, *optional)
        if not isinstance(record, dict):
            whole = prefix.rstrip(".") or None
            raise place.error(whole, shown(record), f"an object with {_listed(required)}")
        self._record: dict[str, object] = record
        for name in record:
            if name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f" (did you mean '{close[0]}'?)" if close else ""
                given = f"an unknown field {shown(name)}{hint}"
                raise self._error(name, given, f"only {_listed(known)}")
        for name in required:
            if name not in record:
                raise self._error(name, "nothing", f"all of {_listed(required)}")

    def __contains__(self, name: str) -> bool:
        return name in self._record

    def _error(self, name: str, given: str, expected: str) -> PackError:
        return self._place.error(ascii(self._prefix + name)[1:-1], given, expected)

    def wrong(self, name: str, expected: str) -> PackError:
        """The error for a field whose value is not as expected."""
        return self._error(name, shown(self._record[name]), expected)

    def text(self, name: str) -> str:
        """A string with something in it."""
        value = self._record[name]
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(name, "a non-empty string")
        return value

    def choice(self, name: str, choices: Iterable[str]) -> str:
        """One of the given strings."""
        value = self._record[name]
        choices = tuple(choices)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(name, f"one of {_listed(choices)}")
        return value

    def number(self, name: str) -> float:
        """A finite number."""
        value = self._record[name]
        try:
            if isinstance(value, int | float) and not isinstance(value, bool):
                number = float(value)
                if math.isfinite(number):
                    return number
        except OverflowError:
            pass
        raise self.wrong(name, "a finite number")

    def index(self, name: str, count: int, of: str) -> int:
        """A whole number in ``range(count)``; ``of`` says of what."""
        value = self._record[name]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < count:
            raise self.wrong(name, f"the index of one of the {count} {of} (0 to {count - 1})")
        return value

    def objects(self, name: str) -> list[object]:
        """A list, empty where the field is absent."""
        value = self._record.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of one or more non-empty strings."""
        value = self._record[name]
        if not isinstance(value, list) or not value:
            raise self.wrong(name, "a list of non-empty strings")
        for position, text in enumerate(value):
            if not isinstance(text, str) or not text.strip():
                raise self._error(f"{name}[{position}]", shown(text), "a non-empty string")
        return tuple(value)

    def labels(self, name: str) -> tuple[tuple[str, str], ...]:
        """An object of strings as sorted (name, value) pairs, empty where absent."""
        value = self._record.get(name, {})
        if not isinstance(value, dict):
            raise self.wrong(name, "an object of strings")
        for key, label in value.items():
            if not isinstance(label, str):
                raise self._error(f"{name}.{key}", shown(label), "a string")
        return tuple(sorted(value.items()))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
