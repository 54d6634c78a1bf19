"""Fixtures for users' own tests. Every pytest run loads this module, so it imports nothing else.

Without ``--vlm`` there is no model: a test that asks for one is skipped.
"""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .evaluation import Evaluation
    from .evaluator import Evaluator
    from .models.base import Vlm
    from .models.names import ModelName
    from .session import SuitePlugin
    from .settings import Settings
    from .tasks.item import Task

MARKER = (
    "vlm_task(*tasks, **settings): run the test for each model of --vlm and each of these tasks "
    "(names, folders or globs as after --vlm-tasks; without any, those of --vlm-tasks); its "
    "fixture vlm_evaluation is the evaluation, made with settings such as items=100"
)
NO_MODEL = "no model is named: pytest --vlm=NAME"


_PARAMETRISED = "vlmsight-vlm"


def register(pluginmanager: pytest.PytestPluginManager) -> None:
    """Give tests the fixtures of this module, and a place for the fixture ``vlm``.

    This is done before any conftest.py is read: of fixtures of one name that plugins have, the
    last one is taken, and a user's may be in a plugin of their own.
    """
    pluginmanager.register(sys.modules[__name__], "vlmsight-fixtures")
    pluginmanager.register(ModuleType("vlmsight_vlm"), _PARAMETRISED)


def parametrise(config: pytest.Config, *, names: Sequence[ModelName] = ()) -> None:
    """Make the fixture ``vlm``, before pytest looks for fixtures.

    Args:
        config: of the run.
        names: the models; a test that takes one is run for each, and skipped where there are none.
    """
    made = config.pluginmanager.get_plugin(_PARAMETRISED)
    if made is None:  # switched off, by `-p no:…`
        return
    ids = [name.shown for name in names]
    if names:
        made.vlm = pytest.fixture(scope="session", params=names, ids=ids)(vlm)
    else:
        made.vlm = pytest.fixture(scope="session", name="vlm")(no_vlm)


def vlm(request: pytest.FixtureRequest) -> Iterator[Vlm]:
    """Each model of --vlm, loaded: it has what pytest_vlmsight.models.base.Vlm says."""
    from .models.base import ModelError

    models = _run(request.config).models
    try:
        opened = models.take(request.param)
    except ModelError as error:
        pytest.fail(models.told(request.param.shown, error), pytrace=False)
    yield opened.vlm
    models.give_back(opened)


def no_vlm() -> None:
    """Each model of --vlm, loaded; without --vlm the test is skipped."""
    pytest.skip(NO_MODEL)


@pytest.fixture(scope="session")
def vlm_settings(pytestconfig: pytest.Config) -> Settings:
    """All settings of the run: what --vlm-items, --vlm-margin and the ini file say."""
    return _run(pytestconfig).settings


@pytest.fixture(scope="session")
def vlm_evaluate(vlm: Vlm, pytestconfig: pytest.Config) -> Evaluator:
    """Evaluates the model on a task: call it with a name, and settings such as items=100."""
    from .evaluator import Evaluator

    models = _run(pytestconfig).models
    opened = models.opened(vlm)
    if opened is None:
        pytest.fail(
            "vlm_evaluate asks a model of --vlm, and here the fixture vlm is another one: give it "
            "another name, or call pytest_vlmsight.evaluate(vlm, task, settings=vlm_settings)",
            pytrace=False,
        )
    return Evaluator(models, opened)


@pytest.fixture
def vlm_task(vlm: Vlm, request: pytest.FixtureRequest) -> Task:  # noqa: ARG001 - it skips
    """Each task of the test's marker vlm_task."""
    asked = getattr(request, "param", None)
    if asked is None:
        pytest.fail(
            "vlm_task and vlm_evaluation need a marker that names tasks: "
            '@pytest.mark.vlm_task("relative_depth")',
            pytrace=False,
        )
    task: Task = asked.task
    return task


@pytest.fixture
def vlm_evaluation(
    vlm_task: Task, vlm_evaluate: Evaluator, request: pytest.FixtureRequest
) -> Evaluation:
    """What came of asking the model about the task of the test's marker vlm_task."""
    from .models.base import MeasurementError
    from .report.properties import evaluation_properties
    from .tasks.pack_error import PackError

    asked = request.node.callspec.params["vlm_task"]
    try:
        evaluation = vlm_evaluate.evaluation(asked)
    except (MeasurementError, PackError) as error:
        pytest.fail(f"{vlm_task.name} could not be measured: {error}", pytrace=False)
    settings: Settings = asked.settings
    alpha = settings.gate_for(evaluation.task).alpha
    request.node.user_properties += [
        ("vlm_model", evaluation.model),
        ("vlm_task", evaluation.task),
        *evaluation_properties(evaluation, kind=settings.ceiling[0], alpha=alpha),
    ]
    return evaluation


def _run(config: pytest.Config) -> SuitePlugin:
    plugin: SuitePlugin | None = config.pluginmanager.getplugin("vlmsight-suite")
    if plugin is None:
        pytest.skip(NO_MODEL)
    return plugin
