"""Pairs of pictures that an eye learns from: what is the same in both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .architecture import SIZE
from .pictures import GRID

if TYPE_CHECKING:
    from .pictures import Picture

SITES = 64
"""Pairs of places of a lesson that show the same."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """Two pictures.

    Attributes:
        sort: what kind of lesson it is.
        pictures: both.
        sites: (2, 64, 2) float32 x and y in px, of places in the first and the second picture
            that show the same.
        known: (64,) bool, which of these there are.
    """

    sort: str
    pictures: tuple[Picture, Picture]
    sites: Any
    known: Any


def of_nothing(sort: str, first: Picture, second: Picture) -> Lesson:
    """A lesson in which no place is the same as another."""
    nothing = np.zeros(0, np.int64)
    return _lesson(sort, first, second, nothing, nothing)


def of_places(
    rng: np.random.Generator, sort: str, first: Picture, second: Picture, *, reach: float
) -> Lesson:
    """A lesson in which places of one thing that are within ``reach`` are the same."""
    one, other = (p.own.reshape(3, -1).T for p in (first, second))
    same = first.code.reshape(-1, 1) == second.code.reshape(1, -1)
    off = ((one[:, None] - other[None]) ** 2).sum(2)
    off[~same] = np.inf
    nearest = off.argmin(1)
    good = np.flatnonzero(off[np.arange(len(off)), nearest] < reach * reach)
    # Things rather than walls, where there is a choice.
    weight = np.where(first.code.reshape(-1)[good] >= 0, 4.0, 1.0) * rng.random(len(good)) ** 0.5
    taken = good[np.argsort(-weight)[:SITES]]
    return _lesson(sort, first, second, taken, nearest[taken])


def _lesson(sort: str, first: Picture, second: Picture, one: Any, other: Any) -> Lesson:
    sites = np.zeros((2, SITES, 2), np.float32)
    step = SIZE / GRID
    for picture, places in enumerate((one, other)):
        sites[picture, : len(places), 0] = (places % GRID + 0.5) * step
        sites[picture, : len(places), 1] = (places // GRID + 0.5) * step
    return Lesson(
        sort=sort, pictures=(first, second), sites=sites, known=np.arange(SITES) < len(one)
    )


def of_parts(rng: np.random.Generator, sort: str, first: Picture, second: Picture) -> Lesson:
    """Places of the same part: of each place of the first picture any such of the second."""
    one, other = (p.name.ravel() for p in (first, second))
    chosen: list[int] = []
    met: list[int] = []
    places = np.flatnonzero(one)
    # Small parts as often as large ones.
    _, inverse, counts = np.unique(one[places], return_inverse=True, return_counts=True)
    order = np.argsort(rng.random(len(places)) ** (1 / np.sqrt(counts)[inverse]))
    for place in places[order]:
        fit = np.flatnonzero(other == one[place])
        if len(fit) and len(chosen) < SITES:
            chosen.append(place)
            met.append(fit[int(rng.random() * len(fit))])
    return _lesson(sort, first, second, np.array(chosen, np.int64), np.array(met, np.int64))
