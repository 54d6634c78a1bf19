"""From where tokens look to a grid of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from .token_places import TokenPlaces

_GAP = 0.4
"""Tokens whose middles are farther apart than this share of their width are of other columns."""

_FINER = 0.7
"""Tokens that show less than this share of what the coarsest ones show are of a finer view."""

_INSIDE = 0.5
"""Tokens that show less picture than this are padding."""


class NoLayoutError(ValueError):
    """Tokens do not lie on a grid: each shows more than a place of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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

    own = np.flatnonzero((np.abs(places.picture - picture) < 0.25) & (places.share > _INSIDE))
    if not len(own):
        raise NoLayoutError("no token shows it")
    area = places.area[own]
    # An area's reading is off by what is read over its border, never by as much as a finer view.
    own = own[area < area.min() / _FINER]
    x, y = places.x[own], places.y[own]
    width, height = (float(np.median(size[own])) for size in (places.width, places.height))
    columns, rows = _groups(x, _GAP * width), _groups(y, _GAP * height)
    across, down = columns.max() + 1, rows.max() + 1
    index = np.full((down, across), -1)
    # The first of several at one place: a picture that is one tile has it twice.
    index[rows[::-1], columns[::-1]] = own[::-1]
    if (index < 0).any() or len(own) % (across * down):
        raise NoLayoutError(
            f"{len(own)} tokens lie in {down} rows and {across} columns, each about "
            f"{width:.0%} × {height:.0%} of the picture"
        )
    xs = np.array([np.median(x[columns == k]) for k in range(across)])
    ys = np.array([np.median(y[rows == k]) for k in range(down)])
    return Layout(index=index, xs=xs, ys=ys)


def _groups(values: np.ndarray, gap: float) -> np.ndarray:
    """(n,) the number of each value's group, where groups are farther apart than a gap."""
    import numpy as np

    order = np.argsort(values, kind="stable")
    number = np.concatenate([[0], np.cumsum(np.diff(values[order]) > gap)])
    groups = np.empty(len(values), np.int64)
    groups[order] = number
    return groups
