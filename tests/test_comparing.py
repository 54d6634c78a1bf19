"""Two records are compared model by model and task by task."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import evaluation, old_and_new, run

from pytest_vlmsight.comparing import ComparedRuns, compare_runs
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.regression import Status, compare
from pytest_vlmsight.settings import GateSettings

GATE = GateSettings()


def found(compared: ComparedRuns) -> list[tuple[str | None, str | None, list[str]]]:
    return [(one.old, one.new, [task.task for task in one.tasks]) for one in compared.models]


def test_what_the_gate_says_is_what_is_told() -> None:
    old, new = old_and_new(n=400, b=2, c=30)
    (model,) = compare_runs(run(old), run(new), gate=GATE).models
    assert (model.old, model.new) == ("old", "new")
    assert model.tasks == (compare(old, new, gate=GATE, tests=1),)


def test_tasks_come_worst_first_and_none_is_left_out() -> None:
    tasks = {"pass": (0, 0), "lost": (0, 40), "more lost": (0, 80), "won": (60, 0)}
    pairs = [old_and_new(n=400, b=b, c=c, task=task) for task, (b, c) in tasks.items()]
    gone = evaluation(model="old", task="gone")
    other = evaluation(model="new", task="fresh")
    changed = evaluation(model="new", task="changed", provenance={"seed": 1})
    compared = compare_runs(
        run(*(old for old, _ in pairs), gone, replace(changed, model="old", provenance={})),
        run(other, *(new for _, new in pairs), changed),
        gate=GATE,
    )
    (model,) = compared.models
    assert [(one.task, one.status) for one in model.tasks] == [
        ("more lost", Status.REGRESSED),
        ("lost", Status.REGRESSED),
        ("changed", Status.INCOMPARABLE),
        ("gone", Status.MISSING),
        ("fresh", Status.NEW),
        ("won", Status.IMPROVED),
        ("pass", Status.PASS),
    ]
    assert compared.count(Status.REGRESSED) == 2
    assert compared.count(Status.INCONCLUSIVE) == 0


def test_level_of_a_loss_is_divided_by_the_tasks() -> None:
    """4 won and 14 lost: p = .0154."""
    old, new = old_and_new(n=200, b=4, c=14)
    assert compare_runs(run(old), run(new), gate=GATE).count(Status.REGRESSED) == 1
    more = [old_and_new(n=200, b=0, c=0, task=task) for task in ("x", "y", "z")]
    many = compare_runs(
        run(old, *(one for one, _ in more)), run(new, *(one for _, one in more)), gate=GATE
    )
    assert many.count(Status.REGRESSED) == 0
    assert many.count(Status.INCONCLUSIVE) == 1


def test_models_are_matched_by_name_and_single_ones_whatever_theirs() -> None:
    one, two, three = (evaluation(model=name) for name in "abc")
    assert found(compare_runs(run(one), run(two), gate=GATE)) == [("a", "b", ["one"])]
    assert found(compare_runs(run(one, two), run(three, two), gate=GATE)) == [
        (None, "c", ["one"]),
        ("b", "b", ["one"]),
        ("a", None, ["one"]),
    ]
    compared = compare_runs(run(one, two), run(three, two), gate=GATE)
    assert [model.tasks[0].status for model in compared.models] == [
        "new",
        "inconclusive",
        "missing",
    ]


def test_models_that_are_named_are_the_ones_compared() -> None:
    one, two, three = (evaluation(model=name) for name in "abc")
    compared = compare_runs(run(one, two), run(three, two), gate=GATE, pairs=[("a", "c")])
    assert found(compared) == [("a", "c", ["one"])]


@pytest.mark.parametrize("pair", [("x", "c"), ("a", "x")])
def test_model_that_is_not_there_is_named(pair: tuple[str, str]) -> None:
    with pytest.raises(RecordError, match=r"record has no model 'x' \(it has "):
        compare_runs(
            run(evaluation(model="a")), run(evaluation(model="c")), gate=GATE, pairs=[pair]
        )


def test_records_without_a_model_in_common_are_refused() -> None:
    one, two = (run(evaluation(model=a), evaluation(model=b)) for a, b in ("ab", "cd"))
    with pytest.raises(RecordError, match=r"old: a, b; new: c, d\); say which .*--model OLD=NEW"):
        compare_runs(one, two, gate=GATE)
    with pytest.raises(RecordError, match="new: none"):
        compare_runs(one, run(), gate=GATE)


def test_model_that_could_not_be_measured_has_missing_tasks() -> None:
    from made_runs import case

    one = evaluation(model="a")
    broken = run(cases=[case(one, "ceiling", None)])
    (model,) = compare_runs(run(one), broken, gate=GATE).models
    assert [task.status for task in model.tasks] == [Status.MISSING]


def test_what_the_runs_were_made_with_is_told_where_it_differs() -> None:
    old = run(evaluation())
    new = replace(
        old,
        version="0.2.0",
        environment={
            "python": "3.13.0",
            "packages": {"torch": "3.0", "timm": "1"},
            "git": {"commit": "abc"},
            "gpus": ["H100", "H100"],
        },
    )
    assert [str(one) for one in compare_runs(old, new, gate=GATE).besides] == [
        "pytest-vlmsight 0.1.0 → 0.2.0",
        "torch 2.13.0 → 3.0",
        "timm none → 1",
        "git commit none → abc",
        "gpus none → H100, H100",
    ]
    assert compare_runs(old, old, gate=GATE).besides == ()


@given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
def test_every_task_of_either_run_is_told_once(before: set[str], after: set[str]) -> None:
    if not before or not after:
        return
    old, new = (run(*(evaluation(task=one) for one in sorted(some))) for some in (before, after))
    (model,) = compare_runs(old, new, gate=GATE).models
    assert sorted(task.task for task in model.tasks) == sorted(before | after)
