"""Evaluations of models that are simulated item by item, asked one by one until gates decide.

An item's answers by eye, mouth and blind mouth come of three uniform numbers. How alike the items
of a scene are is the share of them that all items of the scene have in common.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from made_runs import PROVENANCE, answered

from pytest_vlmsight.ceiling import Ceiling
from pytest_vlmsight.evaluation import Evaluation
from pytest_vlmsight.sequence import Order, Sequential
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.stopping import enough_for

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class World:
    """What is true of a model and a task.

    Attributes:
        eye: the readout's accuracy.
        mouth: the sighted accuracy.
        blind: the blind accuracy.
        reads: share of items on which mouth and eye are right or wrong for the same reason, as far
            as their accuracies let them.
        guesses: the same of mouth and blind mouth; 1 where they say the same wherever they can.
        options: of an item.
        scene: items of a scene.
        alike: share of the items that are as all of their scene.
    """

    eye: float = 0.9
    mouth: float = 0.9
    blind: float = 0.5
    reads: float = 0.5
    guesses: float = 0.5
    options: int = 2
    scene: int = 1
    alike: float = 0.0

    def evaluation(self, n: int, *, seed: int) -> Evaluation:
        """All n items, as they would be asked one by one."""
        rng = np.random.default_rng(seed)
        sizes = np.full(n // self.scene, self.scene)
        sizes = np.append(sizes, n - sizes.sum()) if sizes.sum() < n else sizes
        scene_of = np.repeat(np.arange(len(sizes)), sizes)

        def uniform() -> np.ndarray:
            own, common = rng.random(n), rng.random(len(sizes))[scene_of]
            return np.where(rng.random(n) < self.alike, common, own)

        shared, other, third = uniform(), uniform(), uniform()
        hard = np.where(uniform() < self.reads, shared, other)
        eye, mouth = hard < self.eye, shared < self.mouth
        blind = np.where(uniform() < self.guesses, shared, third) < self.blind
        gold = np.arange(n) % self.options
        counts = np.full(n, self.options)

        def choices(right: np.ndarray) -> np.ndarray:
            chosen: np.ndarray = np.where(right, gold, (gold + 1) % self.options)
            return chosen

        looks = Order(tuple(range(n)), tuple(sizes.tolist())).looks
        return Evaluation(
            model="simulated",
            task="one",
            ids=tuple(map(str, range(n))),
            gold=gold,
            options=counts,
            orders=np.tile(np.arange(self.options), (n, 1, 1)),
            sighted=answered(choices(mouth)[:, None], counts),
            blind={"blank": answered(choices(blind)[:, None], counts)},
            ceilings={
                "matched": Ceiling(
                    kind="matched", stage="encoder[2]", choices=choices(eye), trained_on=None
                )
            },
            unmeasured={},
            provenance=PROVENANCE,
            slices=((),) * n,
            sequential=Sequential(
                planned=n,
                looks=looks,
                scenes=tuple(sizes.tolist()),
                largest=int(sizes.max()),
                chance=1 / self.options,
                key=1 / self.options,
            ),
        )


def asked_until_enough(whole: Evaluation, *, tests: int) -> Evaluation:
    """The part of an evaluation that would have been asked.

    Bisected: what was shown by a look stays shown, and all answers can be parsed.
    """
    assert whole.sequential is not None
    looks = whole.sequential.looks

    def enough(look: int) -> bool:
        return enough_for(Settings(), task=whole.task, tests=tests)(whole.first(look))

    return whole.first(looks[min(bisect_left(looks, True, key=enough), len(looks) - 1)])


def all_at_once(whole: Evaluation) -> Evaluation:
    """The same items in a run that is never stopped."""
    return replace(whole, sequential=None)


WORLDS: Mapping[str, World] = {
    "blind": World(eye=0.9, mouth=0.5, blind=0.5, reads=0.0, guesses=1.0),
    "blind, four options": World(
        eye=0.9, mouth=0.25, blind=0.25, reads=0.0, guesses=1.0, options=4
    ),
    "blind, guesses anew": World(eye=0.9, mouth=0.5, blind=0.5, reads=0.0, guesses=0.0),
    "fine": World(eye=0.9, mouth=0.9, blind=0.5, reads=0.8, guesses=0.5),
    "fine, differs more": World(eye=0.9, mouth=0.9, blind=0.5, reads=0.3, guesses=0.5),
    "hard to show": World(eye=0.9, mouth=0.87, blind=0.5, reads=0.4, guesses=0.5),
    "small gain": World(eye=0.6, mouth=0.6, blind=0.53, reads=0.8, guesses=0.9),
    "on the margin": World(eye=0.9, mouth=0.8, blind=0.5, reads=0.8, guesses=0.5),
}
"""Models that users will meet."""
