from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.option_sets import (
    OPTIONS,
    Weights,
    option_sets,
    picked,
    ranks,
    total,
    unlike,
    use,
    weighed,
)

seeds = st.integers(0, 2**32 - 1)
whole_weights = st.lists(st.integers(0, 4), min_size=1, max_size=30).filter(any)


def any_sets(count: int) -> np.ndarray:
    found: np.ndarray = option_sets(count, lambda _one, _other: True)
    return found


def unlikeness(seed: int, count: int) -> np.ndarray:
    """Small whole numbers, so that many are equal."""
    return np.floor(np.random.default_rng(seed).random((count, count)) * 5)


def ranked(unlike: np.ndarray, members: tuple[int, ...]) -> list[int]:
    """The ranks of a set, counted one by one."""
    return [sum(unlike[own, its] < unlike[own, own] for its in members) for own in members]


@given(seeds, st.integers(0, 10), st.floats(0, 1))
def test_sets_are_all_combinations_of_places_that_are_apart_in_their_order(
    seed: int, count: int, share: float
) -> None:
    drawn = np.random.default_rng(seed).random((count, count)) < share

    def apart(one: int, other: int) -> bool:
        return bool(drawn[min(one, other), max(one, other)])

    expected = [
        members
        for members in combinations(range(count), OPTIONS)
        if all(apart(*pair) for pair in combinations(members, 2))
    ]
    found = option_sets(count, apart)
    assert found.shape == (len(expected), OPTIONS)
    assert [tuple(members) for members in found.tolist()] == expected
    assert np.issubdtype(found.dtype, np.integer)  # numbers of places, even where there is none


@given(seeds, st.integers(0, 5), st.integers(1, 6))
def test_unlikeness_is_the_sum_of_all_differences(seed: int, figures: int, count: int) -> None:
    before, after = np.random.default_rng(seed).random((2, figures, count))
    found = unlike(before, after)
    for one in range(count):
        for other in range(count):
            expected = math.fsum(abs(before[:, one] - after[:, other]))
            assert math.isclose(found[one, other], expected, abs_tol=1e-12)


@given(seeds, st.integers(4, 8))
def test_a_rank_counts_the_others_that_are_less_unlike_than_the_counterpart(
    seed: int, count: int
) -> None:
    given, sets = unlikeness(seed, count), any_sets(count)
    found = ranks(given, sets).tolist()
    assert found == [ranked(given, tuple(members)) for members in sets.tolist()]


@given(seeds, st.integers(4, 8), st.lists(st.floats(0, 9), min_size=4, max_size=4))
def test_a_set_weighs_the_product_of_what_its_ranks_weigh(
    seed: int, count: int, weights: list[float]
) -> None:
    given, sets = unlikeness(seed, count), any_sets(count)
    found = weighed(given, sets, tuple(weights))
    expected = [
        math.prod(weights[rank] for rank in ranked(given, tuple(members)))
        for members in sets.tolist()
    ]
    assert np.allclose(found, expected, rtol=1e-12, atol=0)


@given(seeds, st.integers(4, 8))
def test_a_set_weighs_the_same_in_whatever_order_its_options_are(seed: int, count: int) -> None:
    given, sets = unlikeness(seed, count), any_sets(count)
    order = np.random.default_rng(seed).permutation(OPTIONS)
    weights = (0.5, 1.0, 2.0, 4.0)
    assert (
        weighed(given, sets[:, order], weights).tolist() == weighed(given, sets, weights).tolist()
    )


def test_by_default_no_set_is_preferred() -> None:
    sets = any_sets(7)
    for weights in (Weights().likeness, Weights().nearness):
        assert set(weighed(unlikeness(0, 7), sets, weights).tolist()) == {1.0}


@given(whole_weights)
def test_each_set_has_a_share_as_large_as_its_weight(weights: list[int]) -> None:
    whole = sum(weights)
    found = Counter(picked(np.array(weights, float), (k + 0.5) / whole) for k in range(whole))
    assert found == Counter({k: weight for k, weight in enumerate(weights) if weight})


@given(st.integers(1, 300))
def test_with_equal_weights_every_set_is_picked_alike(count: int) -> None:
    found = [picked(np.full(count, 0.37), (k + 0.5) / count) for k in range(count)]
    assert found == list(range(count))


@given(whole_weights)
def test_the_ends_of_the_shares_are_the_first_and_the_last_set_that_weigh_anything(
    weights: list[int],
) -> None:
    heavy = [number for number, weight in enumerate(weights) if weight]
    scaled = np.array(weights) * 0.1
    assert picked(scaled, 0.0) == heavy[0]
    assert picked(scaled, np.nextafter(1.0, 0.0)) == heavy[-1]


@given(
    st.lists(st.floats(0, 1e3, allow_subnormal=False), min_size=1, max_size=20).filter(any),
    st.floats(0, 1, exclude_max=True),
)
def test_what_weighs_nothing_is_never_picked(weights: list[float], share: float) -> None:
    assert weights[picked(np.array(weights), share)] > 0


@given(st.lists(st.floats(0, 1e6), max_size=50))
def test_the_total_is_the_sum_of_weights(weights: list[float]) -> None:
    assert math.isclose(total(np.array(weights)), math.fsum(weights), rel_tol=1e-9)


def test_options_are_used_as_often_as_their_sets_weigh_but_sometimes_anyway() -> None:
    assert [use(weight) for weight in (0.3, 1.0, 7.0)] == [0.3, 1.0, 1.0]
    assert 0 < use(0.0) == use(1e-9) < 0.2
