"""The regression gate: did a model lose what the one before it could do?

The one before is a pinned evaluation, never "the previous run": losses that are each too small to
be shown would add up. The rule, and what its errors are, is in the README.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .evidence import SequentialPairs, shared_scenes
from .gates import Outcome, Verdict, too_few_answered
from .pairs import Pairs
from .phrases import limits, p_is, percent, points
from .protocol import Difference, besides, in_the_way, shared

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .settings import GateSettings

MANY = 400
"""Items from which on a smaller drop can be told."""


class Status(StrEnum):
    """What became of a task, worst first."""

    REGRESSED = "regressed"
    INCOMPARABLE = "incomparable"
    MISSING = "missing"
    INCONCLUSIVE = "inconclusive"
    NEW = "new"
    IMPROVED = "improved"
    PASS = "pass"  # noqa: S105 - no password


_OUTCOMES = {
    Status.PASS: Outcome.PASS,
    Status.IMPROVED: Outcome.PASS,
    Status.REGRESSED: Outcome.FAIL,
    Status.INCONCLUSIVE: Outcome.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A task in the old and in the new run.

    Attributes:
        task: its name.
        status: what became of it.
        reason: one sentence.
        old: share of right answers, sighted; None where it was not measured.
        new: the same of the new run.
        drop: the greatest drop that is tolerated; None where nothing was tested.
        verdict: None where nothing was tested.
        lost: names of the items that were answered better in the old run; empty where nothing was
            tested.
        won: names of those that are answered better in the new one.
        differs: where it is incomparable, all that is in the way.
        besides: what else differs.
    """

    task: str
    status: Status
    reason: str
    old: float | None = None
    new: float | None = None
    drop: float | None = None
    verdict: Verdict | None = None
    lost: tuple[str, ...] = ()
    won: tuple[str, ...] = ()
    differs: tuple[Difference, ...] = ()
    besides: tuple[Difference, ...] = ()


def tolerated(drop: float | None, n: int) -> float:
    """The drop that is tolerated with n items: the one set, or .03, .05 of fewer than 400 items."""
    if drop is not None:
        return drop
    return 0.03 if n >= MANY else 0.05


def compare(
    old: Evaluation | None, new: Evaluation | None, *, gate: GateSettings, tests: int
) -> Comparison:
    """Compare the sighted answers of two evaluations of a task, item by item.

    PASS (looked at first) where it is shown at alpha that new > old − drop; it is said to be
    improved where new > old is shown, too. Else regressed where new < old is shown at
    alpha / tests. Else inconclusive, as it is where too few answers could be parsed.

    Where one of them was stopped early, the items that both have asked are compared, in the order
    in which they were asked and by bets, which hold wherever asking was stopped and whyever.

    Args:
        old: the baseline; None where it does not have the task.
        new: None where it was not measured; one of both must be there.
        gate: alpha, and the drop that is tolerated.
        tests: number of gates collected in the run.
    """
    if old is None or new is None:
        return _alone(old, new)
    comparison = partial(Comparison, task=new.task, besides=besides(old, new))
    differs = in_the_way(old, new)
    if differs:
        comparison = partial(comparison, old=_score(old), new=_score(new))
        listed = "; ".join(map(str, differs))
        return comparison(
            status=Status.INCOMPARABLE,
            reason=f"not asked the same in the same way, so nothing was compared: {listed}",
            differs=differs,
        )
    drop = tolerated(gate.drop, _planned(new))
    status, verdict = _judged(old, new, gate=gate, drop=drop, tests=tests)
    pair = _pair(old, new)
    lost, won = _changed(old, new)
    return comparison(
        status=status,
        reason=verdict.reason,
        old=float(pair.r.mean()),
        new=float(pair.v.mean()),
        drop=drop,
        verdict=verdict,
        lost=lost,
        won=won,
    )


