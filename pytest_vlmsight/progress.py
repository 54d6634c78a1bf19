"""A line of progress while a model works, on terminals only.

pytest captures what tests print, so the line goes to a second handle of the terminal. Where the
output is no terminal, or a worker of xdist works, nothing is written.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import pytest


class Progress:
    """A bar per piece of work, gone when the piece is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: Any = None
        self._what = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` of a piece of work are done; see ``evaluation.Progress``."""
        from tqdm import tqdm

        if self._bar is None or what != self._what:
            self.clear()
            self._what = what
            self._bar = tqdm(
                total=total, desc=what, file=self._stream, leave=False, ncols=79, mininterval=0.2
            )
        self._bar.update(done - self._bar.n)
        if done >= total:
            self.clear()

    def clear(self) -> None:
        """Remove the line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def close(self) -> None:
        """Give the handle back."""
        self.clear()
        self._stream.close()


def open_progress(config: pytest.Config) -> Progress | None:
    """Progress on the terminal that pytest writes to, or None where there is none."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if hasattr(config, "workerinput") or reporter is None or not reporter.isatty:
        return None
    if config.getoption("verbose") < 0:
        return None
    try:
        handle = os.dup(sys.__stderr__.fileno() if sys.__stderr__ else 2)
    except (OSError, ValueError):
        return None
    if not os.isatty(handle):
        os.close(handle)
        return None
    return Progress(os.fdopen(handle, "w"))
