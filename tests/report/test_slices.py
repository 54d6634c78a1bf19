"""The table of slices fits a terminal and shows what the JSON of JUnit holds."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.accuracy import SliceAccuracy, SliceShare
from pytest_vlmsight.report.slices import table, to_json
from pytest_vlmsight.stats.interval import Interval


def part(
    name: str,
    value: str,
    *,
    n: int = 60,
    share: float = 0.25,
    interval: Interval | None = Interval(0.17, 0.351),  # noqa: B008 - frozen
    ceiling: bool = True,
) -> SliceAccuracy:
    shares = SliceShare(share, interval)
    return SliceAccuracy(
        name=name,
        value=value,
        n=n,
        sighted=shares,
        blind=SliceShare(0.5, None),
        ceiling=SliceShare(1.0, Interval(0.92, 1.0)) if ceiling else None,
    )


def as_json(parts: list[SliceAccuracy]) -> str:
    return to_json(parts, confidence=0.9)


def test_values_stand_below_their_slice_with_n_and_intervals() -> None:
    parts = [part("rotation", "under 15 degrees"), part("rotation", "15 to 30 degrees", n=1340)]
    assert table(
        as_json([*parts, part("size", "small"), part("size", "large", ceiling=False)])
    ) == [
        "slice, 90% intervals              n  sighted       blind         ceiling",
        "rotation",
        "  under 15 degrees               60  25 [17, 35]   50            100 [92, 100]",
        "  15 to 30 degrees             1340  25 [17, 35]   50            100 [92, 100]",
        "size",
        "  small                          60  25 [17, 35]   50            100 [92, 100]",
        "  large                          60  25 [17, 35]   50            –",
    ]


def test_slice_of_one_value_says_no_more_than_the_whole() -> None:
    assert table(as_json([part("rotation", "under 15 degrees")])) == []
    assert table(as_json([])) == []


def test_json_holds_plain_numbers_under_names_that_can_be_read() -> None:
    (row,) = json.loads(as_json([part("rotation", "under 15 degrees", ceiling=False)]))
    assert row == {
        "slice": "rotation",
        "value": "under 15 degrees",
        "n": 60,
        "confidence": 0.9,
        "sighted": 0.25,
        "sighted_low": 0.17,
        "sighted_high": 0.351,
        "blind": 0.5,
        "blind_low": None,
        "blind_high": None,
        "ceiling": None,
        "ceiling_low": None,
        "ceiling_high": None,
    }


def columns(line: str) -> int:
    """How wide a terminal shows a line."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )


@given(
    name=st.text(min_size=1, max_size=100),
    values=st.lists(st.text(max_size=100), min_size=2, max_size=8, unique=True),
    n=st.integers(1, 99_999),
)
def test_no_text_of_a_data_set_widens_or_breaks_the_table(
    name: str, values: list[str], n: int
) -> None:
    lines = table(as_json([part(name, value, n=n, share=1.0) for value in values]))
    assert len(lines) == 2 + len(values)
    for line in lines:
        assert line.isprintable()
        line.encode()
        assert columns(line) <= 78  # in the summary it is indented by two
    assert len({columns(line) for line in lines[2:]}) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "  \\x1b[31mred  "),
        ("two\nlines", "  two\\nlines  "),
        ("\ud800", "  \\ud800  "),
        ("x" * 40, f"  {'x' * 26}…  "),
        ("字" * 20, f"  {'字' * 13}…  "),
    ],
)
def test_text_is_escaped_and_cut(text: str, shown: str) -> None:
    assert table(as_json([part("a", text), part("a", "b")]))[2].startswith(shown)
