"""How fast generated tasks make items and render them, on one core.

An item made is its geometry: points placed, decoys picked, the answer known. An item shown is all
of its pictures rendered, with markers, as a model is asked. Figures are CPU seconds of this
process, so that other work on the machine does not count; they depend on the processor.

    OMP_NUM_THREADS=1 python benchmarks/generation.py --n 100
    OMP_NUM_THREADS=1 python benchmarks/generation.py --n 10000 --sweep texture shape

A sweep makes items only, goes on after a failure and counts them; `--first 4000` goes on where an
earlier one was stopped.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import DEFAULT_CANVAS, GeneratedItems, GenerationError
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Task


def view_times(repeats: int) -> list[float]:
    """Milliseconds for anti-aliased views of 224 px of cluttered rooms."""
    from pytest_vlmsight.tasks.generated import generator
    from pytest_vlmsight.tasks.scenes import drawn
    from pytest_vlmsight.tasks.scenes.render import render
    from pytest_vlmsight.tasks.scenes.scene import Scene, Thing
    from pytest_vlmsight.tasks.scenes.solids import KINDS, Solid

    times = []
    for number in range(repeats):
        rng = generator("benchmark", number)
        things = tuple(
            Thing(
                kind="thing",
                solids=tuple(
                    Solid(
                        kind=drawn.one_of(rng, KINDS),
                        centre=(0.0, 0.0, 0.6 * part),
                        half=(0.5 - 0.2 * part, 0.5 - 0.2 * part, 0.5 - 0.2 * part),
                        top=0.5,
                    )
                    for part in range(2)
                ),
                skins=(drawn.texture(rng),),
                position=(1.4 * (k % 3) - 1.4, 1.4 * (k // 3) - 0.7, 0.5),
            )
            for k in range(6)
        )
        room = drawn.room(rng, low=(-4.0, -5.0, 0.0), high=(4.0, 4.0, 4.0))
        scene = Scene(room=room, things=things, light=drawn.light(rng))
        camera = drawn.around(rng, target=(0.0, 0.0, 0.5), distance=4.5, elevation=(10, 40))
        if number == 0:
            render(scene, camera, 224)  # the noise volume is made once
        start = time.process_time()
        render(scene, camera, 224)
        times.append(1000 * (time.process_time() - start))
    return times


def sweep(tasks: list[Task], *, first: int, n: int, seed: int) -> int:
    """Make items one by one; the number of failures."""
    failures = 0
    for task in tasks:
        assert isinstance(task.make_items, GeneratedItems)
        start, failed = time.process_time(), 0
        ids = set()
        for index in range(first, n):
            try:
                ids.add(task.make_items.make(seed, index).id)
            except GenerationError as error:
                failed += 1
                print(error, flush=True)
            if (index + 1) % 500 == 0:
                print(f"{task.name}: {index + 1} of {n}, {failed} failed", flush=True)
        made = n - first
        rate = made / (time.process_time() - start)
        print(
            f"{task.name}: items {first} to {n - 1} of seed {seed}: {failed} failures, "
            f"{len(ids)} different, {rate:.1f} items/s",
            flush=True,
        )
        failures += failed
    return failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", help="names or globs (all built-in)")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--sweep", action="store_true", help="make items only, count failures")
    parser.add_argument("--first", type=int, default=0, help="index of a sweep's first item")
    parsed = parser.parse_args()
    canvas = replace(DEFAULT_CANVAS, size=parsed.size)
    if parsed.sweep:
        tasks = resolve(parsed.tasks or sorted(BUILT_IN), canvas=canvas)
        sys.exit(sweep(tasks, first=parsed.first, n=parsed.n, seed=parsed.seed) > 0)
    times = view_times(60)
    print(
        f"a view of 224 px, anti-aliased, of 12 solids in a room: median "
        f"{statistics.median(times):.1f} ms, highest {max(times):.1f} ms\n"
    )
    print(f"| task | items made/s | items shown/s | ms a picture ({parsed.size} px) |")
    print("| --- | --- | --- | --- |")
    for task in resolve(parsed.tasks or sorted(BUILT_IN), canvas=canvas):
        start = time.process_time()
        items = task.make_items(parsed.n, parsed.seed)
        made = len(items) / (time.process_time() - start)
        start = time.process_time()
        for item in items:
            for picture in item.images:
                picture.load()
        spent = time.process_time() - start
        pictures = sum(len(item.images) for item in items)
        shown = len(items) / (spent + len(items) / made)
        print(
            f"| {task.name} | {made:.1f} | {shown:.1f} | {1000 * spent / pictures:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
