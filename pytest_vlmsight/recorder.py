"""Makes a run out of pytest's reports, those of xdist's workers too, and has it written.

An evaluation travels with the report of the test that it was measured for, diagnoses with the last
report of their model, as JSON. Only the process that the user started writes files.
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
from .outputs import RECORD, Output
from .phrases import printable
from .plan import ROOT
from .records.errors import RecordError
from .report.github import annotation
from .report.github_log import for_log, on_github

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .diagnosis.result import Diagnosis
    from .evaluation import Evaluation
    from .gates import Verdict
    from .records.run import Case, Run
    from .settings import Settings

_ATTRIBUTE = "vlmsight_evaluations"
_DIAGNOSES = "vlmsight_diagnoses"


def attach(report: pytest.TestReport, evaluations: Sequence[Evaluation]) -> None:
    """Have a report carry evaluations."""
    from .records.form import answers_plain, items_plain

    carried = [
        [one.model, one.task, json.dumps([items_plain(one), answers_plain(one)])]
        for one in evaluations
    ]
    setattr(report, _ATTRIBUTE, carried)


def attach_diagnoses(report: pytest.TestReport, diagnoses: Sequence[Diagnosis]) -> None:
    """Have a report carry diagnoses."""
    from .records.diagnoses import diagnosis_plain

    setattr(report, _DIAGNOSES, json.dumps([diagnosis_plain(one) for one in diagnoses]))


def attached_diagnoses(report: pytest.TestReport) -> list[Diagnosis]:
    """The diagnoses that a report carries."""
    carried = getattr(report, _DIAGNOSES, None)
    if carried is None:
        return []
    from .records.diagnoses import diagnosis_of

    return [diagnosis_of(plain) for plain in json.loads(carried)]


class Recorder:
    """The hooks that make a run and have it written.

    Args:
        config: of the run.
        settings: of the run.
        outputs: what is to be written.
    """

    def __init__(
        self, config: pytest.Config, *, settings: Settings, outputs: Sequence[Output]
    ) -> None:
        self._config, self._settings, self._outputs = config, settings, outputs
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()  # the other may be set while the run runs
        self._evaluations: dict[tuple[str, str], str] = {}
        self._reports: dict[str, pytest.TestReport] = {}
        self._diagnoses: list[Diagnosis] = []
        self.across: list[Diagnosis] = []
        """What parts of diagnosis that take several models found, once the run is over."""
        self._told: list[str] = []
        self._annotation: str | None = None
        self.gates: int | None = None
        """Number of gates collected, once that is known."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a case's reports tell, and what any test has measured."""
        for model, task, measured in getattr(report, _ATTRIBUTE, ()):
            self._evaluations[model, task] = measured
        if not report.nodeid.startswith(f"{ROOT}::"):
            return
        self._diagnoses += attached_diagnoses(report)
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
            gates=self.gates,
            diagnoses=tuple(sorted(self._diagnoses, key=lambda one: (one.model, one.task))),
        )

    def _compared(self, evaluations: Sequence[Evaluation]) -> list[Diagnosis]:
        """What parts of diagnosis that take several models find."""
        if not self._settings.diagnose:
            return []
        from .diagnosis.parts import compare, compared

        models = len({one.model for one in evaluations})
        parts = compared(self._settings.diagnose, models=models)
        return list(compare(evaluations, parts, settings=self._settings))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write all that was asked for; what cannot be written keeps nothing else from being so.

        The run then fails, and its record is kept elsewhere where there is no other: all that
        was asked for can be made of it.
        """
        if not self._reports and not self._evaluations:
            return
        run = self.run()
        self.across = self._compared(run.evaluations)
        run = dataclasses.replace(run, diagnoses=(*run.diagnoses, *self.across))
        ended = session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
        stopped = not ended or session.shouldfail or session.shouldstop  # by hand, or by -x
        failed = []
        for output in self._outputs:
            if output.of_whole_runs and stopped:
                self._told.append(f"no {output.name}: the run did not come to its end")
            elif not self._written(output, run) and output.needed:
                failed.append(output.name)
        if on_github():
            self._written(Output(name="annotation", make=self._annotate, needed=False), run)
        if failed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        written = {output.name for output in self._outputs}.difference(failed)
        if failed and RECORD not in written:
            self._keep(run)

    def _written(self, output: Output, run: Run) -> bool:
        """Make one of them, and note what it tells or what went wrong."""
        try:
            told = [f"{output.name}: {line}" for line in output.make(run)]
        except Exception as error:  # what took hours is not lost to a fault of one form of it
            known = isinstance(error, ValueError | OSError)
            why = str(error) if known else f"{type(error).__name__}: {error}"
            self._told.append(f"{output.name}: {why}")
            return False
        self._told += told
        return True

    def _annotate(self, run: Run) -> list[str]:
        self._annotation = annotation(run)
        return []

    def _keep(self, run: Run) -> None:
        from .records.run_file import write_run

        kept = Path(tempfile.mkdtemp(prefix="vlmsight-")) / "run.json"
        try:
            write_run(run, kept)
        except RecordError as error:
            self._told.append(str(error))
        else:
            self._told.append(f"the record was kept in {kept}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Where everything is, and a line for GitHub to show."""
        for line in self._told:
            terminalreporter.write_line(for_log(f"vlmsight: {printable(line)}"))
        if self._annotation is not None:
            terminalreporter.write_line(self._annotation)


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
