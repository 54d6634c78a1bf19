"""``vlmsight diagnose``: where a model loses what its eye sees of a task."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.options import DTYPES, PARTS

from .making import add_making, named

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis

ALL = "all"


def add(commands: Any) -> None:
    """Add the command."""
    command = commands.add_parser(
        "diagnose", help="find where sight is lost; exit status 1 if a part could not be made"
    )
    command.add_argument(
        "model",
        nargs="+",
        help="as after --vlm; or, for parts that compare models, records (RUN.json)",
    )
    command.add_argument(
        "--task",
        action="append",
        default=[],
        help="a task's name, its folder, or a glob of either; repeatable; of records all by "
        "default",
    )
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
    command.add_argument(
        "--rollout", action="store_true", help="part attention: a rollout of all layers, too"
    )
    command.add_argument(
        "--against",
        metavar="MODEL",
        help="part attention: another model, such as before tuning, that is asked the same items "
        "and compared with each",
    )
    command.add_argument("--json", action="store_true", help="JSON: a list of diagnoses")
    command.add_argument("-o", "--output", type=Path, help="file to write, too")
    command.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Print, and write, what was found; 1 where a part could not be made.

    Raises:
        ValueError: there is no such part, task, model or record, or a number is none that can be
            used.
        ModelError: a model cannot be loaded.
    """
    import json

    from pytest_vlmsight.diagnosis.parts import chosen, compared
    from pytest_vlmsight.records.diagnoses import diagnosis_plain
    from pytest_vlmsight.report.diagnoses import in_full
    from pytest_vlmsight.whole_file import whole_file

    words = [word for words in parsed.part for word in words.replace(",", " ").split()]
    alone, across = chosen(words), compared(words, models=len(parsed.model))
    for flag, number in (("--n", parsed.n), ("--batch-size", parsed.batch_size)):
        if number is not None and number < 1:
            raise ValueError(f"{flag}: got {number}, expected a whole number of at least 1")
    if parsed.against is not None and "attention" not in alone:
        raise ValueError(
            "--against: only part attention compares with a model; name --part attention"
        )
    if all(name.endswith(".json") for name in parsed.model):
        found = _of_records(parsed, compared(words, models=sys.maxsize), words)
    else:
        found = _of_models(parsed, alone, across, concludes=len(alone) > 1 or ALL in words)
    if parsed.json:
        text = json.dumps([diagnosis_plain(one) for one in found], indent=2, sort_keys=True)
    else:
        blocks: list[str] = []
        for one in found:
            head = f"{one.model} on {one.task}"
            blocks += [*([] if head in blocks else [head]), "\n".join(in_full(one))]
        text = "\n\n".join(blocks)
    print(text)
    if parsed.output is not None:
        with whole_file(parsed.output) as unfinished:
            unfinished.write_text(f"{text}\n", encoding="utf-8")
    return int(any(one.error for one in found))


def _of_models(
    parsed: argparse.Namespace, alone: Sequence[str], across: Sequence[str], *, concludes: bool
) -> list[Diagnosis]:
    """Ask the models, one after the other.

    Args:
        parsed: the command's arguments.
        alone: parts that take one model.
        across: parts that take all of them.
        concludes: whether there is a verdict at the end of each (model, task).
    """
    from pytest_vlmsight.diagnosis.attention import against
    from pytest_vlmsight.diagnosis.parts import compare, diagnose
    from pytest_vlmsight.diagnosis.subject import Subject
    from pytest_vlmsight.diagnosis.tuning import read_tuning
    from pytest_vlmsight.models import load_vlm
    from pytest_vlmsight.records.cache import AnswerCache
    from pytest_vlmsight.settings import Settings

    if not parsed.task:
        raise ValueError("--task: name a task; `vlmsight tasks` lists those there are")
    if across:
        _check_enough(len(parsed.model))
    tuning = read_tuning(parsed.tune)
    settings = Settings(items=parsed.n, seed=parsed.seed)
    folder = settings.cache_folder()
    tasks = named(parsed, parsed.task, cache=folder)
    found: list[Diagnosis] = []
    evaluations = []
    others: dict[str, Diagnosis] = {}

    def each(name: str) -> Iterator[Subject]:
        vlm = load_vlm(
            name,
            device=parsed.device,
            dtype=parsed.dtype,
            batch=parsed.batch_size,
            images=parsed.images,
            trust_remote_code=parsed.trust_remote_code,
        )
        cache = None if folder is None else AnswerCache(folder)
        try:
            for task in tasks:
                yield Subject(
                    vlm,
                    task,
                    settings=settings,
                    tuning=tuning,
                    rollout=parsed.rollout,
                    cache=cache,
                )
        finally:
            vlm.close()
            if cache is not None:
                cache.close()
                for line in cache.told:
                    print(line, file=sys.stderr)

    if parsed.against is not None:
        for subject in each(parsed.against):
            found += diagnose(subject, ["attention"])
            others[subject.task.name] = found[-1]
    for name in parsed.model:
        for subject in each(name):
            # Both gates of every (model, task) are judged.
            tests = 2 * len(parsed.model) * len(tasks) if concludes else None
            for one in diagnose(subject, alone, tests=tests):
                other = others.get(subject.task.name) if one.part == "attention" else None
                found.append(one if other is None else against(one, other))
            if across:
                evaluations.append(subject.evaluation)
    return [*found, *compare(evaluations, across, settings=settings)]


def _of_records(
    parsed: argparse.Namespace, across: Sequence[str], words: Sequence[str]
) -> list[Diagnosis]:
    """Take the evaluations of records: nothing is asked again."""
    from dataclasses import replace

    from pytest_vlmsight.diagnosis.parts import ACROSS, compare
    from pytest_vlmsight.records.run_file import read_run
    from pytest_vlmsight.records.run_settings import run_settings

    if set(words) - {*ACROSS, ALL}:
        raise ValueError(
            f"of records only parts that compare models can be made ({', '.join(ACROSS)}): others "
            "ask the model, so name it"
        )
    runs = [read_run(Path(name)) for name in parsed.model]
    every = [one for run in runs for one in run.evaluations]
    wanted = [one for one in every if not parsed.task or one.task in parsed.task]
    for task in parsed.task:
        if task not in {one.task for one in every}:
            known = ", ".join(dict.fromkeys(one.task for one in every)) or "none"
            raise ValueError(f"--task: no record has {task!a}; they have {known}")
    _check_enough(len({one.model for one in wanted}))
    settings = replace(run_settings(runs[0]), seed=parsed.seed)
    return list(compare(wanted, across, settings=settings))


def _check_enough(models: int) -> None:
    from pytest_vlmsight.diagnosis.encoders import LEAST

    if models < LEAST:
        raise ValueError(f"part encoders ranks at least {LEAST} models; there are {models}")
