"""The nodes of a run: ``vlmsight`` → a model → its cases, ``vlmsight::MODEL::TASK::GATE``.

Models come first so that each is loaded once. A case's setup measures (what cannot be measured is
an ERROR), its call judges (a gate not met is a FAILURE). The gates of a task share one
evaluation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from .models.base import MeasurementError, ModelError
from .plan import REGRESSION, Plan
from .report.properties import evaluation_properties, verdict_properties
from .report.slices import table
from .tasks.item import NO_READOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .diagnosis.result import Diagnosis
    from .evaluation import Evaluation
    from .gates import Verdict
    from .models.names import ModelName
    from .open_models import OpenModel, OpenModels
    from .settings import GateSettings
    from .tasks.item import Task


class GateFailure(Exception):  # noqa: N818 - a failed test, not an error
    """A gate is not met; the message is what its case shows."""


class VlmSuite(pytest.Collector):
    """All models of the run."""

    def __init__(self, *, plan: Plan, models: OpenModels, **node: Any) -> None:
        super().__init__(**node)
        self.plan, self.models = plan, models

    def collect(self) -> Iterable[VlmModel]:
        """One node per model that has a wanted case."""
        for name in self.plan.names:
            model = VlmModel.from_parent(
                self,
                name=name.shown,
                nodeid=f"{self.nodeid}::{name.shown}",
                plan=self.plan,
                models=self.models,
                source=name,
            )
            if any(True for _ in model.collect()):
                yield model


class VlmModel(pytest.Collector):
    """One model: loaded when its first case is set up, freed after its last."""

    def __init__(self, *, plan: Plan, models: OpenModels, source: ModelName, **node: Any) -> None:
        super().__init__(**node)
        self.plan, self.models, self.source = plan, models, source
        self._opened: OpenModel | None = None
        self._not_passed: dict[str, Task] = {}
        self._diagnosed: list[Diagnosis] = []

    def collect(self) -> Iterator[VlmCase]:
        """The gates of every task."""
        for task in self.plan.tasks:
            for gate in self.plan.gates:
                name = f"{task.name}::{gate}"
                # The id is spelled out because pytest from 9.2 on would take a name with "::" for
                # one part of it and then not know it from the same id in its cache (--lf, --sw).
                nodeid = f"{self.nodeid}::{name}"
                if self.plan.wants(nodeid):
                    yield self._case(name=name, nodeid=nodeid, task=task, gate=gate)

    def _case(self, *, gate: str, **node: Any) -> VlmCase:
        if gate != REGRESSION:
            return VlmCase.from_parent(self, gate=gate, model=self, **node)
        from .regression_case import RegressionCase

        return RegressionCase.from_parent(
            self, gate=gate, model=self, baselines=self.plan.baselines, **node
        )

    def setup(self) -> None:
        """Load the model; raising here makes every case of it an ERROR after one attempt."""
        self._opened = self.models.take(self.source)

    def teardown(self) -> None:
        """Free the model, where no test of the user's holds it."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            self.models.give_back(opened)

    @property
    def cache_warnings(self) -> tuple[str, ...]:
        """What was wrong with the cache so far, a line each."""
        return () if self._opened is None else self._opened.cache_warnings

    def evaluation(self, task: Task) -> Evaluation:
        """The evaluation of a task, made once.

        Raises:
            MeasurementError: the same again at every call.
        """
        assert self._opened is not None
        return self.models.evaluation(self._opened, task)

    def not_passed(self, task: Task) -> None:
        """A gate of a task is judged FAIL or INCONCLUSIVE, whatever its case makes of that."""
        self._not_passed[task.name] = task

    def diagnose(self) -> None:
        """Run the parts asked for on each task with a gate that was not passed.

        All gates are judged by then. Nothing is raised: what goes wrong is in the diagnoses.
        """
        settings = self.plan.settings
        if not settings.diagnose or self._opened is None:
            return
        from .diagnosis.parts import chosen, diagnose
        from .diagnosis.subject import Subject

        while self._not_passed:
            _, task = self._not_passed.popitem()
            try:
                evaluation = self.evaluation(task)  # it was made when the gates were judged
            except MeasurementError:
                continue
            one_by_one = evaluation.sequential is not None
            subject = Subject(
                self._opened.vlm,
                task,
                settings=replace(settings, sequential=False),
                # Diagnosis takes all items, in their own order; what was asked is mostly kept.
                evaluation=None if one_by_one else evaluation,
                told=self.models.progress,
                cache=self._opened.cache,
            )
            self._diagnosed += diagnose(
                subject, chosen(settings.diagnose), tests=self.plan.gates_collected
            )

    def newly_diagnosed(self) -> list[Diagnosis]:
        """What was diagnosed since this was last asked for."""
        found, self._diagnosed = self._diagnosed, []
        return found


