"""Tests of where a model attends to, and of what its answers lose by what it is kept from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.stats.contrast import scaled_items
from pytest_vlmsight.stats.multiplicity import holm

from .attended import (
    ANSWER_MARKED,
    ANSWER_OTHERS,
    IMAGES,
    MARKED,
    OTHER,
    RIGHT,
    TEXT_IMAGES,
    TEXT_MARKED,
    TEXT_OTHERS,
    WRONG,
    Attended,
)
from .families import family
from .halves import chosen_on_other_half
from .result import PairedTest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.tasks.item import Item

LOOKS = "attends more to the marked points than to another item's"
PICKS = "attends more to the right answer's point than to wrong ones"
CHANGES, COSTS = "changes more answers than as many other patches", "costs right answers"
NO_MORE = "changes no more answers than others, within the margin"
BLIND, SIGHTED = "changes fewer answers than the margin", "changes more answers than the margin"
DIFFERS = "attends otherwise"
"""Claims of tests."""

MEAN, BEST, ROLLOUT = "mean of heads", "head chosen on the other half", "rollout"
"""Which attention."""


def attention_tests(
    found: Attended, items: Sequence[Item], *, alpha: float, margin: float, seed: int
) -> list[PairedTest]:
    """All tests of a model, each family by Holm.

    Args:
        found: of it.
        items: that were asked.
        alpha: intervals are two-sided at 1 - 2 alpha.
        margin: share of answers that counts as none.
        seed: of the halves.
    """
    tests = []
    if found.pointed:
        for claim, one, other in ((LOOKS, MARKED, OTHER), (PICKS, RIGHT, WRONG)):
            if one in found.shares:
                named = _differences(found, one, other, items, seed=seed)
                tests += _shares_tests(claim, named, alpha=alpha)
        pairs = {
            name: Pairs(found.changed(name), found.changed(control))
            for name, control in ((ANSWER_MARKED, ANSWER_OTHERS), (TEXT_MARKED, TEXT_OTHERS))
        }
        tests += family(CHANGES, pairs, [one.p_better() for one in pairs.values()], alpha=alpha)
        costs = {name: Pairs(found.right(), found.right(name)) for name in pairs}
        tests += family(COSTS, costs, [one.p_better() for one in costs.values()], alpha=alpha)
        same = Pairs(found.changed(TEXT_OTHERS), found.changed(TEXT_MARKED))
        tests += family(NO_MORE, {TEXT_MARKED: same}, [same.p_above(margin)], alpha=alpha)
    changed = found.changed(TEXT_IMAGES)
    none = np.zeros_like(changed)
    less, more = Pairs(none, changed), Pairs(changed, none)
    tests += family(BLIND, {TEXT_IMAGES: more}, [less.p_above(margin)], alpha=alpha)
    tests += family(SIGHTED, {TEXT_IMAGES: more}, [less.p_below(margin)], alpha=alpha)
    kept = Pairs(found.right(), found.right(TEXT_IMAGES))
    return tests + family(COSTS, {TEXT_IMAGES: kept}, [kept.p_better()], alpha=alpha)


def chosen_head(found: Attended, items: Sequence[Item], *, seed: int) -> np.ndarray | None:
    """(n,) number of the head, of all layers', that looks at the marks most on the other half."""
    one, other = (MARKED, OTHER) if found.pointed else (IMAGES, None)
    table = found.shares[one] - (0 if other is None else found.shares[other])
    return chosen_on_other_half(table.reshape(len(table), -1).T, items, seed=seed)


def _differences(
    found: Attended, one: str, other: str, items: Sequence[Item], *, seed: int
) -> dict[str, np.ndarray]:
    """Which attention → (n,) differences of two shares."""
    table = found.shares[one] - found.shares[other]
    flat = table.reshape(len(table), -1)
    named = {MEAN: flat.mean(1)}
    head = chosen_on_other_half(flat.T, items, seed=seed)
    if head is not None:
        named[BEST] = flat[np.arange(len(flat)), head]
    if found.rollout:
        named[ROLLOUT] = found.rollout[one] - found.rollout[other]
    return named


def _shares_tests(
    claim: str, named: Mapping[str, np.ndarray], *, alpha: float, sided: int = 1
) -> list[PairedTest]:
    means = {name: scaled_items(np.clip(own, -1, 1)) for name, own in named.items()}
    ps = [
        one.p_greater() if sided == 1 else min(1.0, 2 * min(one.p_greater(), one.p_less()))
        for one in means.values()
    ]
    return [
        PairedTest(
            name=name,
            claim=claim,
            estimate=mean.estimate,
            interval=mean.interval(confidence=1 - 2 * alpha),
            n=len(named[name]),
            p=p,
            adjusted=adjusted,
        )
        for (name, mean), p, adjusted in zip(means.items(), ps, holm(ps), strict=True)
    ]


def differing(named: Mapping[str, np.ndarray], *, alpha: float) -> list[PairedTest]:
    """Two-sided tests of shares of two models, paired by item.

    Args:
        named: what attention falls on → (n,) differences.
        alpha: as of ``attention_tests``.
    """
    return _shares_tests(DIFFERS, named, alpha=alpha, sided=2)
