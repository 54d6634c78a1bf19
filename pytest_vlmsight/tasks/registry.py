"""From what a user types after --vlm-tasks to tasks.

Built-in tasks are named here and imported when asked for.
"""

from __future__ import annotations

import difflib
import glob
import importlib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .markers import DEFAULT_STYLE, MarkerStyle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .item import Task

BUILT_IN: dict[str, str] = {
    "low_level_matching": "low_level_matching:low_level_matching",
}
"""Task name → module in this package and function that makes the task, given a style."""

_MANIFEST = "task.toml"


class UnknownTaskError(ValueError):
    """A pattern that names no task.

    Attributes:
        pattern: as it was typed.
    """

    def __init__(self, message: str, pattern: str = "") -> None:
        super().__init__(message)
        self.pattern = pattern


class DuplicateTaskError(ValueError):
    """Two different tasks of one name, which a record could not tell apart."""


def resolve(patterns: Sequence[str] = (), *, style: MarkerStyle = DEFAULT_STYLE) -> list[Task]:
    """The tasks that patterns stand for, each once, in the order typed and sorted within a glob.

    Args:
        patterns: each the name or glob of built-in tasks, or the path or glob of task folders.
            A name comes before a folder of the same name; ``./name`` is the folder. None at all
            stands for the default suite: the built-in tasks.
        style: how markers are drawn.

    Raises:
        UnknownTaskError: a pattern stands for nothing.
        DuplicateTaskError: two tasks have one name.
        PackError: a task folder is wrong.
    """
    sources: list[str | Path] = []
    for pattern in patterns or ("*",):
        for source in _sources(pattern):
            if source not in sources:
                sources.append(source)
    tasks: dict[str, tuple[Task, str | Path]] = {}
    for source in sources:
        task = _built_in(source, style) if isinstance(source, str) else _from_folder(source, style)
        if task.name in tasks:
            places = " and ".join(_described(s) for s in (tasks[task.name][1], source))
            raise DuplicateTaskError(
                f"--vlm-tasks: got two tasks named '{task.name}', {places}; "
                "expected different names: leave one out, or rename one in its task.toml"
            )
        tasks[task.name] = (task, source)
    return [task for task, _ in tasks.values()]


def _built_in(name: str, style: MarkerStyle) -> Task:
    module, function = BUILT_IN[name].split(":")
    make = getattr(importlib.import_module(f".{module}", __package__), function)
    return cast("Callable[..., Task]", make)(style=style)


def _from_folder(folder: Path, style: MarkerStyle) -> Task:
    from .pack import load_task

    return load_task(folder, style=style)


def _described(source: str | Path) -> str:
    return "the built-in one" if isinstance(source, str) else f"the folder {source}"


def _sources(pattern: str) -> list[str] | list[Path]:
    if not pattern.startswith((".", "/", "~")):
        names = sorted(name for name in BUILT_IN if fnmatchcase(name, pattern))
        if names:
            return names
    path = Path(pattern).expanduser()
    if (path / _MANIFEST).is_file():
        return [path]
    if glob.has_magic(pattern):
        found = sorted(map(Path, glob.glob(str(path), recursive=True)))  # noqa: PTH207 - may be absolute
        folders = [folder for folder in found if (folder / _MANIFEST).is_file()]
        if folders:
            return folders
        given = f"it matches no built-in task and none of {len(found)} paths holds {_MANIFEST}"
        raise _unknown(pattern, given)
    if path.is_dir():
        raise _unknown(pattern, f"it is a folder without {_MANIFEST}")
    close = difflib.get_close_matches(pattern, BUILT_IN, n=3, cutoff=0.5)
    hint = f" (did you mean {' or '.join(close)}?)" if close else ""
    raise _unknown(pattern, f"no such task or folder{hint}")


def _unknown(pattern: str, given: str) -> UnknownTaskError:
    return UnknownTaskError(
        f"--vlm-tasks: got {pattern!a}: {given}; expected a folder or glob of folders with "
        f"{_MANIFEST}, or a name or glob of the built-in tasks: {', '.join(sorted(BUILT_IN))}",
        pattern,
    )
