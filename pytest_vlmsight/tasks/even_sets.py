"""Sets of four places, preferred so that nothing that pixels say tells the right one.

A set weighs the product of what it weighs by every measure of unlikeness: of each of its options,
were it the right one, the rank among the four, and the measure itself beside those of the other
three. With the right tables (``benchmarks/place_weights.py`` finds them) each rank, and each range
of values, is as frequent in right options as in wrong ones, in all measures at once, and in what
several of them say together. Which of the four is the right one is drawn at the end, so that
options by themselves say nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .matches import combined
from .option_sets import OPTIONS, picked, total
from .scenes.drawn import shuffled
from .surroundings import MEASURES, RADII

if TYPE_CHECKING:
    from collections.abc import Sequence

_GREY = (77, 150, 29)  # of 256
_MIDDLE = 8
"""Pixels on each side of a place in which grey is compared."""


PLAIN = (*MEASURES, "grey", "normalised grey")
"""Names of the plain measures."""
_BY_WINDOW = tuple(
    tuple(k for k, name in enumerate(PLAIN) if name.endswith(f" {radius}")) for radius in RADII
)
_PIXELS = tuple(k for k, name in enumerate(PLAIN) if not name[-1].isdigit())
GROUPS = {
    **{f"window {radius}": group for radius, group in zip(RADII, _BY_WINDOW, strict=True)},
    "pixelwise": _PIXELS,
    "everything": tuple(range(len(PLAIN))),
}
"""Of plain measures, whose ranges are summed to a measure of what they say together."""
NAMES = (*PLAIN, *GROUPS, "combined")
"""Of all measures; the last is a weighted sum of the plain ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a measure of unlikeness weighs.

    Attributes:
        ranks: (4,) by how many wrong options are less unlike REF than the right one.
        bounds: (b,) between ranges of the measure.
        ranges: (b + 1,) by range; of the right one cubed, and divided by those of the wrong ones.
    """

    ranks: tuple[float, ...]
    bounds: tuple[float, ...]
    ranges: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What sets weigh by all measures.

    Attributes:
        scale: of all weights; where those of all sets together are above 1, one is always used.
        combined: weights of the plain measures in the last.
        tables: by ``NAMES``.
    """

    scale: float
    combined: tuple[float, ...]
    tables: tuple[Table, ...]


def extended(plain: Any, bounds: Sequence[Sequence[float]], weights: Sequence[float]) -> Any:
    """(m, n, n) all measures.

    Args:
        plain: (p, n, n) those that are measured.
        bounds: between the ranges of each of these.
        weights: of each of these in the last.
    """
    ranges = [np.searchsorted(b, one, side="right") for b, one in zip(bounds, plain, strict=True)]
    sums = [np.sum([ranges[k] for k in group], 0) for group in GROUPS.values()]
    return np.stack([*plain, *sums, combined(plain, weights)])


def twice_ranks(unlike: Any, sets: Any) -> Any:
    """(s, 4) of each option, twice how many others are less unlike it than its counterpart.

    Such as are equally unlike count one.

    Args:
        unlike: (n, n) of each place in the first picture and each in the second.
        sets: (s, 4) places.
    """
    own = np.diagonal(unlike)[:, None]
    closer = 2 * (unlike < own) + (unlike == own)
    return closer[sets[:, :, None], sets[:, None, :]].sum(2) - 1  # itself is equal


def weighed(plain: Any, sets: Any, by: Tables) -> Any:
    """(s,) what sets weigh.

    Args:
        plain: (p, n, n) measures of each place in the first picture and each in the second.
        sets: (s, 4) places.
        by: weights.
    """
    bounds = [table.bounds for table in by.tables[: len(plain)]]
    return product(extended(plain, bounds, by.combined), sets, by.tables) * by.scale


def product(measures: Any, sets: Any, tables: Sequence[Table]) -> Any:
    """(s,) the product of what sets (s, 4) weigh by each of measures (m, n, n)."""
    weight, looks = np.ones(len(sets)), np.ones(measures.shape[1:])
    for table, unlike in zip(tables, measures, strict=True):
        looks = looks * np.array(table.ranges)[np.searchsorted(table.bounds, unlike, side="right")]
        by_rank = _with_halves(table.ranks)[twice_ranks(unlike, sets)]
        for option in range(OPTIONS):  # in this order on every machine
            weight = weight * by_rank[:, option]
    for one in range(OPTIONS):
        for other in range(OPTIONS):
            by_range = looks[sets[:, one], sets[:, other]]
            weight = weight * by_range * by_range * by_range if one == other else weight / by_range
    return weight


def chosen(rng: np.random.Generator, weight: Any, sets: Any) -> list[int] | None:
    """Four places, of which the first is the right one; None where these are not to be used.

    Args:
        rng: random numbers.
        weight: (s,) of sets.
        sets: (s, 4) places.
    """
    chance, share = rng.random(2).tolist()
    if chance >= total(weight):
        return None
    return shuffled(rng, sets[picked(weight, share)].tolist())


def grey_measures(first: Any, second: Any) -> Any:
    """(2, n, n) how unlike the middles of windows are in grey, as they are and normalised.

    Args:
        first: (n, s, s, 3) uint8 of the places in the first picture.
        second: likewise.
    """
    one, other = _greys(first), _greys(second)
    area = one.shape[1]
    # Sums of products of whole numbers, so exact.
    products = one @ other.T
    (a, aa), (b, bb) = ((v.sum(1), (v * v).sum(1)) for v in (one, other))
    plain = np.sqrt((aa[:, None] + bb - 2 * products) / area)
    own, its = (np.maximum(area * square - s * s, 1) for s, square in ((a, aa), (b, bb)))
    common = (area * products - a[:, None] * b) / np.sqrt(own[:, None] * its)
    return np.stack([plain, 255 * (1 - common)])


def _greys(cut: Any) -> Any:
    """(n, p) float64, whole numbers."""
    middle = cut.shape[1] // 2
    near = slice(middle - _MIDDLE, middle + _MIDDLE + 1)
    red, green, blue = (cut[:, near, near, channel].astype(np.int64) for channel in range(3))
    grey = (_GREY[0] * red + _GREY[1] * green + _GREY[2] * blue) // 256
    return grey.reshape(len(cut), -1).astype(np.float64)


def _with_halves(ranks: Sequence[float]) -> Any:
    """(7,) what twice a rank weighs: between two ranks the geometric mean."""
    whole = np.array(ranks)
    found = np.empty(2 * OPTIONS - 1)
    found[::2] = whole
    found[1::2] = np.sqrt(whole[1:] * whole[:-1])
    return found
