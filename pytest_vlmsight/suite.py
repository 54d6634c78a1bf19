"""The nodes of a run: ``vlmsight`` → a model → its cases, ``vlmsight::MODEL::TASK::GATE``.

Models come first so that each is loaded once. A case's setup measures (what cannot be measured is
an ERROR), its call judges (a gate not met is a FAILURE). The gates of a task share one
evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .models.base import MeasurementError, ModelError
from .plan import REGRESSION, Plan
from .report.properties import evaluation_properties, verdict_properties
from .report.slices import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .diagnosis.result import Diagnosis
    from .evaluation import Evaluation
    from .gates import Verdict
    from .making import Ahead
    from .models.base import Vlm
    from .models.names import ModelName
    from .records.cache import AnswerCache
    from .settings import GateSettings
    from .tasks.item import Task


AHEAD: pytest.StashKey[Ahead] = pytest.StashKey()
"""What makes items before they are asked for, while the run's tests run."""


class GateFailure(Exception):  # noqa: N818 - a failed test, not an error
    """A gate is not met; the message is what its case shows."""


class VlmSuite(pytest.Collector):
    """All models of the run."""

    def __init__(self, *, plan: Plan, **node: Any) -> None:
        super().__init__(**node)
        self.plan = plan

    def collect(self) -> Iterable[VlmModel]:
        """One node per model that has a wanted case."""
        for name in self.plan.names:
            model = VlmModel.from_parent(
                self,
                name=name.shown,
                nodeid=f"{self.nodeid}::{name.shown}",
                plan=self.plan,
                source=name,
            )
            if any(True for _ in model.collect()):
                yield model


class VlmModel(pytest.Collector):
    """One model: loaded when its first case is set up, freed after its last."""

    def __init__(self, *, plan: Plan, source: ModelName, **node: Any) -> None:
        super().__init__(**node)
        self.plan, self.source = plan, source
        self._vlm: Vlm | None = None
        self._cache: AnswerCache | None = None
        self._failure_told = False
        self._evaluations: dict[str, Evaluation | MeasurementError] = {}
        self._handed: set[str] = set()
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
        from .models.own import load_own, own_models
        from .models.transformers_vlm import TransformersVlm
        from .records.cache import AnswerCache

        folder = self.plan.settings.cache_folder()
        self._cache = None if folder is None else AnswerCache(folder)
        own = own_models(self.config)
        if self.name in own:
            self._vlm = load_own(self.name, own[self.name])
            return
        settings = self.plan.settings
        self._vlm = TransformersVlm.from_name(
            self.source,
            device=settings.device,
            dtype=settings.dtype,
            batch=settings.batch,
            images=settings.images,
            trust_remote_code=settings.trust_remote_code,
        )

    def load_failure(self, error: ModelError) -> str:
        """What went wrong, in full for the first case and as a reference for the others."""
        if self._failure_told:
            return f"{self.name} could not be loaded: see the first ERROR of this model"
        self._failure_told = True
        return str(error)

    def teardown(self) -> None:
        """Free the model."""
        if self._vlm is not None:
            self._vlm.close()
            self._vlm = None
        if self._cache is not None:
            self._cache.close()
            self._cache = None
        self._evaluations.clear()

    @property
    def cache_warnings(self) -> tuple[str, ...]:
        """What was wrong with the cache so far, a line each."""
        return () if self._cache is None else tuple(self._cache.told)

    def evaluation(self, task: Task) -> Evaluation:
        """The evaluation of a task, made once.

        Raises:
            MeasurementError: the same again at every call.
        """
        from .evaluation import evaluate

        if task.name not in self._evaluations:
            assert self._vlm is not None
            try:
                ahead = self.config.stash.get(AHEAD, None)
                if ahead is not None:
                    ahead.wait(task, told=self.plan.progress)
                self._evaluations[task.name] = evaluate(
                    self._vlm,
                    task,
                    settings=self.plan.settings,
                    progress=self.plan.progress,
                    cache=self._cache,
                )
            except MeasurementError as error:
                self._evaluations[task.name] = error
        known = self._evaluations[task.name]
        if isinstance(known, MeasurementError):
            raise known
        return known

    def newly_measured(self, task: Task) -> Evaluation | None:
        """The evaluation of a task when it is asked for the first time after it was made."""
        known = self._evaluations.get(task.name)
        if known is None or isinstance(known, MeasurementError) or task.name in self._handed:
            return None
        self._handed.add(task.name)
        return known

    def not_passed(self, task: Task) -> None:
        """A gate of a task is judged FAIL or INCONCLUSIVE, whatever its case makes of that."""
        self._not_passed[task.name] = task

    def diagnose(self) -> None:
        """Run the parts asked for on each task with a gate that was not passed.

        All gates are judged by then. Nothing is raised: what goes wrong is in the diagnoses.
        """
        settings = self.plan.settings
        if not settings.diagnose or self._vlm is None:
            return
        from .diagnosis.parts import chosen, diagnose
        from .diagnosis.subject import Subject

        while self._not_passed:
            _, task = self._not_passed.popitem()
            evaluation = self._evaluations.get(task.name)
            if evaluation is None or isinstance(evaluation, MeasurementError):
                continue
            subject = Subject(
                self._vlm,
                task,
                settings=settings,
                evaluation=evaluation,
                told=self.plan.progress,
                cache=self._cache,
            )
            self._diagnosed += diagnose(subject, chosen(settings.diagnose))

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

    def newly_measured(self) -> Evaluation | None:
        """What this case's setup has measured and no other case's has told yet."""
        return self.model.newly_measured(self.task)

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
        if isinstance(excinfo.value, ModelError):
            return self.model.load_failure(excinfo.value)
        if isinstance(excinfo.value, GateFailure):
            from .accuracy import figures

            assert self._evaluation is not None
            alpha = self.model.plan.settings.gate_for(self.task.name).alpha
            said = folded(str(excinfo.value), figures(self._evaluation, alpha=alpha), *self.notes())
            slices = str(dict(self.user_properties).get("vlm_slices", "[]"))
            return "\n".join([said, *table(slices)])
        if isinstance(excinfo.value, MeasurementError):
            return str(excinfo.value)
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
