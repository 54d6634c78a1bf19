"""The pictures of a run's items: its tasks are made again, and items are found by their ids."""

from __future__ import annotations

import base64
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from pytest_vlmsight.records.run_settings import run_settings
from pytest_vlmsight.tasks.generated import GenerationError
from pytest_vlmsight.tasks.presentation import present

from .attention_overlays import mapped_items
from .gallery import MOST_SHOWN, NoPicturesError, Pictured, Thumbnail, missed_items

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL.Image import Image

    from pytest_vlmsight.records.run import Run
    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Item, Task
    from pytest_vlmsight.tasks.own import MakeTask

SIDE = 320
"""Longest side of a thumbnail in px."""

_QUALITY = 80

_CANNOT = (ValueError, OSError, GenerationError)


class TaskPictures:
    """Gives the pictures of an item as they were shown, made when they are asked for.

    Only an item whose content is that of the run's has pictures.

    Args:
        run: whose items.
        canvas: how pictures of tasks are made; by default as the run's settings say, kept in the
            user's own cache and not where the record names a folder.
        own: name → what makes a task of a conftest.py.
    """

    def __init__(
        self,
        run: Run,
        *,
        canvas: Canvas | None = None,
        own: Mapping[str, MakeTask] | None = None,
    ) -> None:
        self._run, self._canvas, self._own = run, canvas, own or {}
        self._settings = run_settings(run)
        self._items: dict[str, dict[str, Item] | str] = {}  # or why there are none
        self._made: dict[tuple[str, tuple[int, ...]], tuple[Thumbnail, ...]] = {}

    def __call__(self, missed: Pictured) -> tuple[Thumbnail, ...]:
        """Of an item, in the order in which they were shown.

        Raises:
            NoPicturesError: its task cannot be made again or has other items now.
        """
        key = missed.id, missed.order
        if key not in self._made:
            items = self._items_of(missed.task)
            if missed.id not in items:
                raise NoPicturesError(f"task {missed.task} has other items now than in this run")
            try:
                presentation = present(items[missed.id], missed.order)
                self._made[key] = tuple(thumbnail(one.load()) for one in presentation.images)
            except _CANNOT as error:
                raise NoPicturesError(str(error)) from error
        return self._made[key]

    def _items_of(self, name: str) -> dict[str, Item]:
        """The items of a task by their ids, as far as some of them may be asked for."""
        if name not in self._items:
            try:
                items = self._task(name).make_items(self._needed[name], self._settings.seed)
                self._items[name] = {item.id: item for item in items}
            except _CANNOT as error:
                self._items[name] = str(error)
        known = self._items[name]
        if isinstance(known, str):
            raise NoPicturesError(known)
        return known

    def _task(self, name: str) -> Task:
        from pytest_vlmsight.tasks.registry import BUILT_IN
        from pytest_vlmsight.tasks.study.catalogue import STUDY

        if name in self._tasks:
            return self._tasks[name]
        if (
            name not in BUILT_IN and name not in STUDY and name not in self._own
        ):  # never a path that a record names
            raise ValueError(f"the run's settings do not make task {name} again")
        # Measured by a test of the user's, which may ask for others than the run's tasks.
        return self._resolved([name])[0]

    @cached_property
    def _tasks(self) -> dict[str, Task]:
        return {task.name: task for task in self._resolved(self._settings.tasks)}

    def _resolved(self, names: Sequence[str]) -> list[Task]:
        from dataclasses import replace

        from pytest_vlmsight.task_shelf import TaskShelf

        settings = self._settings
        canvas = self._canvas or replace(settings, cache_dir=None, data_dir=None).canvas()
        return TaskShelf(settings, own=self._own, canvas=canvas).tasks(names)

    @cached_property
    def _needed(self) -> dict[str, int]:
        """How many of each task's items hold all that may be asked for."""
        needed: dict[str, int] = {}
        for one in self._run.evaluations:
            first = missed_items(one, kind=self._settings.ceiling[0])[:MOST_SHOWN]
            last = max((missed.index for missed in first), default=-1)
            count = last + 1 if one.sequential is None else one.sequential.planned
            needed[one.task] = max(needed.get(one.task, 0), count)
        for diagnosis in self._run.diagnoses:
            for mapped in mapped_items(diagnosis):
                needed[mapped.task] = max(needed.get(mapped.task, 0), mapped.index + 1)
        return needed


def thumbnail(image: Image) -> Thumbnail:
    """A picture of at most ``SIDE`` px, as WebP."""
    small = image.copy()
    small.thumbnail((SIDE, SIDE))
    content = BytesIO()
    small.save(content, "WEBP", quality=_QUALITY)
    encoded = base64.b64encode(content.getvalue()).decode("ascii")
    return Thumbnail(
        uri=f"data:image/webp;base64,{encoded}", width=small.width, height=small.height
    )
