"""Writes a task as a folder and reads it back, for tests of generated tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.markers import DEFAULT_MARKERS, Markers
from pytest_vlmsight.tasks.pack import load_task
from pytest_vlmsight.tasks.packing import pack_task

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item, Task


def content(item: Item) -> tuple[object, ...]:
    """All that a folder keeps of an item, with pixels instead of digests."""
    kept = {p.digest: p.load() for p in {*item.images, *item.clean_images}}  # each loaded once
    pixels = [
        [(picture.size, kept[picture.digest].tobytes()) for picture in pictures]
        for pictures in (item.images, item.clean_images)
    ]
    words = (item.name, item.question, item.options, item.answer, sorted(item.slices))
    return (*words, item.points, item.boxes, pixels)


def assert_is_read_back(
    task: Task, items: list[Item], folder: Path, *, markers: Markers = DEFAULT_MARKERS
) -> None:
    """The items, which the task made, are the same after a journey through a folder."""
    made = replace(task, make_items=lambda n, seed: items)
    assert pack_task(made, folder, n=len(items), seed=0) == len(items)
    read = load_task(folder, markers=markers)
    assert (read.name, read.version, read.readout) == (task.name, task.version, task.readout)
    found = {item.name: item for item in read.make_items(len(items), 0)}
    assert [content(found[item.name]) for item in items] == [content(item) for item in items]
