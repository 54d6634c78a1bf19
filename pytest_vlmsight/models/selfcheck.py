"""The start-up self-check: an adapter that reads the wrong features must not start.

Where tokens look was measured with changes of the model's input. Here a picture itself is changed,
in one place, and the token that changes most must be the one that is said to look there. A wrong
layer, a class token that was counted, a wrong order of tiles or windows shows here and not as a
mysteriously low ceiling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL.Image import Image

    from .base import PatchGrid

PLACES = ((0.3, 0.2), (0.7, 0.6), (0.2, 0.85))
"""Shares of width and height at which a square is put, one after another."""

_AWAY = 1
"""How many patches the token that changes most may be away: the square may lie on a border."""

_ASIDE = 0.5
"""How many they may be away on average: a map that is off by one token is off everywhere."""


def check_places(
    look: Callable[[Image], PatchGrid], *, size: tuple[int, int], what: str, name: str
) -> None:
    """Put a square into a picture and see where a grid changes.

    Args:
        look: picture → its grid.
        size: of the picture, in px.
        what: is looked at.
        name: of the model.

    Raises:
        ModelError: it changes most somewhere else; the message says where.
    """
    import numpy as np
    from PIL import Image

    texture = np.random.default_rng(0).integers(90, 150, (12, 12, 3), np.uint8)
    plain = Image.fromarray(texture).resize(size, Image.Resampling.BILINEAR)
    before = look(plain)
    off = []
    rows, columns = before.features.shape[:2]
    side = max(4, round(0.8 * min(size[0] / columns, size[1] / rows)))
    for share_x, share_y in PLACES:
        # The middle of the patch that is nearest, so that no border is near.
        column = int(np.abs(before.xs - share_x * size[0]).argmin())
        row = int(np.abs(before.ys - share_y * size[1]).argmin())
        x, y = float(before.xs[column]), float(before.ys[row])
        lit = plain.copy()
        corner = (round(x - side / 2), round(y - side / 2))
        lit.paste((255, 255, 255), (*corner, corner[0] + side, corner[1] + side))
        after = look(lit)
        change = (after.features - before.features).float().norm(dim=-1)
        found = np.unravel_index(int(change.argmax()), (rows, columns))
        off.append((int(found[0]) - row, int(found[1]) - column))
        if not bool(change.max() > 0):
            raise ModelError(f"{name}: self-check failed: {what} does not see a white square")
        if max(map(abs, off[-1])) > _AWAY:
            raise ModelError(
                f"{name}: self-check failed: a square at ({x:.0f}, {y:.0f}) px changes {what} "
                f"most at ({before.xs[found[1]]:.0f}, {before.ys[found[0]]:.0f}) px; readouts "
                "would look in the wrong place"
            )
    if aside(off):
        raise ModelError(
            f"{name}: self-check failed: squares change {what} most beside them, by (rows, "
            f"columns) {off}; readouts would look in the wrong place"
        )


def aside(off: Sequence[tuple[int, int]]) -> bool:
    """Whether what changes most is, on average, beside where squares are.

    Args:
        off: rows and columns that it is away from each of some squares.
    """
    import numpy as np

    return bool(np.abs(np.mean(off, 0)).max() > _ASIDE)
