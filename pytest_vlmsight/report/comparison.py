"""Two compared runs as text of 80 columns, as Markdown, and as JSON; worst first."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.phrases import limits, percent, points, printable
from pytest_vlmsight.regression import Status

from .properties import comparison_properties
from .regressions import HEAD, line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_vlmsight.comparing import ComparedModel, ComparedRuns
    from pytest_vlmsight.protocol import Difference
    from pytest_vlmsight.regression import Comparison

FORMATS = ("text", "markdown", "json")


def rendered(compared: ComparedRuns, form: str) -> str:
    """The comparison in one of ``FORMATS``, with a line end."""
    return {"text": _text, "markdown": _markdown, "json": _json}[form](compared)


def _text(compared: ComparedRuns) -> str:
    lines: list[str] = []
    for model in compared.models:
        lines += [*_folded(f"{title(model)}:", indent=""), HEAD]
        for task in model.tasks:
            told = dict(comparison_properties(task, accepted=False, next_step=""))
            lines.append(line(task.task, told))
        for task in model.tasks:
            if task.status is not Status.PASS:
                lines += _folded(f"{printable(task.task)}: {task.reason}")
        for one in once(model):
            lines += _folded(f"also differs: {one}")
        lines.append("")
    if compared.besides:
        lines += _folded(f"also differs: {listed(compared.besides)}", indent="")
    lines += _folded(counts(compared), indent="")
    return "\n".join(lines) + "\n"


def _folded(text: str, *, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, 80, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def _markdown(compared: ComparedRuns) -> str:
    lines: list[str] = []
    for model in compared.models:
        lines += [
            f"### {_escaped(title(model))}",
            "",
            "| task | old | new | difference | verdict | |",
            "|---|---|---|---|---|---|",
        ]
        for task in model.tasks:
            difference = ""
            if task.verdict is not None:
                difference = f"{points(task.verdict.estimate)} {limits(task.verdict.interval)}"
            shares = ["" if x is None else percent(x) for x in (task.old, task.new)]
            reason = "" if task.status is Status.PASS else task.reason
            cells = [task.task, *shares, difference, f"{task.status}", reason]
            lines.append(f"| {' | '.join(map(_escaped, cells))} |")
        lines += ["", *(f"Also differs: {_escaped(one)}\n" for one in once(model))]
    if compared.besides:
        lines += [f"Also differs: {_escaped(listed(compared.besides))}", ""]
    return "\n".join([*lines, counts(compared)]) + "\n"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!&@])", r"\\\1", printable(text))


def _json(compared: ComparedRuns) -> str:
    plain = {
        "models": [
            {"old": model.old, "new": model.new, "tasks": [_plain(task) for task in model.tasks]}
            for model in compared.models
        ],
        "besides": _plain_differences(compared.besides),
        "counts": {status.value: compared.count(status) for status in Status},
    }
    return json.dumps(plain, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _plain(task: Comparison) -> dict[str, Any]:
    verdict = task.verdict
    return {
        "task": task.task,
        "status": task.status.value,
        "reason": task.reason,
        "old": task.old,
        "new": task.new,
        "drop": task.drop,
        "difference": None if verdict is None else verdict.estimate,
        "low": None if verdict is None else verdict.interval.low,
        "high": None if verdict is None else verdict.interval.high,
        "p": None if verdict is None else verdict.p,
        "n": None if verdict is None else verdict.n,
        "lost": list(task.lost),
        "won": list(task.won),
        "differs": _plain_differences(task.differs),
        "besides": _plain_differences(task.besides),
    }


def _plain_differences(differences: Iterable[Difference]) -> list[dict[str, str]]:
    return [{"what": one.what, "old": one.old, "new": one.new} for one in differences]


def title(model: ComparedModel) -> str:
    """Both names of a model, or the one that both have."""
    if model.old == model.new:
        return printable(str(model.new))
    old, new = (printable(one or "(not there)") for one in (model.old, model.new))
    return f"{old} → {new}"


def once(model: ComparedModel) -> list[str]:
    """What else differs, each sentence once for all tasks that it is said of."""
    return list(dict.fromkeys(listed(task.besides) for task in model.tasks if task.besides))


def listed(differences: Iterable[Difference]) -> str:
    """Differences in a line."""
    return printable("; ".join(map(str, differences)))


def counts(compared: ComparedRuns) -> str:
    """How many tasks of each status, in a line."""
    found = {status: compared.count(status) for status in Status}
    told = ", ".join(f"{count} {status}" for status, count in found.items() if count)
    return f"{sum(found.values())} tasks: {told or 'nothing to compare'}"
