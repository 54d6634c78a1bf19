"""Clues: the numbers that a shortcut has of every option, stacked for all items of a task."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clues:
    """What is known of the k options of one item, by position.

    Attributes:
        scalars: name → (k,) numbers that a plain rule may go by.
        vectors: name → (k, d) numbers that mean something only together.
    """

    scalars: Mapping[str, FloatArray]
    vectors: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The clues of all items, one row for each option.

    Attributes:
        names: of the scalars.
        scalars: (r, s), rounded so that what is equal but for rounding is equal.
        vectors: (r, v).
        counts: (n,) how many options, and so rows, each item has.
        answers: (n,) the position of the right option.
    """

    names: tuple[str, ...]
    scalars: FloatArray
    vectors: FloatArray
    counts: IntArray
    answers: IntArray

    @property
    def right(self) -> NDArray[np.bool_]:
        """(r,) whether the row is that of its item's right option."""
        right = np.zeros(int(self.counts.sum()), dtype=np.bool_)
        right[self.starts + self.answers] = True
        return right

    @property
    def starts(self) -> IntArray:
        """(n,) the first row of each item."""
        starts: IntArray = np.cumsum(self.counts) - self.counts
        return starts

    @property
    def items(self) -> IntArray:
        """(r,) the item of each row."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    def by_count(self) -> Iterator[tuple[IntArray, IntArray]]:
        """For each number of options k: the items (m,) that have so many, and their rows (m, k)."""
        for count in np.unique(self.counts):
            items = np.flatnonzero(self.counts == count)
            yield items, self.starts[items, None] + np.arange(count)

    def beside(self) -> FloatArray:
        """(r, s) each scalar's difference from the mean of the item's other options."""
        beside = np.empty_like(self.scalars)
        for _, at in self.by_count():
            block, k = self.scalars[at], at.shape[1]
            beside[at] = (block - block.mean(1, keepdims=True)) * k / (k - 1)
        return beside

    def ranks(self) -> FloatArray:
        """(r, s) each scalar's rank among the item's options, 0 (least) to 1; equals share."""
        ranks = np.empty_like(self.scalars)
        for _, at in self.by_count():
            block, k = self.scalars[at], at.shape[1]
            below = (block[:, :, None] > block[:, None]).sum(2)
            above = (block[:, :, None] < block[:, None]).sum(2)
            ranks[at] = (below - above + k - 1) / (2 * k - 2)
        return ranks


def stack(clues: Sequence[Clues], answers: Sequence[int]) -> Rows:
    """The clues of items as rows.

    A clue that some items lack is 0 for all of their options: it tells them nothing apart.

    Args:
        clues: of each item.
        answers: the position of each item's right option.
    """
    counts = np.array([len(next(iter(c.scalars.values()))) for c in clues], dtype=np.intp)
    starts, total = np.cumsum(counts) - counts, int(counts.sum())
    names = tuple(dict.fromkeys(name for c in clues for name in c.scalars))
    widths = {name: v.shape[1] for c in clues for name, v in c.vectors.items()}
    scalars, blocks = (
        np.zeros((total, len(names))),
        {n: np.zeros((total, w)) for n, w in widths.items()},
    )
    column = {name: index for index, name in enumerate(names)}
    for start, count, item in zip(starts, counts, clues, strict=True):
        for name, values in item.scalars.items():
            scalars[start : start + count, column[name]] = values
        for name, vector in item.vectors.items():
            blocks[name][start : start + count] = vector
    return Rows(
        names=names,
        scalars=scalars.round(9),
        vectors=np.hstack([*blocks.values(), np.zeros((total, 0))]),
        counts=counts,
        answers=np.asarray(answers, dtype=np.intp),
    )
