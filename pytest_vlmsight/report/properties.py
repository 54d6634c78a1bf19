"""What a case tells the summary, JUnit and other reporters: names and plain values.

Properties travel with pytest's reports, also from xdist's workers to their controller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.gates import Verdict
    from pytest_vlmsight.regression import Comparison


def evaluation_properties(
    evaluation: Evaluation, *, kind: str, alpha: float
) -> list[tuple[str, object]]:
    """What is measured, before any verdict.

    Args:
        evaluation: one (model, task).
        kind: the ceiling that decides.
        alpha: intervals are two-sided at 1 - 2 alpha.
    """
    from pytest_vlmsight.accuracy import accuracies, by_slice, in_pairs

    from .slices import to_json

    measured = accuracies(evaluation, confidence=1 - 2 * alpha)
    numbers: list[tuple[str, object]] = [
        ("vlm_n", evaluation.n),
        *_sequential(evaluation),
        ("vlm_chance", float(evaluation.chance.mean())),
        ("vlm_decided_by", kind),
        ("vlm_blind", max(a.share for a in measured if a.name.startswith("blind_"))),
    ]
    for accuracy in measured:
        numbers += [
            (f"vlm_{accuracy.name}", accuracy.share),
            (f"vlm_{accuracy.name}_low", accuracy.interval.low),
            (f"vlm_{accuracy.name}_high", accuracy.interval.high),
        ]
    pairs, count = in_pairs(evaluation, confidence=1 - 2 * alpha)
    if count:
        numbers += [("vlm_pairs", count), *((f"vlm_pair_{p.name}", p.share) for p in pairs)]
    numbers += [
        (f"vlm_{key}", value) for key, value in evaluation.provenance.items() if value is not None
    ]
    slices = by_slice(evaluation, kind=kind, confidence=1 - 2 * alpha)
    if slices:
        numbers.append(("vlm_slices", to_json(slices, confidence=1 - 2 * alpha)))
    return plain(numbers)


def _sequential(evaluation: Evaluation) -> list[tuple[str, object]]:
    if evaluation.sequential is None:
        return []
    sequential = evaluation.sequential
    return [("vlm_planned", sequential.planned), ("vlm_stopped", sequential.stopped)]


def verdict_properties(verdict: Verdict) -> list[tuple[str, object]]:
    """What a gate says."""
    return plain(
        [
            ("vlm_verdict", verdict.outcome),
            ("vlm_estimate", verdict.estimate),
            ("vlm_low", verdict.interval.low),
            ("vlm_high", verdict.interval.high),
            ("vlm_p", verdict.p),
            ("vlm_reason", verdict.reason),
        ]
    )


def comparison_properties(
    comparison: Comparison, *, accepted: bool, next_step: str
) -> list[tuple[str, object]]:
    """What a comparison with a baseline says.

    Args:
        comparison: of a task.
        accepted: whether the run makes what was measured the baseline.
        next_step: the sentence that says what to do; empty where there is nothing to do.
    """
    told: list[tuple[str, object]] = [
        ("vlm_baseline_status", comparison.status),
        ("vlm_baseline_new", comparison.new),
        ("vlm_baseline_updated", accepted),
        ("vlm_baseline_old", comparison.old),
        ("vlm_baseline_drop", comparison.drop),
    ]
    if comparison.verdict is not None:
        told += [
            ("vlm_baseline_difference", comparison.verdict.estimate),
            ("vlm_baseline_difference_low", comparison.verdict.interval.low),
            ("vlm_baseline_difference_high", comparison.verdict.interval.high),
        ]
    told += [
        ("vlm_baseline_differs", "; ".join(map(str, comparison.differs)) or None),
        ("vlm_baseline_besides", "; ".join(map(str, comparison.besides)) or None),
        ("vlm_baseline_next", next_step or None),
    ]
    return plain((key, value) for key, value in told if value is not None)


def plain(properties: Iterable[tuple[str, object]]) -> list[tuple[str, object]]:
    """Properties with values of built-in types only: xdist refuses even subclasses of them."""
    kinds = (bool, int, float, str)
    return [
        (key, next((kind(value) for kind in kinds if isinstance(value, kind)), str(value)))
        for key, value in properties
    ]
