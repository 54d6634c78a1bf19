from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from pytest_vlmsight.stats.contrast import pseudo_items
from pytest_vlmsight.stats.proportion import (
    above_chance_p,
    accuracy_interval,
    count_above_chance_p,
    wilson_interval,
)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 2000))
    return draw(st.integers(0, n)), n


@given(counts(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_limits_solve_the_score_equation(count: tuple[int, int], confidence: float) -> None:
    k, n = count
    z = norm.ppf(0.5 + confidence / 2)
    interval = wilson_interval(k, n, confidence=confidence)
    assert 0.0 <= interval.low <= k / n <= interval.high <= 1.0
    for p in (interval.low, interval.high):
        assert (k / n - p) ** 2 == pytest.approx(z**2 * p * (1 - p) / n, abs=1e-9)


@given(counts())
def test_wilson_interval_of_the_failures_is_the_mirror_image(count: tuple[int, int]) -> None:
    k, n = count
    right, wrong = wilson_interval(k, n), wilson_interval(n - k, n)
    assert right.low == pytest.approx(1 - wrong.high, abs=1e-12)


@given(counts(), st.sampled_from([0.2, 0.25, 0.5, 0.9]))
def test_equal_chance_per_item_is_the_binomial(count: tuple[int, int], chance: float) -> None:
    k, n = count
    p = count_above_chance_p(k, n, chance=chance)
    assert 0.0 <= p <= 1.0
    correct = np.arange(n) < k
    assert above_chance_p(correct, chance=chance) == pytest.approx(p, rel=1e-8, abs=1e-300)
    halves = np.where(np.arange(n) % 2, chance, chance * (1 + 1e-13))  # convolved, in two levels
    assert above_chance_p(correct, chance=halves) == pytest.approx(p, rel=1e-7, abs=1e-14)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.05, 0.95)), min_size=1, max_size=9))
def test_unequal_chance_is_the_sum_over_all_ways_to_guess(items: list[tuple[bool, float]]) -> None:
    correct = [right for right, _ in items]
    chance = [level for _, level in items]
    expected = sum(
        math.prod(c if hit else 1 - c for hit, c in zip(way, chance, strict=True))
        for way in itertools.product([False, True], repeat=len(items))
        if sum(way) >= sum(correct)
    )
    assert above_chance_p(correct, chance=chance) == pytest.approx(expected, rel=1e-9)


def test_nothing_right_shows_nothing() -> None:
    assert count_above_chance_p(0, 10, chance=0.25) == 1.0
    assert above_chance_p([0, 0, 0], chance=0.25) == pytest.approx(1.0)


def test_averaged_scores_are_tested_by_item() -> None:
    scores = np.array([0.75, 1.0, 0.5, 0.25, 0.75, 1.0])
    chance = np.array([0.25, 0.25, 0.5, 0.25, 0.5, 0.25])
    p = above_chance_p(scores, chance=chance)
    assert p == pseudo_items(scores - chance).p_greater()
    assert p < above_chance_p(chance, chance=chance)


def test_impossible_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="successes=5, n=4"):
        wilson_interval(5, 4)
    with pytest.raises(ValueError, match="successes=-1, n=4"):
        count_above_chance_p(-1, 4, chance=0.5)
    with pytest.raises(ValueError, match="n=0"):
        wilson_interval(0, 0)
    with pytest.raises(ValueError, match=r"confidence=1\.0"):
        wilson_interval(1, 4, confidence=1.0)
    with pytest.raises(ValueError, match=r"chance=0\.0"):
        count_above_chance_p(1, 4, chance=0.0)
    with pytest.raises(ValueError, match=r"scores\[0\]"):
        above_chance_p([2, 0], chance=0.5)
    with pytest.raises(ValueError, match=r"chance of shape"):
        above_chance_p([1, 0], chance=[0.5, 0.5, 0.5])


def test_accuracy_of_whole_scores_has_wilsons_interval() -> None:
    assert accuracy_interval([1, 1, 0, 1, 0], confidence=0.9) == wilson_interval(
        3, 5, confidence=0.9
    )


def test_accuracy_of_rotated_items_is_no_wider_for_the_same_mean() -> None:
    whole = accuracy_interval([1.0] * 50 + [0.0] * 50)
    halves = accuracy_interval([0.5] * 100)
    assert 0.5 in halves
    assert whole.low < halves.low < halves.high < whole.high


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=2, max_size=40))
def test_an_accuracys_interval_lies_between_none_and_all(scores: list[float]) -> None:
    interval = accuracy_interval(scores)
    assert 0 <= interval.low <= interval.high <= 1
