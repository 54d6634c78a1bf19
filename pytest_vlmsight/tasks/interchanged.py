"""Views of two objects, interchanged: each place of an item could show a view of either.

All places but one show one object. Places are chosen, each with a view of either object, so that
two of them are together as unlike where both show the same object as where they show one of each,
by every measure. Which place is the odd one, and which object it shows, is drawn at the end. Then
whoever sees no more than these measures does not see which place it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .crossed import mean_of, unlike

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KEPT = 400
"""Sets of places that are tried with one place more."""

_TOGETHER = 3.0
"""How much it counts what all pairs of an item tell together, by one measure."""


def interchanged(
    first: Sequence[Any],
    second: Sequence[Any],
    count: int,
    measure: Callable[[Any, Any], Any],
    weights: Sequence[float],
) -> list[tuple[int, int]]:
    """The places by which unlikeness tells least.

    All sets of two places are looked at, and of these and of every larger set the best
    ``_KEPT`` with each further place.

    Args:
        first: what is known of the views of one object; at least ``count``.
        second: likewise of the other.
        count: places, at least 2.
        measure: gives m figures for two views: how unlike they are.
        weights: (m,) how much each measure counts.

    Returns:
        Of each place the numbers of the view of either object; no view is at two places.
    """
    import numpy as np

    others = len(second)
    telling = _telling(first, second, measure, weights)
    cost: Any = 0.0
    for one in telling:  # in this order on every machine
        cost = cost + one * one
    own, its = np.divmod(np.arange(len(first) * others), others)
    cost[(own[:, None] == own) | (its[:, None] == its)] = np.inf
    sets = np.stack(np.triu_indices(len(cost), 1), 1)
    spent = cost[sets[:, 0], sets[:, 1]]
    told = telling[:, sets[:, 0], sets[:, 1]]
    for size in range(2, count + 1):
        kept = np.argsort(spent + _squares(told), kind="stable")[:_KEPT]
        sets, spent, told = sets[kept], spent[kept], told[:, kept]
        if size == count:
            break
        spent, told = spent[:, None], told[:, :, None]
        for place in range(size):
            spent = spent + cost[sets[:, place]]
            told = told + telling[:, sets[:, place]]
        places = np.indices(spent.shape).reshape(2, -1)
        sets = np.column_stack([sets[places[0]], places[1]])
        spent, told = spent.reshape(-1), told.reshape(len(told), -1)
    return [(int(own[place]), int(its[place])) for place in sets[0]]


def _telling(
    first: Sequence[Any],
    second: Sequence[Any],
    measure: Callable[[Any, Any], Any],
    weights: Sequence[float],
) -> Any:
    """(m, s, s) by how much two places are more unlike where they show one of each object."""
    import numpy as np

    ones, others, across = (
        unlike(a, b, measure) for a, b in ((first, first), (second, second), (first, second))
    )
    found = []
    for weight, one, other, both in zip(weights, ones, others, across, strict=True):
        scale = weight / max(mean_of(both), 1e-9)
        mixed = both[:, None, None, :] + both.T[None, :, :, None]
        plain = one[:, None, :, None] + other[None, :, None, :]
        found.append((mixed - plain) * scale)
    return np.array(found).reshape(len(found), len(first) * len(second), -1)


def _squares(told: Any) -> Any:
    """What sets cost by what their pairs tell together."""
    found: Any = 0.0
    for one in told:  # in this order on every machine
        found = found + one * one
    return _TOGETHER * found
