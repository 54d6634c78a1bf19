"""Items of the suite as examinations: what the tuned models learn, on a split of its own.

They come from seeds that no run of the suite uses by itself: from ``FIRST_SEED`` on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .examination_store import PART, save
from .naming import Examination, Question

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item, Task

FIRST_SEED = 1_000_000
"""The seed of the first part's items; `--vlm-seed` is 0 unless somebody says otherwise."""


def make(seed: int, folder: Path, number: int) -> None:
    """Make one part in an empty folder."""
    from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

    tasks = resolve(sorted(BUILT_IN))
    own = FIRST_SEED + 1000 * seed + number
    save(folder, [one for task in tasks for one in examinations(task, PART // len(tasks), own)])


def examinations(task: Task, n: int, seed: int) -> list[Examination]:
    """Items as a model is asked them, each in all rotations of its options.

    The right answer is at each letter once, so that pictures which are remembered tell no letter.
    """
    from pytest_vlmsight.tasks.presentation import balanced_orders, rotations

    items = task.make_items(n, seed)
    orders = balanced_orders(items, seed=seed)
    return [
        _examined(task, item, turned)
        for item, order in zip(items, orders, strict=True)
        for turned in rotations(order)
    ]


def _examined(task: Task, item: Item, order: Sequence[int]) -> Examination:
    import numpy as np

    from pytest_vlmsight.tasks.presentation import present

    shown = present(item, tuple(order))
    return Examination(
        pixels=np.stack([np.asarray(picture.load()) for picture in shown.images]),
        questions=(
            Question(
                about=task.name,
                text=item.question,
                options=shown.options,
                answer=shown.answer,
            ),
        ),
    )
