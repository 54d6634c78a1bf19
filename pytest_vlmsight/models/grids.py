"""Parts of grids: what a picture has of the grid of the canvas that it lies on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .base import ImageTokens, MeasurementError, PatchGrid

if TYPE_CHECKING:
    from collections.abc import Sequence


def cut_out(grid: PatchGrid, *, x0: int, size: tuple[int, int]) -> PatchGrid:
    """The part of a canvas's grid that one of its pictures covers, in that picture's pixels.

    Args:
        grid: of the canvas: a composite, or a picture padded to a square.
        x0: where the picture starts in it; all start at y = 0.
        size: width and height of the picture in pixels.

    Raises:
        MeasurementError: no patch's centre lies in it.
    """
    import numpy as np

    width, height = size
    cols = np.flatnonzero((grid.xs >= x0) & (grid.xs < x0 + width))
    rows = np.flatnonzero(grid.ys < height)
    if not len(cols) or not len(rows):
        raise MeasurementError(
            f"no patch of the model lies in a picture of {width}×{height} px: it is smaller than a "
            "patch, or cropped away; use --vlm-images=separate or larger pictures"
        )
    r, c = slice(rows[0], rows[-1] + 1), slice(cols[0], cols[-1] + 1)
    return PatchGrid(features=grid.features[r, c], xs=grid.xs[c] - x0, ys=grid.ys[r])


def parts_of(
    tokens: ImageTokens, *, offsets: Sequence[int], sizes: Sequence[tuple[int, int]]
) -> ImageTokens:
    """Tokens of a prompt's canvases as those of its images.

    Args:
        tokens: of the canvases: one of each image, or one of all.
        offsets: where each image starts in its canvas; all start at y = 0.
        sizes: width and height of each image in pixels.
    """
    import numpy as np

    whole = len(sizes) > 1 and bool((tokens.image == 0).all())
    image, x = np.full(len(tokens.x), -1), tokens.x.copy()
    grids = []
    for number, (x0, (width, height)) in enumerate(zip(offsets, sizes, strict=True)):
        canvas = 0 if whole else number
        inside = (tokens.x >= x0) & (tokens.x < x0 + width) & (tokens.y < height)
        own = (tokens.image == canvas) & inside
        image[own], x[own] = number, tokens.x[own] - x0
        if canvas < len(tokens.grids):
            grid = tokens.grids[canvas]
            kept = own[grid]
            grids.append(grid[kept.any(1)][:, kept.any(0)])
    return replace(tokens, image=image, x=x, grids=tuple(grids))
