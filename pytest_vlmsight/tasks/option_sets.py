"""Sets of four options that could be offered, and how much each is preferred.

Whoever picks the option that looks most like REF, or that is nearest to where REF was, must not be
right more often than by chance. So it is asked of each option of a set what rank its own
counterpart would have: how many of the other three are less unlike it than that. A set weighs the
product of what these ranks weigh; then the right option is drawn, each of the four alike. With the
right weights (``benchmarks/option_weights.py`` finds them) every rank is about as frequent as any
other. And since nothing distinguishes the right one within its set, whatever the options are by
themselves says nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIONS = 4

_LEAST = 0.05
"""Options are used at least this often, however little their sets weigh, so that tries end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What each rank weighs, for each option of a set.

    Attributes:
        nearness: (4,) by rank in nearness.
        likeness: (4,) by rank in likeness; at most 1 where both count.
        measures: how much each measure of unlikeness counts, see ``surroundings.MEASURES``; none
            where likeness is not asked for.
    """

    nearness: tuple[float, ...] = (1.0,) * OPTIONS
    likeness: tuple[float, ...] = (1.0,) * OPTIONS
    measures: tuple[float, ...] = ()


def option_sets(count: int, apart: Callable[[int, int], bool]) -> Any:
    """(s, 4) intp, all sets of four of ``range(count)`` of which any two are apart."""
    import numpy as np

    near = np.zeros((count, count), dtype=np.bool_)
    for one in range(count):
        for other in range(one + 1, count):
            near[one, other] = not apart(one, other)
    # In the order of itertools.combinations: each set grown by what is behind its last.
    sets = np.arange(count)[:, None]
    for _ in range(OPTIONS - 1):
        grown, last = np.nonzero(np.arange(count) > sets[:, -1:])
        fits = ~near[sets[grown], last[:, None]].any(1)
        sets = np.hstack([sets[grown[fits]], last[fits, None]])
    return sets


def unlike(before: Any, after: Any) -> Any:
    """(n, n) city-block distances of figures (f, n): first picture against second."""
    import numpy as np

    total = np.zeros((before.shape[1], after.shape[1]))
    for own, its in zip(before, after, strict=True):  # in this order on every machine
        total = total + np.abs(own[:, None] - its)
    return total


def ranks(unlikeness: Any, sets: Any) -> Any:
    """(s, 4) of each option of sets, how many others are less unlike it than its counterpart.

    Args:
        unlikeness: (n, n) of each option in the first picture and each in the second.
        sets: (s, 4) options.
    """
    import numpy as np

    closer = unlikeness < np.diagonal(unlikeness)[:, None]
    return closer[sets[:, :, None], sets[:, None, :]].sum(2)


def weighed(unlikeness: Any, sets: Any, weights: tuple[float, ...]) -> Any:
    """(s,) the product of what the ranks of its options weigh, of each set."""
    import numpy as np

    by_rank = np.array(weights)[ranks(unlikeness, sets)]
    return by_rank[:, 0] * by_rank[:, 1] * by_rank[:, 2] * by_rank[:, 3]


def total(weight: Any) -> float:
    """The sum of weights (s,), one after the other."""
    import numpy as np

    return float(np.cumsum(weight)[-1]) if len(weight) else 0.0


def use(weight: float) -> float:
    """How often options are used whose sets weigh so much together."""
    return max(_LEAST, min(1.0, weight))


def picked(weight: Any, share: float) -> int:
    """The number of the set at a share of the sum of all weights (s,), 0 ≤ share < 1."""
    import numpy as np

    reached = np.cumsum(weight)
    return min(len(weight) - 1, int(np.searchsorted(reached, share * reached[-1], side="right")))
