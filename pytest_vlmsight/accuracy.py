"""The accuracies of an evaluation, each with its interval: what is shown beside a verdict.

Broken down by slices (how far a view was turned, which colour its markers have) they say where
sight is lost; a breakdown decides no gate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .evidence import Scenes, share_interval

if TYPE_CHECKING:
    from .evaluation import Evaluation
    from .stats.interval import Interval

LEAST_WITH_INTERVAL = 5
"""Items of a slice below which its shares are given without intervals."""

MOST_VALUES = 8
"""Values that a slice may have to be broken down by: one with more names single things."""

PAIR = "pair"
"""Slice of items that are scored together besides: a pair is right where all of its items are."""

GROUPS = frozenset({"scene", PAIR})
"""Slices that say which items belong together, and nothing of what makes an item hard."""


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


@dataclass(frozen=True, slots=True)
class SliceShare:
    """Share of a slice's items right; ``interval`` is None where there are too few items."""

    share: float
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceAccuracy:
    """The accuracies of the items that have one value of a slice.

    Attributes:
        name: of the slice.
        value: that these items have.
        n: how many they are.
        sighted: with the image.
        blind: in the blind run that is the strongest on all items.
        ceiling: the readout; None where it was not measured.
    """

    name: str
    value: str
    n: int
    sighted: SliceShare
    blind: SliceShare
    ceiling: SliceShare | None


def accuracies(evaluation: Evaluation, *, confidence: float) -> list[Accuracy]:
    """Sighted, every blind run and every measured ceiling."""
    scenes = _scenes(evaluation)
    return [
        Accuracy(
            name=name,
            share=float(score.mean()),
            interval=share_interval(score, scenes=scenes, confidence=confidence),
        )
        for name, score in _scores(evaluation).items()
    ]


def _scores(evaluation: Evaluation) -> dict[str, np.ndarray]:
    """Name of an accuracy → (n,) scores."""
    scores = {"sighted": evaluation.sighted.scores(evaluation.gold)}
    for kind, answers in evaluation.blind.items():
        scores[f"blind_{kind}"] = answers.scores(evaluation.gold)
    for kind in evaluation.ceilings:
        scores[f"ceiling_{kind}"] = evaluation.ceiling_scores(kind)
    return scores


def in_pairs(evaluation: Evaluation, *, confidence: float) -> tuple[list[Accuracy], int]:
    """The accuracies of pairs of items, and how many pairs there are.

    A pair is right where all of its items are, in all of their rotations. A pair of which the run
    has one item alone does not count.

    Args:
        evaluation: one (model, task), whose items may be labelled with the slice ``PAIR``.
        confidence: of the intervals, two-sided.

    Returns:
        No accuracies and 0 where the items come in no pairs.
    """
    members = [rows for rows in _members(evaluation).get(PAIR, {}).values() if len(rows) > 1]
    if not members:
        return [], 0
    scenes = _scenes(evaluation)
    own = None if scenes is None else scenes.among([rows[0] for rows in members])
    found = []
    for name, scores in _scores(evaluation).items():
        right = np.array([float((scores[rows] == 1).all()) for rows in members])
        interval = share_interval(right, scenes=own, confidence=confidence)
        found.append(Accuracy(name=name, share=float(right.mean()), interval=interval))
    return found, len(members)


def figures(evaluation: Evaluation, *, alpha: float) -> str:
    """All accuracies of an evaluation in a line, with n and the intervals' level."""
    shown = ", ".join(map(str, accuracies(evaluation, confidence=1 - 2 * alpha)))
    chance = f"chance {100 * float(evaluation.chance.mean()):.1f}%"
    line = f"{shown}, {chance}; n={items_asked(evaluation)}, {1 - 2 * alpha:.0%} intervals"
    pairs, count = in_pairs(evaluation, confidence=1 - 2 * alpha)
    if count:
        line += f"; of {count} pairs both right: {', '.join(map(str, pairs))}"
    return line


def items_asked(evaluation: Evaluation) -> str:
    """The number of items in words: "400", and "80 of 400" where asking was stopped."""
    sequential = evaluation.sequential
    if sequential is None or not sequential.stopped:
        return str(evaluation.n)
    return f"{evaluation.n} of {sequential.planned}"


def _scenes(evaluation: Evaluation) -> Scenes | None:
    return None if evaluation.sequential is None else Scenes.of(evaluation.sequential)


def by_slice(evaluation: Evaluation, *, kind: str, confidence: float) -> list[SliceAccuracy]:
    """The accuracies of every value of every slice by which the items can be broken down.

    Left out are groups (``scene``) and slices with more than ``MOST_VALUES`` values. Slices come
    in the order of the items' own labels, values in the order of their numbers.

    Args:
        evaluation: one (model, task).
        kind: the ceiling that decides.
        confidence: of the intervals, two-sided.
    """
    scenes = _scenes(evaluation)

    def share(scores: np.ndarray, rows: list[int]) -> SliceShare:
        of, interval = scores[rows], None
        if len(rows) >= LEAST_WITH_INTERVAL:
            own = None if scenes is None else scenes.among(rows)
            interval = share_interval(of, scenes=own, confidence=confidence)
        return SliceShare(float(of.mean()), interval)

    sighted = evaluation.sighted.scores(evaluation.gold)
    blind = evaluation.blind[evaluation.strongest_blind].scores(evaluation.gold)
    ceiling = evaluation.ceiling_scores(kind) if kind in evaluation.ceilings else None
    return [
        SliceAccuracy(
            name=name,
            value=value,
            n=len(rows),
            sighted=share(sighted, rows),
            blind=share(blind, rows),
            ceiling=None if ceiling is None else share(ceiling, rows),
        )
        for name, values in _members(evaluation).items()
        if name not in GROUPS and len(values) <= MOST_VALUES
        for value, rows in sorted(values.items(), key=lambda member: _place(member[0]))
    ]


def _members(evaluation: Evaluation) -> dict[str, dict[str, list[int]]]:
    """Slice → value → indices of the items that have it."""
    members: dict[str, dict[str, list[int]]] = {}
    for index, labels in enumerate(evaluation.slices):
        for name, value in labels:
            members.setdefault(name, {}).setdefault(value, []).append(index)
    return members


def _place(value: str) -> tuple[float, bool, str]:
    """Where a value stands: "under 2" before "2 to 5", "5 and more", and words."""
    number = re.search(r"-?\d+(\.\d+)?", value)
    return (float(number[0]) if number else np.inf, not value.startswith("under "), value)
