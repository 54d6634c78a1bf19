"""Items that the eye solves and the mouth misses, and which of them are shown with pictures.

Pictures are asked for one item at a time, in turns over all (model, task), so that none is made
that is not shown and no task takes the room of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pytest_vlmsight.tasks.item import letter
from pytest_vlmsight.tasks.presentation import differ_by_letter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.evaluation import Evaluation

MOST_SHOWN = 12
"""Items of a (model, task) that are shown; all others are named."""

DEFAULT_BUDGET = 4_000_000
"""Bytes that all pictures of a report may add to its file."""


Key = tuple[str, str]
"""Model and task."""


class NoPicturesError(Exception):
    """Pictures of an item are not at hand; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """A small picture.

    Attributes:
        uri: ``data:`` and all of it.
        width: in px.
        height: in px.
    """

    uri: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOption:
    """An option as it was shown: at its letter, and whether it is right or was chosen."""

    letter: str
    text: str
    right: bool
    sighted: bool
    blind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An item that the deciding readout solves and the sighted model does not.

    Attributes:
        task: its task.
        id: hash of its content.
        index: its place among the task's items.
        name: the source's own label.
        question: the text, without the options.
        order: ``order[position]`` is the option shown there, in the first rotation that was
            answered wrong.
        options: in that order.
        answered: whether the answer named an option.
        turns: rotations that were asked.
        right: how many of them were answered right.
        slices: its labels.
    """

    task: str
    id: str
    index: int
    name: str
    question: str
    order: tuple[int, ...]
    options: tuple[ShownOption, ...]
    answered: bool
    turns: int
    right: int
    slices: tuple[tuple[str, str], ...]


class Pictured(Protocol):
    """An item whose pictures can be made again."""

    @property
    def task(self) -> str:
        """Its task."""

    @property
    def id(self) -> str:
        """Hash of its content."""

    @property
    def order(self) -> tuple[int, ...]:
        """Of its options, as it was shown."""


Pictures = Callable[[Pictured], Sequence[Thumbnail]]
"""Gives the pictures of an item as they were shown; raises NoPicturesError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """The missed items of one (model, task).

    Attributes:
        shown: with their pictures, none where they are not at hand.
        beyond: not shown, because of the budget or because there are so many.
        why: why there are no pictures; empty where there are.
    """

    shown: tuple[tuple[Missed, tuple[Thumbnail, ...]], ...] = ()
    beyond: tuple[Missed, ...] = ()
    why: str = ""


def missed_items(evaluation: Evaluation, *, kind: str) -> list[Missed]:
    """Items that a ceiling solves and the sighted model misses in at least one rotation.

    Those that are missed in most rotations come first, then in the order of the items; none where
    the ceiling was not measured.

    Args:
        evaluation: one (model, task).
        kind: the ceiling that decides.
    """
    if kind not in evaluation.ceilings:
        return []
    wrong = evaluation.sighted.choices != evaluation.gold[:, None]
    rows = np.flatnonzero(evaluation.ceiling_scores(kind).astype(bool) & wrong.any(axis=1))
    times = wrong.sum(axis=1)
    ordered = sorted(rows.tolist(), key=lambda index: (-int(times[index]), index))
    return [_missed(evaluation, index, wrong[index]) for index in ordered]


def _missed(evaluation: Evaluation, index: int, wrong: np.ndarray) -> Missed:
    turn = int(wrong.argmax())
    count = int(evaluation.options[index])
    order = tuple(evaluation.orders[index, turn, :count].tolist())
    asked = evaluation.asked[index]
    sighted = int(evaluation.sighted.choices[index, turn])
    blind = int(evaluation.blind[evaluation.strongest_blind].choices[index, turn])
    # Where the plugin drew letters on the pictures, these moved and the texts stayed.
    stays = evaluation.provenance.get("markers") and differ_by_letter(asked.options)
    return Missed(
        task=evaluation.task,
        id=evaluation.ids[index],
        index=index,
        name=asked.name,
        question=asked.question,
        order=order,
        options=tuple(
            ShownOption(
                letter=letter(position),
                text=asked.options[position if stays else option],
                right=option == int(evaluation.gold[index]),
                sighted=option == sighted,
                blind=option == blind,
            )
            for position, option in enumerate(order)
        ),
        answered=sighted >= 0,
        turns=len(wrong),
        right=int((~wrong).sum()),
        slices=evaluation.slices[index] if evaluation.slices else (),
    )


def galleries(
    missed: Mapping[Key, Sequence[Missed]], *, pictures: Pictures, budget: int
) -> tuple[dict[Key, Gallery], int]:
    """Deal out the bytes that pictures may take.

    An item of which the pictures would exceed what is left is not shown, nor are those after it.

    Args:
        missed: by (model, task), in the order in which they are to be shown.
        pictures: of an item, as they were shown.
        budget: bytes for all.

    Returns:
        a gallery for each key, and how many bytes their pictures take.
    """
    shown: dict[Key, list[tuple[Missed, tuple[Thumbnail, ...]]]] = {key: [] for key in missed}
    why = dict.fromkeys(missed, "")
    full: set[Key] = set()
    spent = 0
    for place in range(MOST_SHOWN):
        for key, items in missed.items():
            if place >= len(items) or key in full:
                continue
            try:
                found = tuple(pictures(items[place]))
            except NoPicturesError as error:
                found = ()
                why[key] = str(error)
            size = sum(len(one.uri) for one in found)
            if spent + size > budget:
                full.add(key)
                continue
            spent += size
            shown[key].append((items[place], found))
    return {
        key: Gallery(shown=tuple(shown[key]), beyond=tuple(items[len(shown[key]) :]), why=why[key])
        for key, items in missed.items()
    }, spent
