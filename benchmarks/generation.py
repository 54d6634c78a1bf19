"""How fast generated tasks make items and render them, on one core.

An item made is its geometry: points placed, decoys picked, the answer known. An item shown is all
of its pictures rendered, with markers, as a model is asked. Figures are CPU seconds of this
process, so that other work on the machine does not count; they depend on the processor.

    OMP_NUM_THREADS=1 python benchmarks/generation.py --n 100
    OMP_NUM_THREADS=1 python benchmarks/generation.py --n 10000 --make-only
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import replace

from pytest_vlmsight.tasks.generated import DEFAULT_CANVAS
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", help="names or globs (all built-in)")
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--make-only", action="store_true", help="render nothing")
    parsed = parser.parse_args()
    if not parsed.make_only:
        times = view_times(60)
        print(
            f"a view of 224 px, anti-aliased, of 12 solids in a room: median "
            f"{statistics.median(times):.1f} ms, highest {max(times):.1f} ms\n"
        )
    canvas = replace(DEFAULT_CANVAS, size=parsed.size)
    print(f"| task | items made/s | items shown/s | ms a picture ({parsed.size} px) |")
    print("| --- | --- | --- | --- |")
    for task in resolve(parsed.tasks or sorted(BUILT_IN), canvas=canvas):
        start = time.process_time()
        items = task.make_items(parsed.n, parsed.seed)
        made = len(items) / (time.process_time() - start)
        if parsed.make_only:
            print(f"| {task.name} | {made:.1f} | | | n={len(items)}", flush=True)
            continue
        start = time.process_time()
        for item in items:
            for picture in item.images:
                picture.load()
        spent = time.process_time() - start
        pictures = sum(len(item.images) for item in items)
        shown = len(items) / (spent + len(items) / made)
        print(f"| {task.name} | {made:.1f} | {shown:.1f} | {1000 * spent / pictures:.1f} |", flush=True)


if __name__ == "__main__":
    main()
