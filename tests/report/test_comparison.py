"""Compared runs as text, Markdown and JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from made_runs import evaluation, old_and_new, run

from pytest_vlmsight.comparing import ComparedRuns, compare_runs
from pytest_vlmsight.report.comparison import FORMATS, rendered
from pytest_vlmsight.settings import GateSettings

HOSTILE = "<b>|x\n`@y`\x1b[31m"


def compared(name: str = "lost") -> ComparedRuns:
    """A loss, a pass, a new task and a missing one."""
    lost, same = old_and_new(n=400, b=8, c=40, task=name), old_and_new(n=400, b=0, c=0, task="kept")
    old = run(lost[0], same[0], evaluation(model="old", task="gone"))
    new = run(lost[1], same[1], evaluation(model="new", task="fresh"))
    return compare_runs(
        old, replace(new, environment={**new.environment, "python": "3.14"}), gate=GateSettings()
    )


def test_text_has_a_table_reasons_and_counts() -> None:
    lines = rendered(compared(), "text").splitlines()
    assert lines[:6] == [
        "old → new:",
        "task                  old   new  difference             verdict",
        "lost                 54.0  46.0  -8.0 [-11.0, -5.3]     REGRESSED",
        "gone                 75.0     –                         MISSING",
        "fresh                   –  75.0                         NEW",
        "kept                 50.0  50.0  +0.0 [-0.7, +0.7]      PASS",
    ]
    assert lines[6].startswith("  lost: 54.0% → 46.0%: difference -8.0 points")
    assert not any(line.startswith("  kept") for line in lines)
    assert lines[-2:] == [
        "also differs: python 3.13.0 → 3.14",
        "4 tasks: 1 regressed, 1 missing, 1 new, 1 pass",
    ]


def test_markdown_is_a_table_for_each_model() -> None:
    lines = rendered(compared(), "markdown").splitlines()
    assert lines[:4] == [
        "### old → new",
        "",
        "| task | old | new | difference | verdict | |",
        "|---|---|---|---|---|---|",
    ]
    assert lines[4].startswith("| lost | 54.0% | 46.0% | -8.0 points \\[-11.0, -5.3\\] | regressed")
    assert lines[7] == "| kept | 50.0% | 50.0% | +0.0 points \\[-0.7, +0.7\\] | pass |  |"
    assert lines[-1] == "4 tasks: 1 regressed, 1 missing, 1 new, 1 pass"


def test_json_has_every_figure() -> None:
    plain = json.loads(rendered(compared(), "json"))
    assert plain["counts"]["regressed"] == 1
    assert plain["besides"] == [{"what": "python", "old": "3.13.0", "new": "3.14"}]
    (model,) = plain["models"]
    assert (model["old"], model["new"]) == ("old", "new")
    lost, gone, fresh, kept = model["tasks"]
    assert (lost["task"], lost["status"], lost["n"], lost["drop"]) == (
        "lost",
        "regressed",
        400,
        0.03,
    )
    assert lost["difference"] == pytest.approx(-0.08)
    assert lost["low"] < -0.08 < lost["high"] < 0
    assert lost["p"] < 1e-5
    assert (gone["new"], fresh["old"], fresh["p"]) == (None, None, None)
    assert set(lost) == set(gone) == set(kept)


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_are_text(form: str) -> None:
    text = rendered(compared(HOSTILE), form)
    assert "\x1b" not in text
    if form == "text":
        assert all(line.isprintable() and len(line) <= 80 for line in text.splitlines())
    if form == "markdown":
        row = next(line for line in text.splitlines() if "regressed" in line)
        assert row.startswith("| \\<b\\>\\|x\\\\n\\`\\@y\\`\\\\x1b\\[31m | 54.0%")
    if form == "json":
        assert json.loads(text)["models"][0]["tasks"][0]["task"] == HOSTILE


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_runs_make_the_same_text(form: str) -> None:
    assert rendered(compared(), form) == rendered(compared(), form)
