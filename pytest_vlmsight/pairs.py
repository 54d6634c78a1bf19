"""Two scores per item, compared item by item: what every gate tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .stats.contrast import pseudo_items
from .stats.paired import inferiority_p, mcnemar_p, noninferiority_p, tango_interval

if TYPE_CHECKING:
    from .stats.interval import Interval


@dataclass(frozen=True, slots=True)
class Pairs:
    """Exact tests where scores are 0 or 1, item-level t where they are averaged over rotations.

    Attributes:
        v: (n,) scores of what is tested.
        r: (n,) scores of the reference: the readout, the blind run, the baseline.
    """

    v: np.ndarray
    r: np.ndarray

    @property
    def _whole(self) -> bool:
        both = np.concatenate((self.v, self.r))
        return bool(((both == 0) | (both == 1)).all())

    @property
    def _counts(self) -> tuple[int, int, int]:
        return int((self.v > self.r).sum()), int((self.v < self.r).sum()), len(self.v)

    @property
    def estimate(self) -> float:
        """Mean of V − R."""
        return float((self.v - self.r).mean())

    def interval(self, *, error: float) -> Interval:
        """Two-sided, each side with the given error rate."""
        if self._whole:
            return tango_interval(*self._counts, confidence=1 - 2 * error)
        return pseudo_items(self.v - self.r).interval(confidence=1 - 2 * error)

    def p_above(self, margin: float) -> float:
        """One-sided p of H0: V − R ≤ −margin."""
        if self._whole:
            return noninferiority_p(*self._counts, margin=margin)
        return pseudo_items(self.v - self.r).p_greater(-margin)

    def p_below(self, margin: float) -> float:
        """One-sided p of H0: V − R ≥ −margin."""
        if self._whole:
            return inferiority_p(*self._counts, margin=margin)
        return pseudo_items(self.v - self.r).p_less(-margin)

    def p_better(self) -> float:
        """One-sided p of H0: V − R ≤ 0; exact McNemar for whole scores."""
        if self._whole:
            return mcnemar_p(*self._counts[:2])
        return pseudo_items(self.v - self.r).p_greater(0.0)

    def p_worse(self) -> float:
        """One-sided p of H0: V − R ≥ 0; exact McNemar for whole scores."""
        return Pairs(self.r, self.v).p_better()

    def is_below(self, limit: float, *, error: float) -> bool:
        """Whether V − R < limit is shown: whether the interval's upper limit is."""
        return self.interval(error=error).high < limit
