"""The header and the summary of a run, at most 80 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

    from pytest_vlmsight.settings import Settings
    from pytest_vlmsight.tasks.item import Task

WIDTH = 80
ASSUMED_DISAGREEMENT = 0.3
"""Share of items on which VLM and readout differ, assumed for the power in the header."""

_TASK = 22
_HEAD = (
    f"{'task':<{_TASK}} {'sighted':>7} {'blind':>6} {'ceiling':>7} {'chance':>6} {'n':>4}  "
    f"{'ceiling':<12} blind"
)


def header(settings: Settings, *, tasks: Sequence[Task], tests: int) -> list[str]:
    """What will be tested and the smallest margin that the least task could show."""
    from pytest_vlmsight.stats.power import smallest_margin

    sizes = [
        settings.items if t.available is None else min(t.available, settings.items) for t in tasks
    ]
    gate = settings.gate
    lines = [
        f"vlmsight: {len(settings.vlms)} model(s) × {len(tasks)} task(s) = {tests} gates, "
        f"{min(sizes)}–{max(sizes)} items"
        if sizes
        else "vlmsight: no tasks"
    ]
    if sizes:
        least = smallest_margin(min(sizes), psi=ASSUMED_DISAGREEMENT, alpha=gate.alpha)
        lines.append(
            f"vlmsight: margin {gate.margin:g}, alpha {gate.alpha:g}; at n={min(sizes)} a margin "
            f"of {least:.3f} passes with 80% power"
        )
        lines.append(
            f"vlmsight: (assumed: VLM and readout equally good, differing on "
            f"{ASSUMED_DISAGREEMENT:.0%} of items)"
        )
    return lines


def summary(reports: Iterable[pytest.TestReport]) -> list[str]:
    """A block per model, a line per task: accuracies, n and both verdicts."""
    models: dict[str, dict[str, dict[str, Any]]] = {}
    for report in reports:
        told = dict(report.user_properties)
        if "vlm_gate" not in told:
            continue
        cell = models.setdefault(str(told["vlm_model"]), {}).setdefault(str(told["vlm_task"]), {})
        cell.update({k: v for k, v in told.items() if k not in {"vlm_verdict", "vlm_gate"}})
        gate = str(told["vlm_gate"])
        if report.when != "call" and report.failed:
            cell[gate] = "ERROR"
        elif report.when == "call":
            cell[gate] = str(told.get("vlm_verdict", "ERROR"))
    lines: list[str] = []
    for model, tasks in models.items():
        lines += [*([""] if lines else []), *_model_line(model, tasks), _HEAD]
        lines += [_task_line(task, cell) for task, cell in tasks.items()]
    return lines


def _model_line(model: str, tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    told = next((cell for cell in tasks.values() if "vlm_fed_from" in cell), None)
    if told is None:
        return [model]
    facts = [str(told[f"vlm_{key}"]) for key in ("model_type", "encoder", "fed_from", "dtype")]
    line = f"{model} ({', '.join(facts)})"
    return [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"]


def _task_line(task: str, cell: Mapping[str, Any]) -> str:
    ceilings = [v for k, v in cell.items() if k.startswith("vlm_ceiling_")]
    name = task if len(task) <= _TASK else task[: _TASK - 1] + "…"
    numbers = (
        f"{_share(cell.get('vlm_sighted')):>7} {_share(cell.get('vlm_blind')):>6} "
        f"{_share(ceilings[0] if ceilings else None):>7} {_share(cell.get('vlm_chance')):>6} "
        f"{cell.get('vlm_n', '–'):>4}"
    )
    ceiling, blind = cell.get("ceiling", "–"), cell.get("blind", "–")
    return f"{name:<{_TASK}} {numbers}  {ceiling:<12} {blind}".rstrip()


def _share(value: Any) -> str:
    return "–" if value is None else f"{100 * float(value):.1f}"
