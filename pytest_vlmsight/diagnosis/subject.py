"""Who is diagnosed: a model and a task, with the items and answers that parts work on."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_vlmsight import questions
from pytest_vlmsight.evaluation import evaluate, in_source_order, presentations
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.remembered import Remembered
from pytest_vlmsight.tasks.generated import GenerationError

from .tuning import Tuning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.evaluation import Answers, Evaluation, Progress
    from pytest_vlmsight.models.base import Vlm
    from pytest_vlmsight.models.wordings import Wording
    from pytest_vlmsight.records.cache import AnswerCache
    from pytest_vlmsight.settings import Settings
    from pytest_vlmsight.tasks.item import Item, Task
    from pytest_vlmsight.tasks.presentation import Presentation


class Subject:
    """One (model, task).

    Args:
        vlm: the loaded model.
        task: what it is asked about.
        settings: of the run: items, seed, rotations, alpha.
        evaluation: what was measured already; made where a part needs it and it is None.
        told: of progress.
        cache: of answers, for an evaluation that is made.
        tuning: budget of parts that tune.
        rollout: whether part attention makes a rollout, too.

    Attributes:
        vlm: as given. Whoever changes its weights puts them back.
        task: as given.
        settings: as given.
        tuning: as given, or the usual one.
        rollout: as given.
    """

    def __init__(
        self,
        vlm: Vlm,
        task: Task,
        *,
        settings: Settings,
        evaluation: Evaluation | None = None,
        told: Progress | None = None,
        cache: AnswerCache | None = None,
        tuning: Tuning | None = None,
        rollout: bool = False,
    ) -> None:
        self.tuning, self.rollout = tuning or Tuning(), rollout
        self.vlm, self.task, self.settings = vlm, task, settings
        self._evaluation, self._told, self._cache = evaluation, told, cache

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """Those of the evaluation, in its order.

        Raises:
            MeasurementError: there are none, or they cannot be made.
        """
        try:
            items = self.task.make_items(self.settings.items, self.settings.seed)
        except GenerationError as error:
            raise MeasurementError(str(error)) from error
        if not items:
            raise MeasurementError(f"task {self.task.name} has no items")
        return tuple(items)

    @cached_property
    def presentations(self) -> list[list[Presentation]]:
        """Per item how it is shown: its rotations, as in the evaluation.

        Raises:
            MeasurementError: the items do not have so many options.
        """
        return presentations(self.items, self.settings)

    @cached_property
    def evaluation(self) -> Evaluation:
        """The answers sighted and blind, and the ceilings.

        Raises:
            MeasurementError: they cannot be had.
        """
        if self._evaluation is not None:
            return self._evaluation
        return evaluate(
            self.vlm, self.task, settings=self.settings, progress=self._told, cache=self._cache
        )

    def worded(self, wording: Wording, *, blind: str) -> Evaluation:
        """The answers by letters to questions that are worded so.

        Args:
            wording: of the questions.
            blind: the kind of blindness.

        Raises:
            MeasurementError: they cannot be had.
        """
        settings = replace(self.settings, blind=(blind,), ceiling=(), scoring="letters")
        told = self._told

        def progress(what: str, done: int, total: int) -> None:
            if told is not None:
                told(f"{what}, wording {wording.name}", done, total)

        return evaluate(
            self.vlm,
            self.task,
            settings=settings,
            progress=progress,
            cache=self._cache,
            wording=wording,
        )

    def letters(
        self, shown: Sequence[Presentation], *, what: str, blind: str | None = None
    ) -> Answers:
        """The answers by letters to items as they are shown here, one presentation of each.

        Args:
            shown: one of each item.
            what: is asked, for progress.
            blind: the kind of blindness; None asks sighted.

        Raises:
            MeasurementError: they cannot be had.
        """
        asked = [[one] for one in shown]
        model = Remembered(
            self.vlm,
            self.task,
            cache=self._cache,
            scoring="letters",
            told=self._told or (lambda _, __, ___: None),
        )
        put = (
            questions.sighted(asked)
            if blind is None
            else questions.blind(blind, asked, seed=self.settings.seed)
        )
        return in_source_order(model.ask(what, put), asked)

    @property
    def alpha(self) -> float:
        """Error rate of tests, as the gates of this task have it."""
        return self.settings.gate_for(self.task.name).alpha

    @property
    def confidence(self) -> float:
        """Of intervals, two-sided, as the gates' are."""
        return 1 - 2 * self.alpha

    def told(self, what: str, done: int, total: int) -> None:
        """Tell of progress: what is being done, how much of it, of how much."""
        if self._told is not None:
            self._told(f"{self.task.name} {what}", done, total)
