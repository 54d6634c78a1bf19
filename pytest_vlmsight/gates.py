"""Gates: evaluation → verdict, with estimate, interval, p-value and the reason in a sentence.

PASS and FAIL are both claims that are tested; what neither test shows is INCONCLUSIVE. All gates
must pass for a release, so the PASS side needs no correction (intersection-union); the FAIL side
is divided by the number of gates that were collected, so that a suite does not fail by its size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .evidence import evidence_of
from .phrases import limits, p_is, percent, points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .evaluation import Answers, Evaluation
    from .evidence import PairTests
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

    Where items were asked one by one, the first look at which either is shown decides.

    Args:
        evaluation: one (model, task).
        gate: what is demanded.
        tests: number of gates collected in the run.
        kind: which ceiling decides; it must have been measured.

    Raises:
        KeyError: this ceiling was not measured.
    """
    judge = partial(_ceiling_gate, gate=gate, tests=tests, kind=kind)
    return _first_decided(judge, evaluation)


def ceiling_outcome(
    evaluation: Evaluation, *, gate: GateSettings, tests: int, kind: str
) -> Outcome:
    """What the last look alone says; see ``ceiling_gate``."""
    return _ceiling_gate(evaluation, gate=gate, tests=tests, kind=kind, quick=True).outcome


def _ceiling_gate(
    evaluation: Evaluation, *, gate: GateSettings, tests: int, kind: str, quick: bool = False
) -> Verdict:
    v = evaluation.sighted.scores(evaluation.gold)
    r = evaluation.ceiling_scores(kind)
    foretold = evaluation.foretold_scores(kind)
    evidence = evidence_of(evaluation, quick=quick)
    pair = evidence.pairs(v, r, foretold=foretold)
    interval = pair.interval(error=gate.alpha)
    p_pass = pair.p_above(gate.margin)
    verdict = partial(_verdict, gate="ceiling", pair=pair, interval=interval)

    unanswered = too_few_answered({"sighted": evaluation.sighted})
    if unanswered:
        return verdict(Outcome.INCONCLUSIVE, p_pass, unanswered)
    read = evidence.above_chance(r, chance=evaluation.chance, foretold=foretold)
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
    p_recovery = evidence.recovery(
        v, r, chance=evaluation.chance, share=gate.recovery, foretold=foretold
    )
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

    Where items were asked one by one, the first look at which either is shown decides. Which blind
    run is the strongest may change from look to look, so a gain is then to be shown over all of
    them, and an upper limit at alpha / tests / their number.

    Args:
        evaluation: one (model, task).
        gate: what is demanded.
        tests: number of gates collected in the run.
    """
    return _first_decided(partial(_blind_gate, gate=gate, tests=tests), evaluation)


def blind_outcome(evaluation: Evaluation, *, gate: GateSettings, tests: int) -> Outcome:
    """What the last look alone says; see ``blind_gate``."""
    return _blind_gate(evaluation, gate=gate, tests=tests, quick=True).outcome


def _blind_gate(
    evaluation: Evaluation, *, gate: GateSettings, tests: int, quick: bool = False
) -> Verdict:
    v = evaluation.sighted.scores(evaluation.gold)
    runs = {kind: a.scores(evaluation.gold) for kind, a in evaluation.blind.items()}
    strongest = max(runs, key=lambda kind: float(runs[kind].mean()))
    evidence = evidence_of(evaluation, quick=quick)
    pair = evidence.pairs(v, runs[strongest], foretold=None)
    interval = pair.interval(error=gate.alpha)
    p_gain = pair.p_better()
    strict, key = gate.alpha / tests, evaluation.majority_key
    if evaluation.sequential is not None:
        p_gain = max(evidence.pairs(v, r, foretold=None).p_better() for r in runs.values())
        strict, key = strict / len(runs), evaluation.sequential.key
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
    if pair.is_below(gate.min_gain, error=strict):
        upper = pair.interval(error=strict).high
        return verdict(
            Outcome.FAIL,
            pair.p_below(-gate.min_gain),
            f"{shown}, at most {points(upper)} (alpha/m={strict:.2g}), which is "
            f"less than the {points(gate.min_gain)} that sight must gain",
        )
    if key == 1:
        return verdict(
            Outcome.INCONCLUSIVE,
            1.0,
            f"{shown}: all right answers stand at the same position, so naming it without looking "
            "is always right, and no accuracy shows sight; put them at all positions equally often",
        )
    level = np.maximum(evaluation.chance, key)
    p_chance = evidence.above_chance(v, chance=level, foretold=None)
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


def _first_decided(judge: Callable[..., Verdict], evaluation: Evaluation) -> Verdict:
    """The verdict of the first look that decides, with the figures of all items that were asked.

    Args:
        judge: evaluation → verdict, without intervals where it is called with ``quick``.
        evaluation: one (model, task).
    """
    sequential = evaluation.sequential
    if sequential is None:
        return judge(evaluation)
    for look in sequential.looks:
        seen = evaluation.first(look)
        outcome = judge(seen, quick=True).outcome
        if outcome == Outcome.INCONCLUSIVE:
            continue
        verdict = judge(evaluation)
        # What was shown is not taken back, unless later answers could not be parsed.
        if verdict.outcome not in {outcome, Outcome.INCONCLUSIVE}:
            verdict = judge(seen)
        if look == sequential.planned:
            return verdict
        told = f"{verdict.reason}; decided after {look} of {sequential.planned} items"
        return replace(verdict, reason=told)
    verdict = judge(evaluation)
    if not sequential.stopped:
        return verdict
    told = f"{verdict.reason}; {sequential.asked} of {sequential.planned} items were asked"
    return replace(verdict, reason=told)


def _verdict(
    outcome: Outcome, p: float, reason: str, *, gate: str, pair: PairTests, interval: Interval
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
