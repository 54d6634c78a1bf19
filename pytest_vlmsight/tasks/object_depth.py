"""Generated task: which of two boxed objects is closer to the camera, as CV-Bench asks it.

For places, looks and sizes as they are, either object may be the closer one (see ``twins.py``).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .decoys import balanced_index
from .depth_task import Asked, depth_task
from .generated import DEFAULT_CANVAS, Canvas
from .item import Box, Task, letter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from .depth_items import Found
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
    return depth_task(
        name=NAME,
        version=VERSION,
        source="rooms with two boxed objects, either of which may be the closer one",
        marked=marked_boxes,
        asked=_asked,
        canvas=canvas,
        difficulty=difficulty,
    )


def marked_boxes(
    _rng: np.random.Generator, twins: Twins, outlines: Sequence[Outline]
) -> tuple[Mark, Mark]:
    """A box around each thing, tight around what is seen of it."""
    first, second = (_mark(twins, number, own) for number, own in enumerate(outlines))
    return first, second


def _mark(twins: Twins, number: int, own: Outline) -> Mark:
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


def _asked(found: Found, size: int, seed: int, index: int) -> Asked:
    names = [held.thing.kind for held in found.twins.held]
    colours = list(COLOURS)
    if balanced_index(2, NAME, "red", seed, index):
        colours.reverse()
    boxes = tuple(
        _box(found.twins, number, size, COLOURS[colour]) for number, colour in enumerate(colours)
    )
    one, other = (
        f"the {thing} (highlighted by a {colour} box)"
        for thing, colour in zip(names, colours, strict=True)
    )
    first, second = (
        f"the {thing} ({colour} box)" for thing, colour in zip(names, colours, strict=True)
    )
    middle, other_middle = ((box.y0 + box.y1) / (2 * size) for box in boxes)
    return Asked(
        question=f"Which object is closer to the camera taking this photo, {one} or {other}?",
        options=(first, second),
        boxes=boxes,
        heights=(middle, other_middle),
    )


def _box(twins: Twins, number: int, size: int, colour: str) -> Box:
    from .twin_views import FINE, outline

    # Twice the pixels that the object was measured on: the box is tighter.
    edges = [edge * size for edge in outline(twins, number, FINE).box]
    x0, y0, x1, y1 = (round(edge, 3) for edge in edges)
    return Box(image=0, x0=x0, y0=y0, x1=x1, y1=y1, label=letter(number), colour=colour)
