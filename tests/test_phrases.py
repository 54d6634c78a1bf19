"""Figures as sentences show them, and text that cannot draw on a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.phrases import limits, p_is, percent, points, printable
from pytest_vlmsight.stats.interval import Interval


def test_figures_are_shown_in_percent_and_points() -> None:
    assert percent(0.6166) == "61.7%"
    assert points(-0.042) == "-4.2 points"
    assert limits(Interval(-0.06, 0.015)) == "[-6.0, +1.5]"


def test_small_p_values_keep_two_digits() -> None:
    assert p_is(0.0312) == "p=0.031"
    assert p_is(0.00042) == "p=4.2e-04"


@given(st.text())
def test_what_is_shown_is_one_line_that_prints(text: str) -> None:
    assert printable(text).isprintable()


def test_what_does_not_print_is_told() -> None:
    assert printable("a\x1b[31mé\n") == "a\\x1b[31mé\\n"
