"""Of views of two objects, those by whose likeness no place is told to be the odd one."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.interchanged import interchanged

figures = st.lists(st.floats(0, 100), min_size=4, max_size=5)


def off(one: float, other: float) -> tuple[float]:
    return (abs(one - other),)


def told(pair: tuple[float, float], other: tuple[float, float]) -> float:
    """By how much two places are more unlike where they show one of each object."""
    (a, b), (c, d) = pair, other
    return abs(a - d) + abs(b - c) - abs(a - c) - abs(b - d)


def cost(places: list[tuple[float, float]]) -> float:
    each = [told(*two) for two in itertools.combinations(places, 2)]
    return sum(one**2 for one in each) + 3 * sum(each) ** 2


def shown(
    first: list[float], second: list[float], places: list[tuple[int, int]]
) -> list[tuple[float, float]]:
    return [(first[one], second[other]) for one, other in places]


@given(figures, figures, st.integers(2, 4))
def test_no_view_is_shown_at_two_places(a: list[float], b: list[float], count: int) -> None:
    places = interchanged(a, b, count, off, (1.0,))
    assert len(places) == count
    for numbers, views in zip(zip(*places, strict=True), (a, b), strict=True):
        assert len(set(numbers)) == count
        assert set(numbers) <= set(range(len(views)))


@given(figures, figures, st.integers(2, 3))
def test_nothing_else_tells_less(a: list[float], b: list[float], count: int) -> None:
    # Few enough views that all of them are tried.
    found = cost(shown(a, b, interchanged(a, b, count, off, (1.0,))))
    least = min(
        cost(shown(a, b, list(zip(one, other, strict=True))))
        for one in itertools.combinations(range(len(a)), count)
        for other in itertools.permutations(range(len(b)), count)
    )
    assert found == pytest.approx(least, rel=1e-6, abs=1e-6)


@given(figures, figures)
def test_objects_are_treated_alike(a: list[float], b: list[float]) -> None:
    one = cost(shown(a, b, interchanged(a, b, 3, off, (1.0,))))
    other = cost(shown(b, a, interchanged(b, a, 3, off, (1.0,))))
    assert one == pytest.approx(other, rel=1e-6, abs=1e-6)


def test_objects_that_are_alike_inside_are_shown_where_they_are_alike_across() -> None:
    # Two views of each object are near each other; those that are far apart are as far across.
    places = interchanged([0.0, 1.0, 50.0], [0.0, 1.0, 50.0], 2, off, (1.0,))
    assert cost(shown([0.0, 1.0, 50.0], [0.0, 1.0, 50.0], places)) == 0


def test_measures_of_more_weight_are_evened_out_first() -> None:
    rng = np.random.default_rng(1)

    def left(weights: tuple[float, float]) -> Any:
        """What two measures tell by the views that are taken."""
        found = np.zeros(2)
        for first, second in views:
            places = interchanged(
                first,
                second,
                2,
                lambda p, q: [abs(x - y) for x, y in zip(p, q, strict=True)],
                weights,
            )
            for k in range(2):
                pairs = [(first[one][k], second[other][k]) for one, other in places]
                found[k] += abs(told(pairs[0], pairs[1]))
        return found

    views = rng.normal(0, 1, (40, 2, 5, 2)).tolist()
    one, other = left((9.0, 0.1)), left((0.1, 9.0))
    assert one[0] < 0.8 * other[0]
    assert other[1] < 0.8 * one[1]


def test_whoever_goes_by_likeness_does_not_find_the_odd_one() -> None:
    """Views of one object are near each other, and still the odd one is the farthest by chance."""
    rng = np.random.default_rng(0)

    def found(choose: Any) -> float:
        hits = 0
        for _ in range(300):
            # Where views are from varies more than objects do, as it does between pictures.
            objects = rng.normal(0, 0.7, (2, 1, 3)) + rng.normal(0, 1, (2, 8, 3))
            a, b = objects.tolist()
            places = choose(a, b)
            odd = int(rng.integers(3))
            views = np.array([b[y] if k == odd else a[x] for k, (x, y) in enumerate(places)])
            apart = np.abs(views[:, None] - views).sum((1, 2))
            hits += int(apart.argmax() == odd)
        return hits / 300

    def drawn(_: Any, __: Any) -> list[tuple[int, int]]:
        return [(k, k) for k in range(3)]

    def evened(a: Any, b: Any) -> list[tuple[int, int]]:
        return interchanged(
            a, b, 3, lambda p, q: [abs(x - y) for x, y in zip(p, q, strict=True)], (1.0, 1.0, 1.0)
        )

    assert found(drawn) > 0.42
    assert found(evened) < 0.39
