"""A task passes where all of its gates were judged and passed, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import case, evaluation, run

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.report.passing import asked, judged, overall, short, word
from pytest_vlmsight.report.standing import State

if TYPE_CHECKING:
    from pytest_vlmsight.records.run import Case

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


def state(*cases: Case) -> State:
    """What came of a task of which these are all cases."""
    (found,) = asked(run(evaluation(), cases=cases))["a"]
    return overall(found)


@pytest.mark.parametrize(
    ("ceiling", "blind", "expected"),
    [
        (PASS, PASS, State.PASS),
        (PASS, FAIL, State.FAIL),
        (FAIL, None, State.FAIL),
        (PASS, None, State.ERROR),
        (INCONCLUSIVE, None, State.ERROR),
        (INCONCLUSIVE, PASS, State.INCONCLUSIVE),
        (INCONCLUSIVE, FAIL, State.FAIL),
    ],
)
def test_the_worst_gate_decides(
    ceiling: Outcome | None, blind: Outcome | None, expected: State
) -> None:
    one = evaluation()
    assert state(case(one, "ceiling", ceiling), case(one, "blind", blind)) is expected


@pytest.mark.parametrize("result", ["passed", "skipped"])
def test_an_inconclusive_gate_that_is_let_through_is_no_pass(result: str) -> None:
    one = evaluation()
    let_through = replace(case(one, "ceiling", INCONCLUSIVE), result=result)
    assert state(let_through, case(one, "blind")) is State.INCONCLUSIVE


def test_a_gate_that_was_not_run_is_no_pass() -> None:
    found = state(case(evaluation(), "blind"))
    assert found is State.NONE
    assert word(found) == "incomplete"


def test_a_further_gate_that_fails_is_no_pass() -> None:
    one = evaluation()
    both = case(one, "ceiling"), case(one, "blind")
    assert state(*both, case(one, "regression")) is State.PASS
    assert state(*both, case(one, "regression", FAIL)) is State.FAIL


def test_a_case_that_broke_after_it_was_judged_is_an_error() -> None:
    one = evaluation()
    broken = replace(case(one, "ceiling"), result="error", told="it could not be freed")
    assert state(broken, case(one, "blind")) is State.ERROR


def test_what_a_model_was_not_asked_is_not_told_of_it() -> None:
    found = asked(run(evaluation(), evaluation(model="b", task="two")))
    assert {model: [one.task for one in some] for model, some in found.items()} == {
        "a": ["one"],
        "b": ["two"],
    }


def test_nothing_is_judged_where_all_are_errors() -> None:
    one = evaluation()
    assert not judged(asked(run(cases=[case(one, "ceiling", None)]))["a"])
    assert judged(asked(run(cases=[case(one, "ceiling", None), case(one, "blind", FAIL)]))["a"])


@given(st.text(), st.integers(1, 20))
def test_a_short_text_is_one_line_and_no_longer_than_it_may_be(text: str, most: int) -> None:
    shown = short(text, most=most)
    assert len(shown) <= most
    assert shown.isprintable()
    if text.isprintable() and len(text) <= most:
        assert shown == text
