"""What GitHub Actions is told: within its limits, in its own escapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_runs import case, evaluation, run

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.report.github import LIMIT, STEP_LIMIT, annotation, append_summary

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.records.run import Run


def many(models: int) -> Run:
    """A run whose report is far larger than a summary may be."""
    ones = [evaluation(model=f"model {index}", n=8) for index in range(models)]
    cases = [case(one, gate, None) for one in ones for gate in ("ceiling", "blind")]
    return run(*ones, cases=cases)


def test_a_summary_is_appended_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    append_summary(run(evaluation()), path)
    first = path.read_text()
    assert first.startswith("## vlmsight: PASS\n")
    path.write_text("- a list of another step")
    append_summary(run(evaluation()), path)
    assert path.read_text() == f"- a list of another step\n\n{first}"


def test_a_summary_is_far_smaller_than_github_shows(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    append_summary(many(600), path)
    assert LIMIT / 2 < path.stat().st_size <= LIMIT < STEP_LIMIT / 2
    assert "_Left out, as there is no room: " in path.read_text()


def test_a_summary_leaves_room_for_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary.md"
    path.write_bytes(b"x" * (STEP_LIMIT - 70_000))
    append_summary(many(60), path)
    assert STEP_LIMIT - 70_000 < path.stat().st_size < STEP_LIMIT - 60_000
    before = path.stat().st_size
    path.write_bytes(b"x" * (STEP_LIMIT - 60_000))
    with pytest.raises(OSError, match="bytes, and GitHub shows no more than 1048576"):
        append_summary(many(1), path)
    assert path.stat().st_size == STEP_LIMIT - 60_000 != before


@pytest.mark.parametrize(
    ("outcome", "level", "told"),
    [
        (Outcome.PASS, "notice", "1 of 1 tasks pass"),
        (Outcome.FAIL, "error", "0 of 1 tasks pass%0Aa, one: FAIL"),
        (Outcome.INCONCLUSIVE, "error", "0 of 1 tasks pass%0Aa, one: INCONCLUSIVE"),
        (None, "error", "0 of 1 tasks pass%0Aa, one: ERROR"),
    ],
)
def test_one_annotation_tells_of_all(outcome: Outcome | None, level: str, told: str) -> None:
    one = evaluation()
    cases = [case(one, "ceiling", outcome), case(one, "blind")]
    assert annotation(run(one, cases=cases)) == f"::{level} title=vlmsight::{told}"


def test_what_is_let_through_is_a_warning() -> None:
    one = evaluation()
    assert annotation(run(one, cases=[case(one, "blind")])).startswith("::warning title=vlmsight::")


def test_the_worst_are_named_and_the_others_counted() -> None:
    told = annotation(many(15)).split("%0A")
    assert len(told) == 12
    assert told[-1] == "and 5 more"


def test_texts_are_escaped_as_workflow_commands_are() -> None:
    one = evaluation(model="100%\n::set-output name=x::y\r", task="a\x1bb")
    told = annotation(run(one, cases=[case(one, "ceiling", None)]))
    assert len(told.splitlines()) == 1
    assert r"100%25\n::set-output name=x::y\r, a\x1bb: ERROR" in told
