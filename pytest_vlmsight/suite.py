"""The nodes of a run: ``vlmsight`` → a model → its cases, ``vlmsight::MODEL::TASK::GATE``.

Models come first so that each is loaded once. A case's setup measures (what cannot be measured is
an ERROR), its call judges (a gate not met is a FAILURE). The two gates of a task share one
evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .models.base import MeasurementError, ModelError
from .models.names import ModelName, UnknownModelError, parse_name
from .options import SettingError
from .progress import Progress, open_progress
from .settings import GateSettings, Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from .evaluation import Evaluation
    from .gates import Verdict
    from .models.base import Vlm
    from .tasks.item import Task

ROOT = "vlmsight"
"""Name of the suite: the first part of every case's id, and an argument that asks for it."""

GATES = ("ceiling", "blind")

_ARGS = "vlmsight_args"
# Key of xdist's workerinput: what the controller took out of the arguments.


class GateFailure(Exception):  # noqa: N818 - a failed test, not an error
    """A gate is not met; carries the verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(f"{verdict.outcome}: {verdict.reason}")
        self.verdict = verdict


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
        names = [parse_name(name, base=config.invocation_params.dir) for name in settings.vlms]
    except (SettingError, UnknownModelError) as error:
        raise pytest.UsageError(str(error)) from None
    names = list(dict.fromkeys(names))
    shown = [name.shown for name in names]
    for name in shown:
        if shown.count(name) > 1:
            raise pytest.UsageError(f"--vlm={name}: two models would share this name")
    if not names:
        raise pytest.UsageError("--vlm: no model is named")
    config.pluginmanager.register(
        SuitePlugin(config, settings=settings, names=names, wanted=_take_arguments(config)),
        "vlmsight-suite",
    )


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
    ) -> None:
        self.config, self.settings, self.names, self.wanted = config, settings, names, wanted
        self.tasks: list[Task] = []
        self.reports: list[pytest.TestReport] = []
        self.progress: Progress | None = None

    @property
    def gates_collected(self) -> int:
        """Number of gates of the whole suite, fixed before -k: the FAIL side's divisor."""
        return len(self.names) * len(self.tasks) * len(GATES)

    def pytest_sessionstart(self) -> None:
        """Find the tasks and check their items before any model is loaded."""
        if self.wanted is None:
            return
        self.tasks = _checked_tasks(self.settings)
        _check_wanted(self)
        self.progress = open_progress(self.config)

    def pytest_unconfigure(self) -> None:
        """Close the terminal's second handle."""
        if self.progress is not None:
            self.progress.close()

    def pytest_report_header(self) -> list[str]:
        """What is about to be tested and what that can show."""
        if self.wanted is None:
            return []
        from .report.terminal import header

        return header(self.settings, tasks=self.tasks, tests=self.gates_collected)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Put the suite beside whatever else the session collects."""
        report = yield
        if isinstance(collector, pytest.Session) and self.wanted is not None and report.passed:
            suite = VlmSuite.from_parent(collector, name=ROOT, nodeid=ROOT, plugin=self)
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

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect outcomes, also those that arrive from xdist's workers."""
        if report.nodeid.startswith(f"{ROOT}::"):
            self.reports.append(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line per (model, task)."""
        from .report.terminal import summary

        lines = summary(self.reports)
        if lines:
            terminalreporter.section("vlmsight", sep="=")
            for line in lines:
                terminalreporter.write_line(line)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell an xdist worker which arguments were the suite's."""
        node.workerinput[_ARGS] = None if self.wanted is None else list(self.wanted)
        node.workerinput["vlmsight_only"] = not self.config.args

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        """All cases of a model on one worker."""
        if config.getoption("dist") not in {"load", "worksteal"}:
            return None
        from .scheduling import model_scheduling

        return model_scheduling(config, log)


def _checked_tasks(settings: Settings) -> list[Task]:
    """The tasks named, their items read once to find what is broken.

    Raises:
        pytest.UsageError: unknown or broken tasks, or fewer items than a gate could pass with.
    """
    from .stats.paired import minimum_n
    from .tasks.marker_words import parse_style
    from .tasks.registry import resolve

    try:
        style = parse_style(settings.marker)
        tasks = resolve(settings.tasks, style=style)
        for task in tasks:
            n = len(task.make_items(settings.items, settings.seed))
            gate = settings.gate_for(task.name)
            least = minimum_n(gate.margin, gate.alpha)
            if n < least:
                raise pytest.UsageError(
                    f"task {task.name}: {n} items cannot pass: at margin {gate.margin:g} and "
                    f"alpha {gate.alpha:g} the ceiling gate needs at least {least}; raise "
                    "--vlm-items (or add items to the folder), or widen --vlm-margin"
                )
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None
    return tasks


class VlmSuite(pytest.Collector):
    """All models of the run."""

    def __init__(self, *, plugin: SuitePlugin, **node: Any) -> None:
        super().__init__(**node)
        self.plugin = plugin

    def collect(self) -> Iterable[VlmModel]:
        """One node per model that has a wanted case."""
        for name in self.plugin.names:
            model = VlmModel.from_parent(
                self,
                name=name.shown,
                nodeid=f"{self.nodeid}::{name.shown}",
                plugin=self.plugin,
                source=name,
            )
            if any(True for _ in model.collect()):
                yield model


class VlmModel(pytest.Collector):
    """One model: loaded when its first case is set up, freed after its last."""

    def __init__(self, *, plugin: SuitePlugin, source: ModelName, **node: Any) -> None:
        super().__init__(**node)
        self.plugin, self.source = plugin, source
        self._vlm: Vlm | None = None
        self._failure_told = False
        self._evaluations: dict[str, Evaluation | MeasurementError] = {}

    def collect(self) -> Iterator[VlmCase]:
        """The gates of every task."""
        for task in self.plugin.tasks:
            for gate in GATES:
                name = f"{task.name}::{gate}"
                # The id is spelled out because pytest from 9.2 on would take a name with "::" for
                # one part of it and then not know it from the same id in its cache (--lf, --sw).
                nodeid = f"{self.nodeid}::{name}"
                case = VlmCase.from_parent(
                    self, name=name, nodeid=nodeid, task=task, gate=gate, model=self
                )
                if _wanted(case.nodeid, self.plugin.wanted or ()):
                    yield case

    def setup(self) -> None:
        """Load the model; raising here makes every case of it an ERROR after one attempt."""
        from .models.transformers_vlm import TransformersVlm

        settings = self.plugin.settings
        self._vlm = TransformersVlm.from_name(
            self.source,
            device=settings.device,
            dtype=settings.dtype,
            batch=settings.batch,
            images=settings.images,
            trust_remote_code=settings.trust_remote_code,
        )

    def load_failure(self, error: ModelError) -> str:
        """What went wrong, in full for the first case and as a reference for the others."""
        if self._failure_told:
            return f"{self.name} could not be loaded: see the first ERROR of this model"
        self._failure_told = True
        return str(error)

    def teardown(self) -> None:
        """Free the model."""
        if self._vlm is not None:
            self._vlm.close()
            self._vlm = None
        self._evaluations.clear()

    def evaluation(self, task: Task) -> Evaluation:
        """The evaluation of a task, made once.

        Raises:
            MeasurementError: the same again at every call.
        """
        from .evaluation import evaluate

        if task.name not in self._evaluations:
            assert self._vlm is not None
            try:
                self._evaluations[task.name] = evaluate(
                    self._vlm, task, settings=self.plugin.settings, progress=self.plugin.progress
                )
            except MeasurementError as error:
                self._evaluations[task.name] = error
        known = self._evaluations[task.name]
        if isinstance(known, MeasurementError):
            raise known
        return known


class VlmCase(pytest.Item):
    """One gate of one (model, task)."""

    def __init__(self, *, task: Task, gate: str, model: VlmModel, **node: Any) -> None:
        super().__init__(**node)
        self.task, self.gate, self.model = task, gate, model
        self._evaluation: Evaluation | None = None
        self.user_properties += [
            ("vlm_model", model.name),
            ("vlm_task", task.name),
            ("vlm_gate", gate),
        ]

    def setup(self) -> None:
        """Measure."""
        evaluation = self.model.evaluation(self.task)
        kind = self.model.plugin.settings.ceiling[0]
        alpha = self.model.plugin.settings.gate_for(self.task.name).alpha
        self.user_properties += _plain(_numbers(evaluation, kind=kind, alpha=alpha))
        if self.gate == "ceiling" and kind in evaluation.unmeasured:
            raise MeasurementError(
                f"the {kind} ceiling of {self.task.name} could not be measured: "
                f"{evaluation.unmeasured[kind]}"
            )
        self._evaluation = evaluation

    def runtest(self) -> None:
        """Judge."""
        assert self._evaluation is not None
        plugin = self.model.plugin
        verdict = _judge(
            self.gate,
            self._evaluation,
            settings=plugin.settings.gate_for(self.task.name),
            tests=plugin.gates_collected,
            kind=plugin.settings.ceiling[0],
        )
        told = [
            ("vlm_verdict", verdict.outcome),
            ("vlm_estimate", verdict.estimate),
            ("vlm_low", verdict.interval.low),
            ("vlm_high", verdict.interval.high),
            ("vlm_p", verdict.p),
            ("vlm_reason", verdict.reason),
        ]
        self.user_properties += _plain(told)
        if verdict.outcome == "PASS":
            return
        if verdict.outcome == "INCONCLUSIVE":
            if plugin.settings.inconclusive == "skip":
                pytest.skip(f"INCONCLUSIVE: {verdict.reason}")
            if plugin.settings.inconclusive == "pass":
                return
        raise GateFailure(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The sentence, without frames of the plugin."""
        if isinstance(excinfo.value, ModelError):
            return self.model.load_failure(excinfo.value)
        if isinstance(excinfo.value, GateFailure):
            from .accuracy import figures

            assert self._evaluation is not None
            alpha = self.model.plugin.settings.gate_for(self.task.name).alpha
            return _folded(str(excinfo.value), figures(self._evaluation, alpha=alpha))
        if isinstance(excinfo.value, MeasurementError):
            return str(excinfo.value)
        # Frames of pytest and pluggy, which pytest only leaves out for functions, say nothing.
        excinfo.traceback = excinfo.traceback.cut(path=__file__)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where a report says this case is: it has no file."""
        return self.path, 0, self.nodeid


def _folded(*sentences: str) -> str:
    """Each sentence wrapped to a terminal's width."""
    import textwrap

    return "\n".join(textwrap.fill(s, 79, break_long_words=False) for s in sentences)


def _judge(
    gate: str, evaluation: Evaluation, *, settings: GateSettings, tests: int, kind: str
) -> Verdict:
    from .gates import blind_gate, ceiling_gate

    if gate == "blind":
        return blind_gate(evaluation, gate=settings, tests=tests)
    return ceiling_gate(evaluation, gate=settings, tests=tests, kind=kind)


def _numbers(evaluation: Evaluation, *, kind: str, alpha: float) -> list[tuple[str, object]]:
    """What JUnit and the summary show of an evaluation."""
    from .accuracy import accuracies

    measured = accuracies(evaluation, confidence=1 - 2 * alpha)
    numbers: list[tuple[str, object]] = [
        ("vlm_n", evaluation.n),
        ("vlm_chance", float(evaluation.chance.mean())),
        ("vlm_decided_by", kind),
        ("vlm_blind", max(a.share for a in measured if a.name.startswith("blind_"))),
    ]
    for accuracy in measured:
        numbers += [
            (f"vlm_{accuracy.name}", accuracy.share),
            (f"vlm_{accuracy.name}_low", accuracy.interval.low),
            (f"vlm_{accuracy.name}_high", accuracy.interval.high),
        ]
    numbers += [(f"vlm_{key}", value) for key, value in evaluation.provenance.items() if value]
    return numbers


def _plain(properties: Iterable[tuple[str, object]]) -> list[tuple[str, object]]:
    """Properties with values of built-in types only: xdist refuses even subclasses of them."""
    kinds = (bool, int, float, str)
    return [
        (key, next((kind(value) for kind in kinds if isinstance(value, kind)), str(value)))
        for key, value in properties
    ]


def _wanted(nodeid: str, wanted: Sequence[str]) -> bool:
    return any(nodeid == w or nodeid.startswith(f"{w}::") for w in wanted)


def _check_wanted(plugin: SuitePlugin) -> None:
    """Every pasted node id must be of this run.

    Raises:
        pytest.UsageError: one is not.
    """
    known = [
        f"{ROOT}::{name.shown}::{task.name}::{gate}"
        for name in plugin.names
        for task in plugin.tasks
        for gate in GATES
    ]
    for wanted in plugin.wanted or ():
        if not any(_wanted(nodeid, (wanted,)) for nodeid in known):
            raise pytest.UsageError(f"not found: {wanted} (is its --vlm or --vlm-tasks missing?)")
