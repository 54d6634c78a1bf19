"""The tasks of a run, each made once, so that what was measured of one is known again."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from .settings import Settings
    from .tasks.generated import Canvas
    from .tasks.item import Task
    from .tasks.own import MakeTask


class TaskShelf:
    """Gives tasks by what is typed after ``--vlm-tasks``.

    Args:
        settings: of the run.
        own: name → what makes a task of a conftest.py.
        canvas: of pictures that are as the settings have them; by default as these say.

    Attributes:
        settings: as given.
        own: as given.
        planned: the run's own tasks, once they were asked for.
    """

    def __init__(
        self, settings: Settings, *, own: Mapping[str, MakeTask], canvas: Canvas | None = None
    ) -> None:
        self.settings, self.own, self._canvas = settings, own, canvas
        self.planned: tuple[Task, ...] = ()
        self._found: dict[Hashable, list[Task]] = {}
        self._made: dict[Hashable, Task] = {}
        self._of_run: set[int] = set()

    def plan(self) -> tuple[Task, ...]:
        """The tasks that the run's settings name.

        Raises:
            ValueError: as ``registry.resolve`` has it.
        """
        self.planned = tuple(self.tasks(self.settings.tasks))
        return self.planned

    def tasks(self, patterns: Sequence[str], settings: Settings | None = None) -> list[Task]:
        """The tasks that patterns stand for; see ``registry.resolve``.

        Args:
            patterns: as after ``--vlm-tasks``.
            settings: of pictures, markers and difficulty; the run's where it is None. Lines of
                the run's difficulty that are of no use to these tasks are left out.

        Raises:
            ValueError: as ``registry.resolve`` has it.
        """
        settings = settings or self.settings
        look = (settings.size, settings.marker, settings.difficulty)
        key = (*look, tuple(patterns))
        if key not in self._found:
            self._found[key] = [
                self._once(task, look) for task in self._resolved(patterns, settings)
            ]
        return self._found[key]

    def task(self, name: str, settings: Settings | None = None) -> Task:
        """The only task that a name, folder or glob stands for.

        Raises:
            ValueError: there are several, or as ``registry.resolve`` has it.
        """
        tasks = self.tasks([name], settings)
        if len(tasks) != 1:
            names = ", ".join(task.name for task in tasks)
            raise ValueError(f"{name} stands for {len(tasks)} tasks ({names}); name one")
        return tasks[0]

    def is_of_run(self, task: Task) -> bool:
        """Whether the run's settings make this very task, and no other of its name is the run's."""
        if id(task) not in self._of_run:
            return False
        return all(one is task for one in self.planned if one.name == task.name)

    def _resolved(self, patterns: Sequence[str], settings: Settings) -> list[Task]:
        from .tasks.registry import BUILT_IN, resolve

        difficulty, run = settings.difficulty, self.settings
        if difficulty and difficulty == run.difficulty and tuple(patterns) != run.tasks:
            named = resolve(patterns, own=self.own)
            names = [task.name for task in named if task.folder is None and task.name in BUILT_IN]
            difficulty = tuple(
                line for line in difficulty if any(fnmatchcase(name, line[0]) for name in names)
            )
        canvas = settings.canvas()
        if self._canvas is not None and settings is run:
            canvas = self._canvas
        return resolve(patterns, canvas=canvas, difficulty=difficulty, own=self.own)

    def _once(self, task: Task, look: tuple[Hashable, ...]) -> Task:
        folder = None if task.folder is None else task.folder.resolve()
        known = self._made.setdefault((task.name, folder, task.fingerprint, look), task)
        run = self.settings
        if look == (run.size, run.marker, run.difficulty):
            self._of_run.add(id(known))
        return known
