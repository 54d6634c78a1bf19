"""The accuracies of an evaluation, each with its interval: what is shown beside a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .stats.proportion import accuracy_interval

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .stats.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Share of items right.

    Attributes:
        name: sighted, blind_KIND or ceiling_KIND.
        share: of the items; of their rotations where there are several.
        interval: two-sided.
    """

    name: str
    share: float
    interval: Interval

    def __str__(self) -> str:
        limits = f"[{100 * self.interval.low:.1f}, {100 * self.interval.high:.1f}]"
        return f"{self.name.replace('_', ' ')} {100 * self.share:.1f}% {limits}"


def accuracies(evaluation: Evaluation, *, confidence: float) -> list[Accuracy]:
    """Sighted, every blind run and every measured ceiling."""
    scores = {"sighted": evaluation.sighted.scores(evaluation.gold)}
    for kind, answers in evaluation.blind.items():
        scores[f"blind_{kind}"] = answers.scores(evaluation.gold)
    for kind in evaluation.ceilings:
        scores[f"ceiling_{kind}"] = evaluation.ceiling_scores(kind)
    return [
        Accuracy(
            name=name,
            share=float(score.mean()),
            interval=accuracy_interval(score, confidence=confidence),
        )
        for name, score in scores.items()
    ]


def figures(evaluation: Evaluation, *, alpha: float) -> str:
    """All accuracies of an evaluation in a line, with n and the intervals' level."""
    shown = ", ".join(map(str, accuracies(evaluation, confidence=1 - 2 * alpha)))
    chance = f"chance {100 * float(evaluation.chance.mean()):.1f}%"
    return f"{shown}, {chance}; n={evaluation.n}, {1 - 2 * alpha:.0%} intervals"
