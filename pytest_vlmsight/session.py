"""A run with ``--vlm``: its arguments and its hooks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from .models.names import ModelName, UnknownModelError, parse_name
from .models.own import own_models, own_name
from .options import SettingError
from .outputs import are_wanted, outputs
from .plan import ROOT, Plan
from .progress import open_progress
from .settings import Settings, read_settings
from .suite import AHEAD, VlmCase, VlmSuite

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .baselines import Baselines
    from .making import Ahead
    from .tasks.item import Task

_ARGS = "vlmsight_args"
_COMMAND = "vlmsight_command"
# Keys of xdist's workerinput: what the controller took out of the arguments, and all of them.


def activate(config: pytest.Config) -> None:
    """Read the settings, take the suite's node ids out of the arguments, register the hooks.

    Raises:
        pytest.UsageError: a setting, a model's or a task's name cannot be used.
    """

    def configured(dest: str) -> Any:
        try:
            return config.getini(dest)
        except (ValueError, TypeError, pytest.UsageError) as error:
            # pytest names the key only where the file is TOML.
            raise SettingError(f"{dest} in the ini file: {error}") from None

    def given(dest: str) -> Any:
        typed = config.getoption(dest)
        return configured(dest) if typed is None else typed

    try:
        settings = read_settings(given, per_task=configured("vlm_gates"))
        own = own_models(config)
        names = [
            own_name(name) if name in own else parse_name(name, base=config.invocation_params.dir)
            for name in settings.vlms
        ]
    except (SettingError, UnknownModelError) as error:
        raise pytest.UsageError(str(error)) from None
    names = list(dict.fromkeys(names))
    shown = [name.shown for name in names]
    for name in shown:
        if shown.count(name) > 1:
            raise pytest.UsageError(f"--vlm={name}: two models would share this name")
    if not names:
        raise pytest.UsageError("--vlm: no model is named")
    baselines = _baselines(config, settings, names)
    recorded = are_wanted(settings) or bool(baselines and baselines.outputs())
    if recorded and not hasattr(config, "workerinput"):
        from .recorder import Recorder

        try:
            found = outputs(settings, base=config.invocation_params.dir)
        except SettingError as error:
            raise pytest.UsageError(str(error)) from None
        if baselines is not None:
            found += baselines.outputs()
        recorder = Recorder(config, settings=settings, outputs=found)
        config.pluginmanager.register(recorder, "vlmsight-recorder")
    config.pluginmanager.register(
        SuitePlugin(
            config,
            settings=settings,
            names=names,
            wanted=_take_arguments(config),
            baselines=baselines,
            recorded=recorded,
        ),
        "vlmsight-suite",
    )


def _baselines(
    config: pytest.Config, settings: Settings, names: Sequence[ModelName]
) -> Baselines | None:
    """What the models are compared with, read.

    Raises:
        pytest.UsageError: a baseline cannot be read, or a setting of them does not fit.
    """
    if settings.baseline is None and not (settings.update or settings.update_new):
        return None
    from .baselines import on_ci, open_baselines
    from .records.errors import RecordError

    worker = getattr(config, "workerinput", None)
    try:
        return open_baselines(
            settings,
            models=[name.shown for name in names],
            folder=config.invocation_params.dir,
            # A worker of xdist is started with other words than were typed.
            command=worker[_COMMAND] if worker else tuple(map(str, config.invocation_params.args)),
            ci=on_ci(),
        )
    except RecordError as error:
        raise pytest.UsageError(str(error)) from None


def _take_arguments(config: pytest.Config) -> tuple[str, ...] | None:
    """Remove the suite's node ids from pytest's arguments and return them.

    None: the suite was not asked for, because only other arguments were given. Changing
    ``config.args`` is not documented by pytest; tests pin what is relied on.
    """
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        taken = worker[_ARGS]
        config.args[:] = [a for a in config.args if not _is_ours(a)]
        if taken is not None and worker["vlmsight_only"]:
            config.args[:] = []
        return None if taken is None else tuple(taken)
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args[:] = []
        return (ROOT,)
    ours = tuple(a.rstrip("/") for a in config.args if _is_ours(a))
    config.args[:] = [a for a in config.args if not _is_ours(a)]
    return ours or None


def _is_ours(argument: str) -> bool:
    return argument.rstrip("/") == ROOT or argument.startswith(f"{ROOT}::")


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
        return report

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
        from .report.terminal import summary, warnings

        lines = summary(self.reports, slices=self.config.get_verbosity() > 0)
        lines += warnings(self.reports)
        if lines:
            terminalreporter.section("vlmsight", sep="=")
            for line in lines:
                terminalreporter.write_line(line)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker which arguments were the suite's."""
        node.workerinput[_ARGS] = None if self.wanted is None else list(self.wanted)
        node.workerinput["vlmsight_only"] = not self.config.args
        node.workerinput[_COMMAND] = list(map(str, self.config.invocation_params.args))

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
