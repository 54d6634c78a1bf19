"""How alike two rankings of the same few things are."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MOST_ORDERED = 8
"""Things of which all orders are gone through (40,320 of 8)."""

DRAWS = 9999
"""Random orders that stand for all of more things."""

_ALIKE = 1e-9
"""Scores that differ by less are equal: means of the same shares differ by rounding."""


def tau_b(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Kendall's tau-b between the last dimensions: 1 is the same order, -1 the opposite one.

    Concordant less discordant pairs, over the geometric mean of the pairs that are not tied on
    either side. Source: Kendall, Biometrika 33 (1945) 239-251.

    >>> float(tau_b([3, 2, 1], [3, 1, 2]).round(3))
    0.333

    Args:
        first: (…, m) m ≥ 2, scores.
        second: (…, m) other scores of the same m things.

    Returns:
        (…) numbers from -1 to 1; NaN where all of one side are equal, which is no order.

    Raises:
        ValueError: shapes differ, or there are fewer than two things.
    """
    one, two = _signs(first), _signs(second)
    if one.shape != two.shape:
        raise ValueError(f"expected as many scores in both, but got {one.shape} and {two.shape}")
    pairs = np.sqrt((one != 0).sum(-1) * (two != 0).sum(-1)).astype(float)
    tau: NDArray[np.float64] = np.divide(
        (one * two).sum(-1), pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0
    )
    return tau


def tau_p(first: ArrayLike, second: ArrayLike, *, seed: int = 0) -> float:
    """Two-sided permutation p-value of H0: the two rankings have nothing to do with each other.

    The share of orders of the things in which tau-b is as far from 0; all orders of up to
    ``MOST_ORDERED`` things, else (1 + as far) / (1 + ``DRAWS``) of random ones. It can be no less
    than 2 / m!.

    >>> tau_p([4, 3, 2, 1], [4, 3, 2, 1])  # 2/24
    0.08333333333333333

    Args:
        first: (m,) m ≥ 2, scores.
        second: (m,) other scores of the same m things.
        seed: of random orders.

    Returns:
        The p-value; 1 where all of one side are equal.

    Raises:
        ValueError: shapes differ, or there are fewer than two things.
    """
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.ndim != 1 or one.shape != two.shape:
        raise ValueError(f"expected (m,) scores in both, but got {one.shape} and {two.shape}")
    # Orders change no ties, so sums of whole signs compare as tau-b does, without rounding.
    signs, m = _signs(one), len(one)
    observed = abs(int((signs * _signs(two)).sum()))
    if m <= MOST_ORDERED:
        orders = np.array(list(permutations(range(m))))
    else:
        rng = np.random.default_rng(seed)
        orders = np.stack([np.arange(m), *(rng.permutation(m) for _ in range(DRAWS))])
    sums = np.abs((_signs(two[orders]) * signs).sum(-1))
    return float((sums >= observed).mean())


def ranks(scores: ArrayLike) -> NDArray[np.float64]:
    """1 for the highest; equal ones share the mean of theirs.

    >>> ranks([0.5, 0.9, 0.5]).tolist()
    [2.5, 1.0, 2.5]

    Args:
        scores: (…, m).

    Returns:
        (…, m).
    """
    values = np.asarray(scores, dtype=float)
    higher = values[..., None, :] - values[..., :, None]
    above, alike = higher > _ALIKE, np.abs(higher) <= _ALIKE
    found: NDArray[np.float64] = above.sum(-1) + (alike.sum(-1) + 1) / 2
    return found


def _signs(scores: ArrayLike) -> NDArray[np.int64]:
    """(…, m) → (…, m · (m − 1) / 2) which of each two is higher."""
    values = np.asarray(scores, dtype=float)
    if values.ndim == 0 or values.shape[-1] < 2:
        raise ValueError(f"expected scores of at least two things, but got shape {values.shape}")
    i, j = np.triu_indices(values.shape[-1], 1)
    differences = values[..., i] - values[..., j]
    signs: NDArray[np.int64] = np.where(
        np.abs(differences) <= _ALIKE, 0, np.sign(differences)
    ).astype(np.int64)
    return signs
