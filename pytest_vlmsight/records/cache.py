"""Answers and features kept on disk, so that no model is asked what it was asked before.

One SQLite file in the folder of the cache, for all runs and for several processes at once. What
decides an answer is its key, so nothing ever has to be made invalid. A cache may only save time:
whatever is wrong with the file or the disk, the run goes on, and says so in a line.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from . import cache_file
from .cache_file import transaction
from .cache_room import prune
from .packed import Packed, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

T = TypeVar("T")

FILE = "answers.sqlite"

LIMIT = 2**30
"""Bytes that the file takes up; now and then about ``PRUNE_AFTER`` more."""

PRUNE_AFTER = 64 * 2**20
"""Bytes that a process writes between two prunings."""

_AT_A_TIME = 500  # keys in a statement; SQLite's older limit is 999


class AnswerCache:
    """The answers in a folder.

    Args:
        folder: holds the cache; made where it is missing.
        limit: bytes of the file. Beyond it features are removed, and then answers, of those models
            and tasks first that were not asked for the longest time.

    Attributes:
        told: what went wrong, a line each.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT) -> None:
        self.path = folder / FILE
        self.told: list[str] = []
        self._limit, self._written, self._session = limit, 0, 0
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._opened = self._rebuilt = False

    def group(self, context: bytes, *, model: str, task: str) -> Group:
        """What is kept of a model and a task.

        Args:
            context: hash of all that decides the answers but the items.
            model: as shown, for people.
            task: its name, for people.
        """
        return Group(self, context, model=model, task=task)

    def close(self) -> None:
        """Keep to the limit and close the file."""
        with self._lock:
            if self._written:
                self.use(lambda connection: prune(connection, limit=self._limit), 0)
            self._drop_connection()

    def use(self, action: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """What an action returns; ``otherwise`` where the file or the disk does not allow it."""
        with self._lock:
            if not self._opened:
                self._open()
            if self._connection is None:
                return otherwise
            try:
                return action(self._connection)
            except sqlite3.Error as error:
                self._failed(error)
                return otherwise

    def session(self, connection: sqlite3.Connection) -> int:
        """This run's number; later runs have larger ones, whatever the clock says."""
        if not self._session:
            cursor = connection.execute("INSERT INTO sessions (at) VALUES (?)", (time.time(),))
            self._session = cursor.lastrowid or 0
        return self._session

    def count(self, written: int) -> None:
        """Take note of bytes that were written, and now and then keep to the limit."""
        self._written += written
        if self._written > PRUNE_AFTER:
            self._written = 0
            self.use(lambda connection: prune(connection, limit=self._limit), 0)

    def _open(self) -> None:
        self._opened = True
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._inode = cache_file.inode_of(self.path)
            self._connection = cache_file.connected(self.path)
            self._inode = cache_file.inode_of(self.path)
        except sqlite3.Error as error:
            self._failed(error)
        except OSError as error:
            self._give_up(error.strerror or str(error))

    def _failed(self, error: sqlite3.Error) -> None:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        own = code in cache_file.BROKEN or isinstance(error, cache_file.SchemaError)
        if own and not self._rebuilt:
            self._rebuild(error)
        else:
            self._give_up(str(error))

    def _rebuild(self, error: sqlite3.Error) -> None:
        """Put a file aside that cannot be used and begin another."""
        self._rebuilt = True
        aside = cache_file.aside_of(self.path)
        self._drop_connection()
        try:
            if cache_file.inode_of(self.path) == self._inode:  # else another process was faster
                cache_file.put_aside(self.path, aside)
        except OSError as refused:
            self._give_up(f"{error}; {refused.strerror or refused}")
            return
        self.told.append(
            f"the cache of answers could not be used ({error}): it was moved to {aside} and begun "
            "anew"
        )
        self._session = 0
        self._open()

    def _give_up(self, why: str) -> None:
        self._drop_connection()
        self.told.append(f"answers are not kept: {self.path}: {why}")

    def _drop_connection(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None


class Group:
    """What is kept of a model and a task, by key; see ``AnswerCache.group``."""

    def __init__(self, cache: AnswerCache, context: bytes, *, model: str, task: str) -> None:
        self._cache, self._context, self._labels = cache, context, (model, task)
        self._touched = False

    def among(self, keys: Iterable[bytes]) -> set[bytes]:
        """Which of some keys are kept, unread."""
        there: set[bytes] = self._cache.use(self._keys, set())
        return there.intersection(keys)

    def read(self, keys: Sequence[bytes]) -> dict[bytes, Packed]:
        """What is kept under some keys; what cannot be opened is left out."""
        none: dict[bytes, bytes] = {}
        found = self._cache.use(lambda connection: self._values(connection, keys), none)
        opened = {key: unpack(value, key=key) for key, value in found.items()}
        return {key: packed for key, packed in opened.items() if packed is not None}

    def keep(self, packed: Mapping[bytes, tuple[int, Packed]]) -> None:
        """Keep all of these or none: key → what it is (see ``cache_file``) and its content."""
        rows = [(key, what, pack(one, key=key)) for key, (what, one) in packed.items()]
        self._cache.use(lambda connection: self._write(connection, rows), None)
        self._cache.count(sum(len(value) for _, _, value in rows))

    def forget(self, keys: Sequence[bytes]) -> None:
        """Remove what is kept under some keys."""
        self._cache.use(lambda connection: self._remove(connection, keys), None)

    def _keys(self, connection: sqlite3.Connection) -> set[bytes]:
        if not self._touched:
            self._touch(connection)
        rows = connection.execute(
            "SELECT key FROM entries WHERE part = (SELECT id FROM parts WHERE context = ?)",
            (self._context,),
        )
        return {key for (key,) in rows}

    def _touch(self, connection: sqlite3.Connection) -> None:
        """Note that this was asked for, where it is kept at all."""
        self._touched = True
        known = connection.execute("SELECT 1 FROM parts WHERE context = ?", (self._context,))
        if known.fetchone() is None:
            return
        with suppress(sqlite3.OperationalError), transaction(connection):
            self._part(connection)

    def _part(self, connection: sqlite3.Connection) -> int:
        session = self._cache.session(connection)
        connection.execute("INSERT OR IGNORE INTO parts (context) VALUES (?)", (self._context,))
        connection.execute(
            "UPDATE parts SET model = ?, task = ?, used = ? WHERE context = ?",
            (*self._labels, session, self._context),
        )
        row = connection.execute("SELECT id FROM parts WHERE context = ?", (self._context,))
        return int(row.fetchone()[0])

    def _values(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for some in _batches(keys):
            rows = connection.execute(
                "SELECT key, value FROM entries WHERE part = (SELECT id FROM parts "  # noqa: S608
                f"WHERE context = ?) AND key IN ({_marks(some)})",
                (self._context, *some),
            )
            found |= {key: value for key, value in rows if isinstance(value, bytes)}
        return found

    def _write(
        self, connection: sqlite3.Connection, rows: Sequence[tuple[bytes, int, bytes]]
    ) -> None:
        with transaction(connection):
            part = self._part(connection)
            connection.executemany(
                "INSERT OR REPLACE INTO entries (part, key, what, value) VALUES (?, ?, ?, ?)",
                [(part, *row) for row in rows],
            )

    def _remove(self, connection: sqlite3.Connection, keys: Sequence[bytes]) -> None:
        with transaction(connection):
            for some in _batches(keys):
                connection.execute(
                    "DELETE FROM entries WHERE part = (SELECT id FROM parts "  # noqa: S608
                    f"WHERE context = ?) AND key IN ({_marks(some)})",
                    (self._context, *some),
                )
        cache_file.shrink(connection)


def _batches(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _AT_A_TIME):
        yield keys[start : start + _AT_A_TIME]


def _marks(some: Sequence[bytes]) -> str:
    return ", ".join("?" * len(some))
