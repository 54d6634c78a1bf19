"""How alike two sets of answers are: a diagnostic beside the gates, never a gate.

A model that hardly looks gives much the same answers sighted and blind. Total variation
compares how often each letter is chosen; kappa compares item by item.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.stats.checks import check_open
from pytest_vlmsight.stats.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa and its standard error: 1 is full agreement, 0 as by coincidence."""

    estimate: float
    se: float

    def interval(self, *, confidence: float) -> Interval:
        """Normal limits, cut at -1 and 1; of no width where the standard error is 0.

        Raises:
            ValueError: confidence is not inside (0, 1).
        """
        check_open("confidence", confidence, 0, 1)
        half = NormalDist().inv_cdf((1 + confidence) / 2) * self.se
        return Interval(max(-1.0, self.estimate - half), min(1.0, self.estimate + half))


def letter_shares(letters: ArrayLike, *, options: int) -> NDArray[np.float64]:
    """How often each option letter is chosen.

    >>> letter_shares([0, 0, 2, 1], options=3).tolist()
    [0.5, 0.25, 0.25]

    Args:
        letters: (n,) n ≥ 1, option positions 0 … options − 1.
        options: number of options.

    Returns:
        (options,) shares that sum to 1.

    Raises:
        ValueError: no letters, or one is not such a position.
    """
    chosen = _positions("letters", letters, options)
    return np.bincount(chosen, minlength=options) / chosen.size


def total_variation(first: ArrayLike, second: ArrayLike) -> float:
    """Total variation distance of two vectors of shares, ½ Σ |first − second|.

    >>> total_variation([0.5, 0.5, 0.0], [0.25, 0.5, 0.25])
    0.25

    Args:
        first: (k,) non-negative shares that sum to 1.
        second: (k,) the same of the other answers.

    Returns:
        A number from 0 (alike) to 1 (disjoint).

    Raises:
        ValueError: shapes differ, or one vector holds no shares.
    """
    shares = _shares("first", first), _shares("second", second)
    if shares[0].shape != shares[1].shape:
        raise ValueError(
            f"expected as many shares in both, but got {shares[0].size} and {shares[1].size}"
        )
    return float(np.abs(shares[0] - shares[1]).sum() / 2.0)


def total_variation_p(
    first: ArrayLike, second: ArrayLike, *, options: int, seed: int = 0, draws: int = 1999
) -> float:
    """Permutation p-value of the total variation between the letter shares of paired answers.

    Under H0 the two answers to an item are exchangeable, so each item's pair is swapped with
    probability ½; p = (1 + #{draws at least as far apart}) / (1 + draws).

    Args:
        first: (n,) option positions 0 … options − 1.
        second: (n,) those of the other answers to the same items.
        options: number of options.
        seed: of the swaps; the same seed gives the same p-value.
        draws: number of random swaps of all items.

    Raises:
        ValueError: shapes differ, a position is out of range, or draws is below 1.
    """
    one = _positions("first", first, options)
    two = _positions("second", second, options)
    if one.shape != two.shape:
        raise ValueError(f"expected answers to the same items, but got {one.size} and {two.size}")
    if draws < 1:
        raise ValueError(f"expected draws >= 1, but got draws={draws!r}")
    # Only items with different answers move the shares; whole numbers compare without rounding.
    unequal = one != two
    letters = np.eye(options, dtype=np.int64)
    moved = letters[one[unequal]] - letters[two[unequal]]
    observed = np.abs(moved.sum(axis=0)).sum()
    rng = np.random.default_rng(seed)
    farther = 0
    for _ in range(draws):
        sign = rng.integers(0, 2, size=moved.shape[0]) * 2 - 1
        farther += int(np.abs(sign @ moved).sum() >= observed)
    return (1 + farther) / (1 + draws)


def cohen_kappa(table: ArrayLike) -> Kappa | None:
    """Cohen's kappa of a square table of counts, with its asymptotic standard error.

    Sources: Cohen, Educational and Psychological Measurement 20 (1960) 37-46; the standard
    error Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969) 323-327.

    >>> kappa = cohen_kappa([[20, 5], [10, 15]])
    >>> kappa.estimate, round(kappa.se, 4)
    (0.4, 0.127)

    Args:
        table: (k, k) counts, rows one answerer's letters, columns the other's.

    Returns:
        Kappa, or None where agreement by coincidence is certain (both always chose the same
        letter) and kappa is 0/0.

    Raises:
        ValueError: the table is not square, empty, or holds a negative number.
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"expected a square table, but got shape {counts.shape}")
    if not (counts >= 0).all() or not 0 < counts.sum() < math.inf:
        raise ValueError(f"expected counts >= 0 with a sum above 0, but got {counts.tolist()}")
    n = float(counts.sum())
    # In whole numbers as long as possible: certain coincidence is then met exactly.
    coincidence = float(counts.sum(axis=1) @ counts.sum(axis=0))
    if coincidence == n**2:
        return None
    kappa = (n * float(np.trace(counts)) - coincidence) / (n**2 - coincidence)
    p = counts / n
    rows, columns, diagonal = p.sum(axis=1), p.sum(axis=0), np.diag(p)
    expected = coincidence / n**2
    on = diagonal @ (1.0 - (rows + columns) * (1.0 - kappa)) ** 2
    crossed = columns[:, None] + rows[None, :]
    off = (p * crossed**2).sum() - diagonal @ (rows + columns) ** 2
    constant = kappa - expected * (1.0 - kappa)
    variance = (on + (1.0 - kappa) ** 2 * off - constant**2) / (n * (1.0 - expected) ** 2)
    return Kappa(estimate=kappa, se=math.sqrt(max(0.0, float(variance))))


def _positions(name: str, letters: ArrayLike, options: int) -> NDArray[np.int64]:
    given = np.asarray(letters)
    if given.ndim != 1 or given.size == 0:
        raise ValueError(f"expected {name} of shape (n,), n >= 1, but got shape {given.shape}")
    if not np.issubdtype(given.dtype, np.integer) or given.min() < 0 or given.max() >= options:
        raise ValueError(
            f"expected {name} to be whole numbers from 0 to {options - 1}, but got {given!r}"
        )
    return given.astype(np.int64)


def _shares(name: str, values: ArrayLike) -> NDArray[np.float64]:
    shares = np.asarray(values, dtype=np.float64)
    if shares.ndim != 1 or not (shares >= 0).all() or not math.isclose(shares.sum(), 1.0):
        raise ValueError(f"expected {name} to be shares that sum to 1, but got {shares.tolist()}")
    return shares
