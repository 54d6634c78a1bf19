"""Which items a fitted readout scores together, so that what it trained on is never among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def deal(groups: Sequence[str], *, folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each item; a group is never split.

    >>> deal(["a", "b", "a", "b"], folds=5, seed=0).tolist()
    [0, 1, 0, 1]

    Args:
        groups: (n,) labels, equal for items that share a source.
        folds: into how many parts the groups are dealt, ≥ 1; with fewer groups, each is a part of
            its own.
        seed: of the dealing, which is balanced by the number of items.

    Returns:
        (n,) 0 … folds − 1.

    Raises:
        ValueError: no items, or folds below 1.
    """
    if len(groups) == 0 or folds < 1:
        raise ValueError(
            f"Expected items and folds ≥ 1 but got {len(groups)} items and folds={folds}"
        )
    labels, codes = np.unique(np.asarray(groups), return_inverse=True)
    return deal_codes(codes, folds=min(folds, len(labels)), seed=seed)


def deal_codes(codes: NDArray[np.intp], *, folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each item: groups in random order, largest first, each to the emptiest fold.

    Args:
        codes: (n,) number of each item's group, 0 … g − 1.
        folds: at most g.
        seed: of the groups' order.
    """
    sizes = np.bincount(codes)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    load = np.zeros(folds, dtype=np.intp)
    fold_of = np.empty(len(sizes), dtype=np.intp)
    for group in order:
        fold_of[group] = load.argmin()
        load[fold_of[group]] += sizes[group]
    dealt: NDArray[np.intp] = fold_of[codes]
    return dealt
