"""Two styles for one question: told apart by a look, but not by how lively they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.scenes.drawn import between, one_of

from .families import FAMILIES
from .sheet import Manner

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

SAME, RELATED, UNRELATED = 1, 2, 3
"""How far apart two styles are: of one family, of two families of one kind, of two kinds."""

_OVERLAP = 1.25
"""Least factor between the ends of the liveliness that two variants share."""

Way = tuple[str, int]
"""A family and the number of its variant."""


def two_manners(
    rng: np.random.Generator, *, difference: int, coarseness: float
) -> tuple[Manner, Manner, float]:
    """Two manners and the liveliness of both; which is first says nothing.

    Args:
        rng: random numbers.
        difference: ``SAME`` (another variant or direction), ``RELATED`` or ``UNRELATED``.
        coarseness: 0 (the finest strokes that both can have) to 1.
    """
    one = _any(rng, [way for way in _ways() if _rivals(way, difference)])
    other = _any(rng, _rivals(one, difference))
    low, high = _shared(one, other)
    liveliness = high - coarseness * (high - low)
    angle = between(rng, 0, 180)
    first, second = (_manner(way, liveliness, angle) for way in (one, other))
    turn = FAMILIES[one[0]].variants[one[1]].turn
    if one == other:
        second = replace(second, angle=angle + turn * between(rng, 0.8, 1.2))
    elif difference != SAME:
        second = replace(second, angle=between(rng, 0, 180))
    return (first, second, liveliness) if float(rng.random()) < 0.5 else (second, first, liveliness)


def _any(rng: np.random.Generator, ways: Sequence[Way]) -> Way:
    """One of them: any kind is as likely as another, any family of a kind, any variant of it."""
    kind = one_of(rng, sorted({FAMILIES[name].kind for name, _ in ways}))
    family = one_of(rng, sorted({name for name, _ in ways if FAMILIES[name].kind == kind}))
    return one_of(rng, [way for way in ways if way[0] == family])


def _manner(way: Way, liveliness: float, angle: float) -> Manner:
    size = FAMILIES[way[0]].variants[way[1]].size(liveliness)
    return Manner(family=way[0], variant=way[1], size=size, angle=angle)


def _ways() -> list[Way]:
    return [(name, k) for name, family in FAMILIES.items() for k in range(len(family.variants))]


def _rivals(one: Way, difference: int) -> list[Way]:
    """What a way can be told from, at a difference."""
    return [other for other in _ways() if _differ(one, other) == difference and _meet(one, other)]


def _differ(one: Way, other: Way) -> int:
    """How far apart two ways are; 0 where nobody could tell."""
    first, second = FAMILIES[one[0]], FAMILIES[other[0]]
    if one == other:
        return SAME if first.variants[one[1]].turn else 0
    if one[0] == other[0]:
        return SAME
    return RELATED if first.kind == second.kind else UNRELATED


def _shared(one: Way, other: Way) -> tuple[float, float]:
    spans = [FAMILIES[name].variants[number].span for name, number in (one, other)]
    return max(low for low, _ in spans), min(high for _, high in spans)


def _meet(one: Way, other: Way) -> bool:
    low, high = _shared(one, other)
    return high >= low * _OVERLAP
