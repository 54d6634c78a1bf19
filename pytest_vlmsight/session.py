"""The hooks of a run with ``--vlm``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .evaluator import AskedTask, asked_tasks
from .models.names import ModelName
from .plan import ROOT, Plan
from .progress import open_progress
from .suite import VlmCase, VlmSuite

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .baselines import Baselines
    from .making import Ahead
    from .open_models import OpenModels
    from .recorder import Recorder
    from .task_shelf import TaskShelf
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
        models: OpenModels,
        names: Sequence[ModelName],
        wanted: tuple[str, ...] | None,
        baselines: Baselines | None = None,
        recorded: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        self.config, self.models, self.names, self.wanted = config, models, names, wanted
        self.settings = models.shelf.settings
        self.baselines, self.recorded, self.recorder = baselines, recorded, recorder
        self.plan: Plan | None = None
        self.reports: list[pytest.TestReport] = []

    def pytest_sessionstart(self) -> None:
        """Find the tasks and check their items before any model is loaded."""
        if self.wanted is not None:
            self._make_plan(self.wanted)
        self.models.progress = open_progress(self.config)

    def _make_plan(self, wanted: tuple[str, ...]) -> None:
        plan = Plan(
            settings=self.settings,
            names=tuple(self.names),
            tasks=tuple(_checked_tasks(self.models.shelf)),
            wanted=wanted,
            baselines=self.baselines,
        )
        for unknown in plan.unknown():
            raise pytest.UsageError(
                f"not found: {unknown} (is its --vlm, --vlm-tasks or --vlm-baseline missing?)"
            )
        self.plan = self.models.plan = plan
        if self.recorder is not None:
            self.recorder.gates = plan.gates_collected

    def pytest_unconfigure(self) -> None:
        """Close the terminal's second handle."""
        self.models.close()

    def pytest_report_header(self) -> list[str]:
        """What is about to be tested and what that can show."""
        if self.plan is None:
            return []
        from .report.github_log import for_log
        from .report.slices import fitted
        from .report.terminal import WIDTH, header

        lines = header(self.settings, tasks=self.plan.tasks, tests=self.plan.gates_collected)
        if self.baselines is not None:
            lines += [
                fitted(f"vlmsight: {one}", WIDTH).rstrip() for one in self.baselines.of.values()
            ]
        return list(map(for_log, lines))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Put the suite beside whatever else the session collects."""
        report = yield
        if isinstance(collector, pytest.Session) and self.plan is not None and report.passed:
            suite = VlmSuite.from_parent(
                collector, name=ROOT, nodeid=ROOT, plan=self.plan, models=self.models
            )
            report.result.append(suite)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say in a case's own words what its setup raised: pytest does so for calls only."""
        report = yield
        if isinstance(item, VlmCase) and report.failed and report.when != "call" and call.excinfo:
            report.longrepr = item.repr_failure(call.excinfo)
        if not isinstance(item, VlmCase):  # a case tells them by itself
            report.user_properties += [
                ("vlm_cache_warning", told) for told in self.models.new_warnings()
            ]
        new = self.models.newly_measured()  # by a case, or by a test of the user's
        if self.recorded and new:
            from .recorder import attach

            attach(report, new)
        if isinstance(item, VlmCase) and report.when == "teardown":
            diagnosed = item.model.newly_diagnosed()
            if diagnosed:
                from .recorder import attach_diagnoses

                attach_diagnoses(report, diagnosed)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Diagnose a model when its last case was judged and before it is freed."""
        if not isinstance(item, VlmCase):
            return
        if not isinstance(nextitem, VlmCase) or nextitem.model is not item.model:
            item.model.diagnose()

    @pytest.hookimpl(trylast=True)  # behind fixtures' own parameters, so that the model is first
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """A test with the marker ``vlm_task`` is run for each of its tasks."""
        marker = metafunc.definition.get_closest_marker("vlm_task")
        if marker is None:
            return
        where = f"{metafunc.definition.nodeid}: marker vlm_task"
        if "vlm_task" not in metafunc.fixturenames:
            if marker not in metafunc.definition.own_markers:
                return  # its class's or module's, which others of it may need
            raise pytest.Collector.CollectError(
                f"{where}: the test takes neither vlm_evaluation nor vlm_task"
            )
        try:
            asked = asked_tasks(self.models.shelf, *marker.args, **marker.kwargs)
        except (TypeError, ValueError) as error:
            raise pytest.Collector.CollectError(f"{where}: {error}") from None
        ids = [one.task.name for one in asked]
        metafunc.parametrize("vlm_task", asked, ids=ids, indirect=True)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep a model's cases together whatever reordered them: each model loads once.

        Of several models, each one's cases are behind the tests of the user's that use it, since
        the next test with another model frees it; those of models that no test uses come first.
        """
        used = {index: _model_of(item) for index, item in enumerate(items)}
        last = {model: index for index, model in used.items() if model is not None}
        first: dict[str, float] = {}
        for index, item in enumerate(items):
            if isinstance(item, VlmCase):
                first.setdefault(item.model.name, index)
        if last and len(self.names) > 1:
            start = min(index for index, model in used.items() if model is not None)
            first = {model: last.get(model, start - 0.5) for model in first}
        order = {
            id(item): first[item.model.name] if isinstance(item, VlmCase) else index
            for index, item in enumerate(items)
        }
        items.sort(key=lambda item: (order[id(item)], isinstance(item, VlmCase)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Have items made by other processes while the tests run."""
        ahead = self._ahead(session)
        if ahead is None:
            return (yield)
        self.models.ahead = ahead
        try:
            return (yield)
        finally:
            self.models.ahead = None
            ahead.close()

    def _ahead(self, session: pytest.Session) -> Ahead | None:
        from .making import Ahead, cores

        # Workers of xdist are several processes as it is.
        if self.config.option.collectonly or hasattr(self.config, "workerinput"):
            return None
        tasks: dict[str, Task] = {}
        for item in session.items:
            asked = _given(item, "vlm_task")
            if isinstance(item, VlmCase):
                tasks[item.task.name] = item.task
            elif isinstance(asked, AskedTask) and asked.settings == self.settings:
                tasks.setdefault(asked.task.name, asked.task)
        settings = self.settings
        return Ahead(
            list(tasks.values()),
            n=settings.items,
            seed=settings.seed,
            jobs=settings.jobs or cores(),
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect outcomes, also those that arrive from xdist's workers."""
        warned = any(name == "vlm_cache_warning" for name, _ in report.user_properties)
        if warned or report.nodeid.startswith(f"{ROOT}::"):
            self.reports.append(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line per (model, task); with -v also its slices."""
        from .recorder import attached_diagnoses
        from .report.diagnoses import in_brief
        from .report.github_log import for_log
        from .report.terminal import summary, warnings

        lines = summary(
            self.reports,
            slices=self.config.get_verbosity() > 0,
            baselines={} if self.baselines is None else self.baselines.of,
        )
        lines += in_brief(one for report in self.reports for one in attached_diagnoses(report))
        lines += in_brief([] if self.recorder is None else self.recorder.across)
        lines += warnings(self.reports)
        if lines:
            terminalreporter.section("vlmsight", sep="=")
            for line in lines:
                terminalreporter.write_line(for_log(line))

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

        return model_scheduling(config, log, models=[name.shown for name in self.names])


def _model_of(item: pytest.Item) -> str | None:
    """The model that a test of the user's is run for."""
    model = _given(item, "vlm")
    return model.shown if isinstance(model, ModelName) else None


def _given(item: pytest.Item, parameter: str) -> object:
    """What a test is run with; None where it has no such parameter."""
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get(parameter)


def _checked_tasks(shelf: TaskShelf) -> tuple[Task, ...]:
    """The tasks named; items of folders are read once to find what is broken.

    Generated tasks are left alone: their items cannot be broken, and making them takes seconds.
    So are those of public data sets, which are read, or downloaded, when a case runs.

    Raises:
        pytest.UsageError: unknown or broken tasks, or fewer items than a gate could pass with.
    """
    from .regression import tolerated
    from .stats.paired import minimum_n

    settings = shelf.settings
    try:
        tasks = shelf.plan()
        for task in tasks:
            n = settings.items
            if task.on_demand and task.available is not None:
                n = min(n, task.available)
            elif task.available is not None:
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
