"""The settings of a run, from the plain values that its record holds."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.options import CEILINGS
from pytest_vlmsight.settings import GateSettings, Settings

from .errors import RecordError

if TYPE_CHECKING:
    from .run import Run


def run_settings(run: Run) -> Settings:
    """What a run was made with; what the record does not say is as by default.

    Settings that only a later version knows are passed over.

    Raises:
        RecordError: a value is not what its setting expects; the message names it.
    """
    defaults = Settings()
    values: dict[str, Any] = {}
    for name in (field.name for field in fields(Settings)):
        if name not in run.settings or name == "gate":
            continue
        values[name] = _frozen(run.settings[name])
        expected = getattr(defaults, name)
        if expected is not None and not _alike(values[name], expected):
            raise RecordError(f"setting {name}: got {run.settings[name]!r:.40}")
    try:
        given: dict[str, Any] = run.settings.get("gate", {})
        gate = GateSettings(**{k: float(v) for k, v in given.items() if v is not None})
        settings = Settings(**values, gate=gate)
        gates = [settings.gate_for(task) for task in run.tasks]
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"settings of the gates: {error}") from error
    for each in (gate, *gates):
        if not isinstance(each.alpha, float) or not 0 < each.alpha < 0.5:
            raise RecordError(f"setting alpha: got {each.alpha!r:.40}")
    for name in ("vlms", "tasks", "blind", "ceiling", "marker", "diagnose"):
        if not all(isinstance(word, str) for word in getattr(settings, name)):
            raise RecordError(f"setting {name}: got {run.settings[name]!r:.40}")
    if not all(map(_is_difficulty, settings.difficulty)):
        raise RecordError(f"setting difficulty: got {run.settings['difficulty']!r:.40}")
    if not isinstance(settings.protocol, str | None):
        raise RecordError(f"setting protocol: got {run.settings['protocol']!r:.40}")
    if not settings.ceiling or settings.ceiling[0] not in CEILINGS:
        raise RecordError(f"setting ceiling: got {run.settings.get('ceiling')!r:.40}")
    return settings


def _alike(value: Any, expected: Any) -> bool:
    """Whether a value is of the type that is expected; None stands for "all" or "auto"."""
    return value is None or type(value) is type(expected)


def _is_difficulty(line: Any) -> bool:
    """Whether a line is a pattern and pairs of texts."""
    match line:
        case (str(), tuple() as pairs):
            return all(
                isinstance(pair, tuple) and [type(text) for text in pair] == [str, str]
                for pair in pairs
            )
    return False


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
