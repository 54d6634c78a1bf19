"""``vlmsight audit``: what tasks give away without an eye."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .making import add_making, named
from .printing import add_json

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "audit", help="measure shortcuts to the right answers; exit status 1 if one exceeds"
    )
    command.add_argument("task", nargs="+", help="name, folder or glob")
    add_making(command, n=2000)
    command.add_argument("--jobs", type=int, default=2, help="processes that read pictures (2)")
    command.add_argument("-o", "--output", type=Path, help="Markdown file to write")
    add_json(command, "a list of audits")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Print, and write, what was measured; 1 where a shortcut exceeds."""
    from pytest_vlmsight.audit.run import run_audits

    tasks = named(parsed, parsed.task)
    exceeded = run_audits(
        tasks,
        n=parsed.n,
        seed=parsed.seed,
        jobs=parsed.jobs,
        output=parsed.output,
        as_json=parsed.json,
    )
    return int(exceeded)
