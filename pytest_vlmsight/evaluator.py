"""``vlm_evaluate``: evaluations that users' tests ask for, made as the run makes its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .open_models import PROTOCOL
from .options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .evaluation import Evaluation
    from .open_models import OpenModel, OpenModels
    from .settings import Settings
    from .task_shelf import TaskShelf
    from .tasks.item import Task

_OF_PICTURES = ("marker", "size", "difficulty")
CHANGEABLE = (*PROTOCOL, *_OF_PICTURES)
"""Settings of the run that one evaluation may have otherwise; the others are the model's."""


def changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Settings with some of them otherwise.

    Args:
        settings: of the run.
        changes: by the names of ``CHANGEABLE``, values as they are typed or as ``Settings`` has
            them; None leaves a setting as it is.

    Raises:
        TypeError: one of them cannot be changed.
        SettingError: a value is not what is expected.
    """
    options = {option.dest.removeprefix("vlm_"): option for option in OPTIONS}
    values = {}
    for name, value in changes.items():
        if name not in CHANGEABLE:
            raise TypeError(f"got {name}={value!r}; expected any of {', '.join(CHANGEABLE)}")
        if value is not None:
            values[name] = options[name].read(value)
    return replace(settings, **values)


@dataclass(frozen=True, slots=True, eq=False)
class AskedTask:
    """What the marker ``vlm_task`` asks of a test's models: a task, and how."""

    task: Task
    settings: Settings


def asked_tasks(shelf: TaskShelf, *names: object, **changes: Any) -> list[AskedTask]:
    """What a marker with these arguments asks for.

    Args:
        shelf: gives tasks.
        names: as after ``--vlm-tasks``; the run's tasks where there are none.
        changes: see ``changed``.

    Raises:
        TypeError: a name is no text, or a setting cannot be changed.
        ValueError: a name stands for nothing, or a setting is not what is expected.
    """
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise TypeError(f"got {wrong[0]!r}; expected names, folders or globs of tasks")
    settings = changed(shelf.settings, changes)
    tasks = shelf.tasks([str(name) for name in names] or settings.tasks, settings)
    return [AskedTask(task, settings) for task in tasks]


class Evaluator:
    """Evaluates a model of the run.

    Args:
        models: of the run.
        opened: the one.
    """

    def __init__(self, models: OpenModels, opened: OpenModel) -> None:
        self._models, self._opened = models, opened

    def __call__(self, task: str | Task, **changes: Any) -> Evaluation:
        """Evaluate a task as the run does, or give what was measured of it before.

        Args:
            task: a name or folder as after ``--vlm-tasks``, or a task.
            changes: settings that this evaluation has otherwise than the run: items, seed, blind,
                ceiling, scoring, rotations, and marker, size and difficulty for a task given by
                its name.

        Raises:
            MeasurementError: it cannot be measured.
            ValueError: there is no such task, it is broken, or a setting is not what is expected.
            TypeError: a setting cannot be changed.
        """
        shelf = self._models.shelf
        settings = changed(shelf.settings, changes)
        if isinstance(task, str):
            task = shelf.task(task, settings)
        elif given := [name for name in _OF_PICTURES if changes.get(name) is not None]:
            raise TypeError(
                f"got {', '.join(given)} for a task that is made already; expected it for a task "
                "that is given by its name"
            )
        return self.evaluation(AskedTask(task, settings))

    def evaluation(self, asked: AskedTask) -> Evaluation:
        """What a marker asks for.

        Raises:
            MeasurementError: it cannot be measured.
        """
        return self._models.evaluation(self._opened, asked.task, asked.settings)
