"""Gates: evaluation → verdict, with estimate, interval, p-value and the reason in a sentence.

PASS and FAIL are both claims that are tested; what neither test shows is INCONCLUSIVE. All gates
must pass for a release, so the PASS side needs no correction (intersection-union); the FAIL side
is divided by the number of gates that were collected, so that a suite does not fail by its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .stats.contrast import pseudo_items, recovery_contrast
from .stats.paired import inferiority_p, mcnemar_p, noninferiority_p, tango_interval
from .stats.proportion import above_chance_p

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .settings import GateSettings
    from .stats.interval import Interval

LEAST_ANSWERED = 0.95
"""Share of answers that must be parsed: below it accuracy says more of the parser than of sight."""


class Outcome(StrEnum):
    """What a gate says."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A gate's outcome on one evaluation.

    Attributes:
        gate: ceiling or blind.
        outcome: PASS, FAIL or INCONCLUSIVE.
        estimate: the difference that was tested (VLM − ceiling, or sighted − blind).
        interval: of the estimate, two-sided 1 − 2 alpha (each side is one test at alpha).
        p: of the test that decided, one-sided; of the PASS test where neither did.
        n: items.
        reason: one sentence.
    """

    gate: str
    outcome: Outcome
    estimate: float
    interval: Interval
    p: float
    n: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Paired:
    """Two scores per item: exact tests where they are 0 or 1, item-level t where averaged."""

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


def ceiling_gate(
    evaluation: Evaluation, *, gate: GateSettings, tests: int, kind: str = "matched"
) -> Verdict:
    """Does the VLM stay within a margin of its encoder's ceiling, and recover enough of it?

    PASS where both are shown at alpha: VLM > ceiling − margin, and
    VLM − chance > recovery · (ceiling − chance). FAIL where VLM < ceiling − margin is shown at
    alpha / tests. A readout that is not shown to be above chance says nothing of the VLM.

    Args:
        evaluation: one (model, task).
        gate: what is demanded.
        tests: number of gates collected in the run.
        kind: which ceiling decides; it must have been measured.

    Raises:
        KeyError: this ceiling was not measured.
    """
    v = evaluation.sighted.scores(evaluation.gold)
    r = evaluation.ceiling_scores(kind)
    pair = _Paired(v, r)
    interval = pair.interval(error=gate.alpha)
    p_pass = pair.p_above(gate.margin)
    verdict = partial(_verdict, gate="ceiling", pair=pair, interval=interval)

    unanswered = _unanswered(evaluation)
    if unanswered:
        return verdict(Outcome.INCONCLUSIVE, p_pass, unanswered)
    read = above_chance_p(r, chance=evaluation.chance)
    if read > gate.alpha:
        return verdict(
            Outcome.INCONCLUSIVE,
            read,
            f"the {kind} readout ({_percent(r.mean())}) is not shown to be above chance "
            f"({_percent(evaluation.chance.mean())}, p={_p(read)}), so it bounds nothing",
        )
    shown = (
        f"sighted {_percent(v.mean())} against {kind} ceiling {_percent(r.mean())}: "
        f"difference {_points(pair.estimate)} {_limits(interval)}"
    )
    recovery = recovery_contrast(v, r, chance=evaluation.chance, share=gate.recovery)
    p_recovery = recovery.p_greater()
    within = f"margin {_points(-gate.margin)}"
    if p_pass <= gate.alpha and p_recovery <= gate.alpha:
        more = "; the reference is exceeded" if interval.low > 0 else ""
        return verdict(
            Outcome.PASS,
            max(p_pass, p_recovery),
            f"{shown} is within the {within} (p={_p(p_pass)}) and more than "
            f"{gate.recovery:.0%} of the ceiling above chance is recovered "
            f"(p={_p(p_recovery)}){more}",
        )
    p_fail = pair.p_below(gate.margin)
    if p_fail <= gate.alpha / tests:
        return verdict(
            Outcome.FAIL,
            p_fail,
            f"{shown} is beyond the {within} (p={_p(p_fail)} at alpha/m={gate.alpha / tests:.2g})",
        )
    if p_pass <= gate.alpha:
        return verdict(
            Outcome.INCONCLUSIVE,
            p_recovery,
            f"{shown} is within the {within} (p={_p(p_pass)}), but it is not shown that more "
            f"than {gate.recovery:.0%} of the ceiling above chance is recovered "
            f"(p={_p(p_recovery)})",
        )
    return verdict(
        Outcome.INCONCLUSIVE,
        p_pass,
        f"{shown} is neither shown to be within the {within} (p={_p(p_pass)}) nor beyond it "
        f"(p={_p(p_fail)} at alpha/m={gate.alpha / tests:.2g}); more items would tell",
    )


def blind_gate(evaluation: Evaluation, *, gate: GateSettings, tests: int) -> Verdict:
    """Does the VLM separate from itself without the image, and from always naming one letter?

    FAIL (looked at first) where the upper limit of the gain, at alpha / tests, is below
    min_gain. PASS where exact McNemar shows a gain over the strongest blind run, and the
    accuracy is shown to be above both chance and the commonest key.

    Args:
        evaluation: one (model, task).
        gate: what is demanded.
        tests: number of gates collected in the run.
    """
    v = evaluation.sighted.scores(evaluation.gold)
    runs = {kind: a.scores(evaluation.gold) for kind, a in evaluation.blind.items()}
    strongest = max(runs, key=lambda kind: float(runs[kind].mean()))
    pair = _Paired(v, runs[strongest])
    interval = pair.interval(error=gate.alpha)
    p_gain = pair.p_better()
    verdict = partial(_verdict, gate="blind", pair=pair, interval=interval)

    unanswered = _unanswered(evaluation, strongest)
    if unanswered:
        return verdict(Outcome.INCONCLUSIVE, p_gain, unanswered)
    shown = (
        f"sighted {_percent(v.mean())} against {_percent(runs[strongest].mean())} blind "
        f"({strongest}): gain {_points(pair.estimate)} {_limits(interval)}"
    )
    upper = pair.interval(error=gate.alpha / tests).high
    if upper < gate.min_gain:
        return verdict(
            Outcome.FAIL,
            pair.p_below(-gate.min_gain),
            f"{shown}, at most {_points(upper)} (alpha/m={gate.alpha / tests:.2g}), which is "
            f"less than the {_points(gate.min_gain)} that sight must gain",
        )
    level = np.maximum(evaluation.chance, evaluation.majority_key)
    p_chance = above_chance_p(v, chance=level)
    if max(p_gain, p_chance) <= gate.alpha:
        return verdict(
            Outcome.PASS,
            max(p_gain, p_chance),
            f"{shown} is shown to be above 0 (p={_p(p_gain)}), and the accuracy above "
            f"{_percent(level.mean())}, chance or the commonest key (p={_p(p_chance)})",
        )
    lacking = (
        f"a gain over blind is not shown (p={_p(p_gain)})"
        if p_gain > gate.alpha
        else f"accuracy above {_percent(level.mean())}, chance or the commonest key, is not "
        f"shown (p={_p(p_chance)})"
    )
    return verdict(Outcome.INCONCLUSIVE, max(p_gain, p_chance), f"{shown}: {lacking}")


def _verdict(
    outcome: Outcome, p: float, reason: str, *, gate: str, pair: _Paired, interval: Interval
) -> Verdict:
    return Verdict(
        gate=gate,
        outcome=outcome,
        estimate=pair.estimate,
        interval=interval,
        p=p,
        n=len(pair.v),
        reason=reason,
    )


def _unanswered(evaluation: Evaluation, blind: str | None = None) -> str | None:
    """Why parsed answers are too few to judge, or None."""
    runs = {"sighted": evaluation.sighted}
    if blind is not None:
        runs[f"blind ({blind})"] = evaluation.blind[blind]
    for name, answers in runs.items():
        if answers.answered_share < LEAST_ANSWERED:
            total = answers.choices.size
            return (
                f"only {total - answers.unanswered} of {total} {name} answers name an option "
                f"({answers.answered_share:.0%}, {LEAST_ANSWERED:.0%} needed): the model does "
                "not answer in the asked form"
            )
    return None


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f} points"


def _limits(interval: Interval) -> str:
    return f"[{100 * interval.low:+.1f}, {100 * interval.high:+.1f}]"


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"
