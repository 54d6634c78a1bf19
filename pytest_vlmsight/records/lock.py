"""One writer at a time for a file that is read, changed and written again."""

from __future__ import annotations

import errno
import os
import platform
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 20.0
"""Seconds to wait for another writer, who needs one or two."""

_PAUSE = 0.05


@contextmanager
def locked(path: Path, *, patience: float = PATIENCE) -> Iterator[None]:
    """Keep other processes that do the same from ``path``.

    The lock is the system's own, on a file beside ``path`` that says who holds it and goes when it
    is let go. A process that dies lets it go, so what it leaves behind keeps nobody waiting. Disks
    and systems that have no such locks (some cluster disks, Windows) keep nobody apart: there the
    later of two writers wins.

    Args:
        path: of the file; its folder must be there.
        patience: seconds to wait.

    Raises:
        RecordError: another process holds it for longer; the message says which.
        OSError: nothing can be written beside ``path``.
    """
    lock = _lock_file(path)
    until = time.monotonic() + patience
    while (handle := _taken(lock)) is None:
        if time.monotonic() > until:
            raise RecordError(
                f"{path} is being written by {_holder(lock)}, for longer than {patience:g} s; "
                "nothing there was changed"
            )
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        try:
            lock.unlink(missing_ok=True)  # while it is held: others look whether it is still there
        finally:
            os.close(handle)


def _lock_file(path: Path) -> Path:
    real = Path(os.path.realpath(path))
    return real.with_name(f".{real.name}.lock")


def _taken(lock: Path) -> int | None:
    """A handle that holds the lock, or None where another process does."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        held = _lock(handle) and _is(lock, handle)
    except BaseException:
        os.close(handle)
        raise
    if not held:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    os.write(handle, f"process {os.getpid()} on {platform.node()} since {now}\n".encode())
    return handle


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in {errno.EAGAIN, errno.EACCES, errno.EINTR}
    return True


def _is(lock: Path, handle: int) -> bool:
    """Whether the handle's file is still the one of that name: its holder may have removed it."""
    try:
        there = lock.stat()
    except FileNotFoundError:
        return False
    mine = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)


def _holder(lock: Path) -> str:
    try:
        return lock.read_text(encoding="utf-8").strip() or "another process"
    except (OSError, ValueError):
        return "another process"
