"""Does a vision-language model use what its own vision encoder sees?

The plugin is used through pytest (``pytest --vlm=NAME``). The same parts work from a notebook:

    from pytest_vlmsight import Settings, evaluate, judge, load_task, load_vlm

    evaluation = evaluate(
        load_vlm("llava-1.5"), load_task("low_level_matching"), settings=Settings(items=100)
    )
    for verdict in judge(evaluation).values():
        print(verdict.outcome, verdict.reason)

Names are resolved when they are used: every pytest run imports this package.
"""

from __future__ import annotations

__version__ = "0.1.0"

_HOMES = {
    "Answer": "models.base",
    "Box": "tasks.item",
    "Evaluation": "evaluation",
    "GateSettings": "settings",
    "Item": "tasks.item",
    "MeasurementError": "models.base",
    "NoMapError": "models.base",
    "PatchGrid": "models.base",
    "Picture": "tasks.item",
    "Point": "tasks.item",
    "Prompt": "models.base",
    "Settings": "settings",
    "Stage": "models.base",
    "Task": "tasks.item",
    "blind_gate": "gates",
    "ceiling_gate": "gates",
    "conformance": "models.conformance",
    "evaluate": "evaluation",
    "judge": "judging",
    "load_task": "tasks.registry",
    "load_tasks": "tasks.registry",
    "load_vlm": "models",
    "read_run": "records.run_file",
    "write_run": "records.run_file",
}

__all__ = [
    "Answer",
    "Box",
    "Evaluation",
    "GateSettings",
    "Item",
    "MeasurementError",
    "NoMapError",
    "PatchGrid",
    "Picture",
    "Point",
    "Prompt",
    "Settings",
    "Stage",
    "Task",
    "__version__",
    "blind_gate",
    "ceiling_gate",
    "conformance",
    "evaluate",
    "judge",
    "load_task",
    "load_tasks",
    "load_vlm",
    "read_run",
    "write_run",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .evaluation import Evaluation, evaluate
    from .gates import blind_gate, ceiling_gate
    from .judging import judge
    from .models import load_vlm
    from .models.base import Answer, MeasurementError, NoMapError, PatchGrid, Prompt, Stage
    from .models.conformance import conformance
    from .records.run_file import read_run, write_run
    from .settings import GateSettings, Settings
    from .tasks.item import Box, Item, Picture, Point, Task
    from .tasks.registry import resolve as load_tasks
    from .tasks.registry import resolve_one as load_task


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = import_module(f".{_HOMES[name]}", __name__)
    return getattr(home, {"load_task": "resolve_one", "load_tasks": "resolve"}.get(name, name))
