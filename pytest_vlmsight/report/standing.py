"""Where each (model, task) of a run stands: its accuracies and what its gates say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_vlmsight.accuracy import Accuracy, SliceAccuracy, accuracies, by_slice
from pytest_vlmsight.diagnosis.result import VERDICT
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.run_settings import run_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.records.run import Case, Run

GATES = ("ceiling", "blind")
"""Gates that every report has a column for."""


class State(StrEnum):
    """What came of a gate, worst first."""

    FAIL = "FAIL"
    ERROR = "ERROR"
    INCONCLUSIVE = "INCONCLUSIVE"
    NONE = "–"
    PASS = "PASS"  # noqa: S105 - no password

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(State).index(self)


def state_of(case: Case | None) -> State:
    """What came of a gate; NONE where it was not run, or skipped before it was judged."""
    if case is None:
        return State.NONE
    if case.result == "error":
        return State.ERROR
    return State.NONE if case.verdict is None else State(case.verdict.outcome.value)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One (model, task).

    Attributes:
        model: as shown.
        task: its name.
        evaluation: None where nothing was measured.
        cases: by gate.
        kind: the ceiling that decides.
        confidence: of the intervals, two-sided.
        diagnoses: what parts of diagnosis found, the verdict first.
    """

    model: str
    task: str
    evaluation: Evaluation | None
    cases: Mapping[str, Case]
    kind: str
    confidence: float
    diagnoses: tuple[Diagnosis, ...] = ()

    def state(self, gate: str) -> State:
        """What came of a gate."""
        return state_of(self.cases.get(gate))

    @property
    def states(self) -> list[State]:
        """Of the gates that every report shows and of others that were run."""
        return [self.state(gate) for gate in dict.fromkeys((*GATES, *self.cases))]

    @cached_property
    def accuracies(self) -> dict[str, Accuracy]:
        """By name: sighted, blind_KIND, ceiling_KIND."""
        if self.evaluation is None:
            return {}
        return {a.name: a for a in accuracies(self.evaluation, confidence=self.confidence)}

    @property
    def sighted(self) -> Accuracy | None:
        """With the image."""
        return self.accuracies.get("sighted")

    @property
    def blind(self) -> Accuracy | None:
        """Of the strongest blind run."""
        if self.evaluation is None:
            return None
        return self.accuracies[f"blind_{self.evaluation.strongest_blind}"]

    @property
    def ceiling(self) -> Accuracy | None:
        """Of the readout that decides; None where it was not measured."""
        return self.accuracies.get(f"ceiling_{self.kind}")

    @property
    def chance(self) -> float | None:
        """Mean accuracy of guessing."""
        return None if self.evaluation is None else float(self.evaluation.chance.mean())

    @cached_property
    def slices(self) -> list[SliceAccuracy]:
        """Of slices that have several values."""
        if self.evaluation is None:
            return []
        rows = by_slice(self.evaluation, kind=self.kind, confidence=self.confidence)
        names = [row.name for row in rows]
        return [row for row in rows if names.count(row.name) > 1]

    @property
    def place(self) -> tuple[bool, list[int], float, str]:
        """Where it stands among others: worst gates first, then what loses most of its ceiling.

        What was not asked is last.
        """
        asked = self.evaluation is not None or bool(self.cases)
        lost = 0.0
        if self.sighted is not None and self.ceiling is not None:
            lost = self.sighted.share - self.ceiling.share
        return not asked, sorted(state.rank for state in self.states), lost, self.task


def standings(run: Run) -> dict[str, list[Standing]]:
    """Model → all tasks of the run, worst first; also those that it was not asked.

    Raises:
        RecordError: a setting or an evaluation of the run cannot be used.
    """
    settings = run_settings(run)
    measured = {(one.model, one.task): one for one in run.evaluations}
    for one in run.evaluations:
        if not one.blind:
            raise RecordError(f"evaluation of {one.model}, {one.task}: it has no blind answers")
    cases: dict[tuple[str, str], dict[str, Case]] = {}
    for case in run.cases:
        cases.setdefault((case.model, case.task), {})[case.gate] = case
    return {
        model: sorted(
            (
                Standing(
                    model=model,
                    task=task,
                    evaluation=measured.get((model, task)),
                    cases=cases.get((model, task), {}),
                    kind=settings.ceiling[0],
                    confidence=1 - 2 * settings.gate_for(task).alpha,
                    diagnoses=tuple(
                        sorted(
                            (d for d in run.diagnoses if (d.model, d.task) == (model, task)),
                            key=lambda one: one.part != VERDICT,  # at the head
                        )
                    ),
                )
                for task in run.tasks
            ),
            key=lambda one: one.place,
        )
        for model in run.models
    }


def counted(cases: Sequence[Case]) -> dict[State, int]:
    """State → how many gates, for every state."""
    states = [state_of(case) for case in cases]
    return {state: states.count(state) for state in State}
