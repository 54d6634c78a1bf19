"""The exact unconditional test's machinery: tables at least as extreme, and their probability.

Asymptotic tests of a paired difference err by up to a factor of 2.5 at the gate's settings, and
the exact test conditional on the discordant items cannot test a margin. So the probability of
all tables (b, c) whose score reaches the observed one is maximised over the nuisance parameter.

Sources: the ordering by score and the supremum, Chan, Statistics in Medicine 17 (1998)
1403-1413; for pairs, Hsueh, Liu and Chen, Biometrics 57 (2001) 478-483; that the supremum over
H0: θ ≤ theta0 lies on θ = theta0, Barnard convexity of the score: Sidik, Statistics in Medicine
22 (2003) 265-278.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.stats.tango import tango_z

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID = 101
"""Nuisance values of the first look; denser towards both ends, where the probability is rough."""

PEAKS = 3
"""Local maxima of the first look that are looked at closely."""

ZOOMS = 3
"""Closer looks at each, every one with a fifth of the spacing before."""

NEGLIGIBLE = 1e-17
"""Binomial terms below this are taken whole, not only the part of them in the region: p may be too
large by (n + 1) times this, and is never too small for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The tables of n items whose score against theta0 is at least a threshold.

    Attributes:
        n: number of items.
        theta0: the hypothesised difference.
        largest_c: (n + 1,) for each b the largest c in the region, -1 where there is none.
    """

    n: int
    theta0: float
    largest_c: NDArray[np.int64]

    @classmethod
    def reaching(cls, threshold: float, *, n: int, theta0: float) -> Region:
        """All tables with Z ≥ threshold; Z falls in c, so each b is bisected, all at once."""
        # Equal scores belong to the region though rounding may tell them apart.
        threshold -= 1e-10 * max(1.0, abs(threshold))
        b = np.arange(n + 1)
        inside = np.full(n + 1, -1)
        outside = n - b + 1
        for _ in range(int(n + 1).bit_length()):
            middle = (inside + outside) // 2
            # Where the bracket is closed already middle is inside itself, possibly -1.
            reaches = tango_z(b, np.maximum(middle, 0), n, theta0) >= threshold
            reaches |= middle == inside
            inside = np.where(reaches, middle, inside)
            outside = np.where(reaches, outside, middle)
        return cls(n=n, theta0=theta0, largest_c=inside)

    def probability(
        self, p_b: NDArray[np.float64], p_c: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Probability of the region where V alone is right with p_b, R alone with p_c.

        Σ_b Binom(b; n, p_b) F(largest_c[b]; n − b, p_c / (1 − p_b)), F the binomial
        distribution function.

        Args:
            p_b: (g,) probabilities.
            p_c: (g,) probabilities; p_b + p_c at most 1.

        Returns:
            (g,) probabilities.
        """
        from scipy.special import betainc, gammaln, xlog1py, xlogy

        b = np.flatnonzero(self.largest_c >= 0)
        if b.size == 0:
            return np.zeros(p_b.shape)
        n = self.n
        c = self.largest_c[b]
        choose = gammaln(n + 1) - gammaln(b + 1) - gammaln(n - b + 1)
        weight = np.exp(choose + xlogy(b, p_b[:, None]) + xlog1py(n - b, -p_b[:, None]))
        # F is 1 where even c = n − b is inside; elsewhere it is an incomplete beta function.
        needed = (weight > NEGLIGIBLE) & (c < n - b)
        row, column = np.nonzero(needed)
        with np.errstate(invalid="ignore", divide="ignore"):
            other = np.clip((1.0 - p_b - p_c) / (1.0 - p_b), 0.0, 1.0)
        other = np.where(p_b < 1.0, other, 1.0)
        weight[row, column] *= betainc(
            (n - b - c)[column].astype(np.float64), c[column] + 1.0, other[row]
        )
        total: NDArray[np.float64] = np.minimum(weight.sum(axis=1), 1.0)
        return total

    def size(self) -> float:
        """The largest probability of the region over all of H0: θ ≤ theta0.

        On θ = theta0 the nuisance p_c runs from max(0, −theta0) to (1 − theta0)/2. The
        probability changes on the scale of √p there, which the grid's spacing follows.
        """
        low = max(0.0, -self.theta0)
        width = (1.0 - self.theta0) / 2.0 - low

        def probability(t: NDArray[np.float64]) -> NDArray[np.float64]:
            p_c = low + width * np.sin(t * np.pi / 2.0) ** 2
            return self.probability(np.maximum(p_c + self.theta0, 0.0), p_c)

        t = np.linspace(0.0, 1.0, GRID)
        p = probability(t)
        best = float(p.max())
        padded = np.concatenate(([-1.0], p, [-1.0]))
        peak = np.flatnonzero((p >= padded[:-2]) & (p >= padded[2:]))
        centre = t[peak[np.argsort(p[peak])[-PEAKS:]]]
        spacing = t[1]
        for _ in range(ZOOMS):
            spacing /= 5.0
            near = np.clip(centre[:, None] + spacing * np.arange(-4, 5), 0.0, 1.0)
            p = probability(near.ravel()).reshape(near.shape)
            centre = near[np.arange(centre.size), p.argmax(axis=1)]
            best = max(best, float(p.max()))
        return best
