"""Does a vision-language model use what its own vision encoder sees?

The plugin is used through pytest (``pytest --vlm=NAME``). The same parts work from a notebook:

    from pytest_vlmsight import Settings, blind_gate, evaluate, load_model, load_tasks

    vlm = load_model("llava-1.5")
    (task,) = load_tasks(["low_level_matching"])
    evaluation = evaluate(vlm, task, settings=Settings(items=100))
    print(blind_gate(evaluation, gate=Settings().gate, tests=1).reason)

Names are resolved when they are used: every pytest run imports this package.
"""

from __future__ import annotations

__version__ = "0.1.0"

_HOMES = {
    "Answer": "models.base",
    "GateSettings": "settings",
    "MeasurementError": "models.base",
    "NoMapError": "models.base",
    "PatchGrid": "models.base",
    "Prompt": "models.base",
    "Settings": "settings",
    "Stage": "models.base",
    "blind_gate": "gates",
    "ceiling_gate": "gates",
    "conformance": "models.conformance",
    "evaluate": "evaluation",
    "load_model": "models",
    "load_tasks": "tasks.registry",
}

__all__ = [
    "Answer",
    "GateSettings",
    "MeasurementError",
    "NoMapError",
    "PatchGrid",
    "Prompt",
    "Settings",
    "Stage",
    "__version__",
    "blind_gate",
    "ceiling_gate",
    "conformance",
    "evaluate",
    "load_model",
    "load_tasks",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .evaluation import evaluate
    from .gates import blind_gate, ceiling_gate
    from .models import load_model
    from .models.base import Answer, MeasurementError, NoMapError, PatchGrid, Prompt, Stage
    from .models.conformance import conformance
    from .settings import GateSettings, Settings
    from .tasks.registry import resolve as load_tasks


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = import_module(f".{_HOMES[name]}", __name__)
    return getattr(home, {"load_tasks": "resolve"}.get(name, name))
