"""What a model is tuned on: items of the task that share nothing with those that are scored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight import questions
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.tasks.generated import GenerationError
from pytest_vlmsight.tasks.groups import group_items
from pytest_vlmsight.tasks.presentation import balanced_orders, present

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.models.base import Prompt
    from pytest_vlmsight.tasks.item import Item
    from pytest_vlmsight.tasks.presentation import Presentation

    from .subject import Subject

FAR = 3_000_000
"""Added to the seed of a run and of a tuning: far from seeds that runs have (0 unless somebody says
otherwise) and from those that the embedded models learn from (from 1 000 000 on)."""

LEAST_LEARNED, LEAST_CHECKED = 16, 8
"""Items below which nothing is tuned."""


class Lesson:
    """One item as it is asked, its picture rendered once and kept.

    Args:
        shown: the item with its options in an order.

    Attributes:
        item: the item.
        right: position of the right option.
    """

    def __init__(self, shown: Presentation) -> None:
        self._shown, self.item, self.right = shown, shown.item, shown.answer

    @cached_property
    def prompt(self) -> Prompt:
        """As the model is asked.

        Raises:
            MeasurementError: a picture cannot be read.
        """
        return questions.sighted([[self._shown]])[0].make()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What is learned from, what rates are chosen on, and what is scored.

    Attributes:
        learned: right answers balanced over the letters, as in ``checked``.
        checked: of other scenes than those.
        scored: (n,) bool, which of the subject's items are scored.
        told: where they come from, in a sentence.
    """

    learned: tuple[Lesson, ...]
    checked: tuple[Lesson, ...]
    scored: np.ndarray
    told: str


def deal(subject: Subject, *, learned: int, checked: int, seed: int) -> Lessons:
    """Find items to learn from.

    Those of a generated task come from another seed. Those of a task folder are those that are
    not scored, and half of the scored where too few are left. None shares a scene or a picture
    with one that is scored.

    Args:
        subject: the model and the task.
        learned: how many are learned from, at most.
        checked: how many rates are chosen on, at most.
        seed: of the items.

    Raises:
        MeasurementError: there are too few.
    """
    task, scored = subject.task, subject.items
    try:
        if task.available is None:
            own = FAR + 1000 * subject.settings.seed + seed
            others = task.make_items(learned + checked, own)
            told = f"of seed {own}"
        else:
            others = task.make_items(task.available, subject.settings.seed)
            told = "of its folder that are not scored"
    except GenerationError as error:
        raise MeasurementError(str(error)) from error
    ids = {item.id for item in scored}
    others = list({item.id: item for item in others if item.id not in ids}.values())
    groups = group_items([*scored, *others])
    taken = set(groups[: len(scored)])
    free = [
        (item, group)
        for item, group in zip(others, groups[len(scored) :], strict=True)
        if group not in taken
    ]
    everything = np.ones(len(scored), dtype=bool)
    found = _parted([group for _, group in free], learned=learned, checked=checked, seed=seed)
    if found is not None:
        items = [item for item, _ in free]
        return _lessons(items, found, scored=everything, told=f"items {told}", seed=seed)
    own_groups = groups[: len(scored)]
    names = sorted(set(own_groups))
    dealt = np.random.default_rng([seed, 5]).permutation(len(names))
    given = {names[k] for k in dealt[: len(names) // 2].tolist()}
    kept = np.array([group not in given for group in own_groups])
    half = [k for k in range(len(scored)) if not kept[k]]
    found = _parted([own_groups[k] for k in half], learned=learned, checked=checked, seed=seed)
    if found is None or not kept.any():
        raise MeasurementError(
            f"task {task.name} has too few items to learn from: {len(free)} that share nothing "
            f"with those that are scored; expected {LEAST_LEARNED + LEAST_CHECKED} of two scenes "
            "or more: score fewer items, or add some to the task"
        )
    items = [scored[k] for k in half]
    told = f"half of its items, since but {len(free)} are left; the others alone are scored"
    return _lessons(items, found, scored=kept, told=told, seed=seed)


def _parted(
    groups: Sequence[str], *, learned: int, checked: int, seed: int
) -> tuple[list[int], list[int]] | None:
    """Numbers of items to learn from and to choose on; a scene's items are together."""
    if len(groups) < LEAST_LEARNED + LEAST_CHECKED:
        return None
    checked = max(LEAST_CHECKED, min(checked, len(groups) * checked // (learned + checked)))
    names = sorted(set(groups))
    first: set[str] = set()
    count = 0
    sizes = {name: groups.count(name) for name in names}
    for k in np.random.default_rng([seed, 4]).permutation(len(names)).tolist():
        if count < checked:
            first.add(names[k])
            count += sizes[names[k]]
    chosen = [k for k, group in enumerate(groups) if group in first][:checked]
    rest = [k for k, group in enumerate(groups) if group not in first][:learned]
    return (rest, chosen) if len(rest) >= LEAST_LEARNED else None


def _lessons(
    items: Sequence[Item],
    parted: tuple[list[int], list[int]],
    *,
    scored: np.ndarray,
    told: str,
    seed: int,
) -> Lessons:
    def lessons(numbers: list[int]) -> tuple[Lesson, ...]:
        own = [items[k] for k in numbers]
        orders = balanced_orders(own, seed=seed)
        return tuple(Lesson(present(item, order)) for item, order in zip(own, orders, strict=True))

    return Lessons(learned=lessons(parted[0]), checked=lessons(parted[1]), scored=scored, told=told)
