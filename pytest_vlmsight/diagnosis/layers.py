"""Part ``layers``: what the task's readout gets right at every layer, and where that is lost.

On the way from the eye to the answer stand four stages that are fixed before anything is looked
at: the encoder layer that the projector reads, the projector, the LLM's first layer, its last. They
are compared in pairs; the layers between are drawn, and decide nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.models.base import LayeredVlm, MeasurementError, ModelError, Stage
from pytest_vlmsight.phrases import p_is
from pytest_vlmsight.stats.proportion import accuracy_interval

from .conclusion import Concluder
from .halves import chosen_on_other_half
from .result import Diagnosis, Estimate
from .stage_readouts import StageReadouts, read_stages
from .way import POSITIONS, TWIN, Way, tests_of, way_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.tasks.item import Item

    from .subject import Subject

READOUT, FITTED, RANDOM = "readout", "fitted readout", "random labels"
SUMMARY, CONTROLS, ANSWERS = "summary", "controls", "answers"
"""Groups of estimates, beside ``TWIN``."""


def diagnose(subject: Subject) -> Diagnosis:
    """Read a task's items at every layer.

    Raises:
        MeasurementError: the model has no layers that can be read, or cannot be asked.
    """
    vlm = subject.vlm
    if not isinstance(vlm, LayeredVlm):
        raise MeasurementError(
            f"{vlm.name} cannot be read at its layers: an adapter of your own needs stages, read "
            "and untrained for it (docs/diagnosis.md)"
        )
    shown = [turns[0] for turns in subject.presentations]
    n = len(shown)

    def read(of: LayeredVlm, what: str) -> StageReadouts:
        return read_stages(
            of,
            shown,
            readout=subject.task.readout,
            seed=subject.settings.seed,
            told=lambda done: subject.told(what, done, n),
        )

    found = read(vlm, "layers")
    notes = _unread_notes(found)
    twin: Mapping[Stage, np.ndarray] = {}
    try:
        other = vlm.untrained(seed=subject.settings.seed)
        try:
            twin = read(other, "layers, untrained").scores
        finally:
            other.close()
    except (MeasurementError, ModelError) as error:
        notes.append(f"There is no untrained twin: {error}")
    if found.trained_on is not None:
        notes.append(
            f"The readout is fitted ({found.trained_on}), at each stage by itself; such accuracies "
            "are compared mildly liberally."
        )
    if found.fitted:
        notes.append(
            "The task's readout is zero-shot: where it loses and a fitted one does not, what is "
            "seen takes another form and is not gone."
        )
    gate = subject.settings.gate_for(subject.task.name)
    chance = np.array([1 / len(item.options) for item in subject.items])
    way = way_of(vlm, found)
    tests = tests_of(way, twin, alpha=gate.alpha, margin=gate.margin)
    notes += [
        "At the encoder no more is shown to be read than from an untrained twin "
        f"({p_is(one.adjusted)}): what the readout needs is there without learning."
        for one in tests
        if one.name.startswith(TWIN) and one.adjusted > gate.alpha
    ]
    conclusion, sentence = Concluder(way=way, tests=tests, chance=chance, gate=gate).concluded()
    return Diagnosis(
        part="layers",
        model=vlm.name,
        task=subject.task.name,
        n=n,
        confidence=subject.confidence,
        conclusion=conclusion,
        sentence=sentence,
        estimates=_estimates(way, twin, subject=subject),
        tests=tuple(tests),
        notes=tuple(notes),
        details={
            "readout": subject.task.readout,
            "chance": float(chance.mean()),
            "way": {name: str(stage) for name, stage in way.named.items()},
            "unread": {str(stage): why for stage, why in found.unread.items()},
        },
    )


def _unread_notes(found: StageReadouts) -> list[str]:
    """A sentence for each reason, with the stages that it is for."""
    stages: dict[str, list[Stage]] = {}
    for stage, why in found.unread.items():
        stages.setdefault(why.removeprefix(f"{stage} "), []).append(stage)
    return [
        f"Not read: {', '.join(map(str, some)) if len(some) < 3 else f'{some[0]} to {some[-1]}'}: "
        f"{why}"
        for why, some in stages.items()
    ]


def _estimates(
    way: Way, twin: Mapping[Stage, np.ndarray], *, subject: Subject
) -> tuple[Estimate, ...]:
    def estimate(group: str, name: object, scores: np.ndarray) -> Estimate:
        return Estimate(
            group=group,
            name=str(name),
            value=float(scores.mean()),
            interval=accuracy_interval(scores, confidence=subject.confidence),
            n=len(scores),
        )

    found = way.found
    groups = (
        (READOUT, found.scores),
        (FITTED, found.fitted),
        (TWIN, twin),
        (RANDOM, found.random),
    )
    rows = [
        estimate(group, stage, scores) for group, some in groups for stage, scores in some.items()
    ]
    rows += [
        estimate(SUMMARY, f"{name}: {stage}", found.scores[stage])
        for name, stage in way.named.items()
    ]
    for part, word in (("encoder", "encoder"), ("llm", "LLM")):
        own = {stage: scores for stage, scores in found.scores.items() if stage.part == part}
        if len(own) > 1:
            rows.append(
                estimate(
                    SUMMARY,
                    f"{word}: layer chosen on the other half",
                    chosen_elsewhere(list(own.values()), subject.items, seed=subject.settings.seed),
                )
            )
            rows.append(estimate(SUMMARY, f"{word}: mean of layers", np.mean([*own.values()], 0)))
    if found.positions is not None:
        rows.append(estimate(CONTROLS, POSITIONS, found.positions))
    rows.append(estimate(ANSWERS, "sighted", found.sighted))
    return tuple(rows)


def chosen_elsewhere(
    layers: Sequence[np.ndarray], items: Sequence[Item], *, seed: int
) -> np.ndarray:
    """Scores at the layer that does best on the half of the items that is not scored.

    See ``halves.chosen_on_other_half``.

    Args:
        layers: (n,) scores of each.
        items: (n) items.
        seed: of the halves.

    Returns:
        (n,) scores; where there is but one group of items, those of the layer in the middle.
    """
    table: np.ndarray = np.stack(layers)
    chosen = chosen_on_other_half(table, items, seed=seed)
    if chosen is None:
        middle: np.ndarray = table[len(table) // 2]
        return middle
    scores: np.ndarray = table[chosen, np.arange(table.shape[1])]
    return scores
