"""What ``--vlm-sequential`` saves, what it costs in power, and how often it errs: by simulation.

    OMP_NUM_THREADS=1 python benchmarks/sequential.py --runs 300 -o sequential.json

Prints the tables of docs/sequential.md. Models are simulated item by item (tests/
simulated_answers.py) and judged by the own gates of the plugin. Error rates are
those of single claims at the edge of being true, where they are made falsely most often.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight import pairs
from pytest_vlmsight.gates import blind_outcome, ceiling_outcome
from pytest_vlmsight.settings import GateSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


ROOT = Path(__file__).resolve().parents[1]
GATE = GateSettings()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000, help="of each kind (1000)")
    parser.add_argument("--only", choices=("errors", "items"), help="one of both tables")
    parser.add_argument("-o", "--output", type=Path, help="JSON of all figures")
    parsed = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    # Counts recur from run to run, and an exact p-value takes longer than all the rest.
    for name in ("noninferiority_p", "inferiority_p", "mcnemar_p", "tango_interval"):
        setattr(pairs, name, functools.cache(getattr(pairs, name)))
    told: dict[str, Any] = {"runs": parsed.runs}
    if parsed.only != "items":
        told["errors"] = errors(runs=parsed.runs)
    if parsed.only != "errors":
        told["items"] = items(runs=parsed.runs)
    if parsed.output:
        parsed.output.write_text(json.dumps(told, indent=2) + "\n")


def errors(*, runs: int) -> list[dict[str, Any]]:
    """Rates of false claims at alpha .05, at the boundary of each null."""
    rows = []
    print("| claimed falsely | items | scenes | one by one | all at once | peeking |")
    print("|---|--:|---|--:|--:|--:|")
    for what, claim in CLAIMS.items():
        for n in (100, 400):
            for scene, alike in ((1, 0.0), (4, 0.3), (4, 0.8)):
                rates = claimed(claim, n=n, scene=scene, alike=alike, runs=runs)
                shown = "single items" if scene == 1 else f"of {scene}, {alike:g} alike"
                cells = " | ".join(f"{rate:.3f}" for rate in rates.values())
                print(f"| {what} | {n} | {shown} | {cells} |", flush=True)
                rows.append({"what": what, "n": n, "scene": scene, "alike": alike, **rates})
    return rows


CLAIMS = {
    "within a margin of .10, and is not": ("p_above", 0.10, (0.05, 0.15)),
    "beyond a margin of .10, and is not": ("p_below", 0.10, (0.05, 0.15)),
    "better, and is not": ("p_better", None, (0.15, 0.15)),
    "gains less than .10, and does not": ("p_below", -0.10, (0.15, 0.05)),
}
"""Claim → its test, the margin, and shares of items that V alone and R alone has right."""


def claimed(
    claim: tuple[str, float | None, tuple[float, float]],
    *,
    n: int,
    scene: int,
    alike: float,
    runs: int,
) -> dict[str, float]:
    """How often a claim is made at alpha, in three ways of looking.

    An item is as all of its scene with a probability of ``alike``. Peeking reads a z test at each
    look from 20 items on.
    """
    from pytest_vlmsight.evidence import Scenes, SequentialPairs

    test, margin, (won, lost) = claim
    arguments = () if margin is None else (margin,)
    rng = np.random.default_rng(n)
    sizes = (scene,) * (n // scene)
    scenes = Scenes(sizes, scene, complete=True)
    looks = np.array([k for k in range(n // 40 or 1, n + 1, n // 40 or 1) if k >= 20])
    sign = 1 if test != "p_below" else -1
    null = -(margin or 0.0)
    counts = np.zeros(3)
    for _ in range(runs):
        own, common = rng.random(n), np.repeat(rng.random(len(sizes)), scene)
        u = np.where(rng.random(n) < alike, common, own)
        v, r = (u < won).astype(float), ((u >= won) & (u < won + lost)).astype(float)
        d = v - r
        mean = d.cumsum() / np.arange(1, n + 1)
        spread = np.sqrt(((d**2).cumsum() / np.arange(1, n + 1) - mean**2) / np.arange(1, n + 1))
        z = sign * (mean - null)[looks - 1] > 1.645 * spread[looks - 1]
        one_by_one = getattr(SequentialPairs(v, r, scenes), test)(*arguments)
        at_once = getattr(pairs.Pairs(v, r), test)(*arguments)
        counts += one_by_one <= GATE.alpha, at_once <= GATE.alpha, z.any()
    rates = (counts / runs).tolist()
    return dict(zip(("one by one", "all at once", "peeking"), rates, strict=True))


def judges(tests: int) -> dict[str, Any]:
    """Gate → evaluation → outcome, by the last look: what was shown before stays shown."""
    return {
        "ceiling": lambda one: ceiling_outcome(one, gate=GATE, tests=tests, kind="matched"),
        "blind": lambda one: blind_outcome(one, gate=GATE, tests=tests),
    }


def items(*, runs: int) -> list[dict[str, Any]]:
    """Items used, and what is decided with and without stopping."""
    from simulated_answers import WORLDS, all_at_once, asked_until_enough

    rows = []
    print("| model | gates | items used: mean, 90% | ceiling | all at once | blind | all at once |")
    print("|---|--:|--:|---|---|---|---|")
    for name, world in WORLDS.items():
        for tests in (2, 20):
            judge = judges(tests)
            used = []
            outcomes: dict[str, Counter[str]] = {}
            for seed in range(runs):
                whole = world.evaluation(400, seed=seed)
                asked = asked_until_enough(whole, tests=tests)
                used.append(asked.n)
                for gate, of in judge.items():
                    outcomes.setdefault(gate, Counter())[of(asked)] += 1
                    outcomes.setdefault(f"{gate}, at once", Counter())[of(all_at_once(whole))] += 1
            shares = {
                gate: {str(outcome): count / runs for outcome, count in found.items()}
                for gate, found in outcomes.items()
            }
            most = float(np.quantile(used, 0.9))
            cells = " | ".join(shown(found) for found in shares.values())
            print(f"| {name} | {tests} | {np.mean(used):.0f}, {most:.0f} | {cells} |", flush=True)
            row = {"model": name, "tests": tests, "mean": float(np.mean(used)), "most": most}
            rows.append({**row, **shares})
    return rows


def shown(shares: Mapping[str, float]) -> str:
    """Outcomes with their shares, the commonest first."""
    found = sorted(shares.items(), key=lambda one: -one[1])
    return ", ".join(f"{outcome} {share:.3f}" for outcome, share in found)


if __name__ == "__main__":
    main()
