"""``vlmsight::MODEL::TASK::regression``: a case that compares a task with its baseline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .models.base import MeasurementError
from .regression import Status
from .report.properties import comparison_properties, verdict_properties
from .suite import VlmCase, folded

if TYPE_CHECKING:
    from .baselines import Baselines
    from .regression import Comparison


class RegressionCase(VlmCase):
    """The regression gate of one (model, task)."""

    def __init__(self, *, baselines: Baselines, **node: Any) -> None:
        super().__init__(**node)
        self.baselines = baselines
        self._comparison: Comparison | None = None
        self.user_properties.append(("vlm_baseline", baselines.of[self.model.name].shown))

    def setup(self) -> None:
        """Measure and compare; what cannot be compared with its baseline is an ERROR, too."""
        plan, model, baselines = self.model.plan, self.model.name, self.baselines
        baselines.demand(model)
        evaluation = self.measure()
        comparison = baselines.compare(
            model,
            evaluation,
            gate=plan.settings.gate_for(self.task.name),
            tests=plan.gates_collected,
        )
        self.user_properties += comparison_properties(
            comparison,
            accepted=baselines.accepts(comparison),
            next_step=baselines.next(model, comparison),
        )
        if comparison.status is Status.INCOMPARABLE and not baselines.accepts(comparison):
            raise MeasurementError(folded(f"INCOMPARABLE: {baselines.told(model, comparison)}"))
        self._comparison = comparison

    def runtest(self) -> None:
        """Judge; pass whatever was found where the run makes it the baseline."""
        comparison = self._comparison
        assert comparison is not None
        told = self.baselines.told(self.model.name, comparison)
        verdict = comparison.verdict
        if verdict is not None:
            self.user_properties += verdict_properties(replace(verdict, reason=told))
        if not self.baselines.accepts(comparison):
            self.end(comparison.status.upper() if verdict is None else verdict.outcome, told)

    def notes(self) -> list[str]:
        """What differs from the baseline and may be why it fails."""
        if self._comparison is None or not self._comparison.besides:
            return []
        return [f"also differs: {'; '.join(map(str, self._comparison.besides))}"]
