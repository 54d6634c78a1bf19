"""Answers to a task's questions in many wordings: how far they spread, and the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.models.wordings import DEFAULT, WORDINGS
from pytest_vlmsight.stats.interval import Interval

from .halves import chosen_on_other_half
from .result import Estimate, PairedTest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.tasks.item import Item

    from .subject import Subject

SPREAD = "spread of wordings"
"""Group of estimates."""

DIFFER = "differ"
"""Claim of a test."""

_DRAWS = 1999


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingsAsked:
    """Scores of n items in each wording.

    Attributes:
        sighted: name → (n,) share of an item's rotations that is right; the default first.
        blind: name → (n,) the same without the image.
        alike: whether all wordings were answered by the very same numbers.
    """

    sighted: Mapping[str, np.ndarray]
    blind: Mapping[str, np.ndarray]
    alike: bool

    def chosen(self, items: Sequence[Item], *, seed: int) -> np.ndarray:
        """(n,) number of the wording that does best on the half that an item is not of.

        Args:
            items: (n) items.
            seed: of the halves.
        """
        table = np.stack(list(self.sighted.values()))
        chosen = chosen_on_other_half(table, items, seed=seed)
        return np.zeros(table.shape[1], dtype=int) if chosen is None else chosen

    def spread(self, *, confidence: float, seed: int) -> tuple[list[Estimate], PairedTest, float]:
        """How far accuracies of wordings spread.

        Args:
            confidence: of the intervals.
            seed: of what is drawn.

        Returns:
            Their range and standard deviation, with intervals by the percentiles of a bootstrap
            over items, which are high where wordings are alike; the test that they differ, by
            permutation of wordings within each item; and the range that wordings which are alike
            would have by chance.
        """
        table = np.stack(list(self.sighted.values()))
        count, n = table.shape
        rng = np.random.default_rng([seed, 7])
        weights = rng.multinomial(n, np.full(n, 1 / n), _DRAWS) / n
        drawn = weights @ table.T
        limits = [(1 - confidence) / 2, (1 + confidence) / 2]

        def estimate(name: str, of: Callable[[np.ndarray], np.ndarray]) -> Estimate:
            low, high = np.quantile(of(drawn), limits)
            value = float(of(table.mean(1)[None])[0])
            return Estimate(
                group=SPREAD,
                name=name,
                value=value,
                interval=Interval(min(float(low), value), max(float(high), value)),
                n=n,
            )

        rows = [
            estimate("range", lambda means: np.ptp(means, axis=1)),
            estimate("standard deviation", lambda means: means.std(axis=1, ddof=1)),
        ]
        alike = np.stack([rng.permuted(table, axis=0).mean(1) for _ in range(_DRAWS)])
        # As the sums of squares of Cochran's Q, which differ by what a permutation leaves as it is.
        as_far = alike.std(axis=1, ddof=1) >= rows[1].value - 1e-12
        p = float((1 + as_far.sum()) / (1 + _DRAWS))
        test = PairedTest(
            name=f"{count} wordings",
            claim=DIFFER,
            estimate=rows[1].value,
            interval=rows[1].interval,
            n=n,
            p=p,
            adjusted=p,
        )
        return rows, test, float(np.ptp(alike, axis=1).mean())


def ask_wordings(subject: Subject, before: Evaluation, *, kind: str) -> WordingsAsked:
    """Ask all of a task's questions in all wordings.

    Args:
        subject: the model and the task.
        before: the answers by letters in the default wording.
        kind: of blindness.

    Raises:
        MeasurementError: the model cannot be asked.
    """
    sighted, blind, alike = {}, {}, True
    for wording in WORDINGS:
        found = before if wording == DEFAULT else subject.worded(wording, blind=kind)
        sighted[wording.name] = found.sighted.scores(found.gold)
        blind[wording.name] = found.blind[kind].scores(found.gold)
        same = np.array_equal(found.sighted.logprobs, before.sighted.logprobs, equal_nan=True)
        alike = alike and bool(same)
    return WordingsAsked(sighted=sighted, blind=blind, alike=alike)
