"""The block that says how a model stands to its baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unicodedata import combining, east_asian_width

from hypothesis import given
from hypothesis import strategies as st
from made_runs import evaluation, old_and_new, run

from pytest_vlmsight.baselines import Baseline
from pytest_vlmsight.phrases import printable
from pytest_vlmsight.regression import Status, compare
from pytest_vlmsight.report.properties import comparison_properties
from pytest_vlmsight.report.regressions import regressions
from pytest_vlmsight.settings import GateSettings

HEAD = "task                  old   new  difference             verdict"


def told(
    b: int, c: int, *, accepted: bool = False, next_step: str = "", **provenance: object
) -> dict[str, Any]:
    """What the case of a task tells."""
    old, new = old_and_new(n=400, b=b, c=c)
    new = evaluation(n=400, provenance=provenance) if provenance else new
    found = compare(old, new, gate=GateSettings(), tests=2)
    properties = comparison_properties(found, accepted=accepted, next_step=next_step)
    return {"vlm_baseline": "vlmsight/m.json", "regression": "PASS", **dict(properties)}


def test_a_line_has_both_shares_their_difference_and_what_came_of_it() -> None:
    assert regressions({"relative_depth": told(8, 40)}) == [
        "against baseline vlmsight/m.json:",
        HEAD,
        "relative_depth       54.0  46.0  -8.0 [-11.0, -5.3]     REGRESSED",
    ]


def test_run_without_a_baseline_has_no_block() -> None:
    assert regressions({"one": {"ceiling": "PASS"}}) == []


def test_tasks_come_worst_first() -> None:
    error = {"vlm_baseline": "m.json", "regression": "ERROR"}
    tasks = {
        "pass": told(0, 0),
        "won": told(60, 0),
        "lost": told(0, 60),
        "more": told(0, 90),
        "broken": error,
        "other": told(0, 0, seed=3),
    }
    lines = regressions(tasks)[2:8]
    assert [line.split()[0] for line in lines] == ["broken", "more", "lost", "other", "won", "pass"]
    assert lines[0].split()[1:] == ["–", "–", "ERROR"]
    assert lines[3].endswith(" INCOMPARABLE")


def test_update_is_told_beside_what_was_found() -> None:
    lines = regressions({"one": told(0, 60, accepted=True)})
    assert lines[2].endswith("REGRESSED, updated")


def test_what_else_differs_and_what_to_do_are_said_once() -> None:
    rows = {
        task: told(0, 0, next_step="Update it: pytest --vlm=m --vlm-update", dtype="float16")
        for task in ("a", "b")
    }
    assert regressions(rows)[4:] == [
        "  also differs: dtype none → float16",
        "  Update it: pytest --vlm=m --vlm-update",
    ]


def test_tasks_of_the_baseline_that_were_left_out_are_told() -> None:
    names = ["one", "gone\x1b", *(f"task_number_{index}" for index in range(8))]
    before = run(*(evaluation(task=name) for name in names))
    baseline = Baseline(path=Path("m.json"), shown="vlmsight/m.json", run=before)
    lines = regressions({"one": told(0, 0)}, baseline=baseline)
    assert lines[:3] == regressions({"one": told(0, 0)})[:3]
    assert lines[3].startswith(
        r"  in the baseline vlmsight/m.json, not in this run: gone\x1b, task_number_0,"
    )
    assert lines[-1].endswith("task_number_7")
    assert all(len(line) <= 80 for line in lines)
    # Also where no case of the regression gate was run, as with -k blind.
    assert "not in this run: one, gone" in regressions({"one": {}}, baseline=baseline)[0]
    whole = {name: told(0, 0) for name in names}
    assert not any("not in this run" in line for line in regressions(whole, baseline=baseline))
    missing = Baseline(path=Path("m.json"), shown="m.json", run=None)
    assert regressions({}, baseline=missing) == []


def test_commands_are_not_broken_within_an_option() -> None:
    folders = ["x" * 90, *"abcdefgh"]
    command = "Add it: pytest " + " ".join(f"--vlm-tasks=folder-{one}/a-b" for one in folders)
    lines = regressions({"a": told(0, 0, next_step=command)})[3:]
    assert len(lines) > 2
    assert " ".join(word for line in lines for word in line.split()) == command


def columns(line: str) -> int:
    """Of a terminal: marks that combine with a letter take none, wide letters two."""
    wide = sum(east_asian_width(one) in "WF" for one in line)
    return len(line) + wide - sum(bool(combining(one)) for one in line)


@given(
    task=st.text(min_size=1, max_size=60),
    baseline=st.text(min_size=1, max_size=200),
    estimate=st.floats(-1, 1),
    status=st.sampled_from(list(Status)),
    accepted=st.booleans(),
    besides=st.text(max_size=300),
)
def test_no_line_is_wider_than_a_terminal_whatever_names_are(
    *, task: str, baseline: str, estimate: float, status: Status, accepted: bool, besides: str
) -> None:
    row = {
        "regression": "PASS",
        "vlm_baseline": baseline,
        "vlm_baseline_status": str(status),
        "vlm_baseline_old": 1.0,
        "vlm_baseline_new": 1.0,
        "vlm_baseline_updated": accepted,
        "vlm_baseline_difference": estimate,
        "vlm_baseline_difference_low": -1.0,
        "vlm_baseline_difference_high": 1.0,
        "vlm_baseline_besides": printable(besides),
    }
    for line in regressions({task: row}):
        # Names in the table are cut by columns, sentences below it broken by characters.
        assert min(columns(line), len(line)) <= 80
        assert line.isprintable()
