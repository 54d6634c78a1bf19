"""What is written at the end of a run, and where: a row for each option that names a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .options import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .records.run import Run
    from .settings import Settings

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Environment variable with the file that GitHub shows as the summary of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One thing that is made of a run.

    Attributes:
        name: in a word or two.
        path: of its file.
        write: makes it and returns the files that were written.
        needed: whether the run fails where it cannot be written.
        whole_run: whether it is only made of a run that came to its end.
    """

    name: str
    path: Path
    write: Callable[[Run, Path], Sequence[Path]]
    needed: bool = True
    whole_run: bool = False


def _record(run: Run, path: Path) -> list[Path]:
    from .records.run_file import write_run

    write_run(run, path)
    return [path]


def _badge(run: Run, path: Path) -> list[Path]:
    from .report.badge import write_badges

    return write_badges(run, path)


def _step_summary(run: Run, path: Path) -> list[Path]:
    from .report.github import append_summary

    append_summary(run, path)
    return [path]


_FILES = (
    # Setting, name, what writes it, whether it is only for whole runs. The record comes first:
    # whatever else fails can be made of it.
    ("json", "record", _record, False),
    ("badge", "badge", _badge, True),
)


def are_wanted(settings: Settings) -> bool:
    """Whether anything is to be made of the run at its end."""
    named = any(getattr(settings, setting) is not None for setting, *_ in _FILES)
    return named or bool(os.environ.get(STEP_SUMMARY)) or on_github()


def on_github() -> bool:
    """Whether what is printed is read by GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def outputs(settings: Settings, *, base: Path) -> list[Output]:
    """All that is to be written, found to be possible before anything is measured.

    Args:
        settings: of the run.
        base: folder that files are named from.

    Raises:
        SettingError: there is no such folder, or it is no place for a file.
    """
    found = [
        Output(
            name=name,
            path=_place(getattr(settings, setting), flag=f"--vlm-{setting}", base=base),
            write=write,
            whole_run=whole_run,
        )
        for setting, name, write, whole_run in _FILES
        if getattr(settings, setting) is not None
    ]
    summary = os.environ.get(STEP_SUMMARY)
    if summary:
        path = base / summary
        found.append(Output(name="step summary", path=path, write=_step_summary, needed=False))
    return found


def _place(file: str, *, flag: str, base: Path) -> Path:
    path = base / Path(file).expanduser()
    if path.is_dir():
        raise SettingError(f"{flag}={file}: got a folder, expected a file to write")
    if not path.parent.is_dir():
        raise SettingError(f"{flag}={file}: there is no folder {path.parent}; make it")
    if not os.access(path.parent, os.W_OK):
        raise SettingError(f"{flag}={file}: {path.parent} cannot be written to")
    return path
