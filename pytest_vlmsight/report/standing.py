"""How a model stands in a task, and in all of a run: what badges and summaries are made of.

A task **passes** where its ceiling gate, its blind gate and every further case of it passed with
the verdict PASS. An ERROR, a gate that was not run (``-k``) and an INCONCLUSIVE that
``--vlm-inconclusive`` lets through are no passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.plan import GATES
from pytest_vlmsight.settings import GateSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.records.run import Case, Run

STATES = ("FAIL", "ERROR", "INCONCLUSIVE", "INCOMPLETE", "PASS")
"""Of a task, the worst first; INCOMPLETE: what was judged passed, and not all gates were."""


def state_of(case: Case) -> str:
    """What came of a case: its verdict, or ERROR."""
    if case.result == "error" or case.verdict is None:
        return "ERROR"
    return str(case.verdict.outcome)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a run says of one model in one task.

    Attributes:
        model: as shown.
        task: its name.
        cases: of both.
        evaluation: None where it could not be measured.
        ceiling: the kind that decides; None where it could not be measured.
        alpha: error rate of its gates.
    """

    model: str
    task: str
    cases: tuple[Case, ...]
    evaluation: Evaluation | None
    ceiling: str | None
    alpha: float

    @property
    def state(self) -> str:
        """One of ``STATES``: that of the worst case."""
        found = {state_of(case) for case in self.cases}
        if not {case.gate for case in self.cases} >= set(GATES):
            found.add("INCOMPLETE")
        return next((state for state in STATES if state in found), "INCOMPLETE")

    @property
    def passes(self) -> bool:
        """Whether all gates were judged and passed."""
        return self.state == "PASS"

    @property
    def sighted(self) -> float | None:
        """Share of items right."""
        if self.evaluation is None:
            return None
        return float(self.evaluation.sighted.scores(self.evaluation.gold).mean())

    @property
    def of_ceiling(self) -> float | None:
        """Share of items that the readout has right."""
        if self.evaluation is None or self.ceiling is None:
            return None
        return float(self.evaluation.ceiling_scores(self.ceiling).mean())


def standings(run: Run, model: str) -> list[Standing]:
    """Of a model in all tasks that the run had for it: the worst first, then by the gap.

    Args:
        run: all of it.
        model: one of ``run.models``.
    """
    evaluations = {one.task: one for one in run.evaluations if one.model == model}
    cases = [case for case in run.cases if case.model == model]
    tasks = dict.fromkeys([*evaluations, *(case.task for case in cases)])
    found = [
        Standing(
            model=model,
            task=task,
            cases=tuple(case for case in cases if case.task == task),
            evaluation=evaluations.get(task),
            ceiling=_decisive(run, evaluations.get(task)),
            alpha=_gate(run, task).alpha,
        )
        for task in tasks
    ]
    return sorted(found, key=_worst_first)


def measured(found: Sequence[Standing]) -> bool:
    """Whether anything at all was judged."""
    return any(case.verdict is not None for one in found for case in one.cases)


def _worst_first(one: Standing) -> tuple[int, float, str]:
    gap = 0.0
    if one.sighted is not None and one.of_ceiling is not None:
        gap = one.sighted - one.of_ceiling
    return STATES.index(one.state), gap, one.task


def _decisive(run: Run, evaluation: Evaluation | None) -> str | None:
    if evaluation is None:
        return None
    named = run.settings.get("ceiling") or list(evaluation.ceilings)
    return named[0] if named and named[0] in evaluation.ceilings else None


def _gate(run: Run, task: str) -> GateSettings:
    """The gate's settings as the run had them."""
    general: Mapping[str, Any] = run.settings.get("gate") or {}
    per_task = tuple(
        (str(pattern), tuple((str(key), float(value)) for key, value in changes))
        for pattern, changes in run.settings.get("per_task") or ()
    )
    return Settings(gate=GateSettings(**general), per_task=per_task).gate_for(task)
