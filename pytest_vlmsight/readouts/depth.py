"""Depth from frozen features: a linear head trained on images that are not scored.

The study decides depth items by a dense depth head on the frozen encoder, trained on NYUv2, and
the mean depth it predicts inside each box (arXiv 2506.08008). Its head is of DPT type; this one is
linear per patch, the weaker and cheaper reading, closed-form and so the same on every machine.
What it reads is there, what it misses might still be: a lower bound, as every readout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks
from pytest_vlmsight.readouts.sampling import bilinear, box_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

# Images are dealt to this many parts in turn, to choose the penalty on images left out.
_PARTS = 4


@dataclass(frozen=True, slots=True, eq=False)
class DenseDepthHead:
    """Log-depth of a patch as a linear function of its feature.

    Attributes:
        weights: (d,) float64 on the CPU.
        bias: log-depth at a feature of zero.
        penalty: the ridge penalty, relative to the number of patches, on standardised features.
        n_images: how many images with valid depth it was trained on.
        trained_on: which images these were, in words, so that a report can say it and a reader
            can see that none of them is scored.
    """

    weights: Tensor
    bias: float
    penalty: float
    n_images: int
    trained_on: str

    def __post_init__(self) -> None:
        _require_source(self.trained_on)

    @classmethod
    def fit(
        cls,
        batches: Iterable[tuple[Tensor, Tensor]],
        *,
        trained_on: str,
        penalty: float | None = None,
    ) -> DenseDepthHead:
        """Train on any number of images, one batch in memory at a time.

        Only the (d+2, d+2) moments of features and log-depth are kept, for each of four parts of
        the images.

        Args:
            batches: pairs of features (m, rows, cols, d) and depth maps (m, h, w) in any unit of
                length. A depth map covers the same pixels as the grid, at least as finely.
                Depths of 0 or less, NaN and infinity are taken as not measured.
            trained_on: which images these are, in words; not empty.
            penalty: relative ridge penalty > 0. By default the one of 1e-6 … 100 that predicts
                best on images left out of the fit.

        Raises:
            ValueError: empty trained_on, shapes that do not fit, features that are not finite,
                no valid depth at all, or fewer than two images to choose the penalty by.
        """
        _require_source(trained_on)
        if penalty is not None and not penalty > 0:
            raise ValueError(f"Expected penalty > 0 but got {penalty!r}")
        parts: list[Tensor] = []
        n_images = 0
        for features, depths in batches:
            for rows in _measured_patches(features, depths):
                moments = (rows.T @ rows).cpu()
                if parts and parts[0].shape != moments.shape:
                    raise ValueError(
                        f"Expected features of one width in all batches but got "
                        f"d={len(parts[0]) - 2} and then d={len(moments) - 2}"
                    )
                if len(parts) < _PARTS:
                    parts.append(moments)
                else:
                    parts[n_images % _PARTS] += moments
                n_images += 1
        if n_images == 0:
            raise ValueError("Expected images with measured depth to train on but got none")
        if penalty is None:
            penalty = _choose_penalty(parts, n_images)
        whole = _Moments.decompose(sum(parts[1:], start=parts[0]))
        weights, bias = whole.solve(penalty)
        return cls(weights, bias, float(penalty), n_images, trained_on)

    def predict(self, grid: Tensor) -> Tensor:
        """Log-depth of every patch.

        Args:
            grid: (rows, cols, d) patch features.

        Returns:
            (rows, cols) float64, the log of the unit of length that it was trained in.

        Raises:
            ValueError: another shape or width, or a value that is not finite.
        """
        grid = checks.float64(checks.features("grid", grid, "rows", "cols", "d"))
        checks.same_width(grid=grid, head=self.weights)
        return grid @ self.weights.to(grid.device) + self.bias


def closer(head: DenseDepthHead, grid: Tensor, *, xs: Tensor, ys: Tensor, points: Tensor) -> int:
    """Index of the point with the smallest predicted depth.

    Args:
        head: trained on other images.
        grid: (rows, cols, d) patch features.
        xs: (cols,) pixel x of the patch centres, strictly increasing.
        ys: (rows,) pixel y of the patch centres, strictly increasing.
        points: (k, 2) pixel (x, y) of the options, k ≥ 1.

    Returns:
        The argmin of predicted log-depth, bilinear between patches; the first of equals.

    Raises:
        ValueError: no points, shapes that do not fit, or a value that is not finite.
    """
    if len(points) == 0:
        raise ValueError("Expected at least one point but got none")
    return int(bilinear(head.predict(grid)[..., None], xs=xs, ys=ys, points=points).argmin())


def closer_box(
    head: DenseDepthHead, grid: Tensor, *, xs: Tensor, ys: Tensor, boxes: Sequence[Sequence[float]]
) -> int:
    """Index of the box with the smallest mean predicted depth inside.

    Args:
        head: trained on other images.
        grid: (rows, cols, d) patch features.
        xs: (cols,) pixel x of the patch centres, strictly increasing.
        ys: (rows,) pixel y of the patch centres, strictly increasing.
        boxes: k ≥ 1 boxes of pixel x0, y0, x1, y1.

    Returns:
        The argmin of the mean depth (not log-depth, as in the study); the first of equals. A box
        too small to hold a patch centre is read at its own centre.

    Raises:
        ValueError: no boxes, shapes that do not fit, or a value that is not finite.
    """
    if len(boxes) == 0:
        raise ValueError("Expected at least one box but got none")
    log_depth = head.predict(grid)
    # Depth relative to the farthest patch: the order is the same and nothing overflows.
    depth = (log_depth - log_depth.max()).exp()[..., None]
    means = [float(box_mean(depth, xs=xs, ys=ys, box=box)) for box in boxes]
    return means.index(min(means))


def pool_depth(depths: Tensor, *, rows: int, cols: int) -> Tensor:
    """Mean measured depth in each cell of a grid laid evenly over the depth map.

    Args:
        depths: (m, h, w) depth maps, h ≥ rows and w ≥ cols; 0 or less, NaN and infinity are not
            measured.
        rows: of the patch grid.
        cols: of the patch grid.

    Returns:
        (m, rows, cols) float64, NaN where nothing was measured. A pixel belongs to the cell that
        holds its centre.

    Raises:
        ValueError: another shape, or a depth map coarser than the grid.
    """
    import torch

    if depths.ndim != 3:
        raise ValueError(f"Expected depths of shape (m, h, w) but got shape {tuple(depths.shape)}")
    _, height, width = depths.shape
    if height < rows or width < cols:
        raise ValueError(
            f"Expected depth maps at least as fine as the patch grid of {rows} × {cols} "
            f"but got {height} × {width}"
        )
    depths = checks.float64(depths)
    measured = depths.isfinite() & (depths > 0)
    down = _membership(height, rows).to(depths.device)
    across = _membership(width, cols).to(depths.device)
    total = down.T @ torch.where(measured, depths, 0.0) @ across
    count = down.T @ measured.to(torch.float64) @ across
    return torch.where(count > 0, total / count, torch.nan)


def _membership(pixels: int, cells: int) -> Tensor:
    """(pixels, cells) 1 where the pixel's centre lies in the cell, in whole-number arithmetic."""
    import torch

    cell = (2 * torch.arange(pixels) + 1) * cells // (2 * pixels)
    return torch.nn.functional.one_hot(cell, cells).to(torch.float64)


