from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.decoys import balanced_index


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
