"""What n items can show: exact power of the exact test, and quick planning formulas.

Power is for planning, never for deciding: an inconclusive result is read from its interval.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from pytest_vlmsight.stats.checks import check_closed, check_open, check_size
from pytest_vlmsight.stats.tango import restricted_share, tango_z
from pytest_vlmsight.stats.unconditional import Region

SCORE_RESOLUTION = 1e-6
"""How closely the critical score is found; tables closer than this to it count as not rejected."""


def noninferiority_power(
    n: int, *, psi: float, margin: float, alpha: float = 0.05, theta: float = 0.0
) -> float:
    """Exact probability that noninferiority_p is at most alpha.

    The rejected tables are those whose score reaches a critical one, found by bisection; their
    probability is summed, nothing is simulated.

    >>> round(noninferiority_power(400, psi=0.3, margin=0.10), 2)
    0.98

    Args:
        n: number of items.
        psi: the true share of discordant items, (b + c)/n.
        margin: what V may be worse by, as a proportion.
        alpha: the one-sided level of the test.
        theta: the true difference.

    Raises:
        ValueError: n is no number of items, margin or alpha is not inside (0, 1), psi is not in
            (0, 1], or |theta| is above psi.
    """
    check_size(n)
    _check_truth(psi, theta)
    check_open("margin", margin, 0, 1)
    check_open("alpha", alpha, 0, 1)
    region = _rejected(n, margin, alpha)
    if region is None:
        return 0.0
    p_b, p_c = np.array([(psi + theta) / 2.0]), np.array([(psi - theta) / 2.0])
    return float(region.probability(p_b, p_c)[0])


def required_n(
    *, power: float, psi: float, margin: float, alpha: float = 0.05, theta: float = 0.0
) -> int:
    """Number of items with which the exact test has the power asked for.

    Exact power is a saw in n. This is the step nearest to approximate_n: n items have the
    power, n − 1 do not. Takes about 0.1 s per step at n = 300, and there are a handful.

    >>> required_n(power=0.8, psi=0.2, margin=0.10)
    135

    Args:
        power: the probability of passing asked for.
        psi: the true share of discordant items.
        margin: what V may be worse by, as a proportion.
        alpha: the one-sided level of the test.
        theta: the true difference.

    Raises:
        ValueError: power, margin or alpha is not inside (0, 1), psi is not in (0, 1], |theta|
            is above psi, or theta is at or below −margin.
    """

    def reached(n: int) -> bool:
        return noninferiority_power(n, psi=psi, margin=margin, alpha=alpha, theta=theta) >= power

    n = approximate_n(power=power, psi=psi, margin=margin, alpha=alpha, theta=theta)
    if reached(n):
        while n > 1 and reached(n - 1):
            n -= 1
        return n
    while not reached(n):
        n += 1
    return n


def approximate_n(
    *, power: float, psi: float, margin: float, alpha: float = 0.05, theta: float = 0.0
) -> int:
    """Number of items for the power asked for, by Nam's normal approximation for the score.

    n = ((z_alpha σ0 + z_beta σ1) / (theta + margin))² with σ1² = psi − theta², and σ0² the
    variance that the score takes on the boundary. Source: Nam, Biometrics 53 (1997) 1422-1430.

    >>> approximate_n(power=0.8, psi=0.2, margin=0.10)
    134

    Args:
        power: the probability of passing asked for.
        psi: the true share of discordant items.
        margin: what V may be worse by, as a proportion.
        alpha: the one-sided level of the test.
        theta: the true difference.

    Raises:
        ValueError: as required_n.
    """
    _check_truth(psi, theta)
    check_open("margin", margin, 0, 1)
    check_open("alpha", alpha, 0, 1)
    check_open("power", power, 0, 1)
    if theta + margin <= 0:
        raise ValueError(f"expected theta > -margin, but got theta={theta!r}, margin={margin!r}")
    return max(1, math.ceil(_score_n(power, psi, margin, alpha, theta)))


def smallest_margin(
    n: int, *, psi: float, power: float = 0.8, alpha: float = 0.05, theta: float = 0.0
) -> float:
    """Smallest margin that n items can show with the power asked for; an approximation.

    The formula of approximate_n solved for the margin, and never below what identical answers
    can show, 1 − alpha^(1/n). Takes about a millisecond: it is for the header of a run.

    >>> round(smallest_margin(400, psi=0.3), 3)
    0.069

    Args:
        n: number of items.
        psi: the share of discordant items assumed.
        power: the probability of passing asked for.
        alpha: the one-sided level of the test.
        theta: the difference assumed.

    Returns:
        A proportion in (0, 1]; 1 where not even the widest margin can be shown.

    Raises:
        ValueError: n is no number of items, or psi, theta, power or alpha is out of range.
    """
    check_size(n)
    _check_truth(psi, theta)
    check_open("alpha", alpha, 0, 1)
    check_open("power", power, 0, 1)
    low, high = max(0.0, -theta), 1.0
    for _ in range(40):
        middle = (low + high) / 2.0
        if _score_n(power, psi, middle, alpha, theta) > n:
            low = middle
        else:
            high = middle
    return max(high, -math.expm1(math.log(alpha) / n))


def _rejected(n: int, margin: float, alpha: float) -> Region | None:
    """The tables with noninferiority_p at most alpha, None where there is no such table."""
    theta0 = -margin
    high = tango_z(n, 0, n, theta0)
    best = Region.reaching(high, n=n, theta0=theta0)
    if best.size() > alpha:
        return None
    low = 0.0  # its region holds half the probability or more at some nuisance value
    while high - low > SCORE_RESOLUTION:
        middle = (low + high) / 2.0
        region = Region.reaching(middle, n=n, theta0=theta0)
        if region.size() <= alpha:
            high, best = middle, region
        else:
            low = middle
    return best


def _score_n(power: float, psi: float, margin: float, alpha: float, theta: float) -> float:
    """Nam's formula, unrounded."""
    won, lost = np.array((psi + theta) / 2.0), np.array((psi - theta) / 2.0)
    q = float(restricted_share(won, lost, 1.0, -margin))
    null_sd = math.sqrt(max(0.0, 2.0 * q - margin * (1.0 + margin)))
    true_sd = math.sqrt(psi - theta**2)
    z_alpha, z_beta = NormalDist().inv_cdf(1.0 - alpha), NormalDist().inv_cdf(power)
    needed = max(0.0, z_alpha * null_sd + z_beta * true_sd)
    return (needed / (theta + margin)) ** 2


def _check_truth(psi: float, theta: float) -> None:
    check_open("psi", psi, 0, math.nextafter(1, 2))
    check_closed("theta", theta, -psi, psi)
