"""Checks at the edge of this package: a wrong number is named, with what was expected."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def check_open(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless low < value < high."""
    if not low < value < high:
        raise ValueError(f"expected {low:g} < {name} < {high:g}, but got {name}={value!r}")


def check_closed(name: str, value: float, low: float, high: float) -> None:
    """Raise ValueError unless low <= value <= high."""
    if not low <= value <= high:
        raise ValueError(f"expected {low:g} <= {name} <= {high:g}, but got {name}={value!r}")


def check_size(n: int) -> None:
    """Raise ValueError unless n is a whole number of at least one item."""
    if n != math.floor(n) or n < 1:
        raise ValueError(f"expected a number of items n >= 1, but got n={n!r}")


def check_successes(successes: int, n: int) -> None:
    """Raise ValueError unless 0 <= successes <= n and n >= 1, all whole."""
    check_size(n)
    if successes != math.floor(successes) or not 0 <= successes <= n:
        raise ValueError(
            f"expected a count 0 <= successes <= n, but got successes={successes!r}, n={n!r}"
        )


def check_discordant(b: int, c: int, n: int) -> None:
    """Raise ValueError unless b and c are counts of disjoint kinds among n >= 1 items."""
    check_size(n)
    if b != math.floor(b) or c != math.floor(c) or b < 0 or c < 0 or b + c > n:
        raise ValueError(
            f"expected counts b >= 0, c >= 0 with b + c <= n, but got b={b!r}, c={c!r}, n={n!r}"
        )


def item_values(name: str, values: ArrayLike, low: float, high: float) -> NDArray[np.float64]:
    """One number per item as a float array.

    Args:
        name: what to call the values in an error.
        values: (n,) numbers.
        low: the least value allowed.
        high: the greatest value allowed.

    Returns:
        (n,) float64.

    Raises:
        ValueError: the values are not one-dimensional, none, not finite or out of range.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"expected {name} of shape (n,), n >= 1, but got shape {array.shape}")
    outside = ~((array >= low) & (array <= high))
    if outside.any():
        index = int(np.argmax(outside))
        raise ValueError(
            f"expected {low:g} <= {name} <= {high:g}, but got {name}[{index}]={array[index]!r}"
        )
    return array
