"""What was found for the first items of the default suite, so that a first run need not look.

``choices.json`` is written by ``benchmarks/choices.py``. It only saves time: from a choice an item
is made that is equal, to its id, to what looking for it finds, and tests look.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .generated import Canvas, Choice
    from .item import Item

FILE = Path(__file__).with_suffix(".json")


@runtime_checkable
class Finder(Protocol):
    """A maker that looks for its items; see ``item_cache.Maker``."""

    @property
    def canvas(self) -> Canvas:
        """How their pictures are made."""

    def found(self, seed: int, index: int, choice: Choice | None = None) -> tuple[Choice, Item]:
        """What is found for an item, and the item."""


@dataclass(frozen=True, slots=True)
class Told:
    """A maker that need not look for what is known.

    Attributes:
        finder: makes the items.
        fingerprint: hash of all that decides them.
    """

    finder: Finder
    fingerprint: str

    @property
    def canvas(self) -> Canvas:
        """The finder's."""
        return self.finder.canvas

    def __call__(self, seed: int, index: int) -> Item:
        """Item ``index`` of a seed."""
        known = choices(self.fingerprint, seed)
        _, item = self.finder.found(seed, index, known[index] if index < len(known) else None)
        return item


@lru_cache(maxsize=32)
def choices(fingerprint: str, seed: int) -> tuple[Choice, ...]:
    """What is known of the first items of a seed; none where nothing is.

    Args:
        fingerprint: of the task.
        seed: of the items.
    """
    for known in _read():
        if (known["fingerprint"], known["seed"]) == (fingerprint, seed):
            return tuple(tuple(one) for one in known["choices"])
    return ()


@lru_cache(maxsize=1)
def _read() -> list[dict[str, Any]]:
    known: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else []
    return known
