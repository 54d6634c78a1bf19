"""Parts of grids: what a picture has of the grid of the canvas that it lies on."""

from __future__ import annotations

from .base import MeasurementError, PatchGrid


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
