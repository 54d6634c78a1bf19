"""Wrong places that look as much like the reference as the right one does, to a cheap look.

Where the wrong options are picked freely the right one is the most similar in colour and in pixels,
and whoever goes by those need not see anything. Here the right and the wrong places are neighbours
among all that look nearly the same, and how many of the wrong ones are more like the reference
than the right one is drawn beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .surroundings import unlikeness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .surroundings import Surroundings

_DRAWS = 800
"""Sets of wrong places that are tried."""

_UNEVEN = 0.9
"""Most that the ranks in all measures are off those drawn for them, on average."""

_NEIGHBOURS = 12
"""Of the right place's nearest neighbours in looks one is drawn, and all are to be close to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivalry:
    """What makes two places of a task's pictures equals, to a cheap look.

    Attributes:
        weights: of the measures of unlikeness in the likeness to the reference.
        within: most difference in likeness from the right place.
        alike: most mean square by which looks differ from those of a place in their middle.
        apart: least distance between any two places, as a share of the side.
    """

    weights: tuple[float, ...]
    within: float
    alike: float
    apart: float

    def choose(
        self,
        rng: np.random.Generator,
        reference: tuple[Surroundings, Any, tuple[float, float]],
        pool: tuple[Surroundings, Any, Any],
        looks: Any,
        *,
        closer: int,
        central: int,
        keep: Callable[[Any], Any] = lambda near: near,
    ) -> list[int] | None:
        """Three wrong places for a right one.

        Args:
            rng: random numbers.
            reference: its picture, its row and column there (1,), and its place.
            pool: the other picture, rows and columns there (n,), and places (2, n), the first of
                which is the right one.
            looks: (k, n) of the pool.
            closer: how many are to be more like the reference than the right place.
            central: how many are to be closer to the other three than the right place is.
            keep: which of some numbers of places can be used at all.

        Returns:
            the right place's number and those of three others, or None.
        """
        first, here, start = reference
        second, (rows, columns), places = pool
        near = keep(lookalikes(rng, looks, places, alike=self.alike, apart=self.apart))
        if len(near) < 3:
            return None
        near = np.insert(near, 0, 0)
        unlike = unlikeness(first, here, second, (rows[near], columns[near]))
        likeness = np.zeros(len(near))
        for weight, measure in zip(self.weights, unlike, strict=True):
            likeness = likeness - weight * measure
        ways = _ways(places[:, near], start)
        chosen = rivals(
            rng,
            likeness,
            places[:, near],
            np.concatenate([unlike, ways]),
            groups=(*(0,) * len(unlike), *range(1, 1 + len(ways))),
            closer=closer,
            central=central,
            within=self.within,
            apart=self.apart,
        )
        return None if chosen is None else near[[0, *chosen]].tolist()


def _ways(places: Any, start: tuple[float, float]) -> Any:
    """(3, n) distances of places (2, n) from another: across, down and the straight way."""
    across, down = (np.abs(values - own) for values, own in zip(places, start, strict=True))
    return np.stack([across, down, np.sqrt(across * across + down * down)])


def lookalikes(
    rng: np.random.Generator, looks: Any, places: Any, *, alike: float, apart: float
) -> Any:
    """Places that look much like the first one by themselves.

    Args:
        rng: random numbers.
        looks: (k, n) numbers that say what a place looks like.
        places: (2, n) in shares of the side.
        alike: most mean square by which looks differ from those of a place in their middle.
        apart: least distance from the first place.

    Returns:
        their numbers; none where the first itself is not close to their middle.
    """
    none = np.empty(0, dtype=np.intp)
    free = np.flatnonzero(_squares(places, places[:, :1]) >= apart * apart)
    if not len(free):
        return none
    strange = _squares(looks[:, free], looks[:, :1])
    nearest = free[np.argsort(strange, kind="stable")[:_NEIGHBOURS]]
    # Were all chosen around the first place, it would be the one in their middle.
    middle = nearest[int(float(rng.random()) * len(nearest))]
    if _squares(looks[:, :1], looks[:, middle, None])[0] > alike * len(looks):
        return none
    near = _squares(looks[:, free], looks[:, middle, None]) <= alike * len(looks)
    return free[near & (free != middle)]


def rivals(
    rng: np.random.Generator,
    likeness: Any,
    places: Any,
    measures: Any,
    *,
    groups: Sequence[int],
    closer: int,
    central: int,
    within: float,
    apart: float,
    count: int = 3,
) -> list[int] | None:
    """Wrong places for a right one, the first.

    Args:
        rng: random numbers.
        likeness: (n,) to the reference.
        places: (2, n) in shares of the side.
        measures: (m, n) whatever else the right place is to be in any rank of, such as single
            differences from the reference or distances in the picture.
        groups: (m,) numbers of measures that go together and have one rank; 0 stands for those
            of likeness, whose rank is ``closer``.
        closer: how many are to be more like the reference than the right place.
        central: how many are to be closer to the other three than the right place is.
        within: most difference in likeness from the right place.
        apart: least distance between any two places.
        count: how many are wanted.

    Returns:
        ``count`` indices in random order, or None.
    """
    gap = likeness[1:] - likeness[0]
    more = np.flatnonzero((gap > 0) & (gap <= within)) + 1
    less = np.flatnonzero((gap <= 0) & (gap >= -within)) + 1
    if len(more) < closer or len(less) < count - closer:
        return None
    draws = rng.random((_DRAWS, count))
    picked = np.empty((_DRAWS, count), dtype=np.intp)
    for place in range(count):
        among = more if place < closer else less
        picked[:, place] = among[(draws[:, place] * len(among)).astype(np.intp)]
    distances = _distances(np.insert(picked, 0, 0, axis=1), places)
    good = (distances >= apart).all((1, 2), where=~np.eye(count + 1, dtype=bool))
    sums = distances[:, 0]
    for one in range(1, count + 1):
        sums = sums + distances[:, one]
    good &= (sums[:, 1:] < sums[:, :1]).sum(1) == central
    usable = picked[good]
    if not len(usable):
        return None
    ranks = (measures[:, usable] < measures[:, :1, None]).sum(2)
    drawn = (rng.random(max(groups) + 1) * (count + 1)).astype(np.intp)
    drawn[0] = closer
    wanted = drawn[list(groups)]
    off = np.abs(ranks - wanted[:, None]).sum(0)
    if off.min() > _UNEVEN * len(measures):
        return None
    found = usable[off.argmin()]
    return [int(index) for index in found[np.argsort(rng.random(count), kind="stable")]]


def _distances(sets: Any, places: Any) -> Any:
    """(m, k, k) between the places of sets (m, k)."""
    x, y = (values[sets] for values in places)
    across, down = x[:, :, None] - x[:, None], y[:, :, None] - y[:, None]
    return np.sqrt(across * across + down * down)


def _squares(points: Any, middle: Any) -> Any:
    """(n,) squared distances of points (k, n) from one (k, 1), summed in a fixed order."""
    total = np.zeros(points.shape[1])
    for values, own in zip(points, middle, strict=True):
        total = total + (values - own) * (values - own)
    return total
