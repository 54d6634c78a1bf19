"""Calls of other packages whose many ways of failing become one error in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import ModelError
from .extras import advice_on

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .names import ModelName

_LENGTH = 600
"""Characters of another package's message; some go on for pages."""


def attempt(
    name: ModelName, what: str, call: Callable[..., Any], arguments: Mapping[str, Any]
) -> Any:
    """What a call returns.

    Args:
        name: of the model or adapter; its source is the first argument.
        what: is loaded.
        call: of transformers or peft.
        arguments: further ones, by name.

    Raises:
        ModelError: it fails; with its first words, or the extra that installs what it lacks.
    """
    try:
        return call(name.source, **arguments)
    except Exception as error:
        where = "folder" if name.local else "hub id"
        revision = f" at revision {name.revision}" if name.revision else ""
        failed = f"cannot load {what} of {name.shown} ({where} {name.source}{revision})"
        if isinstance(error, ImportError | ValueError):
            # A folder may be called as a package is.
            needed = advice_on(str(error).replace(name.source, ""))
            if needed:
                raise ModelError(f"{failed}: it needs {needed}") from error
        raise ModelError(f"{failed}: {words_of(error)}") from error


def words_of(error: BaseException) -> str:
    """The first words of an error, in one line."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return " ".join(lines)[:_LENGTH] or type(error).__name__