class VlmCase(pytest.Item):
    """One gate of one (model, task)."""

    def __init__(self, *, task: Task, gate: str, model: VlmModel, **node: Any) -> None:
        super().__init__(**node)
        self.task, self.gate, self.model = task, gate, model
        self._evaluation: Evaluation | None = None
        self.user_properties += [
            ("vlm_model", model.name),
            ("vlm_task", task.name),
            ("vlm_gate", gate),
        ]

    def setup(self) -> None:
        """Measure."""
        evaluation = self.measure()
        if self.gate == "ceiling" and self.task.readout == NO_READOUT:
            from .ceiling import UNDECIDED

            pytest.skip(f"{self.task.name}: {UNDECIDED}; its blind gate is judged")
        kind = self.model.plan.settings.ceiling[0]
        if self.gate == "ceiling" and kind in evaluation.unmeasured:
            raise MeasurementError(
                f"the {kind} ceiling of {self.task.name} could not be measured: "
                f"{evaluation.unmeasured[kind]}"
            )

    def measure(self) -> Evaluation:
        """The evaluation, which the case's properties tell.

        Raises:
            MeasurementError: there is none.
        """
        try:
            evaluation = self.model.evaluation(self.task)
        finally:
            warned = self.model.cache_warnings
            self.user_properties += [("vlm_cache_warning", told) for told in warned]
        kind = self.model.plan.settings.ceiling[0]
        alpha = self.model.plan.settings.gate_for(self.task.name).alpha
        self.user_properties += evaluation_properties(evaluation, kind=kind, alpha=alpha)
        self._evaluation = evaluation
        return evaluation

    def runtest(self) -> None:
        """Judge."""
        assert self._evaluation is not None
        plan = self.model.plan
        verdict = _judge(
            self.gate,
            self._evaluation,
            settings=plan.settings.gate_for(self.task.name),
            tests=plan.gates_collected,
            kind=plan.settings.ceiling[0],
        )
        self.user_properties += verdict_properties(verdict)
        self.end(verdict.outcome, verdict.reason)

    def end(self, outcome: str, reason: str) -> None:
        """Pass, fail or skip, as an outcome and the settings have it.

        Raises:
            GateFailure: the case fails.
        """
        if outcome == "PASS":
            return
        self.model.not_passed(self.task)
        if outcome == "INCONCLUSIVE":
            inconclusive = self.model.plan.settings.inconclusive
            if inconclusive == "skip":
                pytest.skip(f"INCONCLUSIVE: {reason}")
            if inconclusive == "pass":
                return
        raise GateFailure(f"{outcome}: {reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The sentence, without frames of the plugin."""
        from .report.github_log import for_log

        if isinstance(excinfo.value, ModelError):
            return for_log(self.model.models.told(self.model.name, excinfo.value))
        if isinstance(excinfo.value, GateFailure):
            from .accuracy import figures

            assert self._evaluation is not None
            alpha = self.model.plan.settings.gate_for(self.task.name).alpha
            said = folded(str(excinfo.value), figures(self._evaluation, alpha=alpha), *self.notes())
            slices = str(dict(self.user_properties).get("vlm_slices", "[]"))
            return for_log("\n".join([said, *table(slices)]))
        if isinstance(excinfo.value, MeasurementError):
            return for_log(str(excinfo.value))
        # Frames of pytest and pluggy, which pytest only leaves out for functions, say nothing.
        excinfo.traceback = excinfo.traceback.cut(path=__file__)
        return super().repr_failure(excinfo, style)

    def notes(self) -> list[str]:
        """Further sentences below a gate that is not met."""
        return []

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where a report says this case is: it has no file."""
        return self.path, 0, self.nodeid


def folded(*sentences: str) -> str:
    """Each sentence wrapped to a terminal's width."""
    import textwrap

    # Not at hyphens, so that options can be copied.
    return "\n".join(
        textwrap.fill(s, 79, break_long_words=False, break_on_hyphens=False) for s in sentences
    )


def _judge(
    gate: str, evaluation: Evaluation, *, settings: GateSettings, tests: int, kind: str
) -> Verdict:
    from .gates import blind_gate, ceiling_gate

    if gate == "blind":
        return blind_gate(evaluation, gate=settings, tests=tests)
    return ceiling_gate(evaluation, gate=settings, tests=tests, kind=kind)
