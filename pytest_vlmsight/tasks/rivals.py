"""Wrong places that look as much like the reference as the right one does, to a cheap look.

Where the wrong options are picked freely the right one is the most similar in colour and in pixels,
and whoever goes by those need not see anything. Here the right and the wrong places are neighbours
among all that look nearly the same, and how many of the wrong ones are more like the reference
than the right one is drawn beforehand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_DRAWS = 500
"""Sets of wrong places that are tried."""

_NEIGHBOURS = 12
"""Of the right place's nearest neighbours in looks one is drawn, and all are to be close to it."""


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
        groups: (m,) numbers from 0 of measures that go together and have one rank.
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
    wanted = (rng.random(max(groups) + 1) * (count + 1)).astype(np.intp)[list(groups)]
    found = usable[np.abs(ranks - wanted[:, None]).sum(0).argmin()]
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