def _measured_patches(features: Tensor, depths: Tensor) -> Iterable[Tensor]:
    """Of each image with measured depth, the rows (feature, 1, log-depth) of measured patches."""
    import torch

    features = checks.float64(checks.features("features", features, "n", "rows", "cols", "d"))
    images, rows, cols, _ = features.shape
    pooled = pool_depth(depths, rows=rows, cols=cols).to(features.device)
    if len(pooled) != images:
        raise ValueError(
            f"Expected one depth map per image but got {len(pooled)} for {images} images"
        )
    for grid, depth in zip(features, pooled, strict=True):
        known = depth.isfinite()
        if known.any():
            log_depth = depth[known].log()[:, None]
            yield torch.cat([grid[known], torch.ones_like(log_depth), log_depth], dim=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Standardised regression of log-depth on features, decomposed from raw moments.

    Attributes:
        means: (d,) of the features.
        scale: (d,) their standard deviations, infinite where constant, so that the weight is 0.
        log_depth: the mean target.
        eigenvalues: (d,) of the features' correlation matrix.
        eigenvectors: (d, d) of it.
        aligned: (d,) covariance of standardised features and target, in its eigenbasis.
    """

    means: Tensor
    scale: Tensor
    log_depth: float
    eigenvalues: Tensor
    eigenvectors: Tensor
    aligned: Tensor

    @classmethod
    def decompose(cls, moments: Tensor) -> _Moments:
        """From Σ zzᵀ of rows z = (feature, 1, log-depth)."""
        import torch

        mean = moments[-2] / moments[-2, -2]
        centred = moments / moments[-2, -2] - torch.outer(mean, mean)
        variance = centred.diagonal()[:-2]
        constant = variance <= 1e-12 * moments.diagonal()[:-2] / moments[-2, -2]
        scale = torch.where(constant, torch.inf, variance.clamp(min=0).sqrt())
        values, vectors = torch.linalg.eigh(centred[:-2, :-2] / torch.outer(scale, scale))
        aligned = vectors.T @ (centred[:-2, -1] / scale)
        return cls(mean[:-2], scale, float(mean[-1]), values.clamp(min=0), vectors, aligned)

    def solve(self, penalty: float) -> tuple[Tensor, float]:
        """Weights (d,) and bias in the features' own units."""
        weights = self.eigenvectors @ (self.aligned / (self.eigenvalues + penalty)) / self.scale
        return weights, self.log_depth - float(self.means @ weights)


def _choose_penalty(parts: Sequence[Tensor], n_images: int) -> float:
    """The penalty with the least squared error on the parts left out; the strongest of equals."""
    import torch

    if n_images < 2:
        raise ValueError(
            f"Expected at least 2 images with measured depth to choose the penalty by but got "
            f"{n_images}: add images, or give the penalty"
        )
    penalties = torch.logspace(2, -6, 17, dtype=torch.float64).tolist()
    errors = [0.0] * len(penalties)
    whole = sum(parts[1:], start=parts[0])
    for part in parts:
        rest = _Moments.decompose(whole - part)
        for index, penalty in enumerate(penalties):
            weights, bias = rest.solve(penalty)
            residual = torch.cat([weights, weights.new_tensor([bias, -1.0])])
            errors[index] += float(residual @ part @ residual)
    return float(penalties[errors.index(min(errors))])


def _require_source(trained_on: str) -> None:
    if not trained_on.strip():
        raise ValueError(
            f"Expected trained_on to say in words which images the head was trained on "
            f"but got {trained_on!r}"
        )
