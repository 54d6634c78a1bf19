"""Lessons on disk, made once and read in batches by whoever trains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .marking import marked
from .parts import found_part
from .sorts import lesson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME = "lessons"
"""Of the parts of a store."""

PART = 250
"""Lessons of a part."""

MIX = {
    "scene": 4,
    "rooms": 8,
    "parts": 4,
    "tools": 4,
    "forms": 5,
    "gadgets": 3,
    "paintings": 3,
    "styles": 2,
}
"""How often each sort of lesson is given."""

FIELDS = ("pixels", "depth", "facing", "classes", "name", "sites", "known", "sort")


def make(seed: int, folder: Path, number: int) -> None:
    """Make one part in an empty folder."""
    sorts = [name for name, times in MIX.items() for _ in range(times)]
    found: dict[str, list[Any]] = {name: [] for name in FIELDS}
    for index in range(PART):
        rng = np.random.default_rng([seed, number, index])
        sort = sorts[int(rng.random() * len(sorts))]
        made = marked(lesson(rng, sort), rng)
        for name in ("pixels", "depth", "facing", "classes", "name"):
            found[name].append(np.stack([getattr(picture, name) for picture in made.pictures]))
        found["sites"].append(made.sites)
        found["known"].append(made.known)
        found["sort"].append(list(MIX).index(sort))
    for name, values in found.items():
        np.save(folder / f"{name}.npy", np.array(values))


def parts_of(lessons: int) -> int:
    """How many parts hold so many lessons."""
    return -(-lessons // PART)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some lessons; see ``Lesson`` and ``Picture`` for the arrays, which have two pictures each.

    Attributes:
        pixels: (b, 2, 224, 224, 3) uint8.
        depth: (b, 2, 28, 28) float16.
        facing: (b, 2, 3, 28, 28) float16.
        classes: (b, 2, 6, 28, 28) uint8.
        name: (b, 2, 28, 28) int64.
        sites: (b, 2, 64, 2) float32.
        known: (b, 64) bool.
        sort: (b,) number in ``MIX``.
    """

    pixels: Any
    depth: Any
    facing: Any
    classes: Any
    name: Any
    sites: Any
    known: Any
    sort: Any

    @property
    def turned(self) -> Batch:
        """With the first pictures second."""
        pairs = ("pixels", "depth", "facing", "classes", "name", "sites")
        return replace(self, **{one: getattr(self, one)[:, ::-1].copy() for one in pairs})


class LessonStore:
    """Lessons of a folder, in their order.

    Args:
        folder: where their parts are.
        lessons: how many.
        seed: of them.
        first: number of the part in which the first of them is.

    Raises:
        FileNotFoundError: a part is missing.
    """

    def __init__(self, folder: Path, *, lessons: int, seed: int, first: int = 0) -> None:
        self._length = lessons
        self._parts = []
        for number in range(parts_of(lessons)):
            path = found_part(folder, NAME, seed, first + number)
            self._parts.append(
                {name: np.load(path / f"{name}.npy", mmap_mode="r") for name in FIELDS}
            )

    def __len__(self) -> int:
        return self._length

    def batch(self, numbers: Sequence[int]) -> Batch:
        """The lessons of these numbers, in their order."""
        at = [divmod(number, PART) for number in numbers]
        return Batch(
            **{name: np.stack([self._parts[p][name][k] for p, k in at]) for name in FIELDS}
        )
