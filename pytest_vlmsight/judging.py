"""All gates of an evaluation at once, for whoever does not run them under pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gates import blind_gate, ceiling_gate
from .models.base import MeasurementError
from .regression import compare
from .settings import Settings

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .gates import Verdict


def judge(
    evaluation: Evaluation,
    *,
    settings: Settings | None = None,
    baseline: Evaluation | None = None,
    tests: int | None = None,
) -> dict[str, Verdict]:
    """The verdict of each gate: ceiling, blind, and with a baseline regression.

    Args:
        evaluation: one (model, task).
        settings: what the gates demand, and the ceiling that decides; the defaults where None.
        baseline: an evaluation of the same items that is not to be fallen behind.
        tests: number of gates that are judged in all, which the FAIL side is corrected for; those
            of this evaluation where None.

    Raises:
        MeasurementError: the ceiling that decides was not measured, or the baseline was not asked
            the same in the same way.
    """
    settings = settings or Settings()
    gate, kind = settings.gate_for(evaluation.task), settings.ceiling[0]
    if kind not in evaluation.ceilings:
        why = evaluation.unmeasured.get(kind, "it was not asked for (Settings.ceiling)")
        raise MeasurementError(f"{evaluation.task}: there is no {kind} ceiling: {why}")
    count = tests or (2 if baseline is None else 3)
    verdicts = {
        "ceiling": ceiling_gate(evaluation, gate=gate, tests=count, kind=kind),
        "blind": blind_gate(evaluation, gate=gate, tests=count),
    }
    if baseline is not None:
        comparison = compare(baseline, evaluation, gate=gate, tests=count)
        if comparison.verdict is None:
            raise MeasurementError(f"{evaluation.task}: {comparison.reason}")
        verdicts["regression"] = comparison.verdict
    return verdicts
