"""The task's readout at many stages of a model, from one forward of each batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight import questions
from pytest_vlmsight.ceiling import TRAINED, CeilingReader
from pytest_vlmsight.depth_ceiling import has_depth
from pytest_vlmsight.models.base import MeasurementError, PatchGrid, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_vlmsight.models.base import LayeredVlm
    from pytest_vlmsight.tasks.item import Item
    from pytest_vlmsight.tasks.presentation import Presentation

FREQUENCIES = 32
"""Random directions and wavelengths that a position is told by."""

NARROWED = 384
"""Width to which features are narrowed for readouts that are fitted: each stage has one of its own,
and what a dense head keeps grows with the square of it (6 MB here)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReadouts:
    """What was read of n items.

    Attributes:
        scores: stage → (n,) 1 where the readout is right; in the order of the stages.
        random: the same, where the answers that readouts learn from and are scored by are dealt
            out among the items.
        positions: (n,) the same of a readout of nothing but where patches are; None where the
            readout takes no places in a picture.
        unread: stage → why nothing could be read there.
        fitted: stage → (n,) the same of a linear readout that is fitted on other items; empty
            where the task's own is fitted, or there are too few items.
        sighted: (n,) 1 where the model's own answer, of the same forwards, is right.
        trained_on: what a fitted readout was trained on; None for a zero-shot one.
    """

    scores: Mapping[Stage, np.ndarray]
    random: Mapping[Stage, np.ndarray]
    positions: np.ndarray | None
    unread: Mapping[Stage, str]
    fitted: Mapping[Stage, np.ndarray]
    sighted: np.ndarray
    trained_on: str | None


def read_stages(
    vlm: LayeredVlm,
    shown: Sequence[Presentation],
    *,
    readout: str,
    seed: int,
    told: Callable[[int], None],
) -> StageReadouts:
    """Ask a model about items, and read all its stages on the way.

    Args:
        vlm: the model.
        shown: each item as it is asked.
        readout: the task's.
        seed: of folds, dealt answers and positions.
        told: of how many items are read.

    Raises:
        MeasurementError: the model cannot be asked, no stage can be read, or an item lacks what
            its readout needs.
    """
    items = [one.item for one in shown]
    dealt = deal_answers(items, seed=seed)

    def reader(stage: object, some: Sequence[Item], by: str = readout) -> CeilingReader:
        return CeilingReader(by, items=some, kind="matched", stage=str(stage), seed=seed)

    readers = {stage: reader(stage, items) for stage in vlm.stages}
    # One that learns from answers learns from dealt ones; the choices of others are those they are.
    fitted = readout in TRAINED
    learns = fitted and not has_depth(items)
    dealt_readers = {stage: reader(stage, dealt) for stage in vlm.stages} if learns else {}
    second = {} if fitted else {stage: reader(stage, items, "linear") for stage in vlm.stages}
    positions = reader("positions", items) if all(i.points or i.boxes for i in items) else None
    wave = _waves(seed)
    unread: dict[Stage, str] = {}
    right: list[bool] = []
    prompts = (question.make() for question in questions.sighted([[one] for one in shown]))
    for reading in vlm.read(prompts, stages=vlm.stages):
        here = range(len(right), len(right) + len(reading.answers))
        located = False
        for stage in vlm.stages:
            if stage in unread:
                continue
            try:
                grids = reading.grids(stage)
            except MeasurementError as error:
                unread[stage] = str(error)
                continue
            for index, laid in zip(here, grids, strict=True):
                narrow = list(map(_narrowed, laid))
                own = narrow if fitted else laid
                reduced = readers[stage].reduced(items[index], own)
                if not fitted:
                    second[stage].observe(items[index], narrow)
                readers[stage].take(items[index], reduced)
                if learns:
                    dealt_readers[stage].take(dealt[index], reduced)
                if positions is not None and not located:
                    places = [
                        _placed(grid, picture.size, wave)
                        for grid, picture in zip(own, items[index].images, strict=True)
                    ]
                    positions.observe(items[index], places)
            located = True
        for index, answer in zip(here, reading.answers, strict=True):
            best = int(np.argmax(answer.logprobs))
            right.append(shown[index].order[best] == items[index].answer)
        told(len(right))
    read = [stage for stage in vlm.stages if stage not in unread]
    if not read:
        raise MeasurementError(f"no stage can be read: {next(iter(unread.values()))}")
    gold = np.array([item.answer for item in items])
    gold_dealt = np.array([item.answer for item in dealt])
    found = {stage: readers[stage].result() for stage in read}
    chosen = {
        stage: dealt_readers[stage].result().choices if learns else found[stage].choices
        for stage in read
    }
    try:
        others = {} if fitted else {stage: second[stage].result().choices for stage in read}
    except MeasurementError:  # too few items to fit
        others = {}
    return StageReadouts(
        scores={stage: (found[stage].choices == gold).astype(float) for stage in read},
        random={stage: (chosen[stage] == gold_dealt).astype(float) for stage in read},
        positions=None if positions is None else (positions.result().choices == gold).astype(float),
        unread=unread,
        fitted={stage: (choices == gold).astype(float) for stage, choices in others.items()},
        sighted=np.array(right, dtype=float),
        trained_on=found[read[0]].trained_on,
    )


def deal_answers(items: Sequence[Item], *, seed: int) -> list[Item]:
    """The items with their right answers dealt out anew among those with as many options.

    What a readout gets right of them is due to the readout, and not to what the items show: the
    control task of Hewitt & Liang, EMNLP 2019 (1909.03368).
    """
    rng = np.random.default_rng([seed, 1])
    answers = np.array([item.answer for item in items])
    counts = np.array([len(item.options) for item in items])
    for count in np.unique(counts):
        where = np.flatnonzero(counts == count)
        answers[where] = answers[rng.permutation(where)]
    return [
        replace(item, answer=answer) for item, answer in zip(items, answers.tolist(), strict=True)
    ]


def _narrowed(grid: PatchGrid) -> PatchGrid:
    from pytest_vlmsight.readouts.sketch import sketch

    return replace(grid, features=sketch(grid.features, width=NARROWED))


def _waves(seed: int) -> np.ndarray:
    """(2, FREQUENCIES) per unit of a picture's longer side: near places are alike, others not.

    Source: random Fourier features, Rahimi & Recht, NIPS 2007: the cosine of two places is about
    exp(-distance² / (2 · width²)), here with a width of a fifth of the picture.
    """
    waves: np.ndarray = np.random.default_rng([seed, 2]).normal(0, 5, (2, FREQUENCIES))
    return waves


def _placed(grid: PatchGrid, size: tuple[int, int], wave: np.ndarray) -> PatchGrid:
    """A grid whose features say where each patch is, and nothing of what it shows."""
    import torch

    ys, xs = np.meshgrid(grid.ys / max(size), grid.xs / max(size), indexing="ij")
    angles = np.stack([xs, ys], axis=-1) @ wave
    features = np.concatenate([np.cos(angles), np.sin(angles)], axis=-1)
    return replace(grid, features=torch.from_numpy(features).float())
