"""Which pixel of the source picture each patch looks at, found by showing the processor a ramp.

Every image processor resizes, crops and pads in its own way. A picture whose red channel says x
and whose green channel says y goes through the model's own processor; the mean over each patch
then says where it came from, whatever happened in between. Two grey pictures calibrate the gain
of the normalisation and show where padding is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from PIL.Image import Image

_DARK, _LIGHT = 96, 160
# Greys for the calibration: neither may look like a padding colour (0, 127, 255, a mean colour).


class PatchMapError(ValueError):
    """The processor does something that no grid of patches describes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchMap:
    """Where the patches of one processed picture look.

    Attributes:
        xs: (cols,) pixel x of each column's centre in the source picture, increasing.
        ys: (rows,) pixel y of each row's centre.
        rows: slice of the processor's patch rows that lie inside the picture (not padding).
        cols: slice of its patch columns.
        shape: (rows, columns) of all patches, padding included.
    """

    xs: np.ndarray
    ys: np.ndarray
    rows: slice
    cols: slice
    shape: tuple[int, int]


def patch_map(
    process: Callable[[Image], np.ndarray], *, size: tuple[int, int], patch: int
) -> PatchMap:
    """Measure where each patch looks.

    Args:
        process: the model's image processing, picture → (3, height, width) float.
        size: width and height of the source picture in pixels.
        patch: side of a square patch in processed pixels.

    Raises:
        PatchMapError: the processed picture is smaller than a patch, or columns and rows do not
            map to x and y separately and in order (rotated, tiled or shuffled input).
    """
    import numpy as np
    from PIL import Image

    width, height = size
    dark = process(Image.new("RGB", size, (_DARK,) * 3))
    gain = process(Image.new("RGB", size, (_LIGHT,) * 3)) - dark
    if gain.ndim != 3 or min(gain.shape[1:]) < patch:
        raise PatchMapError(
            f"expected (3, height, width) of at least one {patch} px patch from the image "
            f"processor, got shape {gain.shape}"
        )
    ramp = np.empty((height, width, 3), np.uint8)
    ramp[..., 0] = np.round((np.arange(width) + 0.5) / width * 255)[None, :]
    ramp[..., 1] = np.round((np.arange(height) + 0.5) / height * 255)[:, None]
    ramp[..., 2] = 128
    seen = process(Image.fromarray(ramp))

    full = np.abs(gain).max()
    if not full > 0:
        raise PatchMapError("the image processor makes the same of a dark and of a light picture")
    inside = _pool(np.abs(gain).mean(0) / full, patch)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(np.abs(gain) > 0.5 * full, (seen - dark) / gain, np.nan)
    level = (_DARK + level * (_LIGHT - _DARK)) / 255
    x, y = _pool(level[0], patch) * width, _pool(level[1], patch) * height

    rows, cols = _inside(inside.max(1)), _inside(inside.max(0))
    x, y = x[rows, cols], y[rows, cols]
    xs, ys = np.nanmedian(x, axis=0), np.nanmedian(y, axis=1)
    # A quarter of a patch is far below what a shuffled or transposed order would show.
    off = max(
        np.nanmax(np.abs(x - xs[None, :])) / max(_step(xs, width), 1e-9),
        np.nanmax(np.abs(y - ys[:, None])) / max(_step(ys, height), 1e-9),
    )
    if not (off < 0.25 and (np.diff(xs) > 0).all() and (np.diff(ys) > 0).all()):
        raise PatchMapError(
            f"the image processor does not map a {width}×{height} picture to a plain grid of "
            f"patches (columns and rows disagree by {off:.2f} patches)"
        )
    return PatchMap(xs=xs, ys=ys, rows=rows, cols=cols, shape=(inside.shape[0], inside.shape[1]))


def _pool(plane: np.ndarray, patch: int) -> np.ndarray:
    """Mean over patch × patch cells of (height, width), NaN left out; the remainder is dropped."""
    import warnings

    import numpy as np

    rows, cols = plane.shape[0] // patch, plane.shape[1] // patch
    cells = plane[: rows * patch, : cols * patch].reshape(rows, patch, cols, patch)
    with warnings.catch_warnings():  # an all-padding cell has no mean, and stays NaN
        warnings.simplefilter("ignore", RuntimeWarning)
        mean: np.ndarray = np.nanmean(cells, axis=(1, 3))
    return mean


def _inside(share: np.ndarray) -> slice:
    """The run of rows or columns of which at least half is picture and not padding."""
    import numpy as np

    kept = np.flatnonzero(share >= 0.5)
    if not len(kept) or len(kept) != kept[-1] - kept[0] + 1:
        raise PatchMapError("the processed picture shows no contiguous area of the source picture")
    return slice(int(kept[0]), int(kept[-1]) + 1)


def _step(centres: np.ndarray, length: int) -> float:
    return float((centres[-1] - centres[0]) / (len(centres) - 1)) if len(centres) > 1 else length
