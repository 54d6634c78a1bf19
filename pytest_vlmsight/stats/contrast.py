"""Means of item-level scores: answers averaged over rotations, and linear contrasts of them.

The answers to the rotations of one item depend on each other, so the item is the unit: treating
rotations as independent rejects a true null four times too often. Two pseudo-items, one
decided for each side, keep the interval honest where differences are few; the idea is Bonett
and Price's, Journal of Educational and Behavioral Statistics 37 (2012) 479-488, whose interval
for 0/1 items this is when the quantile is the normal's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.stats.checks import check_closed, check_open, item_values
from pytest_vlmsight.stats.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class ItemMean:
    """The mean of a score over items, with what its limits and p-values are made from.

    Attributes:
        estimate: the items' own mean, what a report shows.
        centre: the mean with the pseudo-items, what limits and p-values are built around.
        se: standard error of the centre.
        df: degrees of freedom of the t quantile; ``dataclasses.replace(mean, df=math.inf)``
            has the normal's, as published for 0/1 items.
    """

    estimate: float
    centre: float
    se: float
    df: float

    def interval(self, *, confidence: float = 0.95) -> Interval:
        """The two-sided interval, centre ± t · se, cut to [-1, 1].

        Raises:
            ValueError: confidence is not inside (0, 1).
        """
        from scipy.special import ndtri, stdtrit

        check_open("confidence", confidence, 0, 1)
        level = 0.5 + confidence / 2.0
        t = float(ndtri(level) if math.isinf(self.df) else stdtrit(self.df, level))
        return Interval(max(-1.0, self.centre - t * self.se), min(1.0, self.centre + t * self.se))

    def p_greater(self, null: float = 0.0) -> float:
        """One-sided p-value of H0: mean ≤ null; small where the mean is greater."""
        return self._p_less((null - self.centre) / self.se)

    def p_less(self, null: float = 0.0) -> float:
        """One-sided p-value of H0: mean ≥ null; small where the mean is less."""
        return self._p_less((self.centre - null) / self.se)

    def _p_less(self, t: float) -> float:
        from scipy.special import ndtr, stdtr

        return float(ndtr(t) if math.isinf(self.df) else stdtr(self.df, t))


def pseudo_items(differences: ArrayLike) -> ItemMean:
    """The mean of item-level differences with one pseudo-item of +1 and one of −1.

    With N = n + 2: m = ΣD/N, v = (ΣD² + 2)/N − m², se = √(v/N), df = n − 1.

    >>> mean = pseudo_items([0.25, 0.0, -0.25, 0.5, 0.0, 0.0])
    >>> round(mean.estimate, 3), round(mean.centre, 3)
    (0.083, 0.062)

    Args:
        differences: (n,) n ≥ 2, D_i in [-1, 1]: the item's score (its mean over rotations) of V
            less that of R.

    Raises:
        ValueError: fewer than two differences, or one is out of range.
    """
    return _item_mean(item_values("differences", differences, -1, 1), (1.0, -1.0))


def scaled_items(differences: ArrayLike) -> ItemMean:
    """The mean of item-level differences that may be small, such as those of shares of attention.

    As ``pseudo_items``, with the pseudo-items at plus and minus the largest difference in place of
    1: whatever the differences are measured in, few of them prove little.

    >>> scaled_items([0.02, 0.03, 0.01]).estimate == 2 * scaled_items([0.01, 0.015, 0.005]).estimate
    True

    Args:
        differences: (n,) n ≥ 2, D_i in [-1, 1].

    Raises:
        ValueError: fewer than two differences, or one is out of range.
    """
    values = item_values("differences", differences, -1, 1)
    _check_two(values.size)
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return ItemMean(0.0, 0.0, float(np.finfo(float).tiny), values.size - 1)
    return _item_mean(values, (largest, -largest))


def recovery_contrast(v: ArrayLike, r: ArrayLike, *, chance: ArrayLike, share: float) -> ItemMean:
    """Does V recover more than a share of what R can read above chance?

    W_i = V_i − share · R_i − (1 − share) · chance_i has mean
    (p_V − chance) − share · (p_R − chance), so V recovers the share where ``p_greater()`` is at
    most alpha; equally, where the one-sided lower t limit is above 0. One pseudo-item is added
    in cell (V, R) = (1, 0) and one in (0, 1), at the mean chance. With share 1 this is
    pseudo_items(v − r).

    Args:
        v: (n,) n ≥ 2, item scores of V in [0, 1].
        r: (n,) item scores of R in [0, 1].
        chance: chance level, of all items or (n,) of each, inside (0, 1).
        share: the share of R's gain over chance to be exceeded, in [0, 1].

    Raises:
        ValueError: shapes differ, there are fewer than two items, or a value is out of range.
    """
    won, read = item_values("v", v, 0, 1), item_values("r", r, 0, 1)
    _check_same_items(won, read)
    check_closed("share", share, 0, 1)
    guess = chance_values(chance, won.size)
    contrast = won - share * read - (1.0 - share) * guess
    offset = (1.0 - share) * float(guess.mean())
    return _item_mean(contrast, (1.0 - offset, -share - offset))


def fieller_ratio(
    v_minus_chance: ArrayLike, r_minus_chance: ArrayLike, *, confidence: float = 0.95
) -> Interval | None:
    """Interval of mean(V − chance) / mean(R − chance), the share recovered.

    The ratios ρ that a t test of mean(V − ρR) = 0 does not reject: between the roots of
    a ρ² + b ρ + c with a = Ȳ² − t² s_YY/n, b = −2 (X̄Ȳ − t² s_XY/n), c = X̄² − t² s_XX/n, where
    X is V and Y is R less chance. Source: Fieller, Journal of the Royal Statistical Society B
    16 (1954) 175-185.

    Args:
        v_minus_chance: (n,) n ≥ 2, item scores of V less chance, in [-1, 1].
        r_minus_chance: (n,) the same of R.
        confidence: two-sided level.

    Returns:
        The interval, not cut to [0, 1]; None where R is not above chance at this confidence
        (a ≤ 0 or Ȳ ≤ 0), for then no ratio is defined.

    Raises:
        ValueError: shapes differ, there are fewer than two items, or a value is out of range.
    """
    from scipy.special import stdtrit

    x = item_values("v_minus_chance", v_minus_chance, -1, 1)
    y = item_values("r_minus_chance", r_minus_chance, -1, 1)
    _check_same_items(x, y)
    _check_two(x.size)
    check_open("confidence", confidence, 0, 1)
    t2 = float(stdtrit(x.size - 1, 0.5 + confidence / 2.0)) ** 2
    x_mean, y_mean = float(x.mean()), float(y.mean())
    spread = t2 * np.cov(x, y) / x.size
    a = y_mean**2 - float(spread[1, 1])
    if a <= 0.0 or y_mean <= 0.0:
        return None
    half_b = x_mean * y_mean - float(spread[0, 1])
    c = x_mean**2 - float(spread[0, 0])
    root = math.sqrt(max(0.0, half_b**2 - a * c))
    return Interval((half_b - root) / a, (half_b + root) / a)


def chance_values(chance: ArrayLike, n: int) -> NDArray[np.float64]:
    """Chance as one level per item.

    Args:
        chance: one level, or (n,) levels.
        n: number of items.

    Returns:
        (n,) float64.

    Raises:
        ValueError: the shape is neither () nor (n,), or a level is not inside (0, 1).
    """
    levels = np.asarray(chance, dtype=np.float64)
    if levels.shape not in {(), (n,)}:
        raise ValueError(f"expected chance of shape () or ({n},), but got shape {levels.shape}")
    for level in np.unique(levels):
        check_open("chance", float(level), 0, 1)
    return np.broadcast_to(levels, (n,))


def _item_mean(values: NDArray[np.float64], pseudo: tuple[float, float]) -> ItemMean:
    n = values.size
    _check_two(n)
    filled = np.concatenate((values, pseudo))
    centre = float(filled.mean())
    variance = float(((filled - centre) ** 2).mean())
    return ItemMean(
        estimate=float(values.mean()),
        centre=centre,
        se=math.sqrt(variance / (n + 2)),
        df=n - 1,
    )


def _check_same_items(first: NDArray[np.float64], second: NDArray[np.float64]) -> None:
    if first.shape != second.shape:
        raise ValueError(
            f"expected scores of the same items, but got {first.size} and {second.size} scores"
        )


def _check_two(n: int) -> None:
    if n < 2:
        raise ValueError(f"expected at least two items, but got n={n}")
