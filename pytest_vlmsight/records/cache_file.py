"""The form of the file of answers, and how it is opened."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = 1
APPLICATION = 0x564C4D53  # "VLMS", so that another program's file is known to be none of ours

ANSWER, FEATURES, RESULT = range(3)
"""What is kept: an answer, what a readout needs of an item, what a fitted readout made of all."""

PATIENCE = 20.0
"""Seconds to wait for another process that writes."""

BROKEN = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH}
)
"""Codes of errors that are the file's own: it is none of ours, cut off or of another form."""

_SCHEMA = """
CREATE TABLE sessions (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    context BLOB NOT NULL UNIQUE,
    model TEXT NOT NULL DEFAULT '',
    task TEXT NOT NULL DEFAULT '',
    used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE entries (
    part INTEGER NOT NULL,
    key BLOB NOT NULL,
    what INTEGER NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (part, key)
)
"""
_TABLES = frozenset({"sessions", "parts", "entries"})
_PAUSE = 0.02


class SchemaError(sqlite3.DatabaseError):
    """A database, but none of this form."""


def connected(path: Path) -> sqlite3.Connection:
    """Open the file, made where it is missing.

    Raises:
        sqlite3.Error: it cannot be opened or written, or is of another form (``SchemaError``).
    """
    end = time.monotonic() + PATIENCE
    while True:
        connection = sqlite3.connect(
            path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection)
        except sqlite3.OperationalError as error:
            connection.close()
            # Two processes that begin a file at the same time do not wait for each other.
            busy = (error.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)
        except sqlite3.Error:
            connection.close()
            raise
        else:
            return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded while there is no table yet
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing; a machine that loses its power may lose the last answers.
    connection.execute("PRAGMA synchronous = NORMAL")
    with transaction(connection):
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if not tables:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        _check(connection)


def _check(connection: sqlite3.Connection) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION:
        raise SchemaError("it is a database of something else")
    if version != VERSION:
        raise SchemaError(f"it is of version {version}, and this is {VERSION}")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables >= _TABLES:
        raise SchemaError(f"it has no table {', '.join(sorted(_TABLES - tables))}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All changes or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # the error may have ended it already
            connection.execute("ROLLBACK")
        raise


def shrink(connection: sqlite3.Connection) -> None:
    """Give freed pages back to the disk."""
    # SQLite frees a page at each step, and Python's execute takes but one.
    connection.executescript("PRAGMA incremental_vacuum")


def inode_of(path: Path) -> int | None:
    """Which file this is; None where there is none."""
    try:
        return path.stat().st_ino
    except OSError:
        return None


def put_aside(path: Path, aside: Path) -> None:
    """Move a file away, in place of one that was moved away before.

    Raises:
        OSError: it cannot be moved.
    """
    path.replace(aside)
    for one in _beside(path):
        one.unlink(missing_ok=True)


def delete(path: Path) -> int:
    """Remove a file, whatever it is; a process that has it open goes on without it.

    Returns:
        Its bytes.
    """
    removed = 0
    for one in (path, *_beside(path)):
        with suppress(FileNotFoundError):
            size = one.stat().st_size
            one.unlink()
            removed += size
    return removed


def aside_of(path: Path) -> Path:
    """Where a file is moved that cannot be used."""
    return path.with_name(f"{path.name}.broken")


def _beside(path: Path) -> list[Path]:
    """What SQLite writes beside a file; it belongs to no other."""
    return [path.with_name(f"{path.name}{suffix}") for suffix in ("-wal", "-shm")]
