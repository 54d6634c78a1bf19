"""The best of many, chosen on items that do not score it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.tasks.groups import group_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.item import Item


def chosen_on_other_half(
    table: np.ndarray, items: Sequence[Item], *, seed: int
) -> np.ndarray | None:
    """Which of many does best on the half of the items that an item is not of.

    The maximum over many is high by luck alone; scores of what was chosen so are not. Items that
    share a scene or a picture are in one half.

    Args:
        table: (k, n) scores of each.
        items: (n) items.
        seed: of the halves.

    Returns:
        (n,) numbers from 0 to k - 1, of equals the first; None where there is but one group.
    """
    groups = group_items(items)
    names = sorted(set(groups))
    if len(names) < 2:
        return None
    dealt = np.random.default_rng([seed, 3]).permutation(len(names))
    half = {name: int(place) % 2 for name, place in zip(names, dealt.tolist(), strict=True)}
    second = np.array([half[group] for group in groups]) == 1
    chosen: np.ndarray = np.empty(len(groups), dtype=int)
    for scored in (second, ~second):
        chosen[scored] = int(table[:, ~scored].mean(1).argmax())
    return chosen
