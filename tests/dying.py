"""Processes that are killed at a moment that can be counted.

By SIGKILL: nothing is cleaned up, as where a machine's memory is full or a job's time is over.
"""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Moments:
    """Counts a process's moments and kills it at one of them.

    Args:
        at: number of the moment, from 1; 0 for never.
        seconds: how long after it; with 0 nothing more is done.

    Attributes:
        count: of moments so far.
    """

    def __init__(self, at: int, *, seconds: float = 0.0) -> None:
        self._at, self._seconds, self.count = at, seconds, 0

    def __call__(self) -> None:
        """Another moment."""
        self.count += 1
        if self.count == self._at:
            if self._seconds:
                threading.Thread(target=self._kill, daemon=True).start()
            else:
                self._kill()

    def are_statements(self, *, where: Callable[[str], bool] = lambda _: True) -> None:
        """Let every statement of SQLite be one that is to be counted."""
        connect = sqlite3.connect

        def statement(text: str) -> None:
            if where(text):
                self()

        def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **named)
            connection.set_trace_callback(statement)
            return connection

        vars(sqlite3)["connect"] = watched

    def are_files(self, folder: Path, *, where: Callable[[], bool]) -> None:
        """Let it be one when a file of a folder is opened, moved or removed, where they count."""
        place = str(folder.resolve())

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in {"open", "os.rename", "os.remove"} and where():
                path = arguments[0]
                if isinstance(path, str) and os.path.abspath(path).startswith(place):  # noqa: PTH100
                    self()

        sys.addaudithook(hook)

    def are_lines(self, watched: Callable[[types.CodeType], bool]) -> None:
        """Let every line be one of the code that is watched."""

        def trace(frame: types.FrameType, event: str, _: object) -> Any:
            if event == "call":
                return trace if watched(frame.f_code) else None
            if event == "line":
                self()
            return trace

        sys.settrace(trace)

    def _kill(self) -> None:
        time.sleep(self._seconds)
        os.kill(os.getpid(), signal.SIGKILL)


def at_every_moment(
    work: Callable[[], object], *, watched: Callable[[types.CodeType], bool]
) -> Iterator[int]:
    """Do some work in a process that is killed at its first moment, another at its second, …

    The last one comes to its end. For a program without threads: processes are forked.

    Args:
        work: to be done.
        watched: code whose lines are moments; statements of SQLite always are.

    Yields:
        The moment, after the process is dead.
    """
    for at in itertools.count(1):
        process = os.fork()
        if not process:
            _do(work, Moments(at), watched)
        _, status = os.waitpid(process, 0)
        died = os.WIFSIGNALED(status)
        assert died or os.WEXITSTATUS(status) == 0
        yield at
        if not died:
            return


def _do(
    work: Callable[[], object], moments: Moments, watched: Callable[[types.CodeType], bool]
) -> NoReturn:
    try:
        moments.are_statements()
        moments.are_lines(watched)
        work()
        sys.settrace(None)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # and never back to where the process was forked
    os._exit(0)
