"""From a list of image tokens to a grid of patches that knows where each looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import MeasurementError, PatchGrid, Stage
from .patches import PatchMap, PatchMapError, patch_map

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from PIL.Image import Image
    from torch import Tensor


class Grids:
    """Lays out tokens as one model's image processor saw the picture.

    Args:
        process: the model's image processing, picture → (3, height, width).
        patch: side of a patch in processed pixels.
    """

    def __init__(self, process: Callable[[Image], np.ndarray], *, patch: int) -> None:
        self._process, self._patch = process, patch
        self._maps: dict[tuple[int, int], PatchMap] = {}

    def shape(self, size: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of patches, padding included, of a picture of a width and height."""
        return self._map(size).shape

    def hides(self, size: tuple[int, int]) -> bool:
        """Whether more than half a patch of such a picture's border is cropped away."""
        mapped = self._map(size)
        for centres, length in zip((mapped.xs, mapped.ys), size, strict=True):
            step = (centres[-1] - centres[0]) / max(len(centres) - 1, 1) or length
            if centres[0] > step or length - centres[-1] > step:
                return True
        return False

    def lay_out(self, tokens: Tensor, *, size: tuple[int, int], stage: Stage) -> PatchGrid:
        """Tokens of one picture as a grid, padding cut off.

        Args:
            tokens: (tokens, d) in raster order; an encoder's may start with extra ones (CLS).
            size: width and height of the picture in pixels.
            stage: where they were read.

        Raises:
            MeasurementError: they are not as many as there are patches, or the picture is not
                mapped to a plain grid.
        """
        mapped = self._map(size)
        rows, cols = mapped.shape
        extra = len(tokens) - rows * cols
        if extra < 0 or (extra and stage.part != "encoder"):
            raise MeasurementError(
                f"{len(tokens)} tokens at {stage} for a grid of {rows}×{cols} patches"
            )
        grid = tokens[extra:].float().reshape(rows, cols, -1)[mapped.rows, mapped.cols]
        return PatchGrid(features=grid, xs=mapped.xs, ys=mapped.ys)

    def _map(self, size: tuple[int, int]) -> PatchMap:
        if size not in self._maps:
            try:
                self._maps[size] = patch_map(self._process, size=size, patch=self._patch)
            except PatchMapError as error:
                raise MeasurementError(str(error)) from error
        return self._maps[size]


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
