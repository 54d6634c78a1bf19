"""Tasks that ask which of two things is closer: their items from twin scenes with marks.

A task says how the two are marked and how it asks about them; the scenes are of
``depth_items.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .depth_items import KNOBS, DepthScenes, Found, Shot, rows_told, slices
from .generated import Canvas, generated_task
from .item import Box, Item, Point, Task
from .knobs import spans_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .twin_views import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How an item asks about the two things of its scene.

    Attributes:
        question: without the options.
        options: the first thing and the second.
        heights: y of the middle of each mark, in shares of the side.
        points: the marks, in px.
        boxes: likewise.
    """

    question: str
    options: tuple[str, str]
    heights: tuple[float, float]
    points: tuple[Point, ...] = ()
    boxes: tuple[Box, ...] = ()


def depth_task(
    *,
    name: str,
    version: str,
    source: str,
    marked: Callable[..., tuple[Mark, Mark] | None],
    asked: Callable[[Found, int, int, int], Asked],
    canvas: Canvas,
    difficulty: Mapping[str, str],
) -> Task:
    """A task that asks which of two things is closer.

    Args:
        name: of the task.
        version: see ``generated_task``.
        source: likewise.
        marked: see ``DepthScenes``.
        asked: see ``DepthItems``.
        canvas: how pictures are made and marked.
        difficulty: knob → span, see ``depth_items.KNOBS``.

    Raises:
        KnobError: a knob is unknown or beyond its limits.
    """
    spans = spans_of(KNOBS, difficulty, task=name)
    scenes = DepthScenes(name, version, tuple(spans.values()), marked)
    return generated_task(
        name=name,
        version=version,
        readout="depth",
        source=source,
        make=DepthItems(scenes=scenes, asked=asked, canvas=canvas),
        settings={"size": canvas.size, "spans": spans},
        knobs=KNOBS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthItems:
    """Makes the items of a task; picklable, so that tasks travel to workers.

    Attributes:
        scenes: what they show.
        asked: (twins and marks, side of the picture in px, seed, index) → how the item asks.
        canvas: how the pictures are made.
    """

    scenes: DepthScenes
    asked: Callable[[Found, int, int, int], Asked]
    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        """Item ``index`` of a seed.

        Raises:
            GenerationError: no scene was found.
        """
        found = self.scenes.find(seed, index)
        wanted, nearer = self.scenes.wanted(seed, index), self.scenes.nearer(seed, index)
        asked = self.asked(found, self.canvas.size, seed, index)
        shot = Shot(self.scenes, seed, index, found.attempt, nearer)
        clean = (shot.picture(self.canvas),)
        name = f"{self.scenes.task}-{seed}-{index}"
        draw = self.canvas.markers.for_item(name, marks=(*asked.points, *asked.boxes))
        return Item(
            name=name,
            images=draw.paint_all(clean, points=asked.points, boxes=asked.boxes),
            clean_images=clean,
            question=asked.question,
            options=asked.options,
            answer=nearer,
            points=asked.points,
            boxes=asked.boxes,
            slices=(*slices(wanted), ("rows", rows_told(asked.heights, nearer)), *draw.slices),
            depth_maps=(shot.depth_map(self.canvas),),
            draw=draw,
        )
