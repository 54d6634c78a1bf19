"""What a large record costs: its size, and the time to write, read, compare and report it.

Evaluations are made up: each model answers n items of each task, of four options, sighted and
blind, and its eye is read. Times are given as ratios to that of writing the bare numbers as JSON
(medians of several, side by side): absolute ones would say more of the machine.

    python benchmarks/record.py --items 10000 --tasks 12
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.ceiling import Ceiling
from pytest_vlmsight.comparing import compare_runs
from pytest_vlmsight.evaluation import Answers, Asked, Evaluation
from pytest_vlmsight.records.run import Run
from pytest_vlmsight.records.run_file import read_run, write_run
from pytest_vlmsight.report.html import write_report
from pytest_vlmsight.settings import GateSettings

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIONS = 4


def evaluation(task: str, n: int, *, right: float, seed: int) -> Evaluation:
    """One of a model that is right as often as given."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, OPTIONS, n)

    def answers(share: float) -> Answers:
        chosen = np.where(rng.random(n) < share, gold, (gold + 1) % OPTIONS)
        logprobs = rng.normal(-4, 1, (n, 1, OPTIONS)).astype(np.float32).astype(float)
        logprobs[np.arange(n), 0, chosen] = -rng.random(n).astype(np.float32)
        return Answers(logprobs=logprobs, choices=chosen[:, None])

    eye = np.where(rng.random(n) < 0.9, gold, (gold + 2) % OPTIONS)
    options = tuple(f"point {letter}" for letter in "ABCD")
    return Evaluation(
        model="model",
        task=task,
        ids=tuple(f"{k:020x}" for k in np.random.default_rng(1).permutation(n).tolist()),
        gold=gold,
        options=np.full(n, OPTIONS),
        orders=np.argsort(np.random.default_rng(2).random((n, 1, OPTIONS)), axis=-1),
        sighted=answers(right),
        blind={"blank": answers(0.25)},
        ceilings={
            "matched": Ceiling(kind="matched", stage="encoder[2]", choices=eye, trained_on=None)
        },
        unmeasured={},
        provenance={"source": "benchmark", "task_version": "1"},
        slices=tuple((("angle", f"{10 * (k % 6)} to {10 * (k % 6) + 10}"),) for k in range(n)),
        asked=tuple(
            Asked(
                name=f"{task}-{k:05}",
                question="Which point is the same as point REF in the other picture?",
                options=options,
            )
            for k in range(n)
        ),
    )


def run(tasks: int, n: int, *, right: float, seed: int) -> Run:
    """A run of made-up tasks."""
    return Run(
        version="0",
        started="2026-01-01T00:00:00+00:00",
        seconds=1.0,
        command=("pytest",),
        settings={},
        environment={},
        evaluations=tuple(
            evaluation(f"task_{k:02}", n, right=right, seed=seed + k) for k in range(tasks)
        ),
    )


def seconds(work: Callable[[], object], times: int) -> float:
    """The median of several."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=12)
    parser.add_argument("--times", type=int, default=3)
    parsed = parser.parse_args()
    old = run(parsed.tasks, parsed.items, right=0.80, seed=0)
    new = replace(old, evaluations=run(parsed.tasks, parsed.items, right=0.72, seed=0).evaluations)
    bare = [
        [one.sighted.logprobs.tolist(), one.blind["blank"].logprobs.tolist()]
        for one in old.evaluations
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        plain = Path(folder) / "bare.json"
        floor = seconds(lambda: plain.write_text(json.dumps(bare)), parsed.times)
        work: dict[str, Callable[[], object]] = {
            "write": lambda: write_run(old, path),
            "read": lambda: read_run(path),
            "compare": lambda: compare_runs(old, new, gate=GateSettings()),
            "report": lambda: write_report(old, Path(folder) / "run.html"),
        }
        print(f"{parsed.tasks} tasks of {parsed.items} items")
        print("| what | times that of writing the bare log-probabilities |")
        print("| --- | --- |")
        for name, do in work.items():
            print(f"| {name} | {seconds(do, parsed.times) / floor:.1f} |", flush=True)
        count = parsed.tasks * parsed.items
        size = path.stat().st_size
        print(f"record: {size / 1e6:.1f} MB, {size / count:.0f} bytes an item")
        html = (Path(folder) / "run.html").stat().st_size
        print(f"report without pictures: {html / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
