"""The block of a run's summary that says how a model stands to its baseline, in 80 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.phrases import limits, printable
from pytest_vlmsight.plan import REGRESSION

from .slices import fitted

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from pytest_vlmsight.baselines import Baseline

_TASK, _DIFFERENCE = 19, 22
HEAD = f"{'task':<{_TASK}} {'old':>5} {'new':>5}  {'difference':<{_DIFFERENCE}} verdict"


def regressions(
    tasks: Mapping[str, Mapping[str, Any]], *, baseline: Baseline | None = None
) -> list[str]:
    """A line per task that has a case of the regression gate, worst first; none where none has.

    Then the tasks of the baseline that have no such case: a run of some tasks says nothing of the
    others.

    Args:
        tasks: task → the properties of its cases, and what came of each gate by the gate's name.
        baseline: what the model is compared with.
    """
    compared = {task: told for task, told in tasks.items() if REGRESSION in told}
    return [*_block(compared), *_left_out(compared, baseline)]


def _left_out(compared: Container[str], baseline: Baseline | None) -> list[str]:
    if baseline is None or baseline.run is None:
        return []
    names = [one.task for one in baseline.run.evaluations if one.task not in compared]
    if not names:
        return []
    listed = printable(", ".join(names))
    return _folded(f"in the baseline {printable(baseline.shown)}, not in this run: {listed}")


def _block(compared: Mapping[str, Mapping[str, Any]]) -> list[str]:
    if not compared:
        return []
    baseline = next(str(told["vlm_baseline"]) for told in compared.values())
    rows = sorted(compared.items(), key=lambda row: _rank(row[1]))
    return [
        *_folded(f"against baseline {printable(baseline)}:", indent=""),
        HEAD,
        *(line(task, told) for task, told in rows),
        *_notes([told for _, told in rows]),
    ]


def _rank(told: Mapping[str, Any]) -> tuple[int, float]:
    from pytest_vlmsight.regression import Status

    order = ["error", *Status]
    return order.index(_status(told)), float(told.get("vlm_baseline_difference", 0))


def _status(told: Mapping[str, Any]) -> str:
    """What was found, also where it is an ERROR; "error" where nothing could be."""
    return str(told.get("vlm_baseline_status", "error"))


def line(task: str, told: Mapping[str, Any]) -> str:
    """A line below ``HEAD``.

    Args:
        task: its name.
        told: properties of its case.
    """
    from pytest_vlmsight.stats.interval import Interval

    difference = ""
    if "vlm_baseline_difference" in told:
        low, high = (float(told[f"vlm_baseline_difference_{end}"]) for end in ("low", "high"))
        estimate = 100 * float(told["vlm_baseline_difference"])
        difference = f"{estimate:+.1f} {limits(Interval(low, high))}"
    verdict = _status(told).upper()
    if told.get("vlm_baseline_updated"):
        verdict += ", updated"
    return (
        f"{fitted(task, _TASK)} {_share(told.get('vlm_baseline_old')):>5} "
        f"{_share(told.get('vlm_baseline_new')):>5}  {difference:<{_DIFFERENCE}} {verdict}"
    )


def _notes(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """What else differs and what to do next, each once."""
    besides = {str(told["vlm_baseline_besides"]) for told in rows if "vlm_baseline_besides" in told}
    for one in sorted(besides):
        yield from _folded(f"also differs: {one}")
    yield from (
        part
        for one in dict.fromkeys(told.get("vlm_baseline_next") for told in rows)
        if one
        for part in _folded(printable(str(one)), breakable=False)
    )


def _folded(text: str, *, indent: str = "  ", breakable: bool = True) -> list[str]:
    """Lines of 80 columns; a command's words stay whole, however long, so that it can be copied."""
    return textwrap.wrap(
        text,
        80,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
        break_long_words=breakable,
    )


def _share(value: Any) -> str:
    return "–" if value is None else f"{100 * float(value):.1f}"
