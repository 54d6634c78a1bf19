"""The models of a run: each is loaded when it is asked for and freed when nobody holds it.

The run's own cases and users' tests share what is loaded, and what was measured.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .models.base import MeasurementError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from .evaluation import Evaluation
    from .making import Ahead
    from .models.base import Vlm
    from .models.names import ModelName
    from .plan import Plan
    from .progress import Progress
    from .records.cache import AnswerCache
    from .settings import Settings
    from .task_shelf import TaskShelf
    from .tasks.item import Task

PROTOCOL = ("items", "seed", "blind", "ceiling", "scoring", "rotations")
"""Settings that decide how a model is asked about a task."""


class OpenModel:
    """A model that is loaded.

    Attributes:
        name: as shown.
        vlm: the model.
        cache: what was answered before; None where nothing is kept.
        holders: how many hold it.
    """

    def __init__(self, name: str, *, vlm: Vlm, cache: AnswerCache | None) -> None:
        self.name, self.vlm, self.cache, self.holders = name, vlm, cache, 0

    @property
    def cache_warnings(self) -> tuple[str, ...]:
        """What was wrong with the cache so far, a line each."""
        return () if self.cache is None else tuple(self.cache.told)


class OpenModels:
    """All models of a run.

    Args:
        shelf: the run's settings and tasks.
        own: name → what loads a model of a conftest.py.

    Attributes:
        shelf: as given.
        progress: where progress is shown, if anywhere.
        ahead: what makes items before they are asked for, while the run's tests run.
        plan: of the run's own cases; None where it has none.
    """

    def __init__(self, shelf: TaskShelf, *, own: Mapping[str, Callable[[], Vlm]]) -> None:
        self.shelf = shelf
        self.progress: Progress | None = None
        self.ahead: Ahead | None = None
        self.plan: Plan | None = None
        self._own = own
        self._open: dict[str, OpenModel] = {}
        self._failed: dict[str, ModelError] = {}
        self._failures_told: set[str] = set()
        self._measured: dict[Hashable, tuple[Task, Evaluation | MeasurementError]] = {}
        self._new: list[Evaluation] = []
        self._warned: set[str] = set()
        self._handed: set[tuple[str, str]] = set()

    def take(self, name: ModelName) -> OpenModel:
        """Hold a model, which is loaded where nobody holds it; one attempt is made.

        Raises:
            ModelError: it cannot be loaded.
        """
        if name.shown in self._failed:
            raise self._failed[name.shown]
        if name.shown not in self._open:
            try:
                self._open[name.shown] = self._loaded(name)
            except ModelError as error:
                self._failed[name.shown] = error
                raise
        opened = self._open[name.shown]
        opened.holders += 1
        return opened

    def give_back(self, opened: OpenModel) -> None:
        """Hold it no longer; it is freed where nobody does."""
        opened.holders -= 1
        if opened.holders:
            return
        del self._open[opened.name]
        opened.vlm.close()
        if opened.cache is not None:
            opened.cache.close()

    def opened(self, vlm: object) -> OpenModel | None:
        """What is open of a model."""
        return next((one for one in self._open.values() if one.vlm is vlm), None)

    def told(self, name: str, error: ModelError) -> str:
        """What went wrong, in full the first time and then as a reference."""
        if name in self._failures_told:
            return f"{name} could not be loaded: see the first ERROR of this model"
        self._failures_told.add(name)
        return str(error)

    def evaluation(
        self, opened: OpenModel, task: Task, settings: Settings | None = None
    ) -> Evaluation:
        """The evaluation of a task, made once.

        Only tasks of the run's own cases are stopped early: it is their gates that say when.

        Args:
            opened: the model.
            task: what it is asked about.
            settings: how it is asked; the run's where it is None.

        Raises:
            MeasurementError: the same again at every call.
        """
        from .evaluation import evaluate

        run = self.shelf.settings
        settings = settings or run
        protocol = tuple(getattr(settings, name) for name in PROTOCOL)
        key = (opened.name, id(task), protocol)
        if key not in self._measured:
            of_run = self.shelf.is_of_run(task) and protocol == tuple(
                getattr(run, name) for name in PROTOCOL
            )
            enough = None
            if settings.sequential and self.plan is not None and of_run:
                enough = self.plan.enough(opened.name, task)
            try:
                if of_run and self.ahead is not None:
                    self.ahead.wait(task, told=self.progress)
                evaluation = evaluate(
                    opened.vlm,
                    task,
                    settings=replace(settings, sequential=enough is not None),
                    progress=self.progress,
                    cache=opened.cache,
                    enough=enough,
                )
            except MeasurementError as error:
                self._measured[key] = task, error
            else:
                self._measured[key] = task, evaluation
                if of_run and (opened.name, task.name) not in self._handed:
                    self._handed.add((opened.name, task.name))
                    self._new.append(evaluation)
        known = self._measured[key][1]
        if isinstance(known, MeasurementError):
            raise known
        return known

    def newly_measured(self) -> list[Evaluation]:
        """Evaluations of the run that were made since this was asked last.

        Of other settings than the run's there are none, nor of tasks that it could not make by
        their names: a record could not tell them from its own.
        """
        new, self._new = self._new, []
        return new

    def new_warnings(self) -> list[str]:
        """What was wrong with caches since this was asked last, a line each."""
        new = [
            told
            for opened in self._open.values()
            for told in opened.cache_warnings
            if told not in self._warned
        ]
        self._warned.update(new)
        return new

    def close(self) -> None:
        """Have no terminal any more."""
        if self.progress is not None:
            self.progress.close()

    def _loaded(self, name: ModelName) -> OpenModel:
        from .records.cache import AnswerCache

        settings = self.shelf.settings
        if name.shown in self._own:
            from .models.own import load_own

            vlm = load_own(name.shown, self._own[name.shown])
        else:
            from .models.transformers_vlm import TransformersVlm

            vlm = TransformersVlm.from_name(
                name,
                device=settings.device,
                dtype=settings.dtype,
                batch=settings.batch,
                images=settings.images,
                trust_remote_code=settings.trust_remote_code,
            )
        folder = settings.cache_folder()
        cache = None if folder is None else AnswerCache(folder)
        return OpenModel(name.shown, vlm=vlm, cache=cache)
