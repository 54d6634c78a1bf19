"""One after the other: in which order items are asked where a task may be stopped early.

The order is random, so that the first items stand for all of them; items of one scene stay
together, since they depend on each other; and the right answers' positions are as balanced among
the first items as among all. How an item is asked does not change by where it stands, so its
answers are those of a run that asks all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from .tasks.groups import group_items
from .tasks.seeded import seeded_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .tasks.item import Item
    from .tasks.presentation import Presentation

LOOKS = 40
"""How often gates are looked at, at most, and so into how many parts the items are asked."""

LEAST = 10
"""Items between two looks, at least: less would fill no batch."""

_CHOICE = 32
"""Scenes, in random order, of which the next is the first that balances positions best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequential:
    """How an evaluation came to its items, which are in the order in which they were asked.

    Attributes:
        planned: number of items that would have been asked.
        looks: numbers of items after which gates were looked at; the last is all that were asked.
        scenes: number of items of each scene, in that order.
        largest: number of items of the largest scene of those planned.
        chance: greatest chance level of an item of those planned.
        key: share of the commonest position of the right answer among those planned.
        foretold: of a fitted readout, by kind: (n,) the choices of one that was fitted to the items
            asked before; -1 where there was none yet.
    """

    planned: int
    looks: tuple[int, ...]
    scenes: tuple[int, ...]
    largest: int
    chance: float
    key: float
    foretold: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def asked(self) -> int:
        """Number of items that were asked."""
        return self.looks[-1]

    @property
    def stopped(self) -> bool:
        """Whether items were left unasked."""
        return self.asked < self.planned

    def first(self, n: int) -> Sequential:
        """As it was after some look.

        Raises:
            ValueError: gates were not looked at after n items.
        """
        if n not in self.looks:
            raise ValueError(f"expected a number of items from {self.looks}, got {n}")
        return replace(
            self,
            looks=self.looks[: self.looks.index(n) + 1],
            scenes=whole_scenes(self.scenes, n),
            foretold={kind: choices[:n] for kind, choices in self.foretold.items()},
        )


def whole_scenes(scenes: Sequence[int], n: int) -> tuple[int, ...]:
    """The first scenes, of n items together.

    Raises:
        ValueError: n items end within a scene.
    """
    ends = np.cumsum(scenes).tolist()
    if n not in ends:
        raise ValueError(f"{n} items end within a scene")
    return tuple(scenes[: ends.index(n) + 1])


@dataclass(frozen=True, slots=True)
class Order:
    """In which order items are asked.

    Attributes:
        places: (n,) numbers of the items, in the source's order.
        scenes: number of items of each scene, as they follow each other.
    """

    places: tuple[int, ...]
    scenes: tuple[int, ...]

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of items after which gates are looked at: after whole scenes, the last all."""
        n = len(self.places)
        parts = max(1, min(LOOKS, n // LEAST))
        looks = []
        done = 0
        for end in np.cumsum(self.scenes).tolist():
            if end * parts >= n * (done + 1):
                looks.append(end)
                done = end * parts // n
        return tuple(looks)


def random_order(
    items: Sequence[Item], asked: Sequence[Sequence[Presentation]], *, seed: int
) -> Order:
    """The order that a seed decides.

    Args:
        items: all of them, in the source's order.
        asked: presentations by item; the first one's position is balanced, and so are the others'.
        seed: of the order.
    """
    scenes: dict[str, list[int]] = {}
    for index, scene in enumerate(group_items(items)):
        scenes.setdefault(scene, []).append(index)
    members = list(scenes.values())
    left = [members[place] for place in seeded_order(len(members), "sequence", seed)]
    kinds = [(len(turns[0].options), turns[0].answer) for turns in asked]
    total, seen = Counter(kinds), Counter[tuple[int, int]]()

    def crowding(scene: Sequence[int]) -> float:
        """Which share of the items like a scene's were asked already, on average."""
        shares = (seen[kinds[index]] / total[kinds[index]] for index in scene)
        return sum(shares) / len(scene)

    places: list[int] = []
    sizes = []
    while left:
        best = min(range(min(_CHOICE, len(left))), key=lambda place: crowding(left[place]))
        chosen = left.pop(best)
        seen.update(kinds[index] for index in chosen)
        places += chosen
        sizes.append(len(chosen))
    return Order(tuple(places), tuple(sizes))
