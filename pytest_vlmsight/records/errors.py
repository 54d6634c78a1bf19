"""What is wrong with a record, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class RecordError(ValueError):
    """A record that cannot be read, written or used; the message says what to do."""


def unwritable(path: Path, error: OSError) -> RecordError:
    """What is said where a file could not be written whole."""
    told = error.strerror or error
    return RecordError(f"{path} cannot be written: {told}; nothing there was changed")
