"""What the embedded models see and say, on items that no training saw.

Every model answers n items of each task, sighted and blind, and its eye is read out of the very
pixels that it was given (matched) and of clean ones (native), as `pytest --vlm` does it; and
naming questions, which are what the mouths first learnt. Tasks are made by several processes, and
what is measured is written down task by task, so that a run that was stopped goes on.

    python benchmarks/embedded_models.py RESULTS --models models/tiny models/tiny-tuned -o all.md
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.making import cores
from pytest_vlmsight.stats.proportion import wilson_interval
from pytest_vlmsight.stats.tango import tango_interval
from pytest_vlmsight.tasks.registry import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAMING = "naming"
NAMING_SEED = 2_000_000
"""Of naming questions: far from the seeds of any training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one process measures.

    Attributes:
        task: its name, or ``NAMING``.
        models: names as after ``--vlm``.
        n: items.
        seed: of them.
        path: where it is written.
    """

    task: str
    models: tuple[str, ...]
    n: int
    seed: int
    path: Path


def measure(asked: Asked) -> None:
    """Write a task's file: per model which items it and its eye had right."""
    import torch

    from pytest_vlmsight.models.names import parse_name
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    torch.set_num_threads(1)
    ask = naming if asked.task == NAMING else suite
    vlms = [TransformersVlm.from_name(parse_name(name)) for name in asked.models]
    found = {"asked": asked.models, "n": asked.n, "seed": asked.seed, **ask(asked, vlms)}
    partial = asked.path.with_suffix(".partial")
    partial.write_text(json.dumps(found, sort_keys=True) + "\n")
    partial.replace(asked.path)


def suite(asked: Asked, vlms: Iterable[Any]) -> dict[str, Any]:
    """A task of the suite."""
    from pytest_vlmsight.evaluation import evaluate
    from pytest_vlmsight.gates import blind_gate, ceiling_gate
    from pytest_vlmsight.settings import Settings
    from pytest_vlmsight.tasks.registry import resolve

    settings = Settings(items=asked.n, seed=asked.seed, ceiling=("matched", "native"))
    (task,) = resolve([asked.task], canvas=settings.canvas())
    items = task.make_items(asked.n, asked.seed)
    # Made once for all models.
    task = replace(task, make_items=lambda n, _: items[:n])
    tests = 2 * len(BUILT_IN)
    models = {}
    for vlm in vlms:
        got = evaluate(vlm, task, settings=settings)
        gate = settings.gate_for(task.name)
        gates = {
            "ceiling": ceiling_gate(got, gate=gate, tests=tests),
            "blind": blind_gate(got, gate=gate, tests=tests),
        }
        right = {
            "sighted": got.sighted.scores(got.gold),
            "blind": got.blind["blank"].scores(got.gold),
            **{kind: got.ceiling_scores(kind) for kind in got.ceilings},
        }
        models[vlm.name] = {
            "right": {name: scores.astype(int).tolist() for name, scores in right.items()},
            "gates": {name: verdict.outcome.value for name, verdict in gates.items()},
        }
        print(f"{task.name} {vlm.name}: {_told(models[vlm.name])}", file=sys.stderr, flush=True)
    return {"chance": float(got.chance.mean()), "models": models}


def naming(asked: Asked, vlms: Iterable[Any]) -> dict[str, Any]:
    """Naming questions, one of each examination, sighted and blind."""
    from PIL import Image

    from pytest_vlmsight.models.base import Prompt
    from pytest_vlmsight.models.tiny.naming import examination
    from pytest_vlmsight.sight import blank

    drawn = [
        examination(
            np.random.default_rng([NAMING_SEED, asked.seed, index]), questions=1, captions=False
        )
        for index in range(asked.n)
    ]
    questions = [one.questions[0] for one in drawn]
    sighted = [
        Prompt(
            images=tuple(Image.fromarray(picture) for picture in one.pixels),
            question=question.text,
            options=question.options,
        )
        for one, question in zip(drawn, questions, strict=True)
    ]
    blind = [
        replace(prompt, images=blank([picture.size for picture in prompt.images]))
        for prompt in sighted
    ]
    models = {}
    for vlm in vlms:
        right = {}
        for name, prompts in (("sighted", sighted), ("blind", blind)):
            said = [int(np.argmax(answer.logprobs)) for answer in vlm.ask(prompts)]
            right[name] = [int(a == q.answer) for a, q in zip(said, questions, strict=True)]
        models[vlm.name] = {"right": right, "gates": {}}
        print(f"naming {vlm.name}: {_told(models[vlm.name])}", file=sys.stderr, flush=True)
    chance = float(np.mean([1 / len(question.options) for question in questions]))
    return {"chance": chance, "models": models, "about": [q.about for q in questions]}


