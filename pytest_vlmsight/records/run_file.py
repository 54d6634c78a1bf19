"""A run as a JSON file: sorted keys, written whole or not at all, readable by later versions.

``schemas/run-2.schema.json`` describes the form. A list stands in one line, so that a file can be
compared line by line where it is kept under version control.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.gates import Outcome, Verdict
from pytest_vlmsight.stats.interval import Interval
from pytest_vlmsight.whole_file import whole_file

from .diagnoses import diagnosis_of, diagnosis_plain
from .errors import RecordError, unwritable
from .form import answers_plain, evaluation_of, items_of_all
from .run import RESULTS, Case, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

KIND = "vlmsight run"
SCHEMA_VERSION = 2

_OLDER: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda plain: {**plain, "diagnoses": []},
}
"""Schema version → what makes the next version's form of it. Never remove one."""


def write_run(run: Run, path: Path) -> None:
    """Write a run.

    Raises:
        RecordError: the file cannot be written, or models were asked different items of one task.
    """
    text = run_text(run)
    try:
        with whole_file(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from error


def run_text(run: Run) -> str:
    """A run as JSON, with a line end.

    Raises:
        RecordError: models were asked different items of one task.
    """
    return f"{_indented(run_plain(run))}\n"


def run_plain(run: Run) -> dict[str, Any]:
    """A run as plain values.

    Raises:
        RecordError: models were asked different items of one task.
    """
    tasks: dict[str, Mapping[str, Any]] = {}
    for task in dict.fromkeys(one.task for one in run.evaluations):
        tasks[task] = items_of_all([one for one in run.evaluations if one.task == task])
    return {
        "kind": KIND,
        "schema_version": SCHEMA_VERSION,
        "version": run.version,
        "started": run.started,
        "seconds": round(run.seconds, 3),
        "command": list(run.command),
        "settings": dict(run.settings),
        "environment": dict(run.environment),
        "tasks": tasks,
        "evaluations": [answers_plain(one) for one in run.evaluations],
        "cases": [_case_plain(case) for case in run.cases],
        **({} if run.gates is None else {"gates": run.gates}),
        "diagnoses": [diagnosis_plain(one) for one in run.diagnoses],
    }


def read_run(path: Path) -> Run:
    """Read a run, also one that an older version of this package wrote.

    Raises:
        RecordError: there is no such file, it is cut off or no record of a run, a newer version
            wrote it, or something in it does not fit; the message says what.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror or error}") from error
    try:
        plain = json.loads(content)
    except ValueError as error:  # UnicodeDecodeError is one
        raise RecordError(
            f"{path} is no JSON ({error}); it may have been cut off or edited: take it from "
            "version control, or run again with --vlm-json"
        ) from error
    except RecursionError as error:
        raise RecordError(f"{path} is no record of a run: it is nested too deeply") from error
    try:
        return run_of(plain)
    except RecordError as error:
        raise RecordError(f"{path}: {error}") from error


def run_of(plain: Any) -> Run:
    """The run that plain values tell of.

    Raises:
        RecordError: they are of another form.
    """
    if not isinstance(plain, dict) or plain.get("kind") != KIND:
        raise RecordError(f"this is no record of a run (expected an object of kind {KIND!r})")
    version = plain.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise RecordError(f"schema_version: expected a whole number from 1, got {version!r:.40}")
    if version > SCHEMA_VERSION:
        raise RecordError(
            f"it is of schema version {version}, written by pytest-vlmsight "
            f"{plain.get('version')!s:.40}; this one reads up to {SCHEMA_VERSION}: update it"
        )
    for older in range(version, SCHEMA_VERSION):
        plain = _OLDER[older](plain)
    try:
        return _run(plain)
    except KeyError as error:
        raise RecordError(f"{error} is missing") from error
    except (TypeError, ValueError, AttributeError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(str(error)) from error


def _run(plain: Mapping[str, Any]) -> Run:
    evaluations = []
    for one in plain["evaluations"]:
        task = one["task"]
        if task not in plain["tasks"]:
            raise RecordError(f"evaluation of {one['model']}, {task}: its items are missing")
        evaluations.append(evaluation_of(plain["tasks"][task], one))
    pairs = [(one.model, one.task) for one in evaluations]
    if len(set(pairs)) < len(pairs):
        raise RecordError("a model and task are there twice")
    return Run(
        version=_text(plain["version"]),
        started=_text(plain["started"]),
        seconds=float(plain["seconds"]),
        command=tuple(map(_text, plain["command"])),
        settings=dict(plain["settings"]),
        environment=dict(plain["environment"]),
        evaluations=tuple(evaluations),
        cases=tuple(map(_case, plain["cases"])),
        gates=_gates(plain.get("gates")),
        diagnoses=tuple(map(diagnosis_of, plain["diagnoses"])),
    )


def _gates(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value < 1):
        raise RecordError(f"gates: expected a whole number from 1, got {value!r:.40}")
    return value


def _case_plain(case: Case) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": case.id,
        "model": case.model,
        "task": case.task,
        "gate": case.gate,
        "result": case.result,
        "verdict": None,
        "told": case.told,
    }
    if case.verdict is not None:
        plain["verdict"] = {
            "outcome": case.verdict.outcome.value,
            "estimate": case.verdict.estimate,
            "low": case.verdict.interval.low,
            "high": case.verdict.interval.high,
            "p": case.verdict.p,
            "n": case.verdict.n,
            "reason": case.verdict.reason,
        }
    return plain


def _case(plain: Mapping[str, Any]) -> Case:
    result, verdict = plain["result"], plain["verdict"]
    if result not in RESULTS:
        raise RecordError(f"case {plain['id']}: result {result!r:.40}, not one of {RESULTS}")
    return Case(
        id=_text(plain["id"]),
        model=_text(plain["model"]),
        task=_text(plain["task"]),
        gate=_text(plain["gate"]),
        result=result,
        told=_text(plain["told"]),
        verdict=None
        if verdict is None
        else Verdict(
            gate=_text(plain["gate"]),
            outcome=Outcome(verdict["outcome"]),
            estimate=float(verdict["estimate"]),
            interval=Interval(float(verdict["low"]), float(verdict["high"])),
            p=float(verdict["p"]),
            n=int(verdict["n"]),
            reason=_text(verdict["reason"]),
        ),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r:.40}")
    return value


def _indented(value: Any, depth: int = 0) -> str:
    """JSON with objects spread over lines and lists of plain values in one."""
    inner, outer = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, dict) and value:
        lines = (f"{json.dumps(key)}: {_indented(value[key], depth + 1)}" for key in sorted(value))
        return f"{{{inner}{f',{inner}'.join(lines)}{outer}}}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        lines = (_indented(one, depth + 1) for one in value)
        return f"[{inner}{f',{inner}'.join(lines)}{outer}]"
    return json.dumps(value, allow_nan=False, sort_keys=True)
