"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_READABLE = 0o644


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A new file beside ``path`` to be written, which takes its place where nothing went wrong.

    Else ``path`` is as it was, or not there, and nothing else is left. What a link points to is
    replaced, not the link; a file that was there keeps its permissions.

    Args:
        path: of the file; its folder must be there.

    Yields:
        The file to write, with the ending of ``path``.

    Raises:
        OSError: it cannot be written: the folder is missing, read-only or full.
    """
    path = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".vlmsight-", suffix=path.suffix)
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else _READABLE
        unfinished.chmod(mode)  # mkstemp makes it readable by its owner alone
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())  # else a crash of the machine could leave an empty file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
