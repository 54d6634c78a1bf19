"""Ridge regression in closed form, with exact leave-one-group-out errors for every penalty.

One eigendecomposition serves all penalties, and the error on a left-out group follows from the
fit to all rows, without refitting: e_g = (I − H_gg)⁻¹ (y_g − ŷ_g), the block form of the known
leave-one-out identity (Cook & Weisberg 1982, Residuals and Influence in Regression, §3.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ridge:
    """One regression problem, decomposed; penalties are then cheap.

    Attributes:
        rows: (m, d) X.
        targets: (m,) y.
        eigenvalues: (r,) of XᵀX, or of XXᵀ where that is smaller.
        eigenvectors: (d, r) of XᵀX, or (m, r) of XXᵀ.
        dual: whether they are those of XXᵀ.
    """

    rows: FloatArray
    targets: FloatArray
    eigenvalues: FloatArray
    eigenvectors: FloatArray
    dual: bool

    @classmethod
    def decompose(cls, rows: FloatArray, targets: FloatArray) -> Ridge:
        """Decompose XXᵀ where there are more features than rows, XᵀX elsewhere.

        Args:
            rows: (m, d) X, already centred: there is no intercept.
            targets: (m,) y.
        """
        dual = rows.shape[1] > rows.shape[0]
        values, vectors = np.linalg.eigh(rows @ rows.T if dual else rows.T @ rows)
        return cls(rows, targets, np.clip(values, 0.0, None), vectors, dual)

    def weights(self, penalty: float) -> FloatArray:
        """(d,) the minimiser of ‖y − Xw‖² + penalty·‖w‖²."""
        if self.dual:
            shrunk = (self.eigenvectors.T @ self.targets) / (self.eigenvalues + penalty)
            return self.rows.T @ (self.eigenvectors @ shrunk)
        shrunk = (self.eigenvectors.T @ (self.rows.T @ self.targets)) / (self.eigenvalues + penalty)
        return self.eigenvectors @ shrunk

    def left_out_errors(self, penalties: FloatArray, groups: NDArray[np.intp]) -> FloatArray:
        """Mean squared error on rows of groups that the fit has not seen.

        Args:
            penalties: (p,) each > 0.
            groups: (m,) the group of each row, 0 … g−1.

        Returns:
            (p,) as if X had been fitted g times, each time without one group.
        """
        # P diag(1/(s²+λ)) Pᵀ is the hat matrix H, in the dual and in the primal form alike.
        if self.dual:
            projected = self.eigenvectors * np.sqrt(self.eigenvalues)
        else:
            projected = self.rows @ self.eigenvectors
        aligned = projected.T @ self.targets
        # Groups of one size are solved together: (groups of this size, size) row indices each.
        order, sizes = np.argsort(groups, kind="stable"), np.bincount(groups)
        starts = np.cumsum(sizes) - sizes
        members = [
            order[starts[sizes == size, None] + np.arange(size)] for size in np.unique(sizes)
        ]
        errors = np.zeros(len(penalties))
        for index, penalty in enumerate(penalties):
            shrink = 1.0 / (self.eigenvalues + penalty)
            residuals = self.targets - projected @ (shrink * aligned)
            for rows in members:
                own = projected[rows]
                unseen = np.eye(rows.shape[1]) - (own * shrink) @ own.swapaxes(1, 2)
                left_out = np.linalg.solve(unseen, residuals[rows][..., None])
                errors[index] += np.square(left_out).sum()
        return errors / len(self.targets)
