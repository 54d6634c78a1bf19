"""Several models asked the same items: their scores, item by item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.gates import LEAST_ANSWERED
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.protocol import ASKED_BY, WORDED_BY, in_the_way, shared

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.evaluation import Evaluation

_OWN = {ASKED_BY["several_images"], *WORDED_BY.values()}
"""What belongs to a model: each is asked as it is meant to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonItems:
    """Scores of m models on the tasks that all of them have.

    Attributes:
        models: (m) names.
        eye: task → (m, n) right by the ceiling.
        mouth: task → (m, n) right as a VLM.
        notes: what was left out and why, and what is to be kept in mind.
    """

    models: tuple[str, ...]
    eye: Mapping[str, np.ndarray]
    mouth: Mapping[str, np.ndarray]
    notes: tuple[str, ...]


def common_items(evaluations: Sequence[Evaluation], *, kind: str) -> CommonItems:
    """Put the scores of several models side by side.

    Args:
        evaluations: at most one of each (model, task).
        kind: of ceiling.

    Raises:
        MeasurementError: a (model, task) is there twice, or no task is common to all.
    """
    by_task: dict[str, dict[str, Evaluation]] = {}
    for one in evaluations:
        models = by_task.setdefault(one.task, {})
        if one.model in models:
            raise MeasurementError(
                f"{one.model} on {one.task} is there twice: name records of other models or tasks"
            )
        models[one.model] = one
    names = tuple(dict.fromkeys(one.model for one in evaluations))
    eye: dict[str, np.ndarray] = {}
    mouth: dict[str, np.ndarray] = {}
    notes: list[str] = []
    for task, found in by_task.items():
        why = _left_out(found, names, kind=kind)
        if why:
            notes.append(f"{task} is left out: {why}.")
            continue
        some = [found[name] for name in names]
        sorted_by_item = list(zip(some, shared(some), strict=True))
        eye[task] = np.stack([one.ceiling_scores(kind)[order] for one, order in sorted_by_item])
        mouth[task] = np.stack(
            [one.sighted.scores(one.gold)[order] for one, order in sorted_by_item]
        )
        notes += _kept_in_mind(found)
    if not eye:
        raise MeasurementError(f"no task can be compared: {' '.join(notes) or 'there is none'}")
    return CommonItems(models=names, eye=eye, mouth=mouth, notes=tuple(notes))


def _left_out(found: Mapping[str, Evaluation], names: Sequence[str], *, kind: str) -> str:
    """Why a task cannot be compared; empty where it can."""
    lacking = [name for name in names if name not in found]
    if lacking:
        return f"{', '.join(lacking)} was not asked it"
    for name, one in found.items():
        if kind not in one.ceilings:
            told = one.unmeasured.get(kind, "it was not asked for")
            return f"the {kind} ceiling of {name} was not measured: {told}"
    first = found[names[0]]
    for name in names[1:]:
        differing = [str(d) for d in in_the_way(first, found[name]) if d.what not in _OWN]
        if differing:
            return f"{names[0]} and {name} were asked otherwise ({'; '.join(differing)})"
    return ""


def _kept_in_mind(found: Mapping[str, Evaluation]) -> list[str]:
    said = [
        f"{one.model} named an option in only {one.sighted.answered_share:.0%} of its answers on "
        f"{one.task}: as a VLM it is ranked low for its form."
        for one in found.values()
        if one.sighted.answered_share < LEAST_ANSWERED
    ]
    key = "several_images"
    if len({one.provenance.get(key) for one in found.values()}) > 1:
        task = next(iter(found.values())).task
        said.append(f"On {task} some models are shown images one by one, and some side by side.")
    return said
