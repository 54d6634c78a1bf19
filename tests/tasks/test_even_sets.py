from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.even_sets import (
    GROUPS,
    NAMES,
    PLAIN,
    Table,
    Tables,
    chosen,
    extended,
    grey_measures,
    product,
    twice_ranks,
    weighed,
)
from pytest_vlmsight.tasks.matches import all_sets
from pytest_vlmsight.tasks.option_sets import ranks
from pytest_vlmsight.tasks.place_weights import place_weights
from pytest_vlmsight.tasks.visual_offers import CHANGES

seeds = st.integers(0, 2**32 - 1)
SETS = all_sets(6)
EVEN = Table(ranks=(1, 1, 1, 1), bounds=(), ranges=(1,))


def drawn(seed: int, count: int = 6, levels: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, levels, (count, count)) * 1.0 if levels else rng.random((count, count))


@given(seeds)
def test_without_ties_twice_ranks_are_twice_the_ranks(seed: int) -> None:
    assert np.array_equal(twice_ranks(drawn(seed), SETS), 2 * ranks(drawn(seed), SETS))


@given(seeds)
def test_ties_count_half(seed: int) -> None:
    unlike = drawn(seed, levels=3)
    for four, found in zip(SETS[:5], twice_ranks(unlike, SETS), strict=False):
        for option, rank in zip(four, found, strict=True):
            others = [unlike[option, o] for o in four if o != option]
            own = unlike[option, option]
            assert rank == sum(2 * (o < own) + (o == own) for o in others)


@given(seeds)
def test_a_set_weighs_the_product_over_options_and_measures(seed: int) -> None:
    measures = np.stack([drawn(seed), drawn(seed + 1, levels=4)])
    given_ = (
        Table(ranks=(0.5, 0.8, 1.1, 2.0), bounds=(0.2, 0.6), ranges=(0.9, 1.1, 1.3)),
        Table(ranks=(1.5, 0.7, 1.2, 0.4), bounds=(1, 3), ranges=(0.7, 1.0, 1.2)),
    )
    found = product(measures, SETS, given_)
    for four, weight in zip(SETS, found, strict=True):
        expected = 1.0
        for table, unlike in zip(given_, measures, strict=True):
            by_twice = np.interp(np.arange(7) / 2, np.arange(4), np.log(table.ranks))
            for option in four:
                inner = unlike[np.ix_(four, four)]
                own = unlike[option, option]
                twice = (
                    2 * (inner[four == option] < own).sum() + (inner[four == option] == own).sum()
                )
                expected *= np.exp(by_twice[twice - 1])
                for other in four:
                    weight_of = table.ranges[sum(unlike[option, other] >= b for b in table.bounds)]
                    expected *= weight_of**3 if other == option else 1 / weight_of
        assert weight == pytest.approx(expected)


def test_tables_of_ones_prefer_nothing() -> None:
    plain = np.stack([drawn(seed) for seed in range(len(PLAIN))])
    by = Tables(scale=0.25, combined=(1.0,) * len(PLAIN), tables=(EVEN,) * len(NAMES))
    assert weighed(plain, SETS, by).tolist() == [0.25] * len(SETS)


def test_measures_are_joined_by_group_and_all_together() -> None:
    plain = np.stack([drawn(seed) for seed in range(len(PLAIN))])
    weights = np.arange(len(PLAIN)) / 10
    found = extended(plain, [(0.3, 0.6)] * len(PLAIN), weights.tolist())
    ranges = (plain >= 0.3).astype(int) + (plain >= 0.6)
    assert np.array_equal(found[: len(PLAIN)], plain)
    for group, own in zip(GROUPS.values(), found[len(PLAIN) : -1], strict=True):
        assert np.array_equal(own, ranges[list(group)].sum(0))
    assert np.allclose(found[-1], np.tensordot(weights, plain, 1))
    assert sorted(k for name, group in GROUPS.items() for k in group if name != "everything") == (
        list(range(len(PLAIN)))
    )


def test_sets_are_chosen_by_their_weight_and_any_of_the_four_is_the_right_one() -> None:
    rng, weight = np.random.default_rng(0), np.array([0.1, 0.0, 0.3])
    found = [chosen(rng, weight, SETS[:3]) for _ in range(6000)]
    used = [four for four in found if four]
    assert len(used) / len(found) == pytest.approx(0.4, abs=0.02)
    which = Counter(tuple(sorted(four)) for four in used)
    assert which.keys() == {tuple(SETS[0].tolist()), tuple(SETS[2].tolist())}
    assert which[tuple(SETS[2].tolist())] / len(used) == pytest.approx(0.75, abs=0.03)
    first = Counter(four[0] for four in used if sorted(four) == SETS[2].tolist())
    assert max(first.values()) / min(first.values()) < 1.25


def test_weights_above_one_are_always_used() -> None:
    rng = np.random.default_rng(0)
    assert all(chosen(rng, np.array([0.7, 0.6]), SETS[:2]) for _ in range(200))


def test_grey_is_compared_in_the_middle_of_windows() -> None:
    first, second = np.random.default_rng(0).integers(0, 256, (2, 3, 35, 35, 3), dtype=np.uint8)
    second[1] = first[1]
    plain, normalised = grey_measures(first, second)
    one, other = (
        (cut[:, 9:26, 9:26].astype(int) @ (77, 150, 29) // 256).reshape(3, -1)
        for cut in (first, second)
    )
    for i in range(3):
        for j in range(3):
            assert plain[i, j] == pytest.approx(np.sqrt(((one[i] - other[j]) ** 2).mean()))
            same = np.corrcoef(one[i], other[j])[0, 1]
            assert normalised[i, j] == pytest.approx(255 * (1 - same), abs=1e-6)
    assert plain[1, 1] == 0


def test_flat_windows_are_told_apart_by_grey_alone() -> None:
    first, second = np.zeros((2, 2, 35, 35, 3), dtype=np.uint8)
    second[1] = 255
    plain, normalised = grey_measures(first, second)
    assert plain.tolist() == [[0, 255], [0, 255]]
    assert np.isfinite(normalised).all()


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_has_tables(change: str) -> None:
    by = place_weights(change)
    assert by.scale > 0
    assert len(by.combined) == len(PLAIN)
    assert len(by.tables) == len(NAMES)
    for table in by.tables:
        assert len(table.ranks) == 4
        assert len(table.ranges) == len(table.bounds) + 1
        assert list(table.bounds) == sorted(table.bounds)
        assert min(*table.ranks, *table.ranges) > 0
