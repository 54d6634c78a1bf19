"""A guess at every item, and how it is scored: fairly where a guesser cannot tell options apart."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .rows import FloatArray, IntArray, Rows


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """One way of choosing options.

    Attributes:
        how: in a few words.
        scores: (n,) the share of each item that it gets right.
        fitted: whether it was learned from other items.
    """

    how: str
    scores: FloatArray
    fitted: bool = False

    @property
    def share(self) -> float:
        """Of the items."""
        return float(self.scores.mean())


def best(guesses: Sequence[Guess]) -> Guess:
    """The one that is right most often; the first of equals."""
    return max(guesses, key=lambda guess: guess.share)


def highest(values: FloatArray, rows: Rows) -> FloatArray:
    """(n,) scores of choosing the option with the highest value.

    Where t options have it, the right one among them, the score is 1/t: what drawing one of them
    would give on average.

    Args:
        values: (r,) of each row.
        rows: which rows are of one item.
    """
    scores = np.zeros(len(rows.counts))
    for items, at in rows.by_count():
        block = values[at]
        most = block.max(1, keepdims=True)
        tied = block >= most - 1e-9 * np.maximum(1.0, np.abs(most))
        chosen = tied[np.arange(len(items)), rows.answers[items]]
        scores[items] = chosen / tied.sum(1)
    return scores


def deal(groups: Sequence[str], *, folds: int = 5) -> IntArray | None:
    """(n,) the fold of each item; items of one group are of one fold.

    Args:
        groups: of the items.
        folds: how many; with fewer groups, as many as there are.

    Returns:
        None where more than half of the items are of one group: too few are left to learn from.
    """
    from sklearn.model_selection import GroupKFold

    sizes = Counter(groups)
    if max(sizes.values()) > len(groups) / 2:
        return None
    parts = min(folds, len(sizes))
    fold = np.empty(len(groups), dtype=np.intp)
    split = GroupKFold(parts).split(np.zeros(len(groups)), groups=list(groups))
    for number, (_, held) in enumerate(split):
        fold[held] = number
    return fold
