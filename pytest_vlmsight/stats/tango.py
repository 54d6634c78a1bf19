"""The Tango score: how far a paired difference of proportions is from a hypothesised one.

Unlike Wald's it takes the variance under the hypothesis, so it stays honest where few or no
items are discordant, which is where good models are. It displays intervals, and it orders the
tables for the exact test (unconditional.py).

Source: Tango, Statistics in Medicine 17 (1998) 891-908; the same score is Nam's, Biometrics 53
(1997) 1422-1430. In the notation of this package b items are right for V and wrong for R, c the
other way round, θ = p_V − p_R.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

import numpy as np

from pytest_vlmsight.stats.checks import check_closed, check_discordant, check_open
from pytest_vlmsight.stats.interval import Interval

if TYPE_CHECKING:
    from numpy.typing import NDArray


@overload
def tango_z(b: int, c: int, n: int, theta0: float) -> float: ...
@overload
def tango_z(
    b: NDArray[np.int64], c: NDArray[np.int64], n: int, theta0: float
) -> NDArray[np.float64]: ...
def tango_z(
    b: int | NDArray[np.int64], c: int | NDArray[np.int64], n: int, theta0: float
) -> float | NDArray[np.float64]:
    """Score statistic of θ = theta0; standard normal there, positive where V does better.

    Z = (b − c − n theta0) / √(n (2q̃ + theta0 (1 − theta0))) with q̃ = restricted_share, and 0
    where the numerator is 0.

    >>> round(tango_z(6, 16, 161, 0.0), 3)  # McNemar's z
    -2.132

    Args:
        b: number of items V right, R wrong; an int or an array that broadcasts with c.
        c: number of items V wrong, R right.
        n: number of items.
        theta0: the difference to test against.

    Returns:
        A float for ints, an array of the broadcast shape for arrays.

    Raises:
        ValueError: theta0 outside [-1, 1], or ints that are not counts among n items. Arrays
            are taken as they are.
    """
    check_closed("theta0", theta0, -1, 1)
    scalar = np.ndim(b) == 0 and np.ndim(c) == 0
    if scalar:
        check_discordant(int(b), int(c), n)
    won = np.asarray(b, dtype=np.float64)
    lost = np.asarray(c, dtype=np.float64)
    q = restricted_share(won, lost, n, theta0)
    numerator = won - lost - n * theta0
    variance = n * (2.0 * q + theta0 * (1.0 - theta0))
    with np.errstate(divide="ignore"):
        z = np.where(
            numerator == 0.0,
            0.0,
            numerator / np.sqrt(np.where(numerator == 0.0, 1.0, np.maximum(variance, 0.0))),
        )
    return float(z) if scalar else z


def restricted_share(
    b: NDArray[np.float64], c: NDArray[np.float64], n: float, theta0: float
) -> NDArray[np.float64]:
    """Maximum likelihood estimate of P(V wrong, R right) given θ = theta0.

    The larger root of A q² + B q + C with A = 2n, B = −b − c + (2n − b + c) theta0 and
    C = −c theta0 (1 − theta0), in the form that does not cancel.

    Args:
        b: numbers of items V right, R wrong; or shares, with n = 1.
        c: numbers of items V wrong, R right; or shares.
        n: number of items.
        theta0: the difference given, in [-1, 1].

    Returns:
        Shares in [max(0, −theta0), 1], of the broadcast shape of b and c.
    """
    q_a = 2.0 * n
    q_b = -b - c + (2.0 * n - b + c) * theta0
    q_c = -c * theta0 * (1.0 - theta0)
    root = np.sqrt(np.maximum(q_b * q_b - 4.0 * q_a * q_c, 0.0))
    positive = q_b > 0.0
    q = np.where(
        positive,
        -2.0 * q_c / np.where(positive, q_b + root, 1.0),
        (root - q_b) / (2.0 * q_a),
    )
    return np.maximum(q, max(0.0, -theta0))


def tango_interval(b: int, c: int, n: int, *, confidence: float = 0.95) -> Interval:
    """Score interval of θ: every theta0 that |Z| at most the normal quantile does not reject.

    >>> tango_interval(0, 3, 3).low
    -1.0

    Args:
        b: number of items V right, R wrong.
        c: number of items V wrong, R right.
        n: number of items.
        confidence: two-sided level; 0.9 belongs to one-sided tests at 0.05.

    Returns:
        The interval, within [-1, 1]; lower limit -1 where c = n, upper limit 1 where b = n.

    Raises:
        ValueError: the counts are none of n items, or confidence is not inside (0, 1).
    """
    from scipy.special import ndtri

    check_discordant(b, c, n)
    check_open("confidence", confidence, 0, 1)
    z = float(ndtri(0.5 + confidence / 2.0))
    return Interval(-_upper_limit(c, b, n, z), _upper_limit(b, c, n, z))


def _upper_limit(b: int, c: int, n: int, z: float) -> float:
    """Where Z, which falls from 0 at (b − c)/n, reaches −z. The lower limit is its mirror image."""
    from scipy.optimize import brentq

    if b == n:
        return 1.0
    estimate = (b - c) / n

    def above(theta0: float) -> float:
        # Z falls to −∞ at 1 where b < n; the largest double below 1 stands for it.
        return tango_z(b, c, n, theta0) + z

    return float(brentq(above, estimate, float(np.nextafter(1.0, 0.0)), xtol=1e-14, rtol=1e-14))
