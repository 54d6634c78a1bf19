"""A task passes where all of its gates were judged and passed, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_runs import case, evaluation, run

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.records.run_file import run_of, run_plain
from pytest_vlmsight.report.standing import standings

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("ceiling", "blind", "state"),
    [
        (PASS, PASS, "PASS"),
        (PASS, FAIL, "FAIL"),
        (FAIL, None, "FAIL"),
        (PASS, None, "ERROR"),
        (INCONCLUSIVE, None, "ERROR"),
        (INCONCLUSIVE, PASS, "INCONCLUSIVE"),
        (INCONCLUSIVE, FAIL, "FAIL"),
    ],
)
def test_the_worst_gate_decides(ceiling: Outcome | None, blind: Outcome | None, state: str) -> None:
    one = evaluation()
    (found,) = standings(
        run(one, cases=[case(one, "ceiling", ceiling), case(one, "blind", blind)]), "a"
    )
    assert found.state == state
    assert found.passes == (state == "PASS")


def test_an_inconclusive_gate_that_is_let_through_is_no_pass() -> None:
    one = evaluation()
    for result in ("passed", "skipped"):
        let_through = replace(case(one, "ceiling", INCONCLUSIVE), result=result)
        (found,) = standings(run(one, cases=[let_through, case(one, "blind")]), "a")
        assert found.state == "INCONCLUSIVE"


def test_a_gate_that_was_not_run_is_no_pass() -> None:
    one = evaluation()
    (found,) = standings(run(one, cases=[case(one, "blind")]), "a")
    assert (found.state, found.passes) == ("INCOMPLETE", False)


def test_a_further_gate_that_fails_is_no_pass() -> None:
    one = evaluation()
    cases = [case(one, "ceiling"), case(one, "blind"), case(one, "regression", FAIL)]
    (found,) = standings(run(one, cases=cases), "a")
    assert found.state == "FAIL"


def test_a_case_that_broke_after_it_was_judged_is_an_error() -> None:
    one = evaluation()
    broken = replace(case(one, "ceiling"), result="error", told="it could not be freed")
    (found,) = standings(run(one, cases=[broken, case(one, "blind")]), "a")
    assert found.state == "ERROR"


def test_tasks_come_worst_first_and_then_by_how_far_they_are_from_their_ceiling() -> None:
    far = evaluation(task="far", sighted=0.1)
    near = evaluation(task="near")
    failed = evaluation(task="failed")
    cases = [case(one, gate) for one in (far, near) for gate in ("ceiling", "blind")]
    cases += [case(failed, "ceiling", FAIL), case(failed, "blind")]
    found = standings(run(near, failed, far, cases=cases), "a")
    assert [one.task for one in found] == ["failed", "far", "near"]


def test_the_ceiling_is_the_one_that_decided_and_error_rates_are_those_of_the_run() -> None:
    one, two = evaluation(), evaluation(task="two")
    settings = {
        "ceiling": ["native", "matched"],
        "gate": {"margin": 0.1, "recovery": 0.5, "min_gain": 0.1, "alpha": 0.01},
        "per_task": [["t*", [["alpha", 0.1]]]],
    }
    made = replace(run(one, two), settings=settings)
    for read in (made, run_of(run_plain(made))):
        first, second = sorted(standings(read, "a"), key=lambda found: found.task)
        assert first.ceiling is None  # native was not measured
        assert first.of_ceiling is None
        assert (first.alpha, second.alpha) == (0.01, 0.1)


def test_only_what_belongs_to_a_model_is_told_of_it() -> None:
    one, other = evaluation(), evaluation(model="b", task="two")
    assert [found.task for found in standings(run(one, other), "b")] == ["two"]
