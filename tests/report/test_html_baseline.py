"""The report's section on what differs from the baseline."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made_runs import case, evaluation, old_and_new, run
from web_page import Element, web_page

from pytest_vlmsight.baselines import Baseline
from pytest_vlmsight.comparing import against_baselines
from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.regression import Status, compare
from pytest_vlmsight.report.html import html_report
from pytest_vlmsight.settings import GateSettings

if TYPE_CHECKING:
    from pytest_vlmsight.records.run import Run

HEADING = "Differences from the baseline"


def baseline(old: Run | None, *, shown: str = "vlmsight/m.json") -> Baseline:
    return Baseline(path=Path(shown), shown=shown, run=old)


def old_run_and_new() -> tuple[Run, Run]:
    """A task is lost, one kept, one asked otherwise, one left out, one broken and one new."""
    pairs = [old_and_new(n=400, b=b, c=c, task=t) for t, b, c in (("lost", 8, 40), ("kept", 3, 2))]
    other = evaluation(model="new", task="other", provenance={"seed": 1, "markers": "dot"})
    before = replace(other, model="old", provenance={**other.provenance, "seed": 0})
    gone = [evaluation(model="old", task=task) for task in ("left out", "broken")]
    old = run(*(one for one, _ in pairs), before, *gone)
    new = [*(one for _, one in pairs), other, evaluation(model="new", task="fresh")]
    cases = [
        case(new[0], "regression", Outcome.FAIL),
        case(new[1], "regression"),
        case(replace(new[1], task="broken"), "regression", None),
    ]
    return old, run(*new, cases=cases)


def section(document: Element) -> str:
    """The text from the section's heading to the next heading of its kind."""
    text = document.one("main").text
    start = text.index(HEADING)
    return text[start : text.index("regression gate : what its case said", start)]


def rows(document: Element) -> list[list[str]]:
    table = document.one("table", class_="compared").one("tbody")
    return [
        [cell.text for cell in row.inside if isinstance(cell, Element)] for row in table.all("tr")
    ]


def test_without_a_baseline_there_is_no_such_section() -> None:
    assert HEADING not in html_report(run(evaluation()))


def test_every_task_of_either_has_a_row_worst_first() -> None:
    old, new = old_run_and_new()
    document = web_page(html_report(new, baselines={"new": baseline(old)}))
    assert rows(document) == [
        ["lost", "REGRESSED", "54.0", "46.0", "-8.0 [-11.0, -5.3]", "1.7e-06", "40", "8", "400",
         "FAIL"],
        ["other", "INCOMPARABLE", "75.0", "75.0", *"–––––", "–"],
        ["broken", "MISSING", "75.0", "–", *"–––––", "ERROR"],
        ["left out", "MISSING", "75.0", "–", *"–––––", "–"],
        ["fresh", "NEW", "–", "75.0", *"–––––", "–"],
        ["kept", "PASS", "49.8", "50.0", "+0.2 [-0.8, +1.4]", "4.0e-04", "2", "3", "400", "PASS"],
    ]  # fmt: skip
    text = section(document)
    assert "old → new Against vlmsight/m.json , measured 2026-11-26 10:00:00 UTC" in text
    assert "6 tasks: 1 regressed, 1 incomparable, 2 missing, 1 new, 1 pass." in text
    assert "lost : 54.0% → 46.0%: difference -8.0 points [-11.0, -5.3] is shown to be a" in text
    assert re.search(r"Lost: item 8 , item 9 , .* item 37 and 10 more\. Won: item 0 , ", text)
    assert "nothing was compared: seed: 0 → 1" in text
    assert "Of the baseline, not measured in this run: broken , left out ." in text


def test_models_have_the_baselines_that_are_theirs() -> None:
    one, two = old_and_new(n=400, b=0, c=0)
    new = run(replace(one, model="a"), replace(two, model="b"), replace(two, model="c"))
    document = web_page(
        html_report(
            new,
            baselines={
                "a": baseline(run(two), shown="base/a.json"),
                "b": baseline(None, shown="base/b.json"),
            },
        )
    )
    assert len(document.all("table", class_="compared")) == 1
    text = section(document)
    assert "old → a" not in text  # the old one is called "new"
    assert "new → a Against base/a.json , measured" in text
    assert "There was no baseline base/b.json to compare with." in text
    assert "c.json" not in text


# -- it is what the gate says ---------------------------------------------------------------------


@pytest.mark.parametrize(("gates", "status"), [(3, "regressed"), (30, "inconclusive")])
def test_tasks_are_compared_by_the_gates_of_the_run(gates: int, status: str) -> None:
    """4 won and 14 lost: p = .0154."""
    old, new = old_and_new(n=200, b=4, c=14)
    made = replace(run(new), gates=gates)
    ((_, found),) = against_baselines(made, {"new": baseline(run(old))})
    assert found.models[0].tasks == (compare(old, new, gate=GateSettings(), tests=gates),)
    assert found.models[0].tasks[0].status == status


def test_gates_are_set_as_the_run_set_them_for_each_task() -> None:
    pairs = [old_and_new(n=400, b=0, c=12, task=task) for task in ("one", "two")]
    settings = {"gate": {"drop": 0.01}, "per_task": [["two", [["drop", 0.2]]]]}
    made = replace(run(*(new for _, new in pairs)), settings=settings)
    ((_, found),) = against_baselines(made, {"new": baseline(run(*(old for old, _ in pairs)))})
    assert {one.task: (one.drop, one.status) for one in found.models[0].tasks} == {
        "one": (0.01, Status.REGRESSED),
        "two": (0.2, Status.PASS),
    }


def test_a_record_that_does_not_tell_its_gates_has_those_of_its_models_and_tasks() -> None:
    old, new = old_and_new(n=200, b=4, c=14)
    ((_, found),) = against_baselines(run(new), {"new": baseline(run(old))})
    assert found.models[0].tasks == (compare(old, new, gate=GateSettings(), tests=3),)


def test_items_whose_rotations_differ_are_lost_or_won() -> None:
    old, new = old_and_new(n=40, b=2, c=3, turns=2)
    found = compare(old, new, gate=GateSettings(), tests=1)
    assert (found.won, found.lost) == (("item 0", "item 1"), ("item 2", "item 3", "item 4"))
