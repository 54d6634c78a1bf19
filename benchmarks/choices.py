"""Look for the first items of the default suite, and write down what was found.

The table saves a first run the search for its items (see pytest_vlmsight/tasks/choices.py). It is
to be written anew whenever a task's version or the spans of its difficulty change.

    python benchmarks/choices.py [--n 400] [--seed 0] [--jobs 2]
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING

from pytest_vlmsight.making import cores
from pytest_vlmsight.tasks.choices import FILE, Finder
from pytest_vlmsight.tasks.generated import GeneratedItems
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Choice


def look(name: str, seed: int, indices: Sequence[int]) -> list[Choice]:
    """What is found for some items of a task."""
    (task,) = resolve([name])
    assert isinstance(task.make_items, GeneratedItems)
    assert isinstance(task.make_items.make, Finder)
    return [task.make_items.make.found(seed, index)[0] for index in indices]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=cores())
    parsed = parser.parse_args()
    known = []
    with ProcessPoolExecutor(parsed.jobs, mp_context=get_context("spawn")) as pool:
        for task in resolve(sorted(BUILT_IN)):
            items = task.make_items
            if not isinstance(items, GeneratedItems) or not isinstance(items.make, Finder):
                continue
            some = [range(k, min(k + 10, parsed.n)) for k in range(0, parsed.n, 10)]
            found = pool.map(partial(look, task.name, parsed.seed), some)
            choices = [choice for part in found for choice in part]
            known.append(
                {
                    "task": task.name,
                    "fingerprint": task.fingerprint,
                    "seed": parsed.seed,
                    "choices": choices,
                }
            )
            print(f"{task.name}: {len(choices)}", flush=True)
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in known)
    partial_file = FILE.with_suffix(".partial")
    partial_file.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    partial_file.replace(FILE)
    print(f"wrote {FILE} ({FILE.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
