"""When a task was asked enough: all of its gates are decided, or none of them ever will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gates import LEAST_ANSWERED, Outcome, blind_outcome, ceiling_outcome
from .regression import outcome as regression_outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from .evaluation import Enough, Evaluation
    from .settings import Settings


def enough_for(
    settings: Settings,
    *,
    task: str,
    tests: int | None = None,
    baseline: Evaluation | None = None,
) -> Enough:
    """What tells of one evaluation, part by part, whether to stop.

    A gate that was decided stays so. A ceiling that cannot be measured has nothing to wait for,
    and neither has a comparison with a baseline that was asked otherwise.

    Args:
        settings: what the gates demand, and the ceiling that decides.
        task: its name.
        tests: number of gates collected, which the FAIL side is corrected for; those of this
            evaluation where None.
        baseline: what the evaluation is compared with.
    """
    gate, kind = settings.gate_for(task), settings.ceiling[0] if settings.ceiling else ""
    count = tests or (2 if baseline is None else 3)
    left: dict[str, Callable[[Evaluation], bool]] = {}

    def ceiling(seen: Evaluation) -> bool:
        if kind not in seen.ceilings:
            return True
        found = ceiling_outcome(seen, gate=gate, tests=count, kind=kind)
        return found != Outcome.INCONCLUSIVE

    def blind(seen: Evaluation) -> bool:
        return blind_outcome(seen, gate=gate, tests=count) != Outcome.INCONCLUSIVE

    left |= {"ceiling": ceiling, "blind": blind}
    if baseline is not None:

        def regression(seen: Evaluation) -> bool:
            if seen.n >= baseline.n:
                return True  # the baseline knows of no more items
            found = regression_outcome(baseline, seen, gate=gate, tests=count)
            return found != Outcome.INCONCLUSIVE

        left["regression"] = regression

    def enough(seen: Evaluation) -> bool:
        for name, decided in list(left.items()):
            if decided(seen):
                del left[name]
        return not left or hopeless(seen)

    return enough


def hopeless(seen: Evaluation) -> bool:
    """Whether too many answers could not be parsed for any gate, whatever the others will be.

    A run that asked all items would say the same, so this takes nothing from any error rate.
    """
    assert seen.sequential is not None, "items are asked one by one"
    share = seen.sighted.unanswered / (seen.sequential.planned * seen.sighted.choices.shape[1])
    return bool(share > 1 - LEAST_ANSWERED)
