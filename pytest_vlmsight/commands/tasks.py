"""``vlmsight tasks``: what there is to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .printing import told

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("tasks", help="list tasks")
    command.add_argument("task", nargs="*", help="name, folder or glob (default: all built-in)")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Print a block for each task."""
    from pytest_vlmsight.tasks.registry import resolve

    for task in resolve(parsed.task):
        size = "unlimited" if task.available is None else f"{task.available} items"
        print(f"{task.name} (version {task.version}, {size}, readout {task.readout})")
        told(f"    {task.source}; {task.licence}")
        for knob in task.knobs:
            (low, high), (least, most) = knob.span, knob.limits
            unit = f" {knob.unit}" if knob.unit else ""
            limits = f"{least:g} to {most:g}{unit} can be set"
            told(f"    {knob.name}={low:g}..{high:g}{unit}: {knob.meaning}; {limits}")
