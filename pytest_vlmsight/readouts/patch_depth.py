"""The depth that a patch looks at: a depth map averaged over the patch's own cell.

A grid of patches need not lie evenly over its picture. A processor crops, pads and stretches, and
in a composite a picture is cut out of a larger canvas, so that its first and last patches stand
out of it. The cells are therefore those between the measured patch centres.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks

if TYPE_CHECKING:
    from torch import Tensor

# Pixels of overlap below which it is rounding that lets a cell touch the picture.
_ROUNDING = 1e-6


def pool_depth(depths: Tensor, *, xs: Tensor, ys: Tensor) -> Tensor:
    """Mean measured depth in the cell of each patch.

    The edges of cells lie half-way between neighbouring centres, and as far outside of an
    outermost centre as they lie inside; a lone column or row covers the whole map. A pixel counts
    by the share of it that lies in the cell.

    >>> import torch
    >>> depths = torch.tensor([[[1.0, 3.0, 8.0, 8.0], [1.0, 3.0, 8.0, 0.0]]])
    >>> pool_depth(depths, xs=torch.tensor([1.0, 3.0]), ys=torch.tensor([1.0]))
    tensor([[[2., 8.]]], dtype=torch.float64)

    Args:
        depths: (m, h, w) depth maps; 0 or less, NaN and infinity are not measured.
        xs: (cols,) x of the patch centres in pixels of the depth map (the centre of its first
            pixel is .5), strictly increasing.
        ys: (rows,) y of the patch centres, strictly increasing.

    Returns:
        (m, rows, cols) float64, NaN where the cell lies outside of the map or nothing in it was
        measured.

    Raises:
        ValueError: another shape, an empty axis, or centres that are not finite or do not
            increase.
    """
    import torch

    if depths.ndim != 3 or 0 in depths.shape[1:]:
        raise ValueError(f"Expected depths of shape (m, h, w) but got shape {tuple(depths.shape)}")
    depths = checks.float64(depths)
    measured = depths.isfinite() & (depths > 0)
    down = _overlap("ys", ys, depths.shape[1]).to(depths.device)
    across = _overlap("xs", xs, depths.shape[2]).to(depths.device)
    total = down @ torch.where(measured, depths, 0.0) @ across.T
    area = down @ measured.to(torch.float64) @ across.T
    return torch.where(area > 0, total / area, torch.nan)


def _overlap(name: str, centres: Tensor, pixels: int) -> Tensor:
    """(cells, pixels) how much of each pixel lies in each cell, 0 … 1."""
    import torch

    checks.finite(name, centres)
    at = centres.detach().to("cpu", torch.float64)
    if at.ndim != 1 or len(at) == 0 or not (at.diff() > 0).all():
        raise ValueError(
            f"Expected {name} as patch centres, one axis, strictly increasing, but got "
            f"{at.tolist()}"
        )
    if len(at) == 1:
        edges = at.new_tensor([0.0, pixels])
    else:
        between = (at[:-1] + at[1:]) / 2
        edges = torch.cat([2 * at[:1] - between[:1], between, 2 * at[-1:] - between[-1:]])
    first = torch.arange(pixels, dtype=torch.float64)
    start = torch.maximum(edges[:-1, None], first)
    end = torch.minimum(edges[1:, None], first + 1)
    shared = end - start
    return torch.where(shared > _ROUNDING, shared, 0.0)
