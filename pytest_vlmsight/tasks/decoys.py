"""Wrong options chosen so that a cheap similarity says nothing.

Of the options, the right one usually is the most similar to the reference in colour, in pixels or
in place, and a task whose answer can be had that way asks nothing of an eye. So the right option's
rank in such similarities is drawn first, each rank as often as any other, and the wrong ones are
picked to give it that rank. Whoever chooses the most similar, the least similar or the second most
similar option is then right as often as by chance: by construction, not by luck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .seeded import seeded_order

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def balanced_index(options: int, task: str, what: str, seed: int, index: int) -> int:
    """One of ``range(options)`` for item ``index``; each once in every block of ``options``.

    Args:
        options: how many there are.
        task: its name.
        what: what is drawn, such as "answer" or "rank", so that draws are independent.
        seed: of the items.
        index: of the item.
    """
    block, place = divmod(index, options)
    return seeded_order(options, task, what, seed, block)[place]


def choose(
    rng: np.random.Generator,
    truth: NDArray[np.float64],
    pool: NDArray[np.float64],
    *,
    closer: int,
    count: int,
) -> list[int] | None:
    """Wrong options of which exactly ``closer`` are more similar than the right one.

    Args:
        rng: random numbers.
        truth: (f,) the right option's dissimilarity to the reference by each of f measures.
        pool: (m, f) the same of possible wrong options; infinite where one cannot be used.
        closer: how many are to be more similar, by every measure; the others are less similar
            by every measure.
        count: how many are wanted.

    Returns:
        ``count`` different indices into the pool in random order, or None where it has not
        enough of a kind.
    """
    import numpy as np

    usable = np.isfinite(pool).all(1)
    nearer = np.flatnonzero(usable & (pool < truth).all(1))
    farther = np.flatnonzero(usable & (pool > truth).all(1))
    if len(nearer) < closer or len(farther) < count - closer:
        return None
    picked: list[int] = []
    for among, wanted in ((nearer, closer), (farther, count - closer)):
        order = np.argsort(rng.random(len(among)), kind="stable")
        picked += among[order[:wanted]].tolist()
    order = np.argsort(rng.random(count), kind="stable")
    return [picked[place] for place in order.tolist()]
