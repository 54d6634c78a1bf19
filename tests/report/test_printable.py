"""Texts from outside are shown with nothing hidden in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.report.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ½ 見る", "plain ½ 見る"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("left\u202eright", r"left\u202eright"),
        ("step-\udcff", r"step-\udcff"),
        ("\u2028\u200b", r"\u2028\u200b"),
    ],
)
def test_what_does_not_print_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters()))
def test_whatever_is_given_is_one_line_that_every_encoding_of_unicode_can_hold(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown
    assert printable(shown) == shown


def test_what_is_too_long_ends_in_dots() -> None:
    assert printable("abcdef", most=4) == "abc…"
    assert printable("abcd", most=4) == "abcd"
    assert printable("\n\n\n", most=4) == r"\n\…"
