"""From what a user types after --vlm-tasks to tasks.

Built-in tasks are named here and imported when asked for; those of public data sets are named in
``study/catalogue.py``.
"""

from __future__ import annotations

import difflib
import glob
import importlib
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, cast

from .generated import DEFAULT_CANVAS, Canvas
from .study.catalogue import STUDY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .item import Task
    from .own import MakeTask

Difficulty = tuple[str, tuple[tuple[str, str], ...]]
"""A task's name or a glob of built-in tasks, and knobs with their spans as they are typed."""

BUILT_IN: dict[str, str] = {
    "art_style": "art_style:art_style",
    "functional_correspondence": "functional_correspondence:functional_correspondence",
    "low_level_matching": "low_level_matching:low_level_matching",
    "object_depth": "object_depth:object_depth",
    "odd_one_out": "odd_one_out:odd_one_out",
    "relative_depth": "relative_depth:relative_depth",
    "semantic_correspondence": "semantic_correspondence:semantic_correspondence",
    "shape": "shape_matching:shape",
    "texture": "surface_matching:texture",
    "visual_correspondence": "visual_correspondence:visual_correspondence",
}
"""Task name → module in this package and function in it.

The function takes ``canvas`` (see ``generated.Canvas``) and ``difficulty``, a mapping from names
of the task's knobs to spans such as ``1.1..1.3``, and makes the task.
"""

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


class DifficultyError(ValueError):
    """A difficulty that is of no use to any task of the run; the message names its pattern."""


def resolve(
    patterns: Sequence[str] = (),
    *,
    canvas: Canvas = DEFAULT_CANVAS,
    difficulty: Sequence[Difficulty] = (),
    own: Mapping[str, MakeTask] | None = None,
) -> list[Task]:
    """The tasks that patterns stand for, each once, in the order typed and sorted within a glob.

    Args:
        patterns: each the name or glob of built-in tasks, of public data sets' and of one's own,
            or the path or glob of task folders. A name comes before a folder of the same name;
            ``./name`` is the folder. A glob of public data sets' has as many parts between
            slashes as the names that it stands for. None at all stands for the default suite:
            the built-in tasks.
        canvas: how the pictures of built-in tasks are made; its markers are drawn on those of
            task folders as well, and tasks of one's own are given it.
        difficulty: of built-in tasks. Where several lines set a knob of a task the last wins.
        own: name → what makes a task of one's own; none where it is None.

    Raises:
        DifficultyError: the pattern of a difficulty matches no built-in task of the run.
        KnobError: a task has no such knob, or not the span asked for.
        UnknownTaskError: a pattern stands for nothing.
        DuplicateTaskError: two tasks have one name.
        PackError: a task folder is wrong.
        OwnTaskError: a task of one's own cannot be made.
    """
    own = own or {}
    known = (*BUILT_IN, *STUDY, *own)
    sources: list[str | Path] = []
    for source in (s for pattern in patterns for s in _sources(pattern, known)):
        if source not in sources:
            sources.append(source)
    sources = sources or sorted(BUILT_IN)
    names = [source for source in sources if isinstance(source, str)]
    _check_difficulty(difficulty, [name for name in names if name in BUILT_IN])
    tasks: dict[str, tuple[Task, str | Path]] = {}
    for source in sources:
        if not isinstance(source, str):
            task = _from_folder(source, canvas)
        elif source in BUILT_IN:
            task = _built_in(source, canvas, difficulty)
        elif source in STUDY:
            task = _of_study(source, canvas)
        else:
            task = _own(source, own[source], canvas)
        if task.name in tasks:
            places = " and ".join(_described(s) for s in (tasks[task.name][1], source))
            raise DuplicateTaskError(
                f"--vlm-tasks: got two tasks named '{task.name}', {places}; "
                "expected different names: leave one out, or rename one in its task.toml"
            )
        tasks[task.name] = (task, source)
    return [task for task, _ in tasks.values()]


