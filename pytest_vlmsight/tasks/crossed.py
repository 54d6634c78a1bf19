"""Two references and two options, crossed: either option is the right one for one of the two.

Pictures are of two kinds (say, of two shapes). An item shows a reference of one kind and an option
of each, and which of two references it is, is drawn at the end. So nothing that the options are by
themselves tells the right one. And pictures are chosen so that likeness tells it as little: of all
references and options that were made, those of which both references are as unlike either option,
by every measure. Then whoever sees no more than these measures does not see which one is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Pair = tuple[Sequence[Any], Sequence[Any]]  # of the first kind and of the second


def unlike(first: Sequence[Any], second: Sequence[Any], measure: Callable[[Any, Any], Any]) -> Any:
    """(m, n, k) how unlike each of n pictures and each of k others are.

    Args:
        first: what is known of the n pictures.
        second: of the others.
        measure: gives m figures for two of them.
    """
    import numpy as np

    return np.array([[measure(one, other) for other in second] for one in first]).transpose(2, 0, 1)


def crossed(
    references: Pair, options: Pair, measure: Callable[[Any, Any], Any], weights: Sequence[float]
) -> tuple[int, int, int, int]:
    """The references and options, one of each kind, by which likeness tells least.

    Args:
        references: what is known of the pictures of either kind that could be the reference.
        options: likewise.
        measure: gives m figures for two pictures: how unlike they are.
        weights: (m,) how much each measure counts, by itself and in their sum.

    Returns:
        Numbers of the first kind's reference, the second's, the first kind's option, the second's.
    """
    import numpy as np

    (a, b), (c, d) = references, options
    seen = [unlike(one, other, measure) for one, other in ((a, c), (b, d), (a, d), (b, c))]
    cost: Any = 0.0
    total: Any = 0.0
    for weight, own, other, its, rest in zip(weights, *seen, strict=True):
        # How much more unlike an option the first kind's reference is than the second's.
        first = own[:, None, :, None] - rest[None, :, :, None]
        second = its[:, None, None, :] - other[None, :, None, :]
        mean = (mean_of(own) + mean_of(other)) + (mean_of(its) + mean_of(rest))
        scale = weight * 4 / max(mean, 1e-9)
        first, second = first * scale, second * scale
        # By how much the references prefer their own options: the worst of what could be left.
        off = second - first
        cost = cost + first * first + second * second + off * off
        total = total + off
    cost = cost + total * total
    found = np.unravel_index(int(np.argmin(cost)), cost.shape)
    one, other, first, second = (int(number) for number in found)
    return one, other, first, second


def mean_of(values: Any) -> float:
    """Summed one after the other, so that it is the same on every machine."""
    import numpy as np

    return float(np.cumsum(values)[-1]) / int(values.size)
