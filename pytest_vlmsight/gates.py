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

from .pairs import Pairs
from .phrases import limits, p_is, percent, points
from .stats.contrast import recovery_contrast
from .stats.proportion import above_chance_p

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .evaluation import Answers, Evaluation
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
        gate: ceiling, blind or regression.
        outcome: PASS, FAIL or INCONCLUSIVE.
        estimate: the difference that was tested (VLM − ceiling, sighted − blind, new − old).
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
    pair = Pairs(v, r)
    interval = pair.interval(error=gate.alpha)
    p_pass = pair.p_above(gate.margin)
    verdict = partial(_verdict, gate="ceiling", pair=pair, interval=interval)

    unanswered = too_few_answered({"sighted": evaluation.sighted})
    if unanswered:
        return verdict(Outcome.INCONCLUSIVE, p_pass, unanswered)
    read = above_chance_p(r, chance=evaluation.chance)
    if read > gate.alpha:
        return verdict(
            Outcome.INCONCLUSIVE,
            read,
            f"the {kind} readout ({percent(r.mean())}) is not shown to be above chance "
            f"({percent(evaluation.chance.mean())}, {p_is(read)}), so it bounds nothing",
        )
    shown = (
        f"sighted {percent(v.mean())} against {kind} ceiling {percent(r.mean())}: "
        f"difference {points(pair.estimate)} {limits(interval)}"
    )
    recovery = recovery_contrast(v, r, chance=evaluation.chance, share=gate.recovery)
    p_recovery = recovery.p_greater()
    within = f"margin {points(-gate.margin)}"
    if p_pass <= gate.alpha and p_recovery <= gate.alpha:
        more = "; the reference is exceeded" if interval.low > 0 else ""
        return verdict(
            Outcome.PASS,
            max(p_pass, p_recovery),
            f"{shown} is within the {within} ({p_is(p_pass)}) and more than "
            f"{gate.recovery:.0%} of the ceiling above chance is recovered "
            f"({p_is(p_recovery)}){more}",
        )
    p_fail = pair.p_below(gate.margin)
    if p_fail <= gate.alpha / tests:
        return verdict(
            Outcome.FAIL,
            p_fail,
            f"{shown} is beyond the {within} ({p_is(p_fail)} at alpha/m={gate.alpha / tests:.2g})",
        )
    if p_pass <= gate.alpha:
        return verdict(
            Outcome.INCONCLUSIVE,
            p_recovery,
            f"{shown} is within the {within} ({p_is(p_pass)}), but it is not shown that more "
            f"than {gate.recovery:.0%} of the ceiling above chance is recovered "
            f"({p_is(p_recovery)})",
        )
    return verdict(
        Outcome.INCONCLUSIVE,
        p_pass,
        f"{shown} is neither shown to be within the {within} ({p_is(p_pass)}) nor beyond it "
        f"({p_is(p_fail)} at alpha/m={gate.alpha / tests:.2g}); more items would tell",
    )


def blind_gate(evaluation: Evaluation, *, gate: GateSettings, tests: int) -> Verdict:
    """Does the VLM separate from itself without the image, and from always naming one letter?

    FAIL (looked at first) where the upper limit of the gain, at alpha / tests, is below
    min_gain. PASS where exact McNemar shows a gain over the strongest blind run, and the
    accuracy is shown to be above both chance and the commonest key. Where the right answers all
    stand at one position, naming it is always right: nothing can be above that.

    Args:
        evaluation: one (model, task).
        gate: what is demanded.
        tests: number of gates collected in the run.
    """
    v = evaluation.sighted.scores(evaluation.gold)
    runs = {kind: a.scores(evaluation.gold) for kind, a in evaluation.blind.items()}
    strongest = max(runs, key=lambda kind: float(runs[kind].mean()))
    pair = Pairs(v, runs[strongest])
    interval = pair.interval(error=gate.alpha)
    p_gain = pair.p_better()
    verdict = partial(_verdict, gate="blind", pair=pair, interval=interval)

    unanswered = too_few_answered(
        {"sighted": evaluation.sighted, f"blind ({strongest})": evaluation.blind[strongest]}
    )
    if unanswered:
        return verdict(Outcome.INCONCLUSIVE, p_gain, unanswered)
    shown = (
        f"sighted {percent(v.mean())} against {percent(runs[strongest].mean())} blind "
        f"({strongest}): gain {points(pair.estimate)} {limits(interval)}"
    )
    upper = pair.interval(error=gate.alpha / tests).high
    if upper < gate.min_gain:
        return verdict(
            Outcome.FAIL,
            pair.p_below(-gate.min_gain),
            f"{shown}, at most {points(upper)} (alpha/m={gate.alpha / tests:.2g}), which is "
            f"less than the {points(gate.min_gain)} that sight must gain",
        )
    key = evaluation.majority_key
    if key == 1:
        return verdict(
            Outcome.INCONCLUSIVE,
            1.0,
            f"{shown}: all right answers stand at the same position, so naming it without looking "
            "is always right, and no accuracy shows sight; put them at all positions equally often",
        )
    level = np.maximum(evaluation.chance, key)
    p_chance = above_chance_p(v, chance=level)
    if max(p_gain, p_chance) <= gate.alpha:
        return verdict(
            Outcome.PASS,
            max(p_gain, p_chance),
            f"{shown} is shown to be above 0 ({p_is(p_gain)}), and the accuracy above "
            f"{percent(level.mean())}, chance or the commonest key ({p_is(p_chance)})",
        )
    lacking = (
        f"a gain over blind is not shown ({p_is(p_gain)})"
        if p_gain > gate.alpha
        else f"accuracy above {percent(level.mean())}, chance or the commonest key, is not "
        f"shown ({p_is(p_chance)})"
    )
    return verdict(Outcome.INCONCLUSIVE, max(p_gain, p_chance), f"{shown}: {lacking}")


def _verdict(
    outcome: Outcome, p: float, reason: str, *, gate: str, pair: Pairs, interval: Interval
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


def too_few_answered(runs: Mapping[str, Answers]) -> str | None:
    """Why parsed answers are too few to judge, or None.

    Args:
        runs: answers by what a sentence calls them, as in "sighted".
    """
    for name, answers in runs.items():
        if answers.answered_share < LEAST_ANSWERED:
            total = answers.choices.size
            return (
                f"only {total - answers.unanswered} of {total} {name} answers name an option "
                f"({answers.answered_share:.0%}, {LEAST_ANSWERED:.0%} needed): the model does "
                "not answer in the asked form"
            )
    return None
