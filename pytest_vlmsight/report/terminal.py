"""The header and the summary of a run, at most 80 columns wide."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from .regressions import regressions
from .slices import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pytest

    from pytest_vlmsight.baselines import Baseline
    from pytest_vlmsight.settings import Settings
    from pytest_vlmsight.tasks.item import Task

WIDTH = 80
ASSUMED_DISAGREEMENT = 0.3
"""Share of items on which VLM and readout differ, assumed for the power in the header."""

_TASK = 19
_HEAD = (
    f"{'task':<{_TASK}} {'sighted':>7} {'blind':>5} {'ceiling':>7} {'chance':>6} {'n':>5} "
    f"{'ceiling gate':<12} blind gate"
)


def header(settings: Settings, *, tasks: Sequence[Task], tests: int) -> list[str]:
    """What will be tested and the smallest margin that the least task could show."""
    from pytest_vlmsight.stats.power import smallest_margin
    from pytest_vlmsight.study_protocol import protocol_told

    sizes = [
        settings.items if t.available is None else min(t.available, settings.items) for t in tasks
    ]
    gate = settings.gate
    what = f"{len(settings.vlms)} model(s), {len(tasks)} task(s) of {_range(sizes)} items"
    lines = [f"vlmsight: {what}, {tests} gates"]
    if sizes:
        least = smallest_margin(min(sizes), psi=ASSUMED_DISAGREEMENT, alpha=gate.alpha)
        lines.append(
            f"vlmsight: margin {gate.margin:g}, alpha {gate.alpha:g}; at n={min(sizes)} a margin "
            f"of {least:.3f} passes"
        )
        lines.append(
            f"vlmsight: (80% power; VLM and readout equally good, differing on "
            f"{ASSUMED_DISAGREEMENT:.0%} of items)"
        )
    if settings.protocol is not None:
        lines += textwrap.wrap(f"vlmsight: protocol {protocol_told(settings)}", WIDTH)
    if settings.sequential:
        lines.append("vlmsight: a task is stopped as soon as its gates are decided")
    return lines


def summary(
    reports: Iterable[pytest.TestReport],
    *,
    slices: bool = False,
    baselines: Mapping[str, Baseline] | None = None,
) -> list[str]:
    """A block per model, a line per task: accuracies, n and both verdicts; then its baseline's.

    Args:
        reports: of the run; those of other tests are passed over.
        slices: whether a task's accuracies are broken down below its line.
        baselines: model, as shown → what it is compared with.
    """
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
        for task, cell in tasks.items():
            lines += _task_lines(task, cell)
            if slices and "vlm_slices" in cell:
                lines += [f"  {line}" for line in table(str(cell["vlm_slices"]))]
        lines += regressions(tasks, baseline=(baselines or {}).get(model))
    return lines


def warnings(reports: Iterable[pytest.TestReport]) -> list[str]:
    """What was wrong with the cache, each once, in lines of the terminal's width."""
    told = dict.fromkeys(
        str(value)
        for report in reports
        for name, value in report.user_properties
        if name == "vlm_cache_warning"
    )
    return [line for one in told for line in textwrap.wrap(f"vlmsight: warning: {one}", WIDTH)]


def _model_line(model: str, tasks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    told = next((cell for cell in tasks.values() if "vlm_fed_from" in cell), None)
    line = model
    if told is not None:
        facts = [str(told[f"vlm_{key}"]) for key in ("model_type", "encoder", "fed_from", "dtype")]
        line = f"{model} ({', '.join(facts)})"
    return [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"]


def _task_lines(task: str, cell: Mapping[str, Any]) -> list[str]:
    """The line of a task, and one for each further ceiling and for an early stop."""
    ceilings = {
        key.removeprefix("vlm_ceiling_"): value
        for key, value in cell.items()
        if key.startswith("vlm_ceiling_") and not key.endswith(("_low", "_high"))
    }
    decisive = ceilings.pop(str(cell.get("vlm_decided_by")), None)
    name = task if len(task) <= _TASK else f"{task[: _TASK - 7]}…{task[-6:]}"
    ceiling, blind = cell.get("ceiling", "–"), cell.get("blind", "–")
    line = (
        f"{name:<{_TASK}} {_share(cell.get('vlm_sighted')):>7} {_share(cell.get('vlm_blind')):>5} "
        f"{_share(decisive):>7} {_share(cell.get('vlm_chance')):>6} {cell.get('vlm_n', '–'):>5} "
        f"{ceiling:<12} {blind}"
    )
    more = [
        f"{'  ' + kind + ' ceiling':<{_TASK}} {'':>7} {'':>5} {_share(share):>7}"
        for kind, share in ceilings.items()
    ]
    if cell.get("vlm_stopped"):
        more.append(f"  stopped after {cell['vlm_n']} of {cell['vlm_planned']} items")
    if "vlm_pairs" in cell:
        blind_pairs = max(v for k, v in cell.items() if k.startswith("vlm_pair_blind_"))
        kind = cell.get("vlm_decided_by")
        more.append(
            f"{'  both of a pair':<{_TASK}} {_share(cell['vlm_pair_sighted']):>7} "
            f"{_share(blind_pairs):>5} {_share(cell.get(f'vlm_pair_ceiling_{kind}')):>7} {'':>6} "
            f"{cell['vlm_pairs']:>5}"
        )
    if cell.get("vlm_left_out"):
        count = cell["vlm_left_out"]
        what = "item" if count == 1 else "items"
        more.append(f"  {count} {what} left out of both sides: see left_out_items in the record")
    return [line, *more]


def _range(sizes: Sequence[int]) -> str:
    if not sizes:
        return "0"
    return f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"


def _share(value: Any) -> str:
    return "–" if value is None else f"{100 * float(value):.1f}"
