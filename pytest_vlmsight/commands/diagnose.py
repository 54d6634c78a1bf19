"""``vlmsight diagnose``: where a model loses what its eye sees of a task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.options import DTYPES, PARTS

from .making import add_making, the_one

if TYPE_CHECKING:
    import argparse


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "diagnose", help="find where sight is lost; exit status 1 if a part could not be made"
    )
    command.add_argument("model", help="as after --vlm")
    command.add_argument("--task", required=True, help="a task's name, or its folder")
    command.add_argument(
        "--part",
        action="append",
        required=True,
        metavar="PART[,PART]",
        help=f"any of {', '.join((*PARTS, 'all'))}; repeatable",
    )
    add_making(command, n=400)
    command.add_argument("--images", default="auto", help="auto, separate or composite")
    command.add_argument("--device", default="auto", help="as --vlm-device")
    command.add_argument("--dtype", default="auto", choices=DTYPES, help="as --vlm-dtype")
    command.add_argument("--batch-size", type=int, help="prompts per forward, as --vlm-batch")
    command.add_argument("--trust-remote-code", action="store_true", help="run a checkpoint's code")
    command.add_argument(
        "--tune",
        nargs="*",
        default=[],
        metavar="NAME=VALUE",
        help="budget of parts that tune: rank, steps, batch, items, checked, rates=X,Y, search, "
        "seed, prefixes=X,Y, prefix_rates=X,Y, prefix_steps; see docs/diagnosis.md",
    )
    command.add_argument("--json", action="store_true", help="JSON: a list of diagnoses")
    command.add_argument("-o", "--output", type=Path, help="file to write, too")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Print, and write, what was found; 1 where a part could not be made.

    Raises:
        ValueError: there is no such part, task or model, or a number is none that can be used.
        ModelError: the model cannot be loaded.
    """
    import json

    from pytest_vlmsight.diagnosis.parts import chosen, diagnose
    from pytest_vlmsight.diagnosis.subject import Subject
    from pytest_vlmsight.diagnosis.tuning import read_tuning
    from pytest_vlmsight.models import load_vlm
    from pytest_vlmsight.records.diagnoses import diagnosis_plain
    from pytest_vlmsight.report.diagnoses import in_full
    from pytest_vlmsight.settings import Settings
    from pytest_vlmsight.whole_file import whole_file

    parts = chosen([word for words in parsed.part for word in words.replace(",", " ").split()])
    for flag, number in (("--n", parsed.n), ("--batch-size", parsed.batch_size)):
        if number is not None and number < 1:
            raise ValueError(f"{flag}: got {number}, expected a whole number of at least 1")
    tuning = read_tuning(parsed.tune)
    settings = Settings(items=parsed.n, seed=parsed.seed)
    task = the_one(parsed, cache=settings.cache_folder())
    vlm = load_vlm(
        parsed.model,
        device=parsed.device,
        dtype=parsed.dtype,
        batch=parsed.batch_size,
        images=parsed.images,
        trust_remote_code=parsed.trust_remote_code,
    )
    try:
        found = list(diagnose(Subject(vlm, task, settings=settings, tuning=tuning), parts))
    finally:
        vlm.close()
    if parsed.json:
        text = json.dumps([diagnosis_plain(one) for one in found], indent=2, sort_keys=True)
    else:
        head = f"{vlm.name} on {task.name}"
        text = "\n\n".join([head, *("\n".join(in_full(one)) for one in found)])
    print(text)
    if parsed.output is not None:
        with whole_file(parsed.output) as unfinished:
            unfinished.write_text(f"{text}\n", encoding="utf-8")
    return int(any(one.error for one in found))
