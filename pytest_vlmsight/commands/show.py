"""``vlmsight show``: a look at a task's items."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .making import add_making, the_one
from .printing import add_json, print_written

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("show", help="draw a contact sheet of a task's items")
    command.add_argument("task", help="a task's name, or its folder")
    command.add_argument("-o", "--output", type=Path, required=True, help="image file to write")
    command.add_argument("--marker", nargs="*", default=[], help="colour=… size=… shape=… or vary")
    add_making(command, n=12)
    add_json(command, "written")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Write the picture."""
    from pytest_vlmsight.tasks.sheet import write_sheet

    write_sheet(the_one(parsed), n=parsed.n, seed=parsed.seed, path=parsed.output)
    print_written([parsed.output], as_json=parsed.json)
