"""The p-values that gates are decided by: of all items at once, or of as many as were asked so far.

Where a task may be stopped early, a p-value is that of ``stats/sequential.py``: by bets, scene by
scene in the order in which items were asked, and once all were asked also by the test that a whole
run is judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .pairs import Pairs
from .stats.contrast import recovery_contrast
from .stats.interval import Interval
from .stats.proportion import above_chance_p, accuracy_interval
from .stats.sequential import EARLY, Bets, anytime_p, hybrid_p, mcnemar_log_e

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .evaluation import Evaluation
    from .sequence import Sequential


class PairTests(Protocol):
    """Two scores per item, compared item by item; see ``pairs.Pairs``."""

    @property
    def v(self) -> np.ndarray:
        """(n,) scores of what is tested."""

    @property
    def estimate(self) -> float:
        """Mean of V − R."""

    def interval(self, *, error: float) -> Interval:
        """Two-sided, each side with the given error rate."""

    def p_above(self, margin: float) -> float:
        """One-sided p of H0: V − R ≤ −margin."""

    def p_below(self, margin: float) -> float:
        """One-sided p of H0: V − R ≥ −margin."""

    def p_better(self) -> float:
        """One-sided p of H0: V − R ≤ 0."""

    def p_worse(self) -> float:
        """One-sided p of H0: V − R ≥ 0."""

    def is_below(self, limit: float, *, error: float) -> bool:
        """Whether V − R < limit is shown."""


class Evidence(Protocol):
    """What the items of an evaluation show."""

    def pairs(self, v: np.ndarray, r: np.ndarray, *, foretold: np.ndarray | None) -> PairTests:
        """Tests of V − R.

        Args:
            v: (n,) scores.
            r: (n,) scores.
            foretold: (n,) what R was before an item was asked, NaN where it was not known, where
                R itself was only known after all.
        """

    def above_chance(
        self, scores: np.ndarray, *, chance: np.ndarray, foretold: np.ndarray | None
    ) -> float:
        """P of H0: the mean of scores is at most chance."""

    def recovery(
        self,
        v: np.ndarray,
        r: np.ndarray,
        *,
        chance: np.ndarray,
        share: float,
        foretold: np.ndarray | None,
    ) -> float:
        """P of H0: V recovers at most this share of R above chance."""


def evidence_of(evaluation: Evaluation, *, quick: bool = False) -> Evidence:
    """The evidence of an evaluation.

    Args:
        evaluation: one (model, task).
        quick: whether intervals are not needed and may be anything.
    """
    if evaluation.sequential is None:
        return AllAtOnce()
    return OneByOne(evaluation.sequential, quick=quick)


class AllAtOnce:
    """Evidence of items that were all asked, whatever they showed: nothing was foretold."""

    def pairs(self, v: np.ndarray, r: np.ndarray, *, foretold: np.ndarray | None) -> PairTests:
        """Tests of all items."""
        assert foretold is None, "nothing is foretold where all is asked at once"
        return Pairs(v, r)

    def above_chance(
        self, scores: np.ndarray, *, chance: np.ndarray, foretold: np.ndarray | None
    ) -> float:
        """See ``stats.proportion.above_chance_p``."""
        assert foretold is None, "nothing is foretold where all is asked at once"
        return above_chance_p(scores, chance=chance)

    def recovery(
        self,
        v: np.ndarray,
        r: np.ndarray,
        *,
        chance: np.ndarray,
        share: float,
        foretold: np.ndarray | None,
    ) -> float:
        """See ``stats.contrast.recovery_contrast``."""
        assert foretold is None, "nothing is foretold where all is asked at once"
        return recovery_contrast(v, r, chance=chance, share=share).p_greater()


@dataclass(frozen=True, slots=True)
class Scenes:
    """What bets on items need to know of them.

    Attributes:
        sizes: (t,) number of items of each scene, in the order in which they were asked.
        largest: number of items of the largest scene that could come.
        complete: whether none will come any more.
    """

    sizes: tuple[int, ...]
    largest: int
    complete: bool

    @classmethod
    def of(cls, sequential: Sequential) -> Scenes:
        """Those of an evaluation."""
        return cls(sequential.scenes, sequential.largest, not sequential.stopped)

    def among(self, rows: Sequence[int]) -> Scenes:
        """Those of some of the items, given by their numbers, in order."""
        scene_of = np.repeat(np.arange(len(self.sizes)), self.sizes)[list(rows)]
        counts = np.unique(scene_of, return_counts=True)[1]
        return Scenes(tuple(counts.tolist()), self.largest, self.complete)

    def bets(self, values: np.ndarray, *, low: float, high: float = 1.0) -> Bets | None:
        """Bets on scores of items; on none of a scene in which some are NaN, None where all are."""
        sizes = np.asarray(self.sizes)
        starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
        known = ~np.logical_or.reduceat(np.isnan(values), starts)
        if not known.any():
            return None
        return Bets.on(
            values[np.repeat(known, sizes)],
            low=low,
            high=high,
            sizes=sizes[known],
            largest=self.largest,
        )

    def p_above(self, values: np.ndarray, mean: float, *, low: float, high: float = 1.0) -> float:
        """P of H0: the mean of scores is at most ``mean``, by bets alone."""
        bets = self.bets(values, low=low, high=high)
        return 1.0 if bets is None else anytime_p(bets.log_e_above(mean))

    def interval(
        self, values: np.ndarray, all_items: Interval | None, *, error: float, low: float
    ) -> Interval:
        """Limits by bets and, once all items were asked, by another interval, which both hold.

        Args:
            values: (n,) scores from ``low`` to 1.
            all_items: with an error rate of (1 − EARLY) · error on each side.
            error: of each side.
            low: the least score that there could be.
        """
        bets = self.bets(values, low=low)
        assert bets is not None, "scores of all items are known"
        early = bets.interval(error=EARLY * error)
        lows, highs = [early.low], [early.high]
        if all_items is not None:
            lows.append(all_items.low)
            highs.append(all_items.high)
        middle = float(values.mean())
        return Interval(min(max(lows), middle), max(min(highs), middle))


@dataclass(frozen=True, slots=True)
class SequentialPairs:
    """``Pairs`` of items that were asked one by one.

    Attributes:
        v: (n,) scores of what is tested.
        r: (n,) scores of the reference.
        scenes: of the items.
        foretold: see ``Evidence.pairs``.
        quick: whether intervals may be anything.
    """

    v: np.ndarray
    r: np.ndarray
    scenes: Scenes
    foretold: np.ndarray | None = None
    quick: bool = False

    @property
    def estimate(self) -> float:
        """Mean of V − R."""
        return Pairs(self.v, self.r).estimate

    def interval(self, *, error: float) -> Interval:
        """Two-sided, each side with the given error rate, wherever asking was stopped."""
        if self.quick:
            return Interval(-1.0, 1.0)
        last = None
        if self.scenes.complete:
            last = Pairs(self.v, self.r).interval(error=(1 - EARLY) * error)
        return self.scenes.interval(self.v - self.r, last, error=error, low=-1.0)

    def p_above(self, margin: float) -> float:
        """One-sided p of H0: V − R ≤ −margin.

        A reference that was foretold from few items is too weak for V to be shown to reach it.
        """
        early = 1.0
        if self.foretold is None:
            early = self.scenes.p_above(self.v - self.r, -margin, low=-1.0)
        last = Pairs(self.v, self.r).p_above(margin) if self.scenes.complete else None
        return hybrid_p(early, last)

    def p_below(self, margin: float) -> float:
        """One-sided p of H0: V − R ≥ −margin."""
        last = Pairs(self.v, self.r).p_below(margin) if self.scenes.complete else None
        return hybrid_p(self._early_below(-margin), last)

    def p_better(self) -> float:
        """One-sided p of H0: V − R ≤ 0; by McNemar's bets for whole scores of single items."""
        difference = self.v - self.r
        if self.scenes.largest == 1 and bool(np.isin(difference, (-1, 0, 1)).all()):
            won, lost = (difference > 0).cumsum(), (difference < 0).cumsum()
            early = anytime_p(mcnemar_log_e(won, lost))
        else:
            early = self.scenes.p_above(difference, 0.0, low=-1.0)
        last = Pairs(self.v, self.r).p_better() if self.scenes.complete else None
        return hybrid_p(early, last)

    def p_worse(self) -> float:
        """One-sided p of H0: V − R ≥ 0."""
        return SequentialPairs(self.r, self.v, self.scenes, quick=self.quick).p_better()

    def is_below(self, limit: float, *, error: float) -> bool:
        """Whether V − R < limit is shown."""
        if self._early_below(limit) <= EARLY * error:
            return True
        last = (1 - EARLY) * error
        return self.scenes.complete and Pairs(self.v, self.r).is_below(limit, error=last)

    def _early_below(self, mean: float) -> float:
        r = self.r if self.foretold is None else self.foretold
        return self.scenes.p_above(r - self.v, -mean, low=-1.0)


