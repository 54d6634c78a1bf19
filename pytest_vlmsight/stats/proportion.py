"""One answerer alone: the interval of its accuracy, and whether it is above chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.stats.checks import check_open, check_successes, item_values
from pytest_vlmsight.stats.contrast import chance_values, pseudo_items
from pytest_vlmsight.stats.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def wilson_interval(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion.

    Source: Wilson, Journal of the American Statistical Association 22 (1927) 209-212, without
    continuity correction.

    >>> interval = wilson_interval(15, 50)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.191, 0.4375)

    Args:
        successes: number of items right.
        n: number of items.
        confidence: two-sided level.

    Raises:
        ValueError: successes is no count among n ≥ 1 items, or confidence not inside (0, 1).
    """
    from scipy.stats import binomtest

    check_successes(successes, n)
    check_open("confidence", confidence, 0, 1)
    limits = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    return Interval(float(limits.low), float(limits.high))


def accuracy_interval(scores: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Interval of an accuracy from the items' scores.

    Wilson's where every score is 0 or 1. Averages over rotations take the item-level t with one
    pseudo-item right and one wrong (``contrast.pseudo_items`` of 2 · score − 1).

    >>> accuracy_interval([1, 0, 1, 1]) == wilson_interval(3, 4)
    True

    Args:
        scores: (n,) item scores in [0, 1]; n ≥ 2 where some are fractions.
        confidence: two-sided.

    Raises:
        ValueError: no items, a score outside [0, 1], or confidence not inside (0, 1).
    """
    values = item_values("scores", scores, 0, 1)
    if bool(np.isin(values, (0, 1)).all()):
        return wilson_interval(int(values.sum()), values.size, confidence=confidence)
    doubled = pseudo_items(2 * values - 1).interval(confidence=confidence)
    return Interval((1 + doubled.low) / 2, (1 + doubled.high) / 2)


def count_above_chance_p(successes: int, n: int, *, chance: float) -> float:
    """Exact one-sided binomial p-value of H0: accuracy ≤ chance.

    Args:
        successes: number of items right.
        n: number of items.
        chance: the same chance level of every item, inside (0, 1).

    Raises:
        ValueError: successes is no count among n ≥ 1 items, or chance not inside (0, 1).
    """
    from scipy.stats import binomtest

    check_successes(successes, n)
    check_open("chance", chance, 0, 1)
    return float(binomtest(successes, n, chance, alternative="greater").pvalue)


def above_chance_p(scores: ArrayLike, *, chance: ArrayLike) -> float:
    """One-sided p-value of H0: accuracy ≤ mean chance, from the items' scores.

    Where every score is 0 or 1 it is exact for guessing: the number right is then a sum of
    independent trials with the chance of each item (Poisson-binomial; the binomial where all
    are equal). Averages over rotations are dependent within their item, so they are tested by
    the item-level t with pseudo-items.

    >>> above_chance_p([1, 1, 1], chance=[0.5, 0.5, 0.25])
    0.0625

    Args:
        scores: (n,) item scores in [0, 1]; n ≥ 2 where some are fractions.
        chance: chance level, of all items or (n,) of each, inside (0, 1).

    Raises:
        ValueError: a shape does not fit or a value is out of range.
    """
    score = item_values("scores", scores, 0, 1)
    guess = chance_values(chance, score.size)
    if np.isin(score, (0.0, 1.0)).all():
        return _guessing_p(int(score.sum()), guess)
    return pseudo_items(score - guess).p_greater()


def _guessing_p(successes: int, chance: NDArray[np.float64]) -> float:
    """P(number right ≥ successes): the binomials of the distinct levels, convolved."""
    from scipy.stats import binom

    mass = np.ones(1)
    for level, count in zip(*np.unique(chance, return_counts=True), strict=True):
        mass = np.convolve(mass, binom.pmf(np.arange(count + 1), count, level))
    return min(1.0, float(mass[successes:].sum()))
