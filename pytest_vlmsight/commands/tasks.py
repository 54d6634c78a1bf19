"""``vlmsight tasks``: what there is to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .printing import add_json, print_json, told

if TYPE_CHECKING:
    import argparse

    from pytest_vlmsight.tasks.item import Task


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser("tasks", help="list tasks")
    command.add_argument(
        "task", nargs="*", help="name, folder or glob (default: all that are known)"
    )
    add_json(command, "a list of tasks")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> None:
    """Print a block for each task."""
    from pytest_vlmsight.tasks.registry import BUILT_IN, resolve
    from pytest_vlmsight.tasks.study.catalogue import STUDY

    found = resolve(parsed.task or [*sorted(BUILT_IN), *sorted(STUDY)])
    if parsed.json:
        print_json([_plain(task) for task in found])
        return
    for task in found:
        size = "unlimited" if task.available is None else f"{task.available} items"
        if task.on_demand:
            size = "items of a data set" if task.available is None else f"up to {size}"
        told(f"{task.name} (version {task.version}, {size}, readout {task.readout})")
        told(f"    {task.source}; {task.licence}")
        for knob in task.knobs:
            (low, high), (least, most) = knob.span, knob.limits
            unit = f" {knob.unit}" if knob.unit else ""
            limits = f"{least:g} to {most:g}{unit} can be set"
            told(f"    {knob.name}={low:g}..{high:g}{unit}: {knob.meaning}; {limits}")


def _plain(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "version": task.version,
        "available": task.available,  # null: as many as are asked for
        "readout": task.readout,
        "source": task.source,
        "licence": task.licence,
        "difficulty": [
            {
                "name": knob.name,
                "meaning": knob.meaning,
                "unit": knob.unit,
                "span": list(knob.span),
                "limits": list(knob.limits),
            }
            for knob in task.knobs
        ],
    }
