"""A run: its evaluations and what came of its cases, with all that is needed to repeat it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.gates import Verdict

RESULTS = ("passed", "failed", "skipped", "error")
"""What came of a case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One gate of one (model, task).

    Attributes:
        id: of pytest's node.
        model: as shown.
        task: its name.
        gate: ceiling, blind or regression.
        result: one of ``RESULTS``.
        verdict: None where nothing could be judged.
        told: why it is an error; empty for others.
    """

    id: str
    model: str
    task: str
    gate: str
    result: str
    verdict: Verdict | None = None
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What reports, badges, comparisons and baselines are made of.

    Attributes:
        version: of this package that measured.
        started: date and time in UTC, ISO 8601.
        seconds: how long it took, by a clock that is never set.
        command: what was typed, a word each; empty where there was none.
        settings: of the run, plain values by the names of ``Settings``.
        environment: Python, platform, packages, devices and the commit of the working directory.
        evaluations: one of each (model, task) that was measured.
        cases: of the run, in order.
        gates: number of gates collected, before ``-k``, by which alpha is divided for a FAIL; None
            where a record does not tell.
        diagnoses: of those (model, task) that were diagnosed, at most one of each part.
    """

    version: str
    started: str
    seconds: float
    command: tuple[str, ...]
    settings: Mapping[str, Any]
    environment: Mapping[str, Any]
    evaluations: tuple[Evaluation, ...] = field(default=())
    cases: tuple[Case, ...] = field(default=())
    gates: int | None = None
    diagnoses: tuple[Diagnosis, ...] = field(default=())

    @property
    def models(self) -> tuple[str, ...]:
        """Names of all models that were measured or should have been, each once."""
        named = [*(e.model for e in self.evaluations), *(c.model for c in self.cases)]
        return tuple(dict.fromkeys(named))

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of all tasks, each once."""
        named = [*(e.task for e in self.evaluations), *(c.task for c in self.cases)]
        return tuple(dict.fromkeys(named))

    @property
    def rerun(self) -> str:
        """The command that makes this run again, for a shell."""
        return shlex.join(self.command)
