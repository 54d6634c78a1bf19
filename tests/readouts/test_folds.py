"""Groups are dealt to folds whole, evenly and always alike."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.readouts import cross_fit, deal

GROUPS = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=60)


@given(GROUPS, st.integers(1, 6), st.integers(0, 5))
def test_a_group_is_never_split_and_no_fold_is_empty(
    groups: list[str], folds: int, seed: int
) -> None:
    dealt = deal(groups, folds=folds, seed=seed)
    of_group = defaultdict(set)
    for group, fold in zip(groups, dealt.tolist(), strict=True):
        of_group[group].add(fold)
    assert all(len(found) == 1 for found in of_group.values())
    assert set(dealt.tolist()) == set(range(min(folds, len(of_group))))
    assert dealt.tolist() == deal(groups, folds=folds, seed=seed).tolist()


def test_folds_hold_equally_many_items_and_follow_the_seed() -> None:
    groups = [f"g{index // 2}" for index in range(100)]
    first, second = (deal(groups, folds=5, seed=seed) for seed in (0, 1))
    assert np.bincount(first).tolist() == [20] * 5
    assert first.tolist() != second.tolist()


def test_folds_are_those_of_the_linear_readout() -> None:
    rng = np.random.default_rng(0)
    groups = [f"g{index}" for index in rng.integers(0, 12, 60)]
    fit = cross_fit(rng.standard_normal((60, 2, 3)), rng.integers(0, 2, 60), groups=groups, seed=3)
    assert fit.folds.tolist() == deal(groups, folds=5, seed=3).tolist()


def test_nothing_to_deal_is_refused() -> None:
    with pytest.raises(ValueError, match="0 items"):
        deal([], folds=5, seed=0)
    with pytest.raises(ValueError, match="folds=0"):
        deal(["a"], folds=0, seed=0)
