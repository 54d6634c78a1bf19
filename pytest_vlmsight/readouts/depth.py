"""Depth from frozen features: a linear head trained on images that are not scored.

The study decides depth items by a dense depth head on the frozen encoder, trained on NYUv2, and
the mean depth it predicts inside each box (arXiv 2506.08008). Its head is of DPT type; this one is
linear per patch, the weaker and cheaper reading, closed-form and so the same on every machine.
What it reads is there, what it misses might still be: a lower bound, as every readout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks
from pytest_vlmsight.readouts.depth_moments import DepthMoments
from pytest_vlmsight.readouts.sampling import bilinear, box_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Sequence

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

        The penalty is chosen on four parts of the images, each left out in turn.

        Args:
            batches: pairs of features (m, rows, cols, d) and the depth of their patches
                (m, rows, cols) in any unit of length, as ``pool_depth`` gives it. Depths of 0 or
                less, NaN and infinity are taken as not measured.
            trained_on: which images these are, in words; not empty.
            penalty: relative ridge penalty > 0. By default the one of 1e-6 … 100 that predicts
                best on images left out of the fit.

        Raises:
            ValueError: empty trained_on, shapes that do not fit, features that are not finite,
                no valid depth at all, or fewer than two images to choose the penalty by.
        """
        _require_source(trained_on)
        moments = DepthMoments()
        for features, depths in batches:
            if len(features) != len(depths):
                raise ValueError(
                    f"Expected depths of each image but got {len(depths)} for "
                    f"{len(features)} images"
                )
            for image, depth in zip(features, depths, strict=True):
                moments.add(image[None], depth[None], part=moments.n_images % _PARTS)
        return cls.from_moments(moments, trained_on=trained_on, penalty=penalty)

    @classmethod
    def from_moments(
        cls,
        moments: DepthMoments,
        *,
        trained_on: str,
        without: Collection[Hashable] = (),
        penalty: float | None = None,
    ) -> DenseDepthHead:
        """Train on what was added to moments, some parts left out.

        Args:
            moments: of the images.
            trained_on: which images the other parts are, in words; not empty.
            without: parts that neither the fit nor the choice of its penalty may see.
            penalty: relative ridge penalty > 0. By default the one of 1e-6 … 100 that predicts
                each of the other parts best from those that remain.

        Raises:
            ValueError: empty trained_on, or what ``DepthMoments.fit`` raises.
        """
        fit = moments.fit(without=without, penalty=penalty)
        return cls(fit.weights, fit.bias, fit.penalty, fit.n_images, trained_on)

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


def closest(head: DenseDepthHead, places: Sequence[Tensor]) -> int:
    """Index of the place with the smallest mean predicted depth.

    Args:
        head: trained on other images.
        places: k ≥ 1 places, each the (n, d) features of its n ≥ 1 patches, or the one that was
            interpolated at a point. Log-depth is linear in features, so that the log-depth of an
            interpolated feature is the interpolated log-depth.

    Returns:
        The argmin of the mean depth (not log-depth, as in the study); the first of equals.

    Raises:
        ValueError: no places, shapes that do not fit, or a value that is not finite.
    """
    if len(places) == 0:
        raise ValueError("Expected at least one place but got none")
    # The log of the mean, which no depth is too large or too small for.
    means = [
        float(head.predict(patches[None])[0].logsumexp(0)) - math.log(len(patches))
        for patches in places
    ]
    return means.index(min(means))


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
    return closest(head, [at[None] for at in bilinear(grid, xs=xs, ys=ys, points=points)])


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
    return closest(head, [patches_in(grid, xs=xs, ys=ys, box=box) for box in boxes])


def patches_in(grid: Tensor, *, xs: Tensor, ys: Tensor, box: Sequence[float]) -> Tensor:
    """Features of the patches that ``box_mean`` averages.

    Args:
        grid: (rows, cols, d) patch features.
        xs: (cols,) pixel x of the patch centres, strictly increasing.
        ys: (rows,) pixel y of the patch centres, strictly increasing.
        box: pixel x0, y0, x1, y1; the right and lower edges are outside.

    Returns:
        (n, d), n ≥ 1: where the box is too small to hold a centre, the one feature at its own.

    Raises:
        ValueError: what ``box_mean`` raises.
    """
    import torch

    mean = box_mean(grid, xs=xs, ys=ys, box=box)
    x0, y0, x1, y1 = (float(edge) for edge in box)
    across, down = (at.detach().to("cpu", torch.float64) for at in (xs, ys))
    columns = ((across >= x0) & (across < x1)).nonzero().flatten().to(grid.device)
    rows = ((down >= y0) & (down < y1)).nonzero().flatten().to(grid.device)
    inside = grid[rows][:, columns].flatten(0, 1)
    return inside if len(inside) else mean[None]


def _require_source(trained_on: str) -> None:
    if not trained_on.strip():
        raise ValueError(
            f"Expected trained_on to say in words which images the head was trained on "
            f"but got {trained_on!r}"
        )
