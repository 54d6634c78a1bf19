"""``vlmsight pack``: a task as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .making import add_making, the_one
from .printing import add_json, print_written

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("pack", help="write a task as a task folder")
    command.add_argument("task", help="a task's name, or its folder")
    command.add_argument("folder", type=Path, help="where to write it: new, or empty")
    add_making(command, n=400)
    add_json(command, "items, written")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Write the folder."""
    from pytest_vlmsight.tasks.packing import pack_task

    count = pack_task(the_one(parsed), parsed.folder, n=parsed.n, seed=parsed.seed)
    if parsed.json:
        print_written([parsed.folder], as_json=True, items=count)
    else:
        print(f"wrote {count} items to {parsed.folder}")