def resolve_one(
    pattern: str,
    *,
    canvas: Canvas = DEFAULT_CANVAS,
    difficulty: Sequence[Difficulty] = (),
    own: Mapping[str, MakeTask] | None = None,
) -> Task:
    """The only task that a pattern stands for; see ``resolve``.

    Raises:
        ValueError: it stands for several, or what ``resolve`` raises.
    """
    tasks = resolve([pattern], canvas=canvas, difficulty=difficulty, own=own)
    if len(tasks) != 1:
        names = ", ".join(task.name for task in tasks)
        raise ValueError(f"{pattern} stands for {len(tasks)} tasks ({names}); name one")
    return tasks[0]


def _check_difficulty(difficulty: Sequence[Difficulty], names: Sequence[str]) -> None:
    for pattern, _ in difficulty:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise DifficultyError(
                f"--vlm-difficulty: got a line for {pattern!a}; expected the name or a glob of "
                f"the run's built-in tasks: {', '.join(names) or 'there are none'}"
            )


def _built_in(name: str, canvas: Canvas, difficulty: Sequence[Difficulty]) -> Task:
    module, function = BUILT_IN[name].split(":")
    make = getattr(importlib.import_module(f".{module}", __package__), function)
    given: dict[str, str] = {}
    for pattern, spans in difficulty:
        if fnmatchcase(name, pattern):
            given |= dict(spans)
    task = cast("Callable[..., Task]", make)(canvas=canvas, difficulty=given)
    in_force = [
        replace(knob, span=knob.read(given[knob.name], task=name)) if knob.name in given else knob
        for knob in task.knobs
    ]
    return replace(task, knobs=tuple(in_force))


def _of_study(name: str, canvas: Canvas) -> Task:
    from .study.items import study_task

    return study_task(name, canvas)


def _from_folder(folder: Path, canvas: Canvas) -> Task:
    from .pack import load_task

    return load_task(folder, markers=canvas.markers)


def _own(name: str, make: MakeTask, canvas: Canvas) -> Task:
    from .own import make_own

    return make_own(name, make, canvas)


def _described(source: str | Path) -> str:
    if isinstance(source, str):
        if source in BUILT_IN:
            return "the built-in one"
        return "that of a public data set" if source in STUDY else "the one of conftest.py"
    return f"the folder {source}"


def _sources(pattern: str, known: Sequence[str]) -> list[str] | list[Path]:
    """What a pattern stands for, of names that are known and of folders."""
    if not pattern.startswith((".", "/", "~")):
        names = sorted(name for name in known if _matches(name, pattern))
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
        raise _unknown(pattern, given, known)
    if path.is_dir():
        raise _unknown(pattern, f"it is a folder without {_MANIFEST}", known)
    alike = [name for name in known if name not in STUDY or "/" in pattern]
    close = difflib.get_close_matches(pattern, alike, n=3, cutoff=0.5)
    hint = f" (did you mean {' or '.join(close)}?)" if close else ""
    raise _unknown(pattern, f"no such task or folder{hint}", known)


def _matches(name: str, pattern: str) -> bool:
    """Whether a glob stands for a name; "*" for no part of a public data set's but a whole one."""
    if name not in STUDY:
        return fnmatchcase(name, pattern)
    parts, patterns = name.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _unknown(pattern: str, given: str, known: Sequence[str]) -> UnknownTaskError:
    own = sorted(set(known).difference(BUILT_IN, STUDY))
    names = ", ".join(sorted(BUILT_IN)) + (f"; of conftest.py: {', '.join(own)}" if own else "")
    names += "; of public data sets: study/… (`vlmsight tasks` lists them)"
    return UnknownTaskError(
        f"--vlm-tasks: got {pattern!a}: {given}; expected a folder or glob of folders with "
        f"{_MANIFEST}, or a name or glob of the built-in tasks: {names}",
        pattern,
    )
