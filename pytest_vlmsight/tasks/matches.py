"""Which places of two pictures are offered: options among which pixels do not tell the right one.

Many places that both pictures show are compared with each other as someone without an eye would
compare them, by colours and pixels around them. Sets of four places are preferred by the ranks
that this gives (see ``option_sets.py``), and which of the four is asked for is drawn at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .option_sets import option_sets, picked, total, weighed
from .scenes.drawn import shuffled
from .surroundings import pairwise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .option_sets import Weights
    from .surroundings import Surroundings

Cells = tuple[Any, Any]
"""Rows and columns (n,) in a coarse picture."""


def measured(first: Surroundings, here: Cells, second: Surroundings, there: Cells) -> Any:
    """(m, n, n) how unlike each place in the first picture and each in the second are.

    Args:
        first: picture.
        here: the places in it.
        second: picture.
        there: the same places in it.
    """
    return pairwise(first, here, second, there)


def combined(measures: Any, weights: Sequence[float]) -> Any:
    """(n, n) the weighted sum of measures (m, n, n), in this order on every machine."""
    unlike = np.zeros(measures.shape[1:])
    for weight, measure in zip(weights, measures, strict=True):
        unlike = unlike + weight * measure
    return unlike


def match(
    rng: np.random.Generator, unlike: Any, *, sets: Any, weights: Weights
) -> list[int] | None:
    """Four places, of which the first is the right one; None where these are not to be used.

    Args:
        rng: random numbers.
        unlike: (n, n) of each place in the first picture and each in the second.
        sets: (s, 4) places of which any two are apart.
        weights: by how much sets are preferred.
    """
    chance, share = rng.random(2).tolist()
    weight = weighed(unlike, sets, weights.likeness)
    if chance >= total(weight):
        return None
    return shuffled(rng, sets[picked(weight, share)].tolist())


def alike(rng: np.random.Generator, looks: Any) -> Any:
    """(n,) numbers of places by how much they look like one of them, which is drawn.

    Args:
        rng: random numbers.
        looks: (k, n) numbers that say what places look like.
    """
    count = looks.shape[1]
    off = looks - looks[:, min(count - 1, int(float(rng.random()) * count)), None]
    total = np.zeros(count)
    for value in off:  # in this order on every machine
        total = total + value * value
    return np.argsort(total, kind="stable")


def spread(x: Any, y: Any, *, apart: float, count: int) -> list[int]:
    """Numbers of the first ``count`` of places, leaving out what is not apart from an earlier one.

    Args:
        x: (n,) of the places, in shares of the side.
        y: likewise.
        apart: least distance between two.
        count: how many are wanted at most.
    """
    left = np.arange(len(x))
    found: list[int] = []
    while len(left) and len(found) < count:
        number = int(left[0])
        found.append(number)
        across, down = x[left] - x[number], y[left] - y[number]
        left = left[across * across + down * down >= apart * apart]
    return found


def all_sets(count: int) -> Any:
    """(s, 4) all sets of four of so many places."""
    return option_sets(count, lambda _one, _other: True)
