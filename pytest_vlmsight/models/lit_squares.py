"""Pictures with a white square, and which token of a grid sees it.

The token that changes most must be the one that is said to look there. A wrong layer, a class
token that was counted, a wrong order of tiles or windows shows here and not as a mysteriously low
ceiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from .base import PatchGrid

PLACES = ((0.3, 0.2), (0.7, 0.6), (0.2, 0.85))
"""Shares of width and height at which a square is put, one after another."""

_AWAY = 1
"""How many patches the token that changes most may be away: in deep layers it may look beside."""

_ASIDE = 0.5
"""How many they may be away on average: a map that is off by one token is off everywhere."""


class UnseenSquareError(ValueError):
    """A square is not seen where it is."""


def texture(seed: int, size: tuple[int, int]) -> Image:
    """A picture in which no place is like another.

    Args:
        seed: of its colours.
        size: width and height in px.
    """
    import numpy as np
    from PIL import Image

    coarse = np.random.default_rng(seed).integers(60, 180, (12, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR)


def lit(plain: Image, grid: PatchGrid, share: tuple[float, float]) -> tuple[Image, tuple[int, int]]:
    """A copy with a square in the middle of the patch that is nearest, and that patch.

    Args:
        plain: a picture.
        grid: of it.
        share: of its width and height, where the square is to be.
    """
    import numpy as np

    rows, columns = grid.features.shape[:2]
    column = int(np.abs(grid.xs - share[0] * plain.width).argmin())
    row = int(np.abs(grid.ys - share[1] * plain.height).argmin())
    side = max(4, round(0.8 * min(plain.width / columns, plain.height / rows)))
    x, y = round(grid.xs[column] - side / 2), round(grid.ys[row] - side / 2)
    drawn = plain.copy()
    drawn.paste((255, 255, 255), (x, y, x + side, y + side))
    return drawn, (row, column)


def off_place(before: PatchGrid, after: PatchGrid, place: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns that the token that changes most is away from a square.

    Args:
        before: without the square.
        after: with it.
        place: row and column of the patch that it is in.

    Raises:
        UnseenSquareError: nothing changes, or what looks at a place farther off.
    """
    import numpy as np

    change = (after.features - before.features).float().norm(dim=-1)
    if not float(change.max()) > 0:
        raise UnseenSquareError("a white square changes nothing")
    found = np.unravel_index(int(change.argmax()), tuple(change.shape))
    off = (int(found[0]) - place[0], int(found[1]) - place[1])
    if max(map(abs, off)) > _AWAY:
        raise UnseenSquareError(
            f"a square at ({before.xs[place[1]]:.0f}, {before.ys[place[0]]:.0f}) px changes most "
            f"what looks at ({before.xs[found[1]]:.0f}, {before.ys[found[0]]:.0f}) px"
        )
    return off


def check_not_aside(off: Sequence[tuple[int, int]]) -> None:
    """Check that what changes most is not beside squares on average.

    Args:
        off: rows and columns that it is away from each of some squares.

    Raises:
        UnseenSquareError: it is.
    """
    import numpy as np

    if np.abs(np.mean(off, 0)).max() > _ASIDE:
        raise UnseenSquareError(
            f"squares change most what looks beside them, by (rows, columns) {list(off)}"
        )