def _told(model: dict[str, Any]) -> str:
    shares = " ".join(f"{k} {100 * np.mean(v):.1f}" for k, v in model["right"].items())
    return f"{shares} {model['gates']}"


def tables(found: dict[str, dict[str, Any]]) -> str:
    """Markdown: a table of each model, one of what tuning recovers, one of tuned parts."""
    models = list(dict.fromkeys(name for one in found.values() for name in one["models"]))
    tasks = [name for name in sorted(found) if name != NAMING]
    lines: list[str] = []
    for model in models:
        lines += [f"### {model}", ""]
        lines += _head("task", "chance", "matched", "native", "sighted", "blind", "gates")
        for name in [*tasks, *([NAMING] if NAMING in found else [])]:
            of = found[name]["models"].get(model)
            if of is None:
                continue
            cells = [name, f"{100 * found[name]['chance']:.0f}"]
            kinds = ("matched", "native", "sighted", "blind")
            cells += [_share(of["right"].get(kind)) for kind in kinds]
            gates = of["gates"]
            cells.append(f"{gates['ceiling']}, {gates['blind']}" if gates else "")
            lines.append(_row(cells))
        lines.append("")
    lines += _recovered(found, tasks, models)
    return "\n".join(lines)


def _recovered(
    found: dict[str, dict[str, Any]], tasks: Sequence[str], models: Sequence[str]
) -> list[str]:
    """Sighted less chance, as a share of the first model's matched ceiling less chance."""
    first, *tuned = models
    lines = ["### Recovered", ""]
    lines += _head("task", f"ceiling of {first}", *models, *(f"LLM − {o}" for o in tuned[1:]))
    for name in tasks:
        chance, of = found[name]["chance"], found[name]["models"]
        rights = of[first]["right"]
        ceiling = np.mean(rights.get("matched", rights["native"]))
        cells = [name, f"{100 * (ceiling - chance):+.1f} over chance"]
        for model in models:
            gain = np.mean(of[model]["right"]["sighted"]) - chance
            share = f"{100 * gain / (ceiling - chance):.0f} %" if ceiling > chance else "no ceiling"
            cells.append(f"{100 * gain:+.1f} ({share})")
        cells += [_gap(of[tuned[0]]["right"], of[other]["right"]) for other in tuned[1:]]
        lines.append(_row(cells))
    return lines


def _gap(one: dict[str, Any], other: dict[str, Any]) -> str:
    a, b = (np.array(right["sighted"]) for right in (one, other))
    more, less, n = int((a > b).sum()), int((a < b).sum()), len(a)
    gap = tango_interval(more, less, n)
    share = 100 * (more - less) / n
    return f"{share:+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"


def _share(right: Sequence[int] | None) -> str:
    if right is None:
        return "–"
    interval = wilson_interval(sum(right), len(right))
    return f"{100 * np.mean(right):.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _head(*names: str) -> list[str]:
    return [_row(names), _row(["---"] * len(names))]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("results", type=Path, help="folder of what is measured")
    parser.add_argument("--models", nargs="+", required=True, help="as after --vlm")
    parser.add_argument("--tasks", nargs="+", default=[NAMING, *sorted(BUILT_IN)])
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=cores())
    parser.add_argument("-o", "--output", type=Path, help="Markdown file to write")
    parsed = parser.parse_args()
    parsed.results.mkdir(parents=True, exist_ok=True)
    asked = [
        Asked(
            task=task,
            models=tuple(parsed.models),
            n=parsed.n,
            seed=parsed.seed,
            path=parsed.results / f"{task}-{parsed.n}-{parsed.seed}.json",
        )
        for task in parsed.tasks
    ]
    for one in asked:
        measured = (
            json.loads(one.path.read_text()).get("asked", ["others"])
            if one.path.is_file()
            else None
        )
        if measured not in (None, parsed.models):
            parser.error(f"{one.path}: is of {', '.join(measured)}; give another folder")
    missing = [one for one in asked if not one.path.is_file()]
    with ProcessPoolExecutor(parsed.jobs, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(measure, one) for one in missing]):
            done.result()
    text = tables({one.task: json.loads(one.path.read_text()) for one in asked})
    print(text)
    if parsed.output:
        parsed.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
