"""Of two references and two options, crossed, likeness says as little as it can."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.crossed import crossed, unlike

figures = st.lists(st.floats(0, 100), min_size=4, max_size=4)


def off(one: float, other: float) -> tuple[float]:
    return (abs(one - other),)


def chosen(
    references: tuple[list[float], list[float]], options: tuple[list[float], list[float]]
) -> tuple[int, int, int, int]:
    return crossed(references, options, off, (1.0,))


def cost(a: float, b: float, c: float, d: float) -> float:
    """How far two references are from being as unlike either option."""
    first, second = abs(a - c) - abs(b - c), abs(a - d) - abs(b - d)
    return first**2 + second**2 + 2 * (second - first) ** 2


def test_unlikeness_is_of_every_picture_and_every_other() -> None:
    found = unlike([1.0, 2.0], [5.0, 3.0, 2.0], off)
    assert found.tolist() == [[[4, 2, 1], [3, 1, 0]]]


def test_references_are_taken_that_are_as_unlike_the_options_as_each_other() -> None:
    # Those that are equal; and those on one side of both options at about the same distance.
    assert chosen(([25.0, 7.0], [90.0, 7.0]), ([11.0, 20.0], [89.0, 30.0]))[:2] == (1, 1)
    assert chosen(([15.0, 52.0], [85.0, 53.0]), ([10.0], [90.0]))[:2] == (1, 1)


def test_references_of_which_each_likes_its_own_option_are_left_out() -> None:
    # The first reference is at its own option and so is the second; the others are on the far side.
    assert chosen(([10.0, 99.0], [20.0, 98.0]), ([10.0], [20.0]))[:2] == (1, 1)


@given(figures, figures, figures, figures)
def test_nothing_else_says_less(a: Any, b: Any, c: Any, d: Any) -> None:
    i, j, k, n = chosen((a, b), (c, d))
    least = min(cost(p, q, r, s) for p in a for q in b for r in c for s in d)
    assert cost(a[i], b[j], c[k], d[n]) == pytest.approx(least, rel=1e-6, abs=1e-9)


@given(figures, figures, figures, figures)
def test_kinds_are_treated_alike(a: Any, b: Any, c: Any, d: Any) -> None:
    i, j, k, n = chosen((a, b), (c, d))
    p, q, r, s = chosen((b, a), (d, c))
    assert cost(a[i], b[j], c[k], d[n]) == pytest.approx(
        cost(b[p], a[q], d[r], c[s]), rel=1e-6, abs=1e-9
    )


def by_two_measures(off: list[list[float]], weights: tuple[float, float]) -> int:
    """The first kind's option, of two, that the other reference is more unlike by so much."""

    def measure(reference: str, option: int) -> list[float]:
        return [5 + more for more in off[option]] if reference == "other" else [5.0, 5.0]

    return crossed((["one"], ["other"]), ([0, 1], [2]), measure, weights)[2]


def test_measures_of_more_weight_are_evened_out_first() -> None:
    off = [[1.0, 0.1], [0.1, 1.0], [0.0, 0.0]]
    assert by_two_measures(off, (1.0, 9.0)) == 0
    assert by_two_measures(off, (9.0, 1.0)) == 1


def test_measures_that_say_the_same_are_worse_than_those_that_say_the_opposite() -> None:
    assert by_two_measures([[0.19, 0.19], [0.2, -0.2], [0.0, 0.0]], (1.0, 1.0)) == 1
    assert by_two_measures([[0.19, -0.19], [0.2, 0.2], [0.0, 0.0]], (1.0, 1.0)) == 0
