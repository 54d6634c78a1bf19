"""Kendall's tau-b and its permutation p."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, rankdata

from pytest_vlmsight.stats.ranking import MOST_ORDERED, ranks, tau_b, tau_p

SCORES = st.integers(2, 6).flatmap(
    lambda m: st.tuples(*[st.lists(st.integers(0, 4), min_size=m, max_size=m)] * 2)
)


@given(SCORES)
def test_tau_b_is_that_of_scipy_also_with_ties(both: tuple[list[int], list[int]]) -> None:
    expected = kendalltau(*both).statistic
    if math.isnan(expected):
        assert math.isnan(tau_b(*both))
    else:
        assert float(tau_b(*both)) == pytest.approx(expected)


@given(st.permutations(range(5)))
def test_p_is_the_exact_one_of_scipy_where_nothing_is_tied(order: list[int]) -> None:
    expected = kendalltau(range(5), order, method="exact").pvalue
    assert tau_p(range(5), order) == pytest.approx(expected)


def test_p_by_random_orders_is_close_to_the_exact_one() -> None:
    m = MOST_ORDERED + 1
    other = np.arange(m)[[1, 0, 3, 2, 4, 6, 5, 8, 7]]
    expected = kendalltau(range(m), other, method="exact").pvalue
    assert tau_p(range(m), other) == pytest.approx(expected, abs=0.004)


def test_rounding_makes_no_order() -> None:
    same = [0.1 + 0.2, 0.3, 0.9]
    assert float(tau_b(same, [1, 1, 2])) == 1
    assert ranks(same).tolist() == [2.5, 2.5, 1.0]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6))
def test_ranks_are_those_of_scipy_from_the_highest(scores: list[int]) -> None:
    assert ranks(scores).tolist() == rankdata([-s for s in scores]).tolist()


def test_many_draws_at_once_are_each_by_itself() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random((2, 7, 4))
    one_by_one = [float(tau_b(a, b)) for a, b in zip(first, second, strict=True)]
    assert tau_b(first, second).tolist() == pytest.approx(one_by_one)
    assert ranks(first).tolist() == [ranks(a).tolist() for a in first]


def test_all_equal_is_no_order() -> None:
    assert math.isnan(tau_b([1, 1, 1], [1, 2, 3]))
    assert tau_p([1, 1, 1], [1, 2, 3]) == 1


def test_what_cannot_be_ranked_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least two things"):
        tau_b([1], [1])
    with pytest.raises(ValueError, match="as many scores in both"):
        tau_b([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match=r"\(m,\) scores in both"):
        tau_p([1, 2], [1, 2, 3])
