"""Marker settings as they are typed."""

from __future__ import annotations

import pytest

from pytest_vlmsight.tasks.marker_words import parse_style
from pytest_vlmsight.tasks.markers import MarkerStyle


def test_no_words_are_the_default_style() -> None:
    assert parse_style([]) == MarkerStyle()


def test_each_word_sets_its_attribute() -> None:
    style = parse_style(["colour=yellow", "size=.06", "shape=cross", "letters=no"])
    assert style == MarkerStyle(colour="yellow", size=0.06, shape="cross", letters=False)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("yellow", "attribute=value"),
        ("hue=3", "colour, size"),
        ("size=big", "expected a number"),
        ("letters=maybe", "yes or no"),
        ("colour=nocolour", "nocolour"),
        ("shape=star", "star"),
        ("size=9", "size"),
    ],
)
def test_words_that_mean_nothing_are_refused(word: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        parse_style([word])
