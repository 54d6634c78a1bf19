"""What a run tells GitHub Actions: the summary of its step, and one annotation.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .markdown import markdown_report
from .passing import asked, gated, overall, short, word
from .standing import Standing, State

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.records.run import Run

STEP_LIMIT = 1024 * 1024
"""Bytes of all summaries of a step: beyond it GitHub shows none of them."""

LIMIT = 256 * 1024
"""Bytes of ours at most."""

_SPARE = 64 * 1024
"""Bytes of a step that are left to what writes after us."""

_NAMED = 10
"""Tasks that an annotation names."""


def append_summary(run: Run, path: Path) -> None:
    """Append a run to the summary of a step, less of it where there is little room.

    Args:
        run: all of it.
        path: ``$GITHUB_STEP_SUMMARY``.

    Raises:
        OSError: it cannot be written.
    """
    there = path.stat().st_size if path.exists() else 0
    room = min(LIMIT, STEP_LIMIT - _SPARE - there)
    text = markdown_report(run, limit=room)
    if len(text.encode()) + 2 > room:
        raise OSError(f"{path} has {there} bytes, and GitHub shows no more than {STEP_LIMIT}")
    with path.open("ab") as file:
        # What stands there may end within a line, or within a list.
        file.write((b"\n\n" if there else b"") + text.encode())


def annotation(run: Run) -> str:
    """A workflow command: how many tasks of the run pass, and the worst of the others.

    It is an error where a case failed, a warning where none did and a task does not pass.
    """
    found = gated(one for some in asked(run).values() for one in some)
    found.sort(key=lambda one: overall(one).rank)
    others = [one for one in found if overall(one) is not State.PASS]
    level = "notice"
    if any(case.result in {"failed", "error"} for case in run.cases):
        level = "error"
    elif others:
        level = "warning"
    told = f"{len(found) - len(others)} of {len(found)} tasks pass"
    named = [_line(one) for one in others[:_NAMED]]
    if len(others) > _NAMED:
        named.append(f"and {len(others) - _NAMED} more")
    return f"::{level} title={_value('vlmsight')}::{_data(chr(10).join([told, *named]))}"


def _line(one: Standing) -> str:
    return f"{short(one.model, most=100)}, {short(one.task, most=100)}: {word(overall(one))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
