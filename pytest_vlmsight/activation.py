"""What is typed with ``--vlm``, read: settings, models, tasks, baselines, the suite's arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from . import fixtures
from .models.names import ModelName, UnknownModelError, parse_name
from .models.own import own_models, own_name
from .open_models import OpenModels
from .options import SettingError
from .outputs import are_wanted, outputs
from .plan import ROOT
from .session import ARGS, COMMAND, ONLY, SuitePlugin
from .settings import Settings, read_settings
from .task_shelf import TaskShelf
from .tasks.own import OwnTaskError, own_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .baselines import Baselines


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

    try:
        settings = read_settings(config.getoption, configured, per_task=configured("vlm_gates"))
        own = own_models(config)
        names = [
            own_name(name) if name in own else parse_name(name, base=config.invocation_params.dir)
            for name in settings.vlms
        ]
        shelf = TaskShelf(settings, own=own_tasks(config))
    except (SettingError, UnknownModelError, OwnTaskError) as error:
        raise pytest.UsageError(str(error)) from None
    names = list(dict.fromkeys(names))
    shown = [name.shown for name in names]
    for name in shown:
        if shown.count(name) > 1:
            raise pytest.UsageError(f"--vlm={name}: two models would share this name")
    if not names:
        raise pytest.UsageError("--vlm: no model is named")
    baselines = _baselines(config, settings, names)
    recorded = (
        are_wanted(settings)
        or bool(baselines and baselines.outputs())
        or bool(settings.diagnose)  # some parts take the evaluations of all models
    )
    recorder = None
    if recorded and not hasattr(config, "workerinput"):
        from .recorder import Recorder

        try:
            found = outputs(
                settings,
                base=config.invocation_params.dir,
                baselines=baselines,
                own=shelf.own,
            )
        except SettingError as error:
            raise pytest.UsageError(str(error)) from None
        if baselines is not None:
            found += baselines.outputs()
        recorder = Recorder(config, settings=settings, outputs=found)
        config.pluginmanager.register(recorder, "vlmsight-recorder")
    config.pluginmanager.register(
        SuitePlugin(
            config,
            models=OpenModels(shelf, own=own),
            names=names,
            wanted=_take_arguments(config),
            baselines=baselines,
            recorded=recorded,
            recorder=recorder,
        ),
        "vlmsight-suite",
    )
    fixtures.parametrise(config, names=names)


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
            command=worker[COMMAND] if worker else tuple(map(str, config.invocation_params.args)),
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
        taken = worker[ARGS]
        config.args[:] = [a for a in config.args if not _is_ours(a)]
        if taken is not None and worker[ONLY]:
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
