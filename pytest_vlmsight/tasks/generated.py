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

    from .item_cache import Maker
    from .knobs import Knob

SIZES = (224, 672)
"""Least and greatest side of a generated picture in px."""

MOST_TRIES = 400


class GenerationError(RuntimeError):
    """An item could not be made within the bounded tries; the message names task and seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """How the pictures of generated tasks are made.

    Attributes:
        size: side of the square pictures in px.
        markers: draws them.
        cache: folder where items and rendered pictures are kept; None keeps none.

    Raises:
        ValueError: the size is out of bounds.
    """

    size: int = 224
    markers: Markers = DEFAULT_MARKERS
    cache: Path | None = None

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
    task: str, version: str, seed: int, index: int, *, most: int = MOST_TRIES
) -> Iterator[np.random.Generator]:
    """Fresh random numbers for each try at an item; the caller returns at the first success.

    Raises:
        GenerationError: after ``most`` tries.
    """
    for attempt in range(most):
        yield generator(task, version, seed, index, attempt)
    raise GenerationError(
        f"task {task}: item {index} of seed {seed} could not be made in {most} tries; "
        "use another --vlm-seed or a wider --vlm-difficulty, and report this seed"
    )


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
        folder = self.make.canvas.cache
        if folder is None:
            return [self.make(seed, index) for index in range(n)]
        from .item_cache import ItemFile

        return ItemFile(self.make, seed, fingerprint=self.fingerprint, folder=folder).items(n)

    def missing(self, n: int, seed: int) -> list[int]:
        """Which of the first n items of a seed are not kept with all of their pictures.

        None are where nothing is kept.
        """
        folder = self.make.canvas.cache
        if folder is None:
            return []
        from .item_cache import ItemFile

        return ItemFile(self.make, seed, fingerprint=self.fingerprint, folder=folder).missing(n)

    def prepare(self, seed: int, indices: Sequence[int]) -> None:
        """Make items and all of their pictures, so that they are kept.

        Raises:
            GenerationError: an item could not be made.
        """
        folder = self.make.canvas.cache
        if folder is None:
            return
        from .item_cache import ItemFile

        file = ItemFile(self.make, seed, fingerprint=self.fingerprint, folder=folder)
        file.prepare(indices)


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
