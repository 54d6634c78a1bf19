"""Part ``encoders``: models ranked by what their eye sees, and by what they say.

It takes several models, already evaluated, and asks none anything. Each is scored by the mean over
the items of all tasks that all models have, so that scores, tests and intervals are of the same
items.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.phrases import limits, p_is, percent, points
from pytest_vlmsight.stats.interval import Interval
from pytest_vlmsight.stats.multiplicity import holm
from pytest_vlmsight.stats.proportion import accuracy_interval
from pytest_vlmsight.stats.ranking import ranks, tau_b, tau_p

from .common_items import common_items
from .result import Diagnosis, Estimate, PairedTest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.settings import Settings

    from .common_items import CommonItems

LEAST = 3
"""Models: two can be in the same order or in the other, which is no ranking."""

DRAWS = 2000
"""Of the bootstrap."""

BEST_IS_LAST = "the best eye is last as a VLM"
INVERTED, ALIKE, CANNOT_TELL = "ranks are inverted", "ranks are alike", "cannot tell"
"""Conclusions."""

BY_CEILING, AS_VLM = "by ceiling", "as VLM"
RANK_BY_CEILING, RANK_AS_VLM = "rank by ceiling", "rank as VLM"
CORRELATION, ALL_TASKS = "rank correlation (tau-b)", "all tasks"
"""Groups of estimates, and a name."""

BETTER_EYE, WORSE_VLM = "better eye", "worse as VLM"
"""Claims of tests."""


def diagnose(evaluations: Sequence[Evaluation], settings: Settings) -> Diagnosis:
    """Rank models by ceiling and as VLM.

    Args:
        evaluations: of at least three models, at most one of each (model, task).
        settings: the ceiling that decides, alpha, and the seed of the bootstrap.

    Raises:
        MeasurementError: there are too few models, or no task that all have.
    """
    names = list(dict.fromkeys(one.model for one in evaluations))
    if len(names) < LEAST:
        raise MeasurementError(
            f"a ranking needs at least {LEAST} models; there are {len(names)} "
            f"({', '.join(names) or 'none'})"
        )
    common = common_items(evaluations, kind=settings.ceiling[0])
    return _Ranking(common=common, alpha=settings.gate.alpha, seed=settings.seed).diagnosis()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inversion:
    """Two models, the one with the better eye, with the difference of their scores on each side.

    Attributes:
        eye: of the ceilings.
        mouth: of the answers.
        p: that it is no inversion: the greater p of both sides.
        adjusted: after Holm over all ordered pairs of models.
    """

    better: int
    other: int
    eye: Pairs
    mouth: Pairs
    p: float
    adjusted: float

    @property
    def seen(self) -> bool:
        """Whether the order is the other one, shown or not."""
        return self.eye.estimate > 0 > self.mouth.estimate


@dataclass(frozen=True, kw_only=True)
class _Ranking:
    common: CommonItems
    alpha: float
    seed: int

    def diagnosis(self) -> Diagnosis:
        """All of it."""
        names = self.common.models
        eye = np.concatenate([*self.common.eye.values()], axis=1)
        mouth = np.concatenate([*self.common.mouth.values()], axis=1)
        drawn = {task: self._drawn(task) for task in self.common.eye}
        n = eye.shape[1]
        sums = [np.sum([one[side] for one in drawn.values()], axis=0) for side in (0, 1)]
        tau, interval = _correlation(eye, mouth, *sums, alpha=self.alpha)
        p = tau_p(eye.mean(1), mouth.mean(1), seed=self.seed)
        inversions = self._inversions(eye, mouth)
        shown = [one for one in inversions if one.adjusted <= self.alpha]
        conclusion = self._concluded(eye, shown, interval)
        order = np.argsort(-eye.mean(1), kind="stable").tolist()
        estimates = [
            Estimate(
                group=group,
                name=names[k],
                value=float(scores[k].mean()),
                interval=accuracy_interval(scores[k], confidence=1 - 2 * self.alpha),
                n=n,
            )
            for group, scores in ((BY_CEILING, eye), (AS_VLM, mouth))
            for k in order
        ]
        for group, scores, draws in (
            (RANK_BY_CEILING, eye, sums[0]),
            (RANK_AS_VLM, mouth, sums[1]),
        ):
            own, others = ranks(scores.mean(1)), ranks(draws)
            estimates += [
                _number(group, names[k], own[k], _limits(others[:, k], own[k], self.alpha), n)
                for k in order
            ]
        estimates.append(_number(CORRELATION, ALL_TASKS, tau, interval, n))
        if len(drawn) > 1:
            estimates += [
                _number(
                    CORRELATION,
                    task,
                    *_correlation(
                        self.common.eye[task],
                        self.common.mouth[task],
                        *drawn[task],
                        alpha=self.alpha,
                    ),
                    self.common.eye[task].shape[1],
                )
                for task in drawn
            ]
        tasks = tuple(drawn)
        return Diagnosis(
            part="encoders",
            model=f"{len(names)} models",
            task=tasks[0] if len(tasks) == 1 else f"{len(tasks)} tasks",
            n=n,
            confidence=1 - 2 * self.alpha,
            conclusion=conclusion,
            sentence=self._said(eye, mouth, tau, interval, p, inversions),
            estimates=tuple(estimates),
            tests=tuple(test for one in inversions if one.seen for test in self._tests(one)),
            notes=(*self.common.notes, *self._notes()),
            details={
                "models": [names[k] for k in order],
                "tasks": list(tasks),
                "permutation p": p,
                "least permutation p": 2 / factorial(len(names)),
                "inverted": [[names[one.better], names[one.other]] for one in shown],
            },
        )

    def _drawn(self, task: str) -> tuple[np.ndarray, np.ndarray]:
        """(draws, m) sums of scores by ceiling and as VLM over items drawn with replacement."""
        eye, mouth = self.common.eye[task], self.common.mouth[task]
        n = eye.shape[1]
        place = list(self.common.eye).index(task)
        times = np.random.default_rng([self.seed, 4, place]).multinomial(n, [1 / n] * n, size=DRAWS)
        return times @ eye.T, times @ mouth.T

    def _inversions(self, eye: np.ndarray, mouth: np.ndarray) -> list[_Inversion]:
        """Of all ordered pairs, for which are inverted is seen from the data; smallest p first."""
        pairs = [*permutations(range(len(eye)), 2)]
        sides = [(Pairs(eye[i], eye[j]), Pairs(mouth[i], mouth[j])) for i, j in pairs]
        ps = [max(one.p_better(), other.p_worse()) for one, other in sides]
        found = [
            _Inversion(better=i, other=j, eye=one, mouth=other, p=p, adjusted=adjusted)
            for (i, j), (one, other), p, adjusted in zip(pairs, sides, ps, holm(ps), strict=True)
        ]
        return sorted(found, key=lambda one: one.p)

    def _concluded(self, eye: np.ndarray, shown: Sequence[_Inversion], interval: Interval) -> str:
        best = int(eye.mean(1).argmax())
        if {one.other for one in shown if one.better == best} == {*range(len(eye))} - {best}:
            return BEST_IS_LAST
        if shown:
            return INVERTED
        return ALIKE if interval.low > 0 else CANNOT_TELL

    def _said(
        self,
        eye: np.ndarray,
        mouth: np.ndarray,
        tau: float,
        interval: Interval,
        p: float,
        inversions: Sequence[_Inversion],
    ) -> str:
        names = self.common.models

        def ranked(scores: np.ndarray) -> str:
            order = np.argsort(-scores.mean(1), kind="stable").tolist()
            return ", ".join(f"{names[k]} {percent(scores[k].mean())}" for k in order)

        shown = [one for one in inversions if one.adjusted <= self.alpha]
        seen = [one for one in inversions if one.seen and one.adjusted > self.alpha]
        said = [
            (
                f"by ceiling {ranked(eye)}; as VLM {ranked(mouth)}; tau-b {tau:+.2f} "
                f"[{interval.low:+.2f}, {interval.high:+.2f}], permutation {p_is(p)}"
            )
        ]
        said += [
            f"{names[one.better]} sees more than {names[one.other]} "
            f"({self._difference(one.eye)}) and says less ({self._difference(one.mouth)}; "
            f"{p_is(one.adjusted)} for both, Holm)"
            for one in shown[:LEAST]
        ]
        if len(shown) > LEAST:
            said.append(f"pairs shown to be inverted beside these: {len(shown) - LEAST}")
        if seen:
            pairs = ", ".join(f"{names[one.better]} and {names[one.other]}" for one in seen)
            said.append(f"in the other order, but not shown to be: {pairs}")
        if not shown and not seen:
            said.append("no pair is in the other order")
        return "; ".join(said)

    def _difference(self, pair: Pairs) -> str:
        return f"{points(pair.estimate)} {limits(pair.interval(error=self.alpha))}"

    def _tests(self, one: _Inversion) -> list[PairedTest]:
        names = self.common.models
        return [
            PairedTest(
                name=f"{names[one.better]} against {names[one.other]}, {side}",
                claim=claim,
                estimate=pair.estimate,
                interval=pair.interval(error=self.alpha),
                n=len(pair.v),
                p=p,
                adjusted=max(p, one.adjusted),
            )
            for side, claim, pair, p in (
                (BY_CEILING, BETTER_EYE, one.eye, one.eye.p_better()),
                (AS_VLM, WORSE_VLM, one.mouth, one.mouth.p_worse()),
            )
        ]

    def _notes(self) -> list[str]:
        m = len(self.common.models)
        notes = [
            (
                "Intervals of ranks and of tau-b are of a bootstrap over items, task by task, with "
                "these models: they say what other items would give, and nothing of other models."
            ),
            (
                f"Inversions: p is the greater of both sides, Holm over all {m * (m - 1)} ordered "
                "pairs of models."
            ),
        ]
        least = 2 / factorial(m)
        if least > self.alpha:
            notes.append(
                f"The permutation p of {m} models can be no less than {least:.3f}: that any such "
                "models are ranked alike takes more of them."
            )
        return notes


def _correlation(
    eye: np.ndarray, mouth: np.ndarray, eyes: np.ndarray, mouths: np.ndarray, *, alpha: float
) -> tuple[float, Interval]:
    """Tau-b and its limits; 0 where all models are tied, which is no order."""
    tau = float(np.nan_to_num(tau_b(eye.mean(1), mouth.mean(1))))
    return tau, _limits(np.nan_to_num(tau_b(eyes, mouths)), tau, alpha)


def _limits(draws: np.ndarray, value: float, alpha: float) -> Interval:
    """Percentiles, widened to what was found: draws of few items have ties that it has not."""
    low, high = np.quantile(draws, [alpha, 1 - alpha])
    return Interval(min(float(low), float(value)), max(float(high), float(value)))


def _number(group: str, name: str, value: float, interval: Interval, n: int) -> Estimate:
    return Estimate(
        group=group, name=name, value=float(value), interval=interval, n=n, unit="number"
    )
