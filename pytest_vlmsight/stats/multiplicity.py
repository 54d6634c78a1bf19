"""Several tests of one question: p-values that keep the error rate of the whole family."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given.

    Rejecting where an adjusted p is at most alpha keeps the chance of any false rejection at
    alpha, however the tests depend on each other. Source: Holm, Scandinavian Journal of Statistics
    6 (1979) 65-70: the i-th smallest of m is multiplied by m - i + 1, and none is less than one
    before it.

    >>> [round(p, 4) for p in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]

    Raises:
        ValueError: a p-value is not inside [0, 1].
    """
    for p in ps:
        if not 0 <= p <= 1:
            raise ValueError(f"a p-value is from 0 to 1, got {p!r}")
    adjusted = [0.0] * len(ps)
    most = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        most = max(most, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = most
    return adjusted
