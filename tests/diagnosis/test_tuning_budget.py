"""The budget of tunings, and the order in which items are met."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.diagnosis.tuning import Tuning, met, rate_at, read_tuning


@given(of=st.integers(1, 60), batch=st.integers(1, 20), seed=st.integers(0, 5))
def test_all_items_are_met_before_any_is_met_again(of: int, batch: int, seed: int) -> None:
    each = of // min(batch, of)
    for epoch in range(2):
        numbers = [
            k
            for step in range(epoch * each, (epoch + 1) * each)
            for k in met(step, batch=batch, of=of, seed=seed)
        ]
        assert len(numbers) == len(set(numbers)) == each * min(batch, of)
        assert set(numbers) <= set(range(of))


@given(steps=st.integers(1, 300))
def test_the_rate_rises_to_its_highest_and_falls(steps: int) -> None:
    rates = [rate_at(step, steps=steps, rate=0.01) for step in range(steps)]
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.01)
    assert min(rates) > 0
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_a_budget_is_read_from_words() -> None:
    assert read_tuning([]) == Tuning()
    read = read_tuning(["steps=7", "rates=1e-4,2e-3", "search=.5"])
    assert read == Tuning(steps=7, rates=(1e-4, 2e-3), search=0.5)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("step=3", "got 'step=3'; expected NAME=VALUE, of rank, steps, batch"),
        ("steps=many", "'steps=many': expected a number after ="),
        ("steps=0", "steps=0: expected at least 1"),
        ("rates=2", "rates=(2.0,): expected numbers between 0 and 1"),
        ("search=0", "search=0.0: expected a share above 0"),
        ("seed=-1", "seed=-1: expected at least 0"),
    ],
)
def test_what_cannot_be_used_is_told(word: str, why: str) -> None:
    with pytest.raises(ValueError, match="tuning: ") as error:
        read_tuning([word])
    assert why in str(error.value)


def test_a_budget_without_a_rate_is_refused() -> None:
    given_none: Any = ()
    with pytest.raises(ValueError, match="expected numbers between 0 and 1"):
        Tuning(rates=given_none)
