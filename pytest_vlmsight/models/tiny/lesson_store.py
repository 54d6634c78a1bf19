"""Lessons on disk: made once, by several processes, and read in batches by whoever trains.

A store is a folder of parts, each of ``PART`` lessons and decided by the seed and its number
alone. A part is written under another name and renamed when it is whole, so that a run that is
stopped goes on with the parts that are missing.
"""

from __future__ import annotations

import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .lessons import lesson
from .marking import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PART = 250
"""Lessons of a part."""

MIX = {
    "scene": 3,
    "rooms": 2,
    "parts": 3,
    "tools": 3,
    "forms": 2,
    "gadgets": 2,
    "paintings": 2,
    "styles": 1,
}
"""How often each sort of lesson is given."""

FIELDS = ("pixels", "depth", "facing", "classes", "name", "sites", "known", "sort")


def write(
    folder: Path, *, lessons: int, seed: int, jobs: int, told: Callable[[int, int], None]
) -> None:
    """Make the parts that are missing.

    Args:
        folder: made where it is not there.
        lessons: how many are wanted; rounded up to whole parts.
        seed: decides them.
        jobs: processes.
        told: of how many parts are there, of how many.
    """
    count = -(-lessons // PART)
    missing = [number for number in range(count) if not _part(folder, seed, number).is_dir()]
    told(count - len(missing), count)
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    # Spawned, as forking a process that has threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(missing)), mp_context=context) as pool:
        made = [pool.submit(write_part, folder, seed, number) for number in missing]
        for done, one in enumerate(as_completed(made), start=count - len(missing) + 1):
            one.result()
            told(done, count)


def write_part(folder: Path, seed: int, number: int) -> None:
    """Make one part."""
    path = _part(folder, seed, number)
    partial = path.with_name(f"{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
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
        np.save(partial / f"{name}.npy", np.array(values))
    partial.rename(path)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some lessons; see ``Lesson`` and ``Picture`` for the arrays, which have two pictures each.

    Attributes:
        pixels: (b, 2, 224, 224, 3) uint8.
        depth: (b, 2, 28, 28) float16.
        facing: (b, 2, 3, 28, 28) float16.
        classes: (b, 2, 5, 28, 28) uint8.
        name: (b, 2, 28, 28) int64.
        sites: (b, 2, 24, 2) float32.
        known: (b, 24) bool.
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


class LessonStore:
    """The first lessons of a store.

    Args:
        folder: where ``write`` wrote them.
        lessons: how many.
        seed: of them.

    Raises:
        FileNotFoundError: a part is missing.
    """

    def __init__(self, folder: Path, *, lessons: int, seed: int) -> None:
        self._length = lessons
        self._parts = []
        for number in range(-(-lessons // PART)):
            path = _part(folder, seed, number)
            if not path.is_dir():
                raise FileNotFoundError(f"{path}: this part of the lessons is missing; write it")
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


def _part(folder: Path, seed: int, number: int) -> Path:
    return folder / f"lessons-{seed}-{number:04d}"
