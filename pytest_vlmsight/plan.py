"""What a run is to do: its models, tasks and settings, and which cases were asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .baselines import Baselines
    from .evaluation import Enough
    from .models.names import ModelName
    from .settings import Settings
    from .tasks.item import Task

ROOT = "vlmsight"
"""Name of the suite: the first part of every case's id, and an argument that asks for it."""

GATES = ("ceiling", "blind")
REGRESSION = "regression"
"""The gate that a run with a baseline has besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run before anything is loaded.

    Attributes:
        settings: of all gates.
        names: the models, each once.
        tasks: their items read and found whole.
        wanted: node ids that select cases; ``(ROOT,)`` is all of them.
        baselines: what the models are compared with; None where that was not asked for.
    """

    settings: Settings
    names: tuple[ModelName, ...]
    tasks: tuple[Task, ...]
    wanted: tuple[str, ...]
    baselines: Baselines | None = None

    @property
    def gates(self) -> tuple[str, ...]:
        """The gates of each task."""
        return GATES if self.baselines is None else (*GATES, REGRESSION)

    @property
    def gates_collected(self) -> int:
        """Number of gates of the whole suite, fixed before -k: the FAIL side's divisor."""
        return len(self.names) * len(self.tasks) * len(self.gates)

    def wants(self, nodeid: str) -> bool:
        """Whether a case is among those asked for."""
        return any(nodeid == w or nodeid.startswith(f"{w}::") for w in self.wanted)

    def enough(self, model: str, task: Task) -> Enough:
        """What tells when a task was asked enough, with ``--vlm-sequential``.

        It is when all of its gates are decided, whichever of them ``-k`` has left. Where the run
        writes a baseline it never is: what later runs are compared with must have all items.
        """
        from .stopping import enough_for

        baseline = None
        if self.baselines is not None:
            if self.baselines.writes(model):
                return lambda _: False
            baseline = self.baselines.of[model].evaluation(task.name)
        return enough_for(
            self.settings, task=task.name, tests=self.gates_collected, baseline=baseline
        )

    def unknown(self) -> Iterator[str]:
        """Wanted ids that select nothing."""
        known = [
            f"{ROOT}::{name.shown}::{task.name}::{gate}"
            for name in self.names
            for task in self.tasks
            for gate in self.gates
        ]
        for wanted in self.wanted:
            if not any(case == wanted or case.startswith(f"{wanted}::") for case in known):
                yield wanted
