"""From where tokens look to a grid of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from .token_places import TokenPlaces

_APART = 1.5
"""Columns are apart by this many times what those of one column differ by, at least."""

_NEAR = 0.15
"""Columns are apart by more than this share of what a token shows; less is how it is measured."""

_GAP = 0.4
"""Where columns are not equally large: they are apart by more than this share of a token."""

_TOGETHER = 0.6
"""Middles of one column differ by less than this share of the distance to the next column; in 16
bits they differ by half of it."""

_WIDE = 3.0
"""How many columns a token shows at most; convolutions show some of their neighbours'."""

_UNEVEN = 0.15
"""Of the distance between columns; a column at a border may show less than others."""

_EXACT = 1e-3
"""Middles that differ by less than this share of a picture are the same."""

_FINER = 0.8
"""Tokens whose grain is less than this share of the next ones' are of a finer view."""

_LEAST = 4
"""Tokens of a grid; fewer are no map of anything."""

_ALIKE = 4
"""Tokens at one place, on average: tiles overlap in both directions at most."""

_INSIDE = 0.5
"""Rows and columns that show less picture than this are padding."""


class NoLayoutError(ValueError):
    """Tokens do not lie on a grid: each shows more than a place of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A grid of tokens.

    Attributes:
        index: (rows, cols) numbers of the tokens.
        xs: (cols,) middles of the columns, from 0 to 1 from left to right, increasing.
        ys: (rows,) middles of the rows.
    """

    index: np.ndarray
    xs: np.ndarray
    ys: np.ndarray


def layout(places: TokenPlaces, picture: int) -> Layout:
    """The grid of one picture's tokens; of its finest view, where there are several.

    Args:
        places: of all tokens.
        picture: number of the picture.

    Raises:
        NoLayoutError: they lie on none.
    """
    import numpy as np

    with np.errstate(invalid="ignore"):
        own = np.flatnonzero(np.abs(places.picture - picture) < 0.25)
    if not len(own):
        raise NoLayoutError("no token shows a place of it by itself")
    own = _finest(own, places.grain[own])
    columns = _groups(places.x[own], places.width[own])
    rows = _groups(places.y[own], places.height[own])
    across, down = columns.max() + 1, rows.max() + 1
    if across * down == 1 and len(own) >= _LEAST:
        raise NoLayoutError("each token shows much more than a place of its own")
    index = np.full((down, across), -1)
    # The first of several at one place: a picture that is one tile has it twice.
    cells, first = np.unique(rows * across + columns, return_index=True)
    index.flat[cells] = own[first]
    if (index < 0).any() or across * down < _LEAST:
        raise NoLayoutError(f"{len(own)} tokens lie in {down} rows and {across} columns")
    if len(own) > _ALIKE * across * down:
        raise NoLayoutError(f"{len(own)} tokens lie at {across * down} places")
    share = places.share[index]
    kept_rows = np.median(share, 1) > _INSIDE
    if not kept_rows.any():
        raise NoLayoutError("all of its tokens show padding")
    kept_columns = np.median(share[kept_rows], 0) > _INSIDE
    if not kept_columns.any():
        raise NoLayoutError("all of its tokens show padding")
    index = index[kept_rows][:, kept_columns]
    xs, ys = np.median(places.x[index], 0), np.median(places.y[index], 1)
    for middles, sizes in ((xs, places.width[index]), (ys, places.height[index])):
        if len(middles) > 1 and np.median(sizes) > _WIDE * np.diff(middles).mean():
            raise NoLayoutError("each token shows much more than a place of its own")
    return Layout(index=index, xs=_even(xs), ys=_even(ys))


def _even(middles: np.ndarray) -> np.ndarray:
    """Middles at equal distances, where they are so but for what measuring them adds."""
    import numpy as np

    if len(middles) < 3:
        return middles
    numbers = np.arange(len(middles))
    line = np.polynomial.Polynomial.fit(numbers, middles, 1)
    even: np.ndarray = line(numbers)
    step = even[1] - even[0]
    return even if np.abs(even - middles).max() < _UNEVEN * step else middles


def _finest(own: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Those of the finest view among tokens with such grains.

    Raises:
        NoLayoutError: views go over into each other, as where each token shows all there is.
    """
    import numpy as np

    order = np.argsort(grain)
    steps = grain[order][1:] / grain[order][:-1]
    ends = np.flatnonzero(steps > 1 / _FINER)
    count = int(ends[0]) + 1 if len(ends) else len(own)
    finest = grain[order][:count]
    if finest[-1] > finest[0] / _FINER**2:
        raise NoLayoutError("each token shows more than a place of its own")
    return own[np.sort(order[:count])]


def _groups(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """(n,) the number of each value's group; groups are apart from each other.

    Args:
        values: (n,) middles along an axis.
        sizes: (n,) of what is shown, along that axis.

    Raises:
        NoLayoutError: there are no such groups.
    """
    import numpy as np

    count = len(values)
    order = np.argsort(values, kind="stable")
    steps = np.diff(values[order])
    best, found = _APART, 0
    for groups in range(2, count + 1):
        if count % groups:
            continue
        ends = np.arange(1, groups) * (count // groups) - 1
        inner = np.delete(steps, ends).max(initial=0)
        apart = steps[ends].min() / max(inner, _EXACT)
        if apart > best and steps[ends].min() > _NEAR * np.median(sizes):
            best, found = apart, groups
    within = _GAP * float(np.median(sizes))
    if found:
        number = np.repeat(np.arange(found), count // found)
        middles = values[order].reshape(found, -1).mean(1)
        within = max(within, _TOGETHER * float(np.diff(middles).min()))
    else:
        # Tiles that overlap have more tokens in some columns than in others.
        number = np.concatenate([[0], np.cumsum(steps > within)])
    spread = max(np.ptp(values[order][number == k]) for k in range(number[-1] + 1))
    if spread > within:
        raise NoLayoutError(f"{count} tokens lie in no rows or in no columns")
    groups_of = np.empty(count, np.int64)
    groups_of[order] = number
    return groups_of
