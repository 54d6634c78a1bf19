"""Makes a run's record out of pytest's reports, xdist's included, and writes what comes of it.

An evaluation travels with the first report of a case that it was measured for, as JSON. Only the
process that the user started writes files.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import __version__
from .plan import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .evaluation import Evaluation
    from .gates import Verdict
    from .records.run import Case, Run
    from .settings import Settings

_ATTRIBUTE = "vlmsight_evaluation"


def attach(report: pytest.TestReport, evaluation: Evaluation) -> None:
    """Have a report carry an evaluation."""
    from .records.form import answers_plain, items_plain

    setattr(report, _ATTRIBUTE, json.dumps([items_plain(evaluation), answers_plain(evaluation)]))


class Recorder:
    """The hooks that make a record and write what is asked for.

    Args:
        config: of the run.
        settings: of the run.
        places: one of ``settings.OUTPUTS`` → where it is to be.
    """

    def __init__(
        self, config: pytest.Config, *, settings: Settings, places: Mapping[str, Path]
    ) -> None:
        self._config, self._settings, self._places = config, settings, places
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()  # the other may be set while the run runs
        self._evaluations: dict[tuple[str, str], str] = {}
        self._reports: dict[str, pytest.TestReport] = {}
        self._told: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a case's reports tell."""
        if not report.nodeid.startswith(f"{ROOT}::"):
            return
        told = dict(report.user_properties)
        measured = getattr(report, _ATTRIBUTE, None)
        if measured is not None:
            self._evaluations[str(told["vlm_model"]), str(told["vlm_task"])] = measured
        before = self._reports.get(report.nodeid)
        # A teardown that went well says nothing more; one that did not is an error of its own.
        if before is None or report.when == "call" or not report.passed:
            self._reports[report.nodeid] = report

    def run(self) -> Run:
        """What was measured and judged so far."""
        from .records.environment import environment
        from .records.form import evaluation_of
        from .records.run import Run

        evaluations = [
            evaluation_of(*json.loads(measured)) for measured in self._evaluations.values()
        ]
        cases = [_case(report) for report in self._reports.values()]
        # Workers of xdist end in no order.
        return Run(
            version=__version__,
            started=self._started.isoformat(timespec="seconds"),
            seconds=time.monotonic() - self._clock,
            command=("pytest", *map(str, self._config.invocation_params.args)),
            settings=_plain(dataclasses.asdict(self._settings)),
            environment=environment(self._config.invocation_params.dir),
            evaluations=tuple(sorted(evaluations, key=lambda one: (one.model, one.task))),
            cases=tuple(sorted(cases, key=lambda case: case.id)),
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write all outputs; where one fails, the others are written, and the run fails.

        The record is then kept elsewhere unless it was written: all others are made of it.
        """
        if not self._reports:
            return
        run = self.run()
        failed = [name for name, path in self._places.items() if not self._write(name, run, path)]
        if not failed:
            return
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if "json" in failed or "json" not in self._places:
            self._write("kept", run, Path(tempfile.mkdtemp(prefix="vlmsight-")) / "run.json")

    def _write(self, name: str, run: Run, path: Path) -> bool:
        """Write an output and say where it is, or why it is not; whether it was written."""
        from .records.errors import RecordError

        told, write = WRITERS[name]
        try:
            write(run, path, self._settings)
        except RecordError as error:
            self._told.append(str(error))
        except Exception as error:  # hours of answers are not lost because one output fails
            self._told.append(f"{path} could not be made: {error!r}")
        else:
            self._told.append(f"{told} {path}")
            return True
        return False

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Where the outputs are."""
        for line in self._told:
            terminalreporter.write_line(f"vlmsight: {line}")


def _write_record(run: Run, path: Path, _: Settings) -> None:
    from .records.run_file import write_run

    write_run(run, path)


def _write_report(run: Run, path: Path, settings: Settings) -> None:
    from .report.html import write_report
    from .report.pictures import TaskPictures

    write_report(run, path, pictures=TaskPictures(run, canvas=settings.canvas()))


WRITERS: dict[str, tuple[str, Callable[[Run, Path, Settings], None]]] = {
    "json": ("record:", _write_record),
    "report": ("report:", _write_report),
    "kept": ("the record was kept in", _write_record),
}
"""Output → what is said where it was written, and what writes it: RecordError where it cannot."""


def _case(report: pytest.TestReport) -> Case:
    from .records.run import Case

    told = dict(report.user_properties)
    result: str = report.outcome
    if report.failed and report.when != "call":
        result = "error"
    return Case(
        id=report.nodeid,
        model=str(told["vlm_model"]),
        task=str(told["vlm_task"]),
        gate=str(told["vlm_gate"]),
        result=result,
        verdict=_verdict(told),
        told=str(report.longrepr) if result == "error" else "",
    )


def _verdict(told: Mapping[str, Any]) -> Verdict | None:
    from .gates import Outcome, Verdict
    from .stats.interval import Interval

    if "vlm_verdict" not in told:
        return None
    return Verdict(
        gate=str(told["vlm_gate"]),
        outcome=Outcome(told["vlm_verdict"]),
        estimate=told["vlm_estimate"],
        interval=Interval(told["vlm_low"], told["vlm_high"]),
        p=told["vlm_p"],
        n=told["vlm_n"],
        reason=told["vlm_reason"],
    )


def _plain(value: Any) -> Any:
    """Values as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
