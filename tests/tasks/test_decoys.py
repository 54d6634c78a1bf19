from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.decoys import balanced_index, choose


@given(st.integers(2, 6), st.integers(0, 50), st.integers(0, 1000))
def test_each_index_once_in_every_block(options: int, block: int, seed: int) -> None:
    drawn = [
        balanced_index(options, "task", "answer", seed, block * options + k) for k in range(options)
    ]
    assert sorted(drawn) == list(range(options))


def test_draws_of_different_kinds_are_independent() -> None:
    pairs = Counter(
        (balanced_index(4, "t", "answer", 0, k), balanced_index(4, "t", "rank", 0, k))
        for k in range(4000)
    )
    assert all(180 < pairs[a, b] < 320 for a in range(4) for b in range(4))


@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.integers(1, 3))
def test_the_right_option_gets_its_rank_by_every_measure(
    seed: int, closer: int, measures: int
) -> None:
    rng = np.random.default_rng(seed)
    pool, truth = rng.random((400, measures)), np.full(measures, 0.5)
    picked = choose(rng, truth, pool, closer=closer, count=3)
    assert picked is not None
    assert len(set(picked)) == 3
    for measure in range(measures):
        assert (pool[picked, measure] < 0.5).sum() == closer


def test_unusable_ones_are_never_picked_and_too_few_is_none() -> None:
    rng = np.random.default_rng(0)
    pool = np.array([[0.1], [np.inf], [np.inf], [0.9]])
    assert sorted(choose(rng, np.array([0.5]), pool, closer=1, count=2) or []) == [0, 3]
    assert choose(rng, np.array([0.5]), pool, closer=0, count=2) is None
    assert choose(rng, np.array([0.5]), pool, closer=2, count=2) is None


def test_order_of_what_is_picked_says_nothing() -> None:
    rng = np.random.default_rng(1)
    pool = np.array([[0.1], [0.9]])
    first = [(choose(rng, np.array([0.5]), pool, closer=1, count=2) or [])[0] for _ in range(400)]
    assert 150 < sum(first) < 250
