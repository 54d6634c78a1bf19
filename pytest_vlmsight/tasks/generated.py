"""What all generated tasks share: their canvas, seeded tries that end, and their items.

Only ``Generator.random`` is drawn from: its stream is the plainest of NumPy's and has stayed the
same in every version.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .item import Item, Task
from .markers import DEFAULT_MARKERS, Markers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np

    from .item_cache import ItemFile, Maker
    from .knobs import Knob

SIZES = (224, 672)
"""Least and greatest side of a generated picture in px."""

MOST_TRIES = 400

Choice = tuple[int, ...]
"""What was found for an item: the number of the try that succeeded, and numbers of what was picked
of all that it drew. From it the item is made without looking for it again."""


class GenerationError(RuntimeError):
    """Items could not be made, in the bounded tries or of a data set; the message names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """How the pictures of generated tasks are made.

    Attributes:
        size: side of the square pictures in px.
        markers: draws them.
        cache: folder where items and rendered pictures are kept; None keeps none.
        data: folder of public data sets that the user downloaded; None where there is none.

    Raises:
        ValueError: the size is out of bounds.
    """

    size: int = 224
    markers: Markers = DEFAULT_MARKERS
    cache: Path | None = None
    data: Path | None = None

    def __post_init__(self) -> None:
        if not SIZES[0] <= self.size <= SIZES[1]:
            raise ValueError(f"--vlm-size: got {self.size}; expected {SIZES[0]} to {SIZES[1]} px")


DEFAULT_CANVAS = Canvas()


def generator(*key: object) -> np.random.Generator:
    """Random numbers decided by ``key`` alone."""
    import numpy as np

    label = "/".join(map(str, key))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(label.encode()).digest()[:16]))


def tries(
    task: str, version: str, seed: int, index: int, *, most: int | None = None
) -> Iterator[np.random.Generator]:
    """Fresh random numbers for each try at an item; the caller returns at the first success.

    Raises:
        GenerationError: after ``most`` tries, ``MOST_TRIES`` unless given.
    """
    most = MOST_TRIES if most is None else most
    for attempt in range(most):
        yield generator(task, version, seed, index, attempt)
    raise GenerationError(
        f"task {task}: item {index} of seed {seed} could not be made in {most} tries; "
        "use another --vlm-seed or a wider --vlm-difficulty, and report this seed"
    )


def tried(
    task: str, version: str, seed: int, index: int, choice: Choice | None
) -> Iterator[tuple[int, np.random.Generator]]:
    """The number and the random numbers of each try, see ``tries``; of the one where it is known.

    Raises:
        GenerationError: after ``MOST_TRIES``.
    """
    if choice is None:
        yield from enumerate(tries(task, version, seed, index))
    else:
        yield choice[0], generator(task, version, seed, index, choice[0])


def digest(content: Mapping[str, object]) -> str:
    """SHA-256 of plain values, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class GeneratedItems:
    """A task's items from a maker of single ones; picklable, so that tasks travel to workers."""

    make: Maker
    fingerprint: str

    def __call__(self, n: int, seed: int) -> list[Item]:
        """The first n items of a seed, from the canvas's cache where they are there."""
        file = self._file(seed)
        if file is not None:
            return file.items(n)
        make = self._told()
        return [make(seed, index) for index in range(n)]

    def missing(self, n: int, seed: int) -> list[int]:
        """Which of the first n items of a seed are not kept with all of their pictures.

        None are where nothing is kept.
        """
        file = self._file(seed)
        return [] if file is None else file.missing(n)

    def prepare(self, seed: int, indices: Sequence[int]) -> None:
        """Make items and all of their pictures, so that they are kept.

        Raises:
            GenerationError: an item could not be made.
        """
        file = self._file(seed)
        if file is not None:
            file.prepare(indices)

    def _file(self, seed: int) -> ItemFile | None:
        folder = self.make.canvas.cache
        if folder is None:
            return None
        from .item_cache import ItemFile

        return ItemFile(self._told(), seed, fingerprint=self.fingerprint, folder=folder)

    def _told(self) -> Maker:
        from .choices import Finder, Told

        return Told(self.make, self.fingerprint) if isinstance(self.make, Finder) else self.make


def generated_task(
    *,
    name: str,
    version: str,
    readout: str,
    source: str,
    make: Maker,
    settings: Mapping[str, object],
    knobs: Sequence[Knob] = (),
) -> Task:
    """A built-in task without end.

    Args:
        name: of the task.
        version: changes whenever items would.
        readout: what decides it.
        source: in a sentence, after "generated: ".
        make: (seed, index) → item.
        settings: all that decides the items beside seed and index, for the fingerprint.
        knobs: what its difficulty is set by.
    """
    fingerprint = digest({"task": name, "version": version, **settings})
    return Task(
        name=name,
        version=version,
        readout=readout,
        source=f"generated: {source}",
        licence="Apache-2.0",
        make_items=GeneratedItems(make, fingerprint),
        fingerprint=fingerprint,
        knobs=tuple(knobs),
    )
