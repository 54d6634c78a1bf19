"""Two references and two options, crossed: either option is the right one for one of the two.

Pictures are of two kinds (say, of two shapes). An item shows a reference of one kind and an option
of each, and which of two references it is, is drawn at the end. So nothing that the options are by
themselves tells the right one. And pictures are chosen so that likeness tells neither: of all
references and options that were made, those of which the reference of one kind prefers, by every
measure, the same option by as much as the reference of the other kind does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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
    within: tuple[Any, Any],
    across: tuple[Any, Any],
    weights: Sequence[float],
    *,
    apart: bool = True,
) -> tuple[int, int, int, int]:
    """The references and options, one of each kind, by which likeness tells least.

    Args:
        within: of each kind, (m, r, o) how unlike its references and its own options are.
        across: of each kind, (m, r, o) how unlike its references and the other kind's options are.
        weights: (m,) how much each measure counts, by itself and in their sum.
        apart: whether references and options are other pictures; else one picture can be either,
            but not both.

    Returns:
        Numbers of the first kind's reference, the second's, the first kind's option, the second's.
    """
    import numpy as np

    cost: Any = 0.0
    total: Any = 0.0
    for weight, own, other, its, rest in zip(weights, within[0], within[1], *across, strict=True):
        # By how much the first kind's reference likes its own option less than the other: the same
        # as the second kind's likes the other's.
        off = (
            its[:, None, None, :]
            + rest[None, :, :, None]
            - own[:, None, :, None]
            - other[None, :, None, :]
        )
        scale = float(np.cumsum(np.concatenate([own.ravel(), other.ravel()]))[-1])
        scale += float(np.cumsum(np.concatenate([its.ravel(), rest.ravel()]))[-1])
        off = off * (weight * 4 * own.size / max(scale, 1e-9))
        cost = cost + off * off
        total = total + off
    cost = cost + total * total
    if not apart:
        count = len(within[0][0])
        same = np.eye(count, dtype=np.bool_)
        cost = np.where(same[:, None, :, None] | same[None, :, None, :], np.inf, cost)
    found = np.unravel_index(int(np.argmin(cost)), cost.shape)
    one, other, first, second = (int(number) for number in found)
    return one, other, first, second
