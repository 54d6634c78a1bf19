"""Tasks that a conftest.py brings along: the hook ``pytest_vlmsight_tasks``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from .generated import Canvas, GenerationError
from .item import READOUTS, Box, Item, Point, Task
from .pack import NAME, check_inside
from .pack_error import PackError, Place, shown
from .pack_line import MAX_OPTIONS, PackLine, check_image_count, check_labels

if TYPE_CHECKING:
    import pytest

MakeTask = Callable[[Canvas], Task]
"""Makes a task whose pictures are as a canvas says."""

_HOOK = "pytest_vlmsight_tasks"
_SEE = "see docs/own-tests.md, a task of your own"
_TEXTS = ("name", "version", "source", "licence")


class OwnTaskError(ValueError):
    """A task of a conftest.py that cannot be used; the message names it."""


def own_tasks(config: pytest.Config) -> dict[str, MakeTask]:
    """Names and makers of all conftest files and plugins.

    Raises:
        OwnTaskError: a hook returned something else, or a name is taken or cannot be one.
    """
    from .registry import BUILT_IN
    from .study.catalogue import STUDY

    found: dict[str, MakeTask] = {}
    for tasks in config.hook.pytest_vlmsight_tasks(config=config):
        if not isinstance(tasks, Mapping):
            raise OwnTaskError(
                f"{_HOOK} returned {shown(tasks)}; expected a dictionary, the name of each task → "
                f"what makes it; {_SEE}"
            )
        for name, make in tasks.items():
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise OwnTaskError(
                    f"{_HOOK}: got a task named {shown(name)}; expected letters, digits, '_', '-', "
                    "'.', in parts separated by '/'"
                )
            if not callable(make):
                raise OwnTaskError(
                    f"{_HOOK}: task {name}: got {shown(make)}; expected what makes the task, "
                    f"called with a canvas; {_SEE}"
                )
            if name in BUILT_IN or name in STUDY or name in found:
                other = "another conftest.py or plugin" if name in found else "a built-in task"
                raise OwnTaskError(
                    f"{_HOOK}: the name of task {name} is that of {other} too, and a record could "
                    "not tell the two apart; choose another name"
                )
            found[name] = make
    return found


def make_own(name: str, make: MakeTask, canvas: Canvas) -> Task:
    """Make one. Its items are checked whenever they are made.

    Raises:
        OwnTaskError: its maker fails, or what it returns is no such task.
    """
    try:
        task = make(canvas)
    except Exception as error:
        raise OwnTaskError(f"task {name}: what makes it failed: {_told(error)}") from error
    if not isinstance(task, Task):
        raise OwnTaskError(
            f"task {name}: what makes it returned {shown(task)}; expected a "
            f"pytest_vlmsight.Task; {_SEE}"
        )
    for field in _TEXTS:
        text = getattr(task, field)
        if not isinstance(text, str) or not text.strip():
            raise OwnTaskError(f"task {name}: {field}: got {shown(text)}; expected a text")
    if task.name != name:
        raise OwnTaskError(
            f"task {name}: what makes it returned a task named {shown(task.name)}; expected the "
            f"name that {_HOOK} gives it"
        )
    if task.readout not in READOUTS:
        raise OwnTaskError(
            f"task {name}: readout: got {shown(task.readout)}; expected one of "
            f"{', '.join(READOUTS)}"
        )
    return replace(task, make_items=_CheckedItems(task))


@dataclass(frozen=True, slots=True)
class _CheckedItems:
    """The items of a task, each found to be such as its readout needs."""

    task: Task

    def __call__(self, n: int, seed: int) -> list[Item]:
        """At most n items of a seed.

        Raises:
            OwnTaskError: they cannot be made, or are no such items.
            GenerationError: as the task itself says.
        """
        name = self.task.name
        try:
            items = list(self.task.make_items(n, seed))
        except GenerationError:
            raise
        except Exception as error:
            raise OwnTaskError(f"task {name}: make_items({n}, {seed}): {_told(error)}") from error
        if len(items) > n:
            raise OwnTaskError(
                f"task {name}: make_items({n}, {seed}) gave {len(items)} items; expected {n} at "
                "most"
            )
        first: dict[str, int] = {}
        for index, item in enumerate(items):
            if not isinstance(item, Item):
                raise OwnTaskError(
                    f"task {name}: item {index}: got {shown(item)}; expected a pytest_vlmsight.Item"
                )
            try:
                _check(item, self.task.readout, Place(Path(f"task {name}, item {index}")))
            except PackError as error:
                raise OwnTaskError(str(error)) from error
            if first.setdefault(item.id, index) != index:
                raise OwnTaskError(
                    f"task {name}: items {first[item.id]} and {index} of seed {seed} are the same; "
                    "expected different ones: each counts as evidence of its own"
                )
        return items


def _check(item: Item, readout: str, place: Place) -> None:
    """Be sure that an item is one that a task folder could have.

    Raises:
        PackError: it is not, naming the field.
    """
    options, images = item.options, item.images
    if not 2 <= len(set(options)) == len(options) <= MAX_OPTIONS:
        raise place.error("options", shown(options), f"2 to {MAX_OPTIONS} different ones")
    if not 0 <= item.answer < len(options):
        raise place.error("answer", shown(item.answer), f"0 to {len(options) - 1}")
    if not images:
        raise place.error("images", "none", "at least one")
    for field, others in (("clean_images", item.clean_images), ("depth_maps", item.depth_maps)):
        sizes = [other.size for other in others]
        if (others or field == "clean_images") and sizes != [image.size for image in images]:
            raise place.error(field, shown(sizes), "one per image, of its size")
    marks: list[tuple[str, Point | Box]] = [
        *((f"points[{i}]", point) for i, point in enumerate(item.points)),
        *((f"boxes[{i}]", box) for i, box in enumerate(item.boxes)),
    ]
    for field, mark in marks:
        if not 0 <= mark.image < len(images):
            expected = f"0 to {len(images) - 1}, the number of an image"
            raise place.error(f"{field}.image", shown(mark.image), expected)
        check_inside(place, field, mark, images)
    line = PackLine(
        place=place,
        id=item.name,
        images=tuple(image.digest for image in images),
        clean_images=None,
        question=item.question,
        options=options,
        answer=item.answer,
        points=item.points,
        boxes=item.boxes,
        slices=item.slices,
        depth_maps=tuple(depth.digest for depth in item.depth_maps),
    )
    check_labels(line, readout)
    check_image_count(line, readout)


def _told(error: Exception) -> str:
    """What went wrong in somebody's code, and where it is written."""
    import traceback

    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
