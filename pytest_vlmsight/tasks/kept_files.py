"""The files in which items and their pictures are kept: how many, how large, and out with them."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .item_cache import FOLDER
from .picture_cache import DEPTHS, PICTURES

if TYPE_CHECKING:
    from pathlib import Path

TUNINGS = "tunings"
"""Folder of the cache with what trainings of diagnosis have written down."""

KINDS = {"pictures": PICTURES, "depth maps": DEPTHS, "items": FOLDER, "tunings": TUNINGS}
"""What is kept, and in which folder of the cache."""

# Whatever else lies there is not ours to remove.
_OURS = re.compile(r"[0-9a-f]{64}\.(png|safetensors)|[0-9a-f]{32}--?\d+\.jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of the cache.

    Attributes:
        path: where it is.
        bytes: its size.
        used: seconds since 1970 when it was last read or written.
    """

    path: Path
    bytes: int
    used: float


def kept_files(cache: Path, kind: str) -> list[KeptFile]:
    """All files of a kind, what was not used for the longest time first."""
    folder = cache / KINDS[kind]
    found = []
    for path in (
        *folder.glob("*.jsonl"),
        *folder.glob("*.safetensors"),
        *folder.glob("[0-9a-f][0-9a-f]/*.png"),
    ):
        with suppress(OSError):  # another process removed it
            told = path.stat()
            if _OURS.fullmatch(path.name):
                found.append(KeptFile(path=path, bytes=told.st_size, used=told.st_mtime))
    return sorted(found, key=lambda one: (one.used, one.path))


def remove_files(files: list[KeptFile], *, limit: int | None, days: float | None) -> int:
    """Remove files that were not used in the last days, and others until the rest is in a limit.

    Args:
        files: see ``kept_files``.
        limit: bytes of all; None for no limit.
        days: None for however many.

    Returns:
        Bytes that were removed.
    """
    end = None if days is None else time.time() - 86400 * days
    left = sum(one.bytes for one in files)
    removed = 0
    for one in files:
        too_old = end is not None and one.used < end
        too_many = limit is not None and left > limit
        if too_old or too_many:
            with suppress(OSError):
                one.path.unlink()
                removed += one.bytes
                left -= one.bytes
    return removed
