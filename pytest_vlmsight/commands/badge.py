"""``vlmsight badge``: a badge of a recorded run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .printing import add_json, print_written

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("badge", help="draw a badge of a run, such as `sight 7/9`")
    command.add_argument("run_file", metavar="RUN.json", type=Path, help="what --vlm-json wrote")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        default=Path("sight.svg"),
        help="picture (.svg) or endpoint of shields.io (.json) to write (sight.svg); of several "
        "models one each, with the model's name before the ending",
    )
    command.add_argument("--model", metavar="NAME", help="only this model of the run")
    command.add_argument("--task", metavar="NAME", help="of this task, not of all together")
    command.add_argument("--label", metavar="TEXT", help="words on the left (sight, or the task)")
    add_json(command, "written")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Write the badges."""
    from pytest_vlmsight.records.run_file import read_run
    from pytest_vlmsight.report.badge import write_badges

    run = read_run(parsed.run_file)
    files = write_badges(
        run, parsed.output, model=parsed.model, task=parsed.task, label=parsed.label
    )
    print_written(files, as_json=parsed.json)
