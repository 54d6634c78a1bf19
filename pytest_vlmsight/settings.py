"""The frozen settings of a run, from what the command line or the ini file gave.

``options.py`` holds the table of what can be set.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import OPTIONS, SettingError
from .study_protocol import places_with_protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .tasks.generated import Canvas
    from .tasks.registry import Difficulty

GATE_KEYS = ("margin", "recovery", "min_gain", "alpha", "drop")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What a gate demands of one task; see ``OPTIONS`` for the meanings."""

    margin: float = 0.10
    recovery: float = 0.5
    min_gain: float = 0.10
    alpha: float = 0.05
    drop: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a run; the attributes are those of ``OPTIONS``.

    ``protocol`` only tells by which name others were chosen: it changes none of them here.
    """

    vlms: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    protocol: str | None = None
    items: int = 400
    seed: int = 0
    gate: GateSettings = GateSettings()
    per_task: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()
    blind: tuple[str, ...] = ("blank",)
    ceiling: tuple[str, ...] = ("matched",)
    scoring: str = "letters"
    rotations: int | None = 1
    sequential: bool = False
    inconclusive: str = "fail"
    device: str = "auto"
    dtype: str = "auto"
    batch: int | None = None
    images: str = "auto"
    marker: tuple[str, ...] = field(default=())
    size: int = 224
    difficulty: tuple[Difficulty, ...] = ()
    baseline: str | None = None
    update: bool = False
    update_new: bool = False
    diagnose: tuple[str, ...] = ()
    json: str | None = None
    report: str | None = None
    badge: str | None = None
    cache_dir: str | None = None
    no_cache: bool = False
    data_dir: str | None = None
    jobs: int | None = None
    trust_remote_code: bool = False

    def gate_for(self, task: str) -> GateSettings:
        """The gate's settings for a task: the general ones and what the ini file changes."""
        gate = self.gate
        for pattern, changes in self.per_task:
            if fnmatch.fnmatchcase(task, pattern):
                gate = replace(gate, **dict(changes))
        return gate

    def canvas(self) -> Canvas:
        """How the pictures of tasks are made.

        Raises:
            ValueError: the size or a word of the markers cannot be used.
            SettingError: the cache folder is a file or cannot be looked up, or there is no
                folder of data.
        """
        from .tasks.generated import Canvas
        from .tasks.marker_words import parse_markers

        return Canvas(
            size=self.size,
            markers=parse_markers(self.marker),
            cache=self.cache_folder(),
            data=self.data_folder(),
        )

    def data_folder(self) -> Path | None:
        """Where public data sets lie that the user downloaded; None where nothing is said.

        Raises:
            SettingError: it is no folder.
        """
        if self.data_dir is None:
            return None
        try:
            folder = Path(self.data_dir).expanduser().absolute()
            there = folder.is_dir()
        except (OSError, RuntimeError) as error:
            raise SettingError(f"--vlm-data-dir={self.data_dir}: {error}") from error
        if not there:
            raise SettingError(
                f"--vlm-data-dir={self.data_dir}: there is no such folder; expected the folder "
                "that public data sets were downloaded to (docs/study.md)"
            )
        return folder

    def cache_folder(self) -> Path | None:
        """Where items, pictures and answers are kept; None where they are not.

        Raises:
            SettingError: it is a file or cannot be looked up.
        """
        if self.no_cache:
            return None
        if self.cache_dir is None:
            from .tasks.picture_cache import default_folder

            return default_folder()
        try:
            folder = Path(self.cache_dir).expanduser().absolute()
            taken = folder.exists() and not folder.is_dir()
        except (OSError, RuntimeError) as error:
            raise SettingError(f"--vlm-cache-dir={self.cache_dir}: {error}") from error
        if taken:
            raise SettingError(f"--vlm-cache-dir={self.cache_dir}: got a file, expected a folder")
        return folder


def read_gate(**given: str) -> GateSettings:
    """What a gate demands, of what was given to a command with options of the same names.

    Args:
        given: texts by the names of ``GateSettings``; others are as by default.

    Raises:
        SettingError: one of them cannot be used; the message calls it as the command does.
    """
    options = {option.dest.removeprefix("vlm_"): option for option in OPTIONS}
    read = {key: options[key].read(text, named=f"--{key}") for key, text in given.items()}
    return GateSettings(**read)


def read_settings(*places: Callable[[str], Any], per_task: Sequence[str] = ()) -> Settings:
    """Settings from what the command line and the ini file gave, and the protocol they name.

    Args:
        places: each ``Option.dest`` → text, texts or None; what an earlier one gives wins, and
            a later one is then not asked.
        per_task: lines such as ``relative_* margin=.15 alpha=.01``.

    Raises:
        SettingError: one of them cannot be used.
    """
    layers = places_with_protocol(places)

    def given(dest: str) -> Any:
        return next((value for place in layers if (value := place(dest)) is not None), None)

    values = {
        option.dest.removeprefix("vlm_"): option.read(given(option.dest)) for option in OPTIONS
    }
    gate = GateSettings(**{key: values.pop(key) for key in GATE_KEYS})
    vlms = values.pop("vlm")
    return Settings(vlms=vlms, gate=gate, per_task=tuple(map(_task_line, per_task)), **values)


def _task_line(line: str) -> tuple[str, tuple[tuple[str, Any], ...]]:
    form = f"expected 'TASK {'=… '.join(GATE_KEYS)}=…'"
    pattern, *words = line.split() or [""]
    if not words:
        raise SettingError(f"vlm_gates: {line!r}: {form}, got no setting")
    parsers = {o.dest.removeprefix("vlm_"): o for o in OPTIONS if o.dest[4:] in GATE_KEYS}
    changes = []
    for word in words:
        key, _, text = word.partition("=")
        if key not in parsers or not text:
            raise SettingError(f"vlm_gates: {line!r}: {form}, got {word!r}")
        changes.append((key, parsers[key].read(text)))
    return pattern, tuple(changes)
