"""A line of progress on terminals, and nothing anywhere else."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pytest_vlmsight.progress import Progress, open_progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plugin_fixtures import RunSuite


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: what a person sees, and what a program writes to."""
    seen, written = pty.openpty()
    yield seen, written
    for end in (seen, written):
        with contextlib.suppress(OSError):
            os.close(end)


def a_config(*, isatty: bool = True, verbose: int = 0, worker: bool = False) -> pytest.Config:
    """What ``open_progress`` asks of a config."""
    reporter = SimpleNamespace(isatty=isatty)
    config = SimpleNamespace(
        pluginmanager=SimpleNamespace(getplugin=lambda _: reporter),
        getoption=lambda _: verbose,
    )
    if worker:
        config.workerinput = {}
    return cast("pytest.Config", config)


def read(end: int) -> str:
    """What a program has written to a terminal."""
    text = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while piece := os.read(end, 65536):
            text += piece
    return text.decode()


def on_screen(line: str) -> str:
    """What a line of a terminal shows in the end: what follows a return is written over it."""
    shown = ""
    for part in re.sub(r"\x1b\[[0-9;]*m", "", line).split("\r"):
        shown = part + shown[len(part) :]
    return shown.rstrip()


def test_line_tells_what_is_done_and_is_gone_at_the_end(terminal: tuple[int, int]) -> None:
    seen, written = terminal
    progress = Progress(os.fdopen(written, "w"))
    progress("tiny sighted", 1, 2)
    progress("tiny sighted", 2, 2)
    progress("tiny blank", 1, 3)
    progress.close()
    text = read(seen)
    assert "tiny sighted" in text
    assert "1/3" in text or "0/3" in text
    assert text.split("\r")[-1].strip() == ""
    assert all(len(part) <= 79 for part in text.split("\r"))


@pytest.mark.parametrize(
    "config",
    [a_config(isatty=False), a_config(verbose=-1), a_config(worker=True)],
    ids=["piped", "quiet", "worker of xdist"],
)
def test_no_progress_where_no_one_watches(
    config: pytest.Config, terminal: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(terminal[1], "w", closefd=False) as stderr:
        monkeypatch.setattr(sys, "__stderr__", stderr)
        assert open_progress(config) is None
        progress = open_progress(a_config())
        assert progress is not None
        progress.close()
        assert os.isatty(terminal[1])  # the terminal itself stays open


def test_no_progress_where_errors_are_redirected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "errors").open("w") as stderr:
        monkeypatch.setattr(sys, "__stderr__", stderr)
        assert open_progress(a_config()) is None
        monkeypatch.setattr(sys, "__stderr__", None)
        monkeypatch.setattr(os, "isatty", lambda _: False)
        assert open_progress(a_config()) is None


def test_piped_run_shows_no_progress(run_suite: RunSuite) -> None:
    run = run_suite("--vlm=oracle", "--vlm-tasks=tiny")
    assert not any("%|" in line for line in (*run.out, *run.err))


def test_run_on_a_terminal_shows_progress_and_leaves_a_clean_report(
    folders: Path, terminal: tuple[int, int]
) -> None:
    seen, written = terminal
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error"]
    with subprocess.Popen(
        [*command, "--vlm=oracle", "--vlm-tasks=tiny"],
        cwd=folders,
        stdin=written,
        stdout=written,
        stderr=written,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm"},
    ) as process:
        os.close(written)
        text = read(seen)
    assert process.returncode == pytest.ExitCode.OK
    assert "tiny sighted:" in text
    assert "tiny blank:" in text
    left = list(map(on_screen, text.replace("\r\n", "\n").strip().split("\n")))
    assert not any("%|" in line for line in left)
    assert any(re.fullmatch(r"\.\. +\[100%\]", line) for line in left)
    assert "2 passed" in left[-1]
