"""Tests of one decision per item, right or wrong, by two answerers of the same items.

V is what is tested and R the reference (the readout, the blind run, the old run): b items are
right for V and wrong for R, c the other way round, n items in all, θ = p_V − p_R. Only gates.py
turns the p-values into verdicts.
"""

from __future__ import annotations

import math

from pytest_vlmsight.stats.checks import check_discordant, check_open
from pytest_vlmsight.stats.tango import tango_interval, tango_z
from pytest_vlmsight.stats.unconditional import Region

__all__ = [
    "inferiority_p",
    "mcnemar_p",
    "minimum_n",
    "noninferiority_p",
    "tango_interval",
    "tango_z",
]


def noninferiority_p(b: int, c: int, n: int, *, margin: float) -> float:
    """Exact unconditional p-value of H0: θ ≤ −margin; small where V is within the margin of R.

    The largest probability, over the nuisance parameter, of a Tango score at least the
    observed one (unconditional.py has the sources). Never below the true p-value by more than
    the resolution of the search, about 1e-6.

    >>> round(noninferiority_p(0, 0, 59, margin=0.05), 4)  # 0.95 ** 59
    0.0485

    Args:
        b: number of items V right, R wrong.
        c: number of items V wrong, R right.
        n: number of items.
        margin: what V may be worse by, as a proportion. 0 tests for plain superiority, and a
            negative margin for superiority by more than that.

    Raises:
        ValueError: the counts are none of n items, or margin is not inside (-1, 1).
    """
    check_discordant(b, c, n)
    check_open("margin", margin, -1, 1)
    observed = tango_z(b, c, n, -margin)
    return Region.reaching(observed, n=n, theta0=-margin).size()


def inferiority_p(b: int, c: int, n: int, *, margin: float) -> float:
    """Exact unconditional p-value of H0: θ ≥ −margin; small where V is worse than the margin.

    Swapping the answerers turns θ into −θ and H0 into −θ ≤ margin, which is the null of
    noninferiority_p for the negated margin.

    Args:
        b: number of items V right, R wrong.
        c: number of items V wrong, R right.
        n: number of items.
        margin: what V may be worse by, as a proportion.

    Raises:
        ValueError: the counts are none of n items, or margin is not inside (-1, 1).
    """
    check_discordant(b, c, n)
    return noninferiority_p(c, b, n, margin=-margin)


def mcnemar_p(b: int, c: int) -> float:
    """McNemar's exact one-sided p-value of H0: θ ≤ 0; small where V beats R.

    The discordant items are fair coins under θ = 0: P(Binomial(b + c, ½) ≥ b).

    >>> mcnemar_p(7, 1)  # 9/256
    0.03515625

    Args:
        b: number of items V right, R wrong.
        c: number of items V wrong, R right.

    Returns:
        The p-value; 1 where no item is discordant.

    Raises:
        ValueError: b or c is negative or not whole.
    """
    from scipy.stats import binomtest

    check_discordant(b, c, max(b + c, 1))
    if b + c == 0:
        return 1.0
    return float(binomtest(b, b + c, 0.5, alternative="greater").pvalue)


def minimum_n(margin: float, alpha: float) -> int:
    """Items below which not even identical answers (b = c = 0) can show non-inferiority.

    One nuisance value, b impossible, has p = (1 − margin)^n, so n ≥ log(alpha) / log(1 − margin).
    At alpha = 0.05 that is the answer for the usual margins; at smaller alpha another nuisance
    value dominates and more items are needed, so the exact p-value decides.

    >>> minimum_n(0.10, 0.05)
    29

    Args:
        margin: what V may be worse by, as a proportion.
        alpha: the one-sided level.

    Raises:
        ValueError: margin or alpha is not inside (0, 1).
    """
    check_open("margin", margin, 0, 1)
    check_open("alpha", alpha, 0, 1)
    n = max(1, math.ceil(math.log(alpha) / math.log1p(-margin) - 1e-9))
    # A hair off, so that alpha = (1 − margin)^n itself is not lost to rounding.
    while noninferiority_p(0, 0, n, margin=margin) > alpha * (1.0 + 1e-9):
        n += 1
    return n
