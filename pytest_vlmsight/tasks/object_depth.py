"""Generated task: which of two boxed objects is closer to the camera, as CV-Bench asks it.

For places, looks and sizes as they are, either object may be the closer one (see ``twins.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .decoys import balanced_index
from .depth_items import KNOBS, DepthScenes, Shot, rows_told, slices
from .generated import DEFAULT_CANVAS, Canvas, generated_task
from .item import Box, Item, Task, letter
from .knobs import spans_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from .twin_views import Mark, Outline
    from .twins import Twins

NAME = "object_depth"
VERSION = "1"
COLOURS = {"red": "#ff0000", "blue": "#0000ff"}
"""Name → colour of a box."""


def object_depth(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """The task.

    Args:
        canvas: the pictures' size; the boxes' colours are the task's own.
        difficulty: knob → span, see ``depth_items.KNOBS``.

    Raises:
        KnobError: there is no such knob, or not the span asked for.
    """
    spans = spans_of(KNOBS, difficulty, task=NAME)
    scenes = DepthScenes(NAME, VERSION, tuple(spans.values()), marked_boxes)
    return generated_task(
        name=NAME,
        version=VERSION,
        readout="depth",
        source="rooms with two boxed objects, either of which may be the closer one",
        make=_Maker(scenes, canvas),
        settings={"size": canvas.size, "spans": spans},
        knobs=KNOBS,
    )


def marked_boxes(
    _rng: np.random.Generator, twins: Twins, outlines: Sequence[Outline]
) -> tuple[Mark, Mark]:
    """A box around each thing, tight around what is seen of it."""
    first, second = (_box(twins, number, own) for number, own in enumerate(outlines))
    return first, second


def _box(twins: Twins, number: int, own: Outline) -> Mark:
    import numpy as np

    from .twin_views import Mark, length_of_ray

    depths = own.depth[own.thing].tolist()
    # fsum is exact, whatever the order: this mean decides where the object is put.
    mean = math.fsum(depths) / len(depths)
    held = twins.held[number]
    none = np.zeros(0, dtype=np.intp)
    return Mark(
        place=own.box,
        own=mean,
        extents=(min(depths), 1.0, length_of_ray(twins.camera, held.x, held.y)),
        rows=none,
        cols=none,
    )


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the items."""

    scenes: DepthScenes
    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        from .twin_views import FINE, outline

        found = self.scenes.find(seed, index)
        wanted, nearer = self.scenes.wanted(seed, index), self.scenes.nearer(seed, index)
        shot = Shot(self.scenes, seed, index, found.attempt, nearer)
        names = [held.thing.kind for held in found.twins.held]
        colours = list(COLOURS)
        if balanced_index(2, NAME, "red", seed, index):
            colours.reverse()
        boxes = []
        for number, colour in enumerate(colours):
            # Twice the pixels that the object was measured on: the box is tighter.
            edges = [edge * self.canvas.size for edge in outline(found.twins, number, FINE).box]
            x0, y0, x1, y1 = (round(edge, 3) for edge in edges)
            boxes.append(
                Box(
                    image=0,
                    x0=x0,
                    y0=y0,
                    x1=x1,
                    y1=y1,
                    label=letter(number),
                    colour=COLOURS[colour],
                )
            )
        name = f"{NAME}-{seed}-{index}"
        clean = (shot.picture(self.canvas),)
        draw = self.canvas.markers.for_item(name)
        middles = [(box.y0 + box.y1) / (2 * self.canvas.size) for box in boxes]
        one, other = (
            f"the {thing} (highlighted by a {colour} box)"
            for thing, colour in zip(names, colours, strict=True)
        )
        return Item(
            name=name,
            images=draw.paint_all(clean, points=(), boxes=boxes),
            clean_images=clean,
            question=(f"Which object is closer to the camera taking this photo, {one} or {other}?"),
            options=tuple(
                f"the {thing} ({colour} box)" for thing, colour in zip(names, colours, strict=True)
            ),
            answer=nearer,
            boxes=tuple(boxes),
            slices=(
                *slices(wanted),
                ("rows", rows_told((middles[0], middles[1]), nearer)),
                *draw.slices,
            ),
            depth_maps=(shot.depth_map(self.canvas),),
            draw=draw,
        )
