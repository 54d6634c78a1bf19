"""Plain rules: the lowest, the nearest to REF, the largest. Nothing is fitted.

There are many rules, and the best of many is right more often than by chance even where none of
them knows anything. So the rule that decides an item is the one that was best on the other folds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .guesses import Guess

if TYPE_CHECKING:
    from .rows import FloatArray, IntArray, Rows

_RANKS = ("largest", "second largest", "smallest", "second smallest")


def best_rule(rows: Rows, folds: IntArray) -> Guess:
    """Every item decided by the rule that was right most often in the other folds.

    Args:
        rows: the clues.
        folds: (n,) of each item, at least two different.

    Returns:
        The guess, named after the rule that is right most often overall.
    """
    names, scores = rule_scores(rows)
    if np.allclose(scores, 1 / rows.counts[:, None]):
        return Guess("no rule: options are alike", scores[:, 0])
    chosen = np.empty(len(scores))
    for fold in np.unique(folds):
        held = folds == fold
        chosen[held] = scores[held, scores[~held].mean(0).argmax()]
    return Guess(f"rule {names[scores.mean(0).argmax()]}", chosen)


def rule_scores(rows: Rows) -> tuple[list[str], FloatArray]:
    """All rules and (n, rules) what each scores on each item.

    For every scalar: the option where it is largest or smallest; where there are three options
    or more also the second largest and smallest, and the option that differs the most or the
    least from the mean of the others. A tie is shared out, as in ``guesses.highest``.
    """
    ranks = _RANKS if rows.counts.max() > 2 else _RANKS[::2]
    scores = [_ranked(rows.scalars, rows, rank) for rank in ranks]
    names = [f"{rank} {name}" for rank in ranks for name in rows.names]
    if rows.counts.max() > 2:
        apart = np.abs(rows.beside()).round(9)
        scores += [_ranked(apart, rows, rank) for rank in _RANKS[::2]]
        names += [f"{odd} {name}" for odd in ("oddest", "least odd") for name in rows.names]
    return names, np.hstack(scores)


def _ranked(values: FloatArray, rows: Rows, rank: str) -> FloatArray:
    """(n, s) scores of choosing the option of a rank in each column of (r, s) values."""
    scores = np.zeros((len(rows.counts), values.shape[1]))
    for items, at in rows.by_count():
        block = values[at] if rank.endswith("largest") else -values[at]
        right = block[np.arange(len(items)), rows.answers[items]][:, None]
        before, equal = (block > right).sum(1), (block == right).sum(1)
        place = 1 if rank.startswith("second") else 0
        scores[items] = ((before <= place) & (place < before + equal)) / equal
    return scores
