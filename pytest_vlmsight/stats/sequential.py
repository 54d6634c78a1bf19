"""Evidence that may be looked at after every item, and stopped at whenever it suffices.

An e-process is a product of bets: a factor per item whose mean is at most 1 as long as the null is
true, whatever came before. By Ville's inequality the largest value that it ever takes exceeds 1/a
with a probability of at most a, so looking often costs nothing. Sources: Waudby-Smith and Ramdas,
Journal of the Royal Statistical Society B 86 (2024) 1-27 (bets on a bounded mean, and limits by
turning them round); Shafer, JRSS A 184 (2021) 407-431 (p = 1/max E).

What no bet has shown when all items are used up takes a usual test with most of the error rate:
the hybrid keeps nearly all power and stays valid, since the error rates of both add up to alpha.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.stats.checks import check_discordant, check_open, item_values
from pytest_vlmsight.stats.interval import Interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

BETS = np.geomspace(0.05, 0.98, 16)
"""Shares of what could be lost at most that are staked, each by one of 16 bettors."""

WEIGHTS = BETS / BETS.sum()
"""What the bettors own at first.

In proportion to what they stake: simulated against equal shares, this decides sooner wherever
answers seldom differ (91 items for 101 where they never do, at alpha/m = .05/26), and no later
elsewhere.
"""

EARLY = 0.2
"""Share of the error rate that bets are given; the test of all items has the rest."""

_HALVINGS = 26  # of a range of 2: to 3e-8


def mcnemar_log_e(b: ArrayLike, c: ArrayLike) -> NDArray[np.float64]:
    """Log e-value against H0: θ ≤ 0, from discordant items; large where V beats R.

    Under the null a discordant item is V's with probability ½ at most. The alternative is a
    Beta(1, 1) cut to p > ½: log E = (b + c) ln 2 + ln B(1 + b, 1 + c)
    + ln P(Beta(1 + b, 1 + c) > ½) − ln ½.

    >>> round(float(np.exp(mcnemar_log_e(15, 5))), 4)
    6.3555

    Args:
        b: (t,) or one: number of items V right, R wrong.
        c: of the same shape: number of items V wrong, R right.

    Raises:
        ValueError: a count is negative or not whole.
    """
    from scipy.special import betaln
    from scipy.stats import beta

    won, lost = np.asarray(b, dtype=float), np.asarray(c, dtype=float)
    if won.shape != lost.shape or won.size == 0:
        raise ValueError(f"expected as many b as c, but got {won.shape} and {lost.shape}")
    for one, other in {*zip(won.ravel().tolist(), lost.ravel().tolist(), strict=True)}:
        check_discordant(one, other, max(one + other, 1))
    log_e: NDArray[np.float64] = (
        (won + lost) * math.log(2)
        + betaln(1 + won, 1 + lost)
        + beta.logsf(0.5, 1 + won, 1 + lost)
        - math.log(0.5)
    )
    return log_e


@dataclass(frozen=True, slots=True, eq=False)
class Bets:
    """Scores of items in the order in which they were seen, to be bet on.

    Items of one scene depend on each other, so a bet is made on a scene as a whole: no item of it
    is known when it is made. A scene counts by its items.

    Attributes:
        sums: (t,) sum of the scores of each scene.
        sizes: (t,) number of its items.
        low: the least score that an item could have.
        high: the greatest.
        largest: number of items of the largest scene that could come.
    """

    sums: NDArray[np.float64]
    sizes: NDArray[np.intp]
    low: float
    high: float
    largest: int

    @classmethod
    def on(
        cls,
        values: ArrayLike,
        *,
        low: float = -1.0,
        high: float = 1.0,
        sizes: ArrayLike | None = None,
        largest: int | None = None,
    ) -> Bets:
        """Bets on items' scores.

        Args:
            values: (n,) scores in the order in which they were seen.
            low: the least that a score could be.
            high: the greatest.
            sizes: (t,) numbers of items of the scenes, in the same order; each item is a scene
                where they are None.
            largest: of all scenes that could come; of these where it is None.

        Raises:
            ValueError: a score is out of range, or the sizes do not add up to n.
        """
        scores = item_values("values", values, low, high)
        each = np.ones(scores.size, dtype=np.intp) if sizes is None else np.asarray(sizes, np.intp)
        if each.sum() != scores.size or (each < 1).any():
            raise ValueError(
                f"expected scenes of {scores.size} items, but got {each.sum()} in {each.tolist()}"
            )
        most = int(each.max())
        largest = most if largest is None else largest
        if largest < most:
            raise ValueError(f"expected scenes of at most {largest} items, but got one of {most}")
        starts = np.concatenate(([0], np.cumsum(each)[:-1]))
        return cls(np.add.reduceat(scores, starts), each, low, high, largest)

    def log_e_above(self, mean: float) -> NDArray[np.float64]:
        """(t,) log e-value after each scene against H0: mean ≤ ``mean``.

        E = Σ over bettors j of w_j Π (1 + λ_j (sum − mean · size)) with w = WEIGHTS and
        λ = BETS / ((mean − low) · largest), so that nobody can lose more than he owns.

        Args:
            mean: above ``low``; at or below it the null is impossible and infinity is returned.
        """
        if mean <= self.low:
            return np.full(self.sums.shape, math.inf)
        stakes = BETS / ((mean - self.low) * self.largest)
        gains = self.sums - mean * self.sizes
        owned = np.log1p(stakes[:, None] * gains).cumsum(axis=1)
        most = owned.max(axis=0)
        log_e: NDArray[np.float64] = most + np.log(WEIGHTS @ np.exp(owned - most))
        return log_e

    def log_e_below(self, mean: float) -> NDArray[np.float64]:
        """(t,) log e-value after each scene against H0: mean ≥ ``mean``."""
        return self._mirrored().log_e_above(-mean)

    def interval(self, *, error: float) -> Interval:
        """Limits that hold at all times at once, each side with an error rate of ``error``.

        The means that no bet has ever refuted. Where both sides refuted all of them, which has
        at most that probability, it is the point between.

        Raises:
            ValueError: error is not inside (0, 1).
        """
        check_open("error", error, 0, 1)
        low = self._limit(error)
        high = -self._mirrored()._limit(error)
        return Interval(low, high) if low <= high else Interval((low + high) / 2, (low + high) / 2)

    def _limit(self, error: float) -> float:
        """The least mean that is not refuted from below: e falls as the mean rises."""
        enough = -math.log(error)
        return _turns(lambda mean: self.log_e_above(mean).max() < enough, self.low, self.high)

    def _mirrored(self) -> Bets:
        return Bets(-self.sums, self.sizes, -self.high, -self.low, self.largest)


def anytime_p(log_e: ArrayLike) -> float:
    """p-value that may be read, and stopped at, at any time: 1/max E.

    Args:
        log_e: (t,) log e-values so far; of none of them it is 1.
    """
    largest = float(np.max(np.asarray(log_e, dtype=float), initial=0.0))
    return math.exp(-largest)


def hybrid_p(early: float, last: float | None = None) -> float:
    """One p-value of a test by bets and of the test of all items.

    It is at most alpha where bets show it at EARLY · alpha, or the last test at
    (1 − EARLY) · alpha; under the null that has a probability of at most alpha.

    >>> round(hybrid_p(0.01), 9), round(hybrid_p(0.5, 0.04), 9)
    (0.05, 0.05)

    Args:
        early: of ``anytime_p``.
        last: of the test of all items; None as long as not all were used.
    """
    shown = early / EARLY
    if last is not None:
        shown = min(shown, last / (1 - EARLY))
    return min(1.0, shown)


def _turns(reached: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition that holds from some value on begins to, a hair below."""
    if reached(low):
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if reached(middle):
            high = middle
        else:
            low = middle
    return low