class OneByOne:
    """Evidence of items that were asked as long as it took.

    Args:
        sequential: how.
        quick: whether intervals may be anything.
    """

    def __init__(self, sequential: Sequential, *, quick: bool = False) -> None:
        self._chance, self._quick = sequential.chance, quick
        self._scenes = Scenes.of(sequential)

    def pairs(self, v: np.ndarray, r: np.ndarray, *, foretold: np.ndarray | None) -> PairTests:
        """Tests of the items so far."""
        return SequentialPairs(v, r, self._scenes, foretold=foretold, quick=self._quick)

    def above_chance(
        self, scores: np.ndarray, *, chance: np.ndarray, foretold: np.ndarray | None
    ) -> float:
        """By bets on the score above chance of each item."""
        above = (scores if foretold is None else foretold) - chance
        low = -max(self._chance, float(chance.max()))
        early = self._scenes.p_above(above, 0.0, low=low)
        last = above_chance_p(scores, chance=chance) if self._scenes.complete else None
        return hybrid_p(early, last)

    def recovery(
        self,
        v: np.ndarray,
        r: np.ndarray,
        *,
        chance: np.ndarray,
        share: float,
        foretold: np.ndarray | None,
    ) -> float:
        """By bets on V − share · R − (1 − share) · chance of each item."""
        early, last = 1.0, None
        if foretold is None:
            contrast = v - share * r - (1 - share) * chance
            low = -share - (1 - share) * self._chance
            early = self._scenes.p_above(contrast, 0.0, low=low)
        if self._scenes.complete:
            last = recovery_contrast(v, r, chance=chance, share=share).p_greater()
        return hybrid_p(early, last)


def share_interval(scores: np.ndarray, *, scenes: Scenes | None, confidence: float) -> Interval:
    """Interval of an accuracy, two-sided, wherever asking was stopped.

    Args:
        scores: (n,) of items, in the order in which they were asked.
        scenes: of these items; None where all were asked at once.
        confidence: of both sides together.
    """
    if scenes is None:
        return accuracy_interval(scores, confidence=confidence)
    error = (1 - confidence) / 2
    last = None
    if scenes.complete:
        last = accuracy_interval(scores, confidence=1 - 2 * (1 - EARLY) * error)
    return scenes.interval(scores, last, error=error, low=0.0)


def shared_scenes(one: Sequential | None, other: Sequential | None) -> Scenes | None:
    """The scenes that two evaluations of the same plan have both asked.

    Returns:
        None where both asked all items at once.
    """
    both: Sequence[Sequential] = [each for each in (one, other) if each is not None]
    if not both:
        return None
    shorter = min(both, key=lambda each: each.asked)
    return Scenes.of(shorter)
