"""How much room the file of answers takes up, of what, and how it is kept within a limit."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .cache_file import ANSWER, FEATURES, shrink, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is kept of a model and a task in one way of asking.

    Attributes:
        id: in the file.
        model: as it was last shown.
        task: its name.
        answers: how many.
        bytes: of all values.
        used: seconds since 1970 when it was last asked for.
    """

    id: int
    model: str
    task: str
    answers: int
    bytes: int
    used: float


def parts_of(connection: sqlite3.Connection) -> list[Part]:
    """All that is kept, what was not asked for the longest time first."""
    rows = connection.execute(
        "SELECT parts.id, model, task, SUM(what = ?), SUM(LENGTH(value)), COALESCE(at, 0) "
        "FROM parts JOIN entries ON entries.part = parts.id "
        "LEFT JOIN sessions ON sessions.id = used GROUP BY parts.id ORDER BY used, parts.id",
        (ANSWER,),
    )
    return [
        Part(id=number, model=model, task=task, answers=answers, bytes=size, used=used)
        for number, model, task, answers, size, used in rows
    ]


def size_of(connection: sqlite3.Connection) -> int:
    """Bytes that are taken up, without what was freed."""
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def prune(connection: sqlite3.Connection, *, limit: int) -> int:
    """Remove what was not asked for the longest time until the rest is within a limit.

    Features go first: they are large, and of use only where items are added or a run was killed.

    Returns:
        Bytes of the values that were removed.
    """
    if size_of(connection) <= limit:
        return 0
    removed = 0
    with transaction(connection):
        excess = size_of(connection) - limit
        for which in (f"what = {FEATURES}", "1"):
            held = connection.execute(
                "SELECT parts.id, SUM(LENGTH(value)) FROM entries JOIN parts ON parts.id = part "  # noqa: S608 - no text from outside
                f"WHERE {which} GROUP BY parts.id ORDER BY used, parts.id"
            ).fetchall()
            for part, size in held:
                if removed >= excess:
                    break
                connection.execute(f"DELETE FROM entries WHERE part = ? AND {which}", (part,))  # noqa: S608
                removed += size
        _tidy(connection)
    shrink(connection)
    return removed


def remove(connection: sqlite3.Connection, parts: Collection[Part]) -> int:
    """Remove all that is kept of some models and tasks.

    Returns:
        Bytes of the values that were removed.
    """
    with transaction(connection):
        connection.executemany("DELETE FROM entries WHERE part = ?", [(p.id,) for p in parts])
        _tidy(connection)
    shrink(connection)
    return sum(part.bytes for part in parts)


def older(parts: Collection[Part], *, days: float) -> list[Part]:
    """Those that were not asked for in the last days."""
    end = time.time() - days * 86400
    return [part for part in parts if part.used < end]


def _tidy(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM parts WHERE id NOT IN (SELECT part FROM entries)")
    connection.execute("DELETE FROM sessions WHERE id < (SELECT MIN(used) FROM parts)")
