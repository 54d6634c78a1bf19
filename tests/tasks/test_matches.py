from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.matches import alike, all_sets, combined, match, measured, spread
from pytest_vlmsight.tasks.option_sets import OPTIONS, Weights, weighed
from pytest_vlmsight.tasks.surroundings import MEASURES, Surroundings, unlikeness

seeds = st.integers(0, 2**32 - 1)
EQUAL = Weights()


def unlike_of(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, count))


def matched(
    count: int, unlike: np.ndarray, sets: np.ndarray, weights: Weights
) -> list[list[int] | None]:
    rng = np.random.default_rng(5)
    return [match(rng, unlike, sets=sets, weights=weights) for _ in range(count)]


@given(seeds, st.integers(4, 9))
def test_a_match_is_four_different_places_of_one_set(seed: int, count: int) -> None:
    sets = all_sets(count)
    sets = sets[np.random.default_rng(seed).random(len(sets)) < 0.5]
    found = match(np.random.default_rng(seed), unlike_of(seed, count), sets=sets, weights=EQUAL)
    if not len(sets):
        assert found is None
    else:
        assert found is not None
        assert len(set(found)) == OPTIONS
        assert sorted(found) in sets.tolist()


@pytest.mark.parametrize("share", [0.0, 0.2, 0.7, 1.0])
def test_places_are_refused_as_often_as_the_weight_of_their_sets_falls_short(share: float) -> None:
    """By five sets together: all ranks are 0, and each set weighs the fourth power."""
    weights = Weights(likeness=((share / 5) ** 0.25, 9.0, 9.0, 9.0))
    used = sum(found is not None for found in matched(2000, np.zeros((5, 5)), all_sets(5), weights))
    if share in {0.0, 1.0}:
        # But for rounding of the sum.
        assert used == pytest.approx(2000 * share, abs=1)
    else:
        assert used == pytest.approx(2000 * share, abs=4 * (2000 * share * (1 - share)) ** 0.5)


def test_sets_are_picked_as_often_as_they_weigh() -> None:
    unlike, sets = unlike_of(3, 6), all_sets(6)
    weights = Weights(likeness=(0.5, 1.0, 1.5, 2.0))
    weight = weighed(unlike, sets, weights.likeness)
    assert weight.max() > 3 * weight.min()
    counts = Counter(tuple(sorted(found or [])) for found in matched(6000, unlike, sets, weights))
    for members, part in zip(sets.tolist(), weight / weight.sum(), strict=True):
        assert counts[tuple(members)] == pytest.approx(6000 * part, abs=4.5 * (6000 * part) ** 0.5)


def test_which_set_is_picked_does_not_depend_on_how_seldom_places_are_used() -> None:
    weights = Weights(likeness=(0.06**0.25, 9.0, 9.0, 9.0))
    found = matched(6000, np.zeros((5, 5)), all_sets(5), weights)
    counts = Counter(tuple(sorted(order)) for order in found if order)
    assert len(counts) == 5
    assert all(count == pytest.approx(360, abs=80) for count in counts.values())


def test_which_of_the_four_is_the_right_one_is_drawn_evenly() -> None:
    """However much more unlike one of them is to its counterpart than the others."""
    unlike = np.ones((4, 4)) + np.diag([0.0, 1.0, 5.0, -1.0])
    found = matched(4000, unlike, all_sets(4), Weights(likeness=(1.0, 2.0, 3.0, 4.0)))
    for place in range(OPTIONS):  # nor does the order of the others tell anything
        counts = Counter((order or [])[place] for order in found)
        assert all(counts[number] == pytest.approx(1000, abs=120) for number in range(4))
    assert len({tuple(order or []) for order in found}) == 24


@given(st.integers(0, 8))
def test_all_sets_are_all_combinations(count: int) -> None:
    assert [tuple(members) for members in all_sets(count).tolist()] == list(
        combinations(range(count), OPTIONS)
    )


def test_the_measures_of_each_place_against_each_are_in_their_places() -> None:
    rng = np.random.default_rng(0)
    first, second = (
        Surroundings(rng.integers(0, 256, (40, 40, 3)).astype(np.uint8)) for _ in range(2)
    )
    here, there = (tuple(rng.integers(8, 32, (2, 5))) for _ in range(2))
    found = measured(first, (here[0], here[1]), second, (there[0], there[1]))
    assert found.shape == (len(MEASURES), 5, 5)
    for one in range(5):
        for other in range(5):
            own = unlikeness(
                first,
                tuple(axis[one : one + 1] for axis in here),
                second,
                tuple(axis[other : other + 1] for axis in there),
            )
            assert found[:, one, other].tolist() == own[:, 0].tolist()


def test_measures_are_added_by_weight() -> None:
    measures, weights = np.random.default_rng(1).random((4, 3, 3)), (0.5, 0.0, 2.0, 1.0)
    expected = np.tensordot(np.array(weights), measures, 1)
    assert np.allclose(combined(measures, weights), expected)
    with pytest.raises(ValueError, match="zip"):
        combined(measures, (*weights, 1.0))  # a weight without its measure


@given(seeds, st.integers(1, 60))
def test_places_are_sorted_by_how_much_they_look_like_one_of_them(seed: int, count: int) -> None:
    looks = np.floor(np.random.default_rng(seed).random((3, count)) * 4)  # many are equal
    order = alike(np.random.default_rng(seed), looks)
    assert sorted(order.tolist()) == list(range(count))
    distances = ((looks[:, order] - looks[:, order[:1]]) ** 2).sum(0).tolist()
    assert distances == sorted(distances)


def test_any_place_may_be_the_one_that_others_are_like() -> None:
    rng, looks = np.random.default_rng(2), np.arange(5.0)[None]
    firsts = Counter(int(alike(rng, looks)[0]) for _ in range(2000))
    assert all(firsts[number] == pytest.approx(400, abs=80) for number in range(5))


@given(seeds, st.integers(0, 80), st.floats(0.01, 0.5), st.integers(0, 12))
def test_places_are_the_first_that_keep_their_distances(
    seed: int, count: int, apart: float, wanted: int
) -> None:
    x, y = np.random.default_rng(seed).random((2, count))
    found = spread(x, y, apart=apart, count=wanted)
    expected: list[int] = []
    for number in range(count):
        gaps = [(x[number] - x[k]) ** 2 + (y[number] - y[k]) ** 2 for k in expected]
        if len(expected) < wanted and all(gap >= apart * apart for gap in gaps):
            expected.append(number)
    assert found == expected


def test_a_place_is_never_taken_twice() -> None:
    x = np.repeat([0.1, 0.9], 3)
    assert spread(x, x, apart=0.01, count=6) == [0, 3]
