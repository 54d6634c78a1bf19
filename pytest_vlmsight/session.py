"""The hooks of a run with ``--vlm``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from .plan import ROOT, Plan
from .progress import open_progress
from .suite import AHEAD, VlmCase, VlmSuite

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .baselines import Baselines
    from .making import Ahead
    from .models.names import ModelName
    from .settings import Settings
    from .tasks.item import Task

ARGS = "vlmsight_args"
COMMAND = "vlmsight_command"
ONLY = "vlmsight_only"
"""Keys of xdist's workerinput: arguments that were the suite's, what was typed, and whether
there were no other arguments."""


class SuitePlugin:
    """The hooks of a run with ``--vlm``."""

    def __init__(
        self,
        config: pytest.Config,
        *,
        settings: Settings,
        names: Sequence[ModelName],
        wanted: tuple[str, ...] | None,
        baselines: Baselines | None = None,
        recorded: bool = False,
    ) -> None:
        self.config, self.settings, self.names, self.wanted = config, settings, names, wanted
        self.baselines, self.recorded = baselines, recorded
        self.plan: Plan | None = None
        self.reports: list[pytest.TestReport] = []

    def pytest_sessionstart(self) -> None:
        """Find the tasks and check their items before any model is loaded."""
        if self.wanted is None:
            return
        plan = Plan(
            settings=self.settings,
            names=tuple(self.names),
            tasks=tuple(_checked_tasks(self.settings)),
            wanted=self.wanted,
            progress=None,
            baselines=self.baselines,
        )
        for wanted in plan.unknown():
            raise pytest.UsageError(
                f"not found: {wanted} (is its --vlm, --vlm-tasks or --vlm-baseline missing?)"
            )
        self.plan = replace(plan, progress=open_progress(self.config))

    def pytest_unconfigure(self) -> None:
        """Close the terminal's second handle."""
        if self.plan is not None and self.plan.progress is not None:
            self.plan.progress.close()

    def pytest_report_header(self) -> list[str]:
        """What is about to be tested and what that can show."""
        if self.plan is None:
            return []
        from .report.slices import fitted
        from .report.terminal import WIDTH, header

        lines = header(self.settings, tasks=self.plan.tasks, tests=self.plan.gates_collected)
        if self.baselines is not None:
            lines += [
                fitted(f"vlmsight: {one}", WIDTH).rstrip() for one in self.baselines.of.values()
            ]
        return lines

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Put the suite beside whatever else the session collects."""
        report = yield
        if isinstance(collector, pytest.Session) and self.plan is not None and report.passed:
            suite = VlmSuite.from_parent(collector, name=ROOT, nodeid=ROOT, plan=self.plan)
            report.result.append(suite)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say in a case's own words what its setup raised: pytest does so for calls only."""
        report = yield
        if not isinstance(item, VlmCase):
            return report
        if report.failed and report.when != "call" and call.excinfo:
            report.longrepr = item.repr_failure(call.excinfo)
        if self.recorded and report.when == "setup":
            evaluation = item.newly_measured()
            if evaluation is not None:
                from .recorder import attach

                attach(report, evaluation)
        if report.when == "teardown" and (found := item.model.newly_diagnosed()):
            from .recorder import attach_diagnoses

            attach_diagnoses(report, found)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Diagnose a model when its last case was judged and before it is freed."""
        if not isinstance(item, VlmCase):
            return
        if not isinstance(nextitem, VlmCase) or nextitem.model is not item.model:
            item.model.diagnose()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep a model's cases together whatever reordered them: each model loads once."""
        first: dict[int, int] = {}
        for index, item in enumerate(items):
            if isinstance(item, VlmCase):
                first.setdefault(id(item.model), index)
        order = {
            id(item): first[id(item.model)] if isinstance(item, VlmCase) else index
            for index, item in enumerate(items)
        }
        items.sort(key=lambda item: order[id(item)])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Have items made by other processes while the tests run."""
        ahead = self._ahead(session)
        if ahead is None:
            return (yield)
        self.config.stash[AHEAD] = ahead
        try:
            return (yield)
        finally:
            del self.config.stash[AHEAD]
            ahead.close()

    def _ahead(self, session: pytest.Session) -> Ahead | None:
        from .making import Ahead, cores

        # Workers of xdist are several processes as it is.
        if (
            self.plan is None
            or self.config.option.collectonly
            or hasattr(self.config, "workerinput")
        ):
            return None
        cases = [item for item in session.items if isinstance(item, VlmCase)]
        tasks = list({case.task.name: case.task for case in cases}.values())
        settings = self.settings
        return Ahead(tasks, n=settings.items, seed=settings.seed, jobs=settings.jobs or cores())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect outcomes, also those that arrive from xdist's workers."""
        if report.nodeid.startswith(f"{ROOT}::"):
            self.reports.append(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line per (model, task); with -v also its slices."""
        from .recorder import attached_diagnoses
        from .report.diagnoses import in_brief
        from .report.terminal import summary, warnings

        lines = summary(self.reports, slices=self.config.get_verbosity() > 0)
        lines += in_brief(one for report in self.reports for one in attached_diagnoses(report))
        lines += warnings(self.reports)
        if lines:
            terminalreporter.section("vlmsight", sep="=")
            for line in lines:
                terminalreporter.write_line(line)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker which arguments were the suite's."""
        node.workerinput[ARGS] = None if self.wanted is None else list(self.wanted)
        node.workerinput[ONLY] = not self.config.args
        node.workerinput[COMMAND] = list(map(str, self.config.invocation_params.args))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """All cases of a model on one worker."""
        if config.getoption("dist") not in {"load", "worksteal"}:
            return None
        from .scheduling import model_scheduling

        return model_scheduling(config, log)


def _checked_tasks(settings: Settings) -> list[Task]:
    """The tasks named; items of folders are read once to find what is broken.

    Generated tasks are left alone: their items cannot be broken, and making them takes seconds.

    Raises:
        pytest.UsageError: unknown or broken tasks, or fewer items than a gate could pass with.
    """
    from .regression import tolerated
    from .stats.paired import minimum_n
    from .tasks.registry import resolve

    try:
        tasks = resolve(settings.tasks, canvas=settings.canvas(), difficulty=settings.difficulty)
        for task in tasks:
            n = settings.items
            if task.available is not None:
                n = len(task.make_items(settings.items, settings.seed))
            gate = settings.gate_for(task.name)
            needed = [("margin", gate.margin, "ceiling")]
            if settings.baseline is not None:
                needed.append(("drop", tolerated(gate.drop, n), "regression"))
            for word, margin, which in needed:
                least = minimum_n(margin, gate.alpha)
                if n < least:
                    raise pytest.UsageError(
                        f"task {task.name}: {n} items cannot pass: at {word} {margin:g} and "
                        f"alpha {gate.alpha:g} the {which} gate needs at least {least}; raise "
                        f"--vlm-items (or add items to the folder), or widen --vlm-{word}"
                    )
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    return tasks
