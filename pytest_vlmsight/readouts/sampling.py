"""Features at a place of the image: bilinear at a point, averaged inside a box.

Encoders give one feature per patch, items mark pixels. The study's correspondence readouts
interpolate patch features bilinearly at the keypoints (arXiv 2506.08008); the depth readout
averages inside boxes. Places are pixels of the source image, and xs and ys say at which of these
pixels the patch centres lie, so that resizing, cropping and padding are the caller's to state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def bilinear(grid: Tensor, *, xs: Tensor, ys: Tensor, points: Tensor) -> Tensor:
    """Features at points between the patch centres.

    Beyond the outermost centres the outermost features hold (clamped, not extrapolated).

    >>> import torch
    >>> grid = torch.tensor([[[0.0], [2.0]], [[4.0], [6.0]]])  # 2 × 2 patches, d = 1
    >>> centres = torch.tensor([7.0, 21.0])
    >>> bilinear(grid, xs=centres, ys=centres, points=torch.tensor([[14.0, 7.0], [7.0, 14.0]]))
    tensor([[1.],
            [2.]])

    Args:
        grid: (rows, cols, d) patch features.
        xs: (cols,) pixel x of the patch centres, strictly increasing.
        ys: (rows,) pixel y of the patch centres, strictly increasing.
        points: (n, 2) pixel (x, y).

    Returns:
        (n, d) on the grid's device, float32 or the grid's wider type.

    Raises:
        ValueError: shapes that do not fit, NaN or infinity, centres that do not increase.
    """
    grid = checks.features("grid", grid, "rows", "cols", "d")
    across, down = _centres(grid, xs=xs, ys=ys)
    places = _coordinates("points", points)
    if places.ndim != 2 or places.shape[1] != 2:
        raise ValueError(f"Expected points of shape (n, 2) but got shape {tuple(points.shape)}")

    left, right, rightward = _bracket(across, places[:, 0], grid)
    upper, lower, downward = _bracket(down, places[:, 1], grid)
    above = grid[upper, left] * (1 - rightward) + grid[upper, right] * rightward
    below = grid[lower, left] * (1 - rightward) + grid[lower, right] * rightward
    return above * (1 - downward) + below * downward


def box_mean(grid: Tensor, *, xs: Tensor, ys: Tensor, box: Sequence[float]) -> Tensor:
    """Mean feature of the patches whose centres lie inside a box.

    Args:
        grid: (rows, cols, d) patch features.
        xs: (cols,) pixel x of the patch centres, strictly increasing.
        ys: (rows,) pixel y of the patch centres, strictly increasing.
        box: pixel x0, y0, x1, y1 with x0 ≤ x1 and y0 ≤ y1; as for an item's boxes, the right and
            lower edges are outside.

    Returns:
        (d,). Where the box is too small to hold a centre, the bilinear feature at the box's own
        centre.

    Raises:
        ValueError: shapes that do not fit, NaN or infinity, centres that do not increase, a box
            that is not four numbers or has its corners swapped.
    """
    import torch

    grid = checks.features("grid", grid, "rows", "cols", "d")
    across, down = _centres(grid, xs=xs, ys=ys)
    corners = torch.as_tensor(box, dtype=torch.float64, device="cpu")
    if tuple(corners.shape) != (4,):
        raise ValueError(f"Expected box of four numbers x0, y0, x1, y1 but got {box!r}")
    checks.finite("box", corners)
    x0, y0, x1, y1 = corners.tolist()
    if x0 > x1 or y0 > y1:
        raise ValueError(f"Expected box with x0 ≤ x1 and y0 ≤ y1 but got {(x0, y0, x1, y1)}")

    columns = ((across >= x0) & (across < x1)).nonzero().flatten().to(grid.device)
    rows = ((down >= y0) & (down < y1)).nonzero().flatten().to(grid.device)
    if len(columns) and len(rows):
        return grid[rows][:, columns].mean(dim=(0, 1))
    middle = torch.tensor([[(x0 + x1) / 2, (y0 + y1) / 2]], dtype=torch.float64)
    return bilinear(grid, xs=xs, ys=ys, points=middle)[0]


def _centres(grid: Tensor, *, xs: Tensor, ys: Tensor) -> tuple[Tensor, Tensor]:
    """Patch centres in float64 on the CPU, once they are known to fit the grid."""
    rows, cols, _ = grid.shape
    across, down = _coordinates("xs", xs), _coordinates("ys", ys)
    for name, axis, centres, size in (("xs", "cols", across, cols), ("ys", "rows", down, rows)):
        if tuple(centres.shape) != (size,):
            raise ValueError(
                f"Expected {name} of shape ({size},), one per patch along {axis} of grid "
                f"{tuple(grid.shape)}, but got shape {tuple(centres.shape)}"
            )
        if not (centres.diff() > 0).all():
            raise ValueError(f"Expected {name} strictly increasing but got {centres.tolist()}")
    return across, down


def _coordinates(name: str, tensor: Tensor) -> Tensor:
    """Few numbers that need exactness: float64 on the CPU, wherever the features are."""
    import torch

    checks.finite(name, tensor)
    return tensor.detach().to("cpu", torch.float64)


def _bracket(centres: Tensor, at: Tensor, grid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of the two centres around each coordinate, and the share (n, 1) of the second."""
    import torch

    second = torch.searchsorted(centres, at.contiguous(), right=True).clamp(max=len(centres) - 1)
    first = (second - 1).clamp(min=0)
    gap = centres[second] - centres[first]
    share = torch.where(gap > 0, (at - centres[first]) / gap, 0.0).clamp(0, 1)
    share = share.to(grid.dtype).to(grid.device)  # in this order: MPS knows no float64
    return first.to(grid.device), second.to(grid.device), share[:, None]
