"""How far the letters that a model answers are from the right ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.stats.agreement import total_variation_p
from pytest_vlmsight.stats.interval import Interval
from pytest_vlmsight.stats.multiplicity import holm

from .result import Estimate, PairedTest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LETTERS = "letter bias"
"""Group of estimates."""

UNLIKE = "letters unlike the right ones"
"""Claim of tests."""

_DRAWS = 2000


class LetterBias:
    """How far the letters that are answered are from the right ones, or from other answers.

    Args:
        choices: (n, R) of options.
        gold: (n,) right options, or what else is compared with.
        orders: (n, R, k) the option shown at each position.
    """

    def __init__(self, choices: np.ndarray, gold: np.ndarray, orders: np.ndarray) -> None:
        self.answered = (orders == choices[:, :, None]).argmax(-1)
        self.right = (orders == gold[:, None, None]).argmax(-1)
        self.options = orders.shape[-1]
        every = np.eye(self.options)
        # An item's share in what is answered more often than it is right, by letter.
        self._apart = (every[self.answered] - every[self.right]).mean(axis=1)

    @property
    def distance(self) -> float:
        """Total variation of both distributions."""
        return float(np.abs(self._apart.mean(axis=0)).sum() / 2)

    def interval(self, *, confidence: float, seed: int) -> Interval:
        """By a bootstrap over items.

        Drawn anew, alike distributions are apart by chance, so the lower percentile is too high
        where the distance is small. The lower limit is as far below the distance as the upper
        percentile is above it, and not below 0.
        """
        n = len(self._apart)
        drawn = np.random.default_rng([seed, 6]).multinomial(n, np.full(n, 1 / n), _DRAWS)
        found = np.abs(drawn @ self._apart / n).sum(axis=1) / 2
        high = max(self.distance, float(np.quantile(found, (1 + confidence) / 2)))
        return Interval(max(0.0, 2 * self.distance - high), high)

    def estimate(
        self, name: str, *, confidence: float, seed: int, group: str = LETTERS
    ) -> Estimate:
        """As it is shown."""
        return Estimate(
            group=group,
            name=name,
            value=self.distance,
            interval=self.interval(confidence=confidence, seed=seed),
            n=len(self._apart),
            unit="number",
        )

    def p(self, *, seed: int) -> float:
        """Of the first rotation: that answers are as the right letters, exchanged by item."""
        return total_variation_p(
            self.answered[:, 0], self.right[:, 0], options=self.options, seed=seed
        )


def letter_tests(
    biases: Mapping[str, LetterBias],
    letters: Sequence[Estimate],
    *,
    seed: int,
    claim: str = UNLIKE,
) -> list[PairedTest]:
    """Whether letters are answered more or less often than they are right; Holm over all.

    Args:
        biases: by name.
        letters: their estimates, in the same order.
        seed: of permutations.
        claim: what a small p shows, where answers are compared with others.
    """
    ps = [one.p(seed=seed) for one in biases.values()]
    return [
        PairedTest(
            name=one.name,
            claim=claim,
            estimate=one.value,
            interval=one.interval,
            n=one.n,
            p=p,
            adjusted=adjusted,
        )
        for one, p, adjusted in zip(letters, ps, holm(ps), strict=True)
    ]
