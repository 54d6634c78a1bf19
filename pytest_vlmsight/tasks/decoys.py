"""Which option is the right one, and other draws that are to be as frequent as one another.

Drawn item by item they would be so in the long run only. Here each value comes once in every block
of items, in an order of its own, so that a short run is balanced as well and an item still depends
on its seed and number alone.
"""

from __future__ import annotations

from .seeded import seeded_order


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
