from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.stats.agreement import (
    Kappa,
    cohen_kappa,
    letter_shares,
    total_variation,
    total_variation_p,
)

OPTIONS = 4
letters = st.lists(st.integers(0, OPTIONS - 1), min_size=1, max_size=60)


@given(letters, letters, letters)
def test_total_variation_is_a_distance_of_at_most_one(
    a: list[int], b: list[int], c: list[int]
) -> None:
    p, q, r = (letter_shares(x, options=OPTIONS) for x in (a, b, c))
    assert total_variation(p, p) == 0.0
    assert 0.0 <= total_variation(p, q) <= 1.0 + 1e-12
    assert total_variation(p, q) == pytest.approx(total_variation(q, p))
    assert total_variation(p, r) <= total_variation(p, q) + total_variation(q, r) + 1e-12


def test_total_variation_of_disjoint_answers_is_one() -> None:
    assert total_variation([1, 0], [0, 1]) == 1.0


@given(letters, st.integers(0, 9))
def test_permutation_p_of_the_same_answers_is_one(a: list[int], seed: int) -> None:
    assert total_variation_p(a, a, options=OPTIONS, seed=seed, draws=19) == 1.0


def test_permutation_p_of_one_changed_item_is_one() -> None:
    assert total_variation_p([0, 1, 2], [0, 1, 3], options=OPTIONS, draws=99) == 1.0


def test_permutation_p_is_small_where_the_letters_shift_and_repeats_itself() -> None:
    rng = np.random.default_rng(0)
    blind = rng.integers(0, OPTIONS, 200)
    sighted = np.where(rng.random(200) < 0.3, 0, blind)
    p = total_variation_p(sighted, blind, options=OPTIONS)
    assert p == 1 / 2000
    assert p == total_variation_p(sighted, blind, options=OPTIONS)


def test_permutation_p_of_items_that_change_evenly_is_not_small() -> None:
    first = np.arange(200) % OPTIONS
    assert total_variation_p(first, (first + 1) % OPTIONS, options=OPTIONS) > 0.9


def test_permutation_p_approaches_the_exact_one() -> None:
    # Ten items, all moved from letter 0 to 1: only the 2 extreme sign patterns are as far.
    p = total_variation_p([0] * 7, [1] * 7, options=2, draws=20_000)
    assert p == pytest.approx(2 / 2**7, rel=0.2)


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=3))
def test_kappa_is_at_most_one_and_symmetric(table: list[list[int]]) -> None:
    if not any(map(any, table)):
        return
    kappa, transposed = cohen_kappa(table), cohen_kappa(np.transpose(table))
    assert (kappa is None) == (transposed is None)
    if kappa is None or transposed is None:
        return
    assert -1.0 <= kappa.estimate <= 1.0
    assert kappa.estimate == pytest.approx(transposed.estimate)
    assert kappa.se == pytest.approx(transposed.se, abs=1e-6)


def test_kappa_standard_error_is_that_of_the_delta_method() -> None:
    counts = np.array([[30.0, 4, 3], [6, 20, 5], [2, 7, 23]])
    n = counts.sum()

    def estimate(p: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
        expected = p.sum(axis=1) @ p.sum(axis=0)
        return float((np.trace(p) - expected) / (1 - expected))

    shares = counts / n
    step = 1e-6
    gradient = np.zeros((3, 3))
    for cell in np.ndindex(3, 3):
        moved = np.zeros((3, 3))
        moved[cell] = step
        gradient[cell] = (estimate(shares + moved) - estimate(shares - moved)) / (2 * step)
    mean = (gradient * shares).sum()
    variance = ((gradient - mean) ** 2 * shares).sum() / n
    kappa = cohen_kappa(counts)
    assert kappa is not None
    assert kappa.se == pytest.approx(math.sqrt(variance), rel=1e-5)


def test_kappa_of_full_agreement_is_one_without_error() -> None:
    kappa = cohen_kappa([[10, 0], [0, 10]])
    assert kappa is not None
    assert kappa.estimate == 1.0
    assert kappa.se == pytest.approx(0.0, abs=1e-7)


def test_kappa_is_undefined_where_both_always_choose_the_same_letter() -> None:
    assert cohen_kappa([[0, 0, 0], [0, 7, 0], [0, 0, 0]]) is None


def test_kappa_is_zero_where_each_always_chooses_another_letter() -> None:
    kappa = cohen_kappa([[0, 7], [0, 0]])
    assert kappa is not None
    assert kappa.estimate == 0.0


def test_impossible_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"from 0 to 1"):
        letter_shares([0, 2], options=2)
    with pytest.raises(ValueError, match=r"whole numbers"):
        letter_shares([0.5, 1.0], options=2)
    with pytest.raises(ValueError, match=r"shape \(0,\)"):
        letter_shares([], options=2)
    with pytest.raises(ValueError, match=r"sum to 1, but got \[0\.5, 0\.4\]"):
        total_variation([0.5, 0.4], [0.5, 0.5])
    with pytest.raises(ValueError, match="2 and 3"):
        total_variation([0.5, 0.5], [0.5, 0.5, 0])
    with pytest.raises(ValueError, match="1 and 2"):
        total_variation_p([0], [0, 1], options=2)
    with pytest.raises(ValueError, match="draws=0"):
        total_variation_p([0], [1], options=2, draws=0)
    with pytest.raises(ValueError, match=r"shape \(1, 2\)"):
        cohen_kappa([[1, 2]])
    with pytest.raises(ValueError, match=r"-1"):
        cohen_kappa([[1, -1], [0, 1]])
    with pytest.raises(ValueError, match=r"sum above 0"):
        cohen_kappa([[0, 0], [0, 0]])


def test_limits_of_kappa_are_normal_and_end_at_one() -> None:
    kappa = cohen_kappa([[20, 5], [10, 15]])
    assert kappa is not None
    interval = kappa.interval(confidence=0.95)
    assert (interval.low, interval.high) == pytest.approx((0.4 - 0.249, 0.4 + 0.249), abs=1e-3)
    assert Kappa(0.95, 0.1).interval(confidence=0.95).high == 1
    assert Kappa(-0.95, 0.1).interval(confidence=0.95).low == -1
    with pytest.raises(ValueError, match="confidence"):
        kappa.interval(confidence=90)
