"""Of two references and two options, crossed, likeness says as little as it can."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.crossed import crossed, unlike

figures = st.lists(st.floats(0, 100), min_size=4, max_size=4)


def off(one: float, other: float) -> tuple[float]:
    return (abs(one - other),)


def chosen(
    references: tuple[list[float], list[float]],
    options: tuple[list[float], list[float]],
    *,
    apart: bool = True,
) -> tuple[int, int, int, int]:
    (a, b), (c, d) = references, options
    return crossed(
        (unlike(a, c, off), unlike(b, d, off)),
        (unlike(a, d, off), unlike(b, c, off)),
        (1.0,),
        apart=apart,
    )


def left(a: float, b: float, c: float, d: float) -> float:
    """By how much more each reference likes its own option than the other one does."""
    return abs(a - d) + abs(b - c) - abs(a - c) - abs(b - d)


def test_unlikeness_is_of_every_picture_and_every_other() -> None:
    found = unlike([1.0, 2.0], [5.0, 3.0, 2.0], off)
    assert found.tolist() == [[[4, 2, 1], [3, 1, 0]]]


def test_both_references_prefer_the_same_option_by_as_much() -> None:
    # References that are both below all options like one of these as much more as the other does;
    # one that is beyond the options likes its own.
    found = chosen(([25.0, 1.0], [90.0, 2.0]), ([11.0, 20.0], [89.0, 30.0]))
    assert found[:2] == (1, 1)


@given(figures, figures, figures, figures)
def test_nothing_else_says_less(a: Any, b: Any, c: Any, d: Any) -> None:
    i, j, k, n = chosen((a, b), (c, d))
    least = min(abs(left(p, q, r, s)) for p in a for q in b for r in c for s in d)
    assert abs(left(a[i], b[j], c[k], d[n])) == pytest.approx(least, abs=1e-9)


@given(figures, figures)
def test_pictures_that_can_be_either_are_not_both(a: Any, b: Any) -> None:
    i, j, k, n = chosen((a, b), (a, b), apart=False)
    assert i != k
    assert j != n


@given(figures, figures, figures, figures)
def test_kinds_are_treated_alike(a: Any, b: Any, c: Any, d: Any) -> None:
    i, j, k, n = chosen((a, b), (c, d))
    p, q, r, s = chosen((b, a), (d, c))
    assert abs(left(a[i], b[j], c[k], d[n])) == pytest.approx(
        abs(left(b[p], a[q], d[r], c[s])), abs=1e-9
    )


def by_two_measures(off: list[list[float]], weights: tuple[float, float]) -> int:
    """The first kind's option, of two, where the other reference likes each less by so much."""
    even, one = np.full((2, 1, 2), 5.0), np.full((2, 1, 1), 5.0)
    across = even + np.array(off).T[:, None, :]
    return crossed((even, one), (one, across), weights)[2]


def test_measures_of_more_weight_are_evened_out_first() -> None:
    off = [[1.0, 0.1], [0.1, 1.0]]
    assert by_two_measures(off, (1.0, 9.0)) == 0
    assert by_two_measures(off, (9.0, 1.0)) == 1


def test_measures_that_say_the_same_are_worse_than_those_that_say_the_opposite() -> None:
    assert by_two_measures([[0.19, 0.19], [0.2, -0.2]], (1.0, 1.0)) == 1
    assert by_two_measures([[0.19, -0.19], [0.2, 0.2]], (1.0, 1.0)) == 0
