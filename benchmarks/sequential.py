"""What ``--vlm-sequential`` saves, what it costs in power, and how often it errs: by simulation.

    OMP_NUM_THREADS=1 python benchmarks/sequential.py --runs 1000 -o sequential.json

Prints the tables of docs/sequential.md. Models are simulated item by item (tests/
simulated_answers.py) and judged by the plugin's own gates, look by look. "Peeking" is what looking
at the usual tests at every look and stopping at the first that shows something would do (of a
tenth of the runs: it takes longest).
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
from pytest_vlmsight.gates import Outcome, blind_outcome, ceiling_outcome
from pytest_vlmsight.settings import GateSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulated_answers import World

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
    for name in ("noninferiority_p", "inferiority_p", "mcnemar_p"):
        setattr(pairs, name, functools.cache(getattr(pairs, name)))
    told: dict[str, Any] = {"runs": parsed.runs}
    if parsed.only != "items":
        told["errors"] = errors(runs=parsed.runs)
    if parsed.only != "errors":
        told["items"] = items(runs=parsed.runs)
    if parsed.output:
        parsed.output.write_text(json.dumps(told, indent=2) + "\n")


def nulls() -> Mapping[str, tuple[str, Outcome, dict[str, Any], int]]:
    """What is shown → gate, outcome, the world in which that is just not so, and gates of the run.

    Claims of FAIL are made at alpha / m.
    """
    return {
        "ceiling PASS (sighted = ceiling − .10)": (
            "ceiling",
            Outcome.PASS,
            {"eye": 0.95, "mouth": 0.85, "blind": 0.5, "reads": 0.8},
            2,
        ),
        "ceiling FAIL (sighted = ceiling − .10)": (
            "ceiling",
            Outcome.FAIL,
            {"eye": 0.95, "mouth": 0.85, "blind": 0.5, "reads": 0.8},
            1,
        ),
        "blind PASS (no gain, above chance)": (
            "blind",
            Outcome.PASS,
            {"eye": 0.95, "mouth": 0.8, "blind": 0.8, "guesses": 0.7},
            2,
        ),
        "blind PASS (a gain, at chance)": (
            "blind",
            Outcome.PASS,
            {"eye": 0.95, "mouth": 0.5, "blind": 0.2, "guesses": 0.7},
            2,
        ),
        "blind FAIL (gain of .10)": (
            "blind",
            Outcome.FAIL,
            {"eye": 0.95, "mouth": 0.6, "blind": 0.5, "guesses": 0.9},
            1,
        ),
    }


def errors(*, runs: int) -> list[dict[str, Any]]:
    """Rates of false claims at alpha .05, at the boundary of each null."""
    from simulated_answers import World

    rows = []
    print("| claimed falsely | items | scenes | one by one | all at once | peeking |")
    print("|---|--:|---|--:|--:|--:|")
    for what, (gate, outcome, truth, tests) in nulls().items():
        for n in (100, 400):
            for scene, alike in ((1, 0.0), (4, 0.3), (4, 0.8)):
                world = World(**truth, scene=scene, alike=alike)
                rates = claimed(world, n=n, runs=runs, gate=gate, outcome=outcome, tests=tests)
                shown = "single items" if scene == 1 else f"of {scene}, {alike:g} alike"
                cells = " | ".join(f"{rate:.3f}" for rate in rates.values())
                print(f"| {what} | {n} | {shown} | {cells} |", flush=True)
                rows.append({"what": what, "n": n, "scene": scene, "alike": alike, **rates})
    return rows


def claimed(
    world: World, *, n: int, runs: int, gate: str, outcome: Outcome, tests: int
) -> dict[str, float]:
    """How often a gate claims an outcome, in three ways of looking."""
    from simulated_answers import all_at_once

    judge = judges(tests)[gate]
    counts, few = np.zeros(3), max(1, runs // 10)
    for seed in range(runs):
        whole = world.evaluation(n, seed=seed)
        sequential = whole.sequential
        assert sequential is not None
        looks = [look for look in sequential.looks if look >= 20]
        peeked = (judge(all_at_once(whole.first(look))) == outcome for look in looks)
        # Asked to its end: whatever another gate would stop, this one has all its chances.
        counts += (
            judge(whole) == outcome,
            judge(all_at_once(whole)) == outcome,
            seed < few and any(peeked),
        )
    rates = counts / (runs, runs, few)
    return dict(zip(("one by one", "all at once", "peeking"), rates.tolist(), strict=True))


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
