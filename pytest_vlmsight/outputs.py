"""What is made of a run at its end: a row for each option that names a file, and GitHub's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .options import SettingError
from .report.github_log import on_github

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .baselines import Baselines
    from .records.run import Run
    from .settings import Settings
    from .tasks.own import MakeTask

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Environment variable with the file that GitHub shows as the summary of a step."""

RECORD = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One thing that is made of a run.

    Attributes:
        name: in a word or two.
        make: makes it, and returns what to tell of it: where it is.
        needed: whether the run fails where it cannot be made.
        of_whole_runs: whether it is made only where the run came to its end.
    """

    name: str
    make: Callable[[Run], Sequence[object]]
    needed: bool = True
    of_whole_runs: bool = False


def _record(path: Path, run: Run) -> list[Path]:
    from .records.run_file import write_run

    write_run(run, path)
    return [path]


def _report(
    path: Path,
    run: Run,
    *,
    settings: Settings,
    baselines: Baselines | None,
    own: Mapping[str, MakeTask],
) -> list[Path]:
    from .report.html import write_report
    from .report.pictures import TaskPictures

    write_report(
        run,
        path,
        pictures=TaskPictures(run, canvas=settings.canvas(), own=own),
        baselines=None if baselines is None else baselines.of,
    )
    return [path]


def _badge(path: Path, run: Run) -> list[Path]:
    from .report.badge import write_badges

    return write_badges(run, path)


def _step_summary(run: Run) -> list[Path]:
    from .report.github import append_summary

    append_summary(run, Path(os.environ[STEP_SUMMARY]))
    return []


_FILES: dict[str, tuple[str, Callable[..., Sequence[object]], bool]] = {
    "json": (RECORD, _record, False),
    "report": ("report", _report, False),
    "badge": ("badge", _badge, True),
}
"""Setting → name, what writes it, and whether it is of whole runs only."""


def are_wanted(settings: Settings) -> bool:
    """Whether anything is to be made of the run at its end."""
    return bool(_named(settings)) or bool(os.environ.get(STEP_SUMMARY)) or on_github()


def outputs(
    settings: Settings,
    *,
    base: Path,
    baselines: Baselines | None = None,
    own: Mapping[str, MakeTask] | None = None,
) -> list[Output]:
    """All that is to be made, found to be possible before anything is measured.

    Args:
        settings: of the run.
        base: folder that files are named from.
        baselines: what the report compares the run with; None where the run has none.
        own: name → what makes a task of a conftest.py.

    Raises:
        SettingError: there is no such folder, it is no place for a file, two are one file, or a
            package is missing.
    """
    found = []
    places: dict[Path, str] = {}
    for setting, file in _named(settings).items():
        typed = f"--vlm-{setting}={file}"
        path = _place(file, typed=typed, base=base)
        if path.resolve() in places:
            raise SettingError(f"{typed}: {places[path.resolve()]} is the same file")
        places[path.resolve()] = f"--vlm-{setting}"
        if setting == "report":
            from .report.html import NoJinjaError, require_report

            try:
                require_report(typed)
            except NoJinjaError as error:
                raise SettingError(str(error)) from None
        name, write, of_whole_runs = _FILES[setting]
        make = partial(write, path)
        if setting == "report":
            make = partial(make, settings=settings, baselines=baselines, own=own or {})
        found.append(Output(name=name, make=make, of_whole_runs=of_whole_runs))
    if os.environ.get(STEP_SUMMARY):
        found.append(Output(name="step summary", make=_step_summary, needed=False))
    return found


def _named(settings: Settings) -> dict[str, str]:
    """Setting → file, of those that are asked for."""
    given = {setting: getattr(settings, setting) for setting in _FILES}
    return {setting: file for setting, file in given.items() if file is not None}


def _place(file: str, *, typed: str, base: Path) -> Path:
    path = base / Path(file).expanduser()
    if path.is_dir():
        raise SettingError(f"{typed}: got a folder, expected a file to write")
    if not path.parent.is_dir():
        raise SettingError(f"{typed}: there is no folder {path.parent}; make it")
    if not os.access(path.parent, os.W_OK):
        raise SettingError(f"{typed}: {path.parent} cannot be written to")
    return path
