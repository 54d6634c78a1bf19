"""What a depth head is fitted from: sums over patches, kept apart by part of the images.

Of any number of patches only the (d+2, d+2) moments of features and log-depth are kept. A head
without some part is then a matter of sums over the others: no image is looked at twice, and what
is left out is never subtracted (which would leave its rounding behind), but not added.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable

    from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class DepthFit:
    """Log-depth as a linear function of features, by ridge regression.

    Attributes:
        weights: (d,) float64 on the CPU, in the features' own units.
        bias: log-depth at a feature of zero.
        penalty: relative to the number of patches, on standardised features.
        n_images: how many images with measured depth were fitted.
    """

    weights: Tensor
    bias: float
    penalty: float
    n_images: int


class DepthMoments:
    """Moments of patch features and log-depth, by part of the images."""

    def __init__(self) -> None:
        self._moments: dict[Hashable, Tensor] = {}
        self._images: dict[Hashable, int] = {}
        # Weights and bias for every penalty, by the parts that were fitted.
        self._paths: dict[frozenset[Hashable], Tensor] = {}

    @property
    def n_images(self) -> int:
        """How many images with measured depth were added."""
        return sum(self._images.values())

    def add(self, features: Tensor, depths: Tensor, *, part: Hashable) -> None:
        """Take the patches of some more images; those without measured depth are left out.

        Args:
            features: (m, rows, cols, d) patch features of m images.
            depths: (m, rows, cols) depth of each patch in any unit of length, as ``pool_depth``
                gives it. Depths of 0 or less, NaN and infinity are taken as not measured.
            part: what the images are part of.

        Raises:
            ValueError: shapes that do not fit, features that are not finite, or of another width
                than before.
        """
        import torch

        features = checks.float64(checks.features("features", features, "n", "rows", "cols", "d"))
        if tuple(depths.shape) != tuple(features.shape[:3]):
            raise ValueError(
                f"Expected one depth per patch, of shape {tuple(features.shape[:3])}, but got "
                f"shape {tuple(depths.shape)}"
            )
        depths = checks.float64(depths).to(features.device)
        known = depths.isfinite() & (depths > 0)
        images = int(known.flatten(1).any(dim=1).sum())
        if images == 0:
            return
        log_depth = depths[known].log()[:, None]
        rows = torch.cat([features[known], torch.ones_like(log_depth), log_depth], dim=1)
        moments = (rows.T @ rows).cpu()
        for other in self._moments.values():
            if other.shape != moments.shape:
                raise ValueError(
                    f"Expected features of one width in all images but got d={len(other) - 2} "
                    f"and then d={len(moments) - 2}"
                )
        if part in self._moments:
            self._moments[part] += moments
        else:
            self._moments[part] = moments
        self._images[part] = self._images.get(part, 0) + images
        self._paths.clear()

    def fit(self, *, without: Collection[Hashable] = (), penalty: float | None = None) -> DepthFit:
        """Fit all parts but some.

        Args:
            without: parts that are left out, of the fit and of the choice of the penalty.
            penalty: relative ridge penalty > 0. By default the one of 1e-6 … 100 that predicts
                each of the other parts best from those that remain; the strongest of equals.

        Raises:
            ValueError: a penalty of 0 or less, no measured depth in the other parts, or less than
                two of them to choose the penalty by.
        """
        if penalty is not None and not penalty > 0:
            raise ValueError(f"Expected penalty > 0 but got {penalty!r}")
        kept = [part for part in self._moments if part not in without]
        if not kept:
            raise ValueError("Expected images with measured depth to train on but got none")
        if penalty is None:
            penalties = _penalties()
            index = self._best(kept)
            penalty, chosen = penalties[index], self._path(kept)[index]
        else:
            chosen = _Regression.of(self._sum(kept)).solve([penalty])[0]
        n_images = sum(self._images[part] for part in kept)
        return DepthFit(chosen[:-2].clone(), float(chosen[-2]), float(penalty), n_images)

    def _best(self, kept: list[Hashable]) -> int:
        """Index of the penalty with the least squared error on parts left out."""
        import torch

        if len(kept) < 2:
            raise ValueError(
                f"Expected at least 2 parts of images with measured depth to choose the penalty "
                f"by but got {len(kept)}: add images, or give the penalty"
            )
        errors = torch.zeros(len(_penalties()), dtype=torch.float64)
        for part in kept:
            path = self._path([other for other in kept if other != part])
            errors += ((path @ self._moments[part]) * path).sum(dim=1)
        return int(errors.argmin())

    def _path(self, kept: list[Hashable]) -> Tensor:
        """(penalties, d + 2) residuals as linear forms of (feature, 1, log-depth)."""
        key = frozenset(kept)
        if key not in self._paths:
            self._paths[key] = _Regression.of(self._sum(kept)).solve(_penalties())
        return self._paths[key]

    def _sum(self, kept: list[Hashable]) -> Tensor:
        total = self._moments[kept[0]].clone()
        for part in kept[1:]:
            total += self._moments[part]
        return total


@dataclass(frozen=True, slots=True, eq=False)
class _Regression:
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
    def of(cls, moments: Tensor) -> _Regression:
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

    def solve(self, penalties: list[float]) -> Tensor:
        """(penalties, d + 2) rows (weights, bias, −1) in the features' own units."""
        import torch

        shrunk = self.aligned / (self.eigenvalues + self.aligned.new_tensor(penalties)[:, None])
        weights = (shrunk @ self.eigenvectors.T) / self.scale
        bias = self.log_depth - weights @ self.means
        return torch.cat([weights, bias[:, None], -torch.ones_like(bias)[:, None]], dim=1)


def _penalties() -> list[float]:
    """From strong to weak, so that the strongest of equals comes first."""
    import torch

    penalties: list[float] = torch.logspace(2, -6, 17, dtype=torch.float64).tolist()
    return penalties