def outcome(old: Evaluation, new: Evaluation, *, gate: GateSettings, tests: int) -> Outcome:
    """What ``compare`` says of the items asked so far; FAIL where they cannot be compared."""
    if in_the_way(old, new):
        return Outcome.FAIL
    drop = tolerated(gate.drop, _planned(new))
    return _judged(old, new, gate=gate, drop=drop, tests=tests, quick=True)[1].outcome


def _planned(one: Evaluation) -> int:
    return one.n if one.sequential is None else one.sequential.planned


def _pair(old: Evaluation, new: Evaluation, *, quick: bool = False) -> Pairs | SequentialPairs:
    """The scores of the items that both have asked."""
    here, there = shared((old, new))
    v, r = new.sighted.scores(new.gold)[there], old.sighted.scores(old.gold)[here]
    scenes = shared_scenes(old.sequential, new.sequential)
    return Pairs(v, r) if scenes is None else SequentialPairs(v, r, scenes, quick=quick)


def _alone(old: Evaluation | None, new: Evaluation | None) -> Comparison:
    if new is not None:
        return Comparison(
            task=new.task,
            status=Status.NEW,
            reason="it is not in the old record, so there is nothing to compare with",
            new=_score(new),
        )
    assert old is not None
    return Comparison(
        task=old.task,
        status=Status.MISSING,
        reason="it was not measured in the new run",
        old=_score(old),
    )


def _judged(
    old: Evaluation,
    new: Evaluation,
    *,
    gate: GateSettings,
    drop: float,
    tests: int,
    quick: bool = False,
) -> tuple[Status, Verdict]:
    pair = _pair(old, new, quick=quick)
    interval = pair.interval(error=gate.alpha)
    within, better, worse = pair.p_above(drop), pair.p_better(), pair.p_worse()
    shown = (
        f"{percent(pair.r.mean())} → {percent(pair.v.mean())}: difference "
        f"{points(pair.estimate)} {limits(interval)}"
    )
    if len(pair.v) < _planned(new):
        shown += f" on the {len(pair.v)} of {_planned(new)} items that both were asked"
    least = f"the tolerated {100 * drop:.1f} points"
    strict = gate.alpha / tests
    unanswered = too_few_answered({"old": old.sighted, "new": new.sighted})
    if unanswered:
        status, p, reason = Status.INCONCLUSIVE, within, unanswered
    elif within <= gate.alpha:
        status, p = Status.PASS, within
        reason = f"{shown} is shown to lose less than {least} ({p_is(within)})"
        if better <= gate.alpha:
            status, p = Status.IMPROVED, better
            reason = f"{shown} is a gain ({p_is(better)}): the baseline is stale"
    elif worse <= strict:
        status, p = Status.REGRESSED, worse
        reason = (
            f"{shown} is shown to be a loss ({p_is(worse)} at alpha/m={strict:.2g}), and not "
            f"shown to be less than {least} ({p_is(within)})"
        )
    else:
        status, p = Status.INCONCLUSIVE, within
        reason = (
            f"{shown} is neither shown to lose less than {least} ({p_is(within)}) nor shown to "
            f"be a loss ({p_is(worse)} at alpha/m={strict:.2g}); more items would tell"
        )
    return status, Verdict(
        gate="regression",
        outcome=_OUTCOMES[status],
        estimate=pair.estimate,
        interval=interval,
        p=p,
        n=len(pair.v),
        reason=reason,
    )


def _changed(old: Evaluation, new: Evaluation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the items that were lost and of those that were won, in the old one's order."""
    here, there = shared((old, new))
    difference = np.zeros(old.n)
    difference[here] = new.sighted.scores(new.gold)[there] - old.sighted.scores(old.gold)[here]
    names = [one.name for one in old.asked] or list(old.ids)
    lost, won = np.flatnonzero(difference < 0), np.flatnonzero(difference > 0)
    return tuple(names[index] for index in lost), tuple(names[index] for index in won)


def _score(evaluation: Evaluation) -> float:
    return float(evaluation.sighted.scores(evaluation.gold).mean())
