"""``vlmsight cache``: what is kept on disk, and out with it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .printing import add_json, print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_vlmsight.records.cache_room import Part

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_WIDTH = 80


class UnusableError(ValueError):
    """The file of answers cannot be used."""


def add(commands: Any) -> None:
    """Add the command to the parsers of all."""
    cache = commands.add_parser(
        "cache", help="show, prune or clear what is kept: items, pictures, answers"
    )
    cache.add_argument("action", nargs="?", default="show", choices=("show", "prune", "clear"))
    cache.add_argument("--dir", type=Path, help="the folder (as --vlm-cache-dir's default)")
    cache.add_argument(
        "--max-size",
        metavar="SIZE",
        help="prune: of pictures, of depth maps and of answers each, such as 500M (2G, answers 1G)",
    )
    cache.add_argument(
        "--older-than", metavar="DAYS", type=float, help="prune: what was not used in so many days"
    )
    cache.add_argument("--model", help="prune, clear: answers of this model alone")
    add_json(cache, "what there is, or removed_bytes")
    cache.set_defaults(run=_run)


def _run(parsed: argparse.Namespace) -> None:
    from pytest_vlmsight.tasks.picture_cache import default_folder

    _check(parsed)
    if parsed.model is not None:
        parsed.model = parsed.model.removeprefix("./").rstrip("/")  # as models are shown
    folder = parsed.dir.expanduser() if parsed.dir else default_folder()
    if folder is None:
        raise ValueError("there is no home folder to look for the cache in; give --dir")
    if parsed.action == "show":
        _show(folder, as_json=parsed.json)
        return
    if parsed.action == "clear":
        removed = _clear(folder, model=parsed.model)
    else:
        limit = None if parsed.max_size is None else parse_size(parsed.max_size)
        removed = _prune(folder, limit=limit, days=parsed.older_than, model=parsed.model)
    if parsed.json:
        print_json({"folder": str(folder), "removed_bytes": removed})
    else:
        print(f"removed {_shown(removed)} from {folder}")


def _check(parsed: argparse.Namespace) -> None:
    """Refuse options that the action would not heed."""
    heeded = {"show": (), "prune": ("max_size", "older_than", "model"), "clear": ("model",)}
    for name in ("max_size", "older_than", "model"):
        if getattr(parsed, name) is not None and name not in heeded[parsed.action]:
            raise ValueError(f"{parsed.action} takes no --{name.replace('_', '-')}")
    if parsed.older_than is not None and not parsed.older_than >= 0:
        raise ValueError(f"--older-than: expected days from 0, got {parsed.older_than}")
    if parsed.action == "prune" and parsed.model is not None and parsed.older_than is None:
        raise ValueError("prune --model needs --older-than; clear --model removes all of a model")
    if parsed.max_size is not None and parsed.model is not None:
        raise ValueError("--max-size is of all models; leave out --model")


def parse_size(text: str) -> int:
    """Bytes: ``parse_size("1.5G") == 1610612736``.

    Raises:
        ValueError: it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"--max-size: expected a size such as 500M or 2G, got {text!r}")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def _show(folder: Path, *, as_json: bool) -> None:
    from pytest_vlmsight.records.cache_room import parts_of
    from pytest_vlmsight.report.slices import fitted
    from pytest_vlmsight.tasks.kept_files import KINDS, kept_files

    files = {kind: kept_files(folder, kind) for kind in KINDS}
    with _answers(folder) as connection:
        parts = [] if connection is None else parts_of(connection)
        size = 0 if connection is None else _file(folder).stat().st_size
    counted = {kind: (len(some), sum(one.bytes for one in some)) for kind, some in files.items()}
    counted["answers"] = (sum(part.answers for part in parts), size)
    if as_json:
        _print_json(folder, counted, parts)
        return
    print(folder)
    for kind, (count, taken) in counted.items():
        print(f"  {kind:<10} {count:>8} {_shown(taken):>10}")
    if parts:
        print(f"\n{'last asked':<10} {'answers':>8} {'size':>10} model, task")
    for (model, task), some in _by_name(parts).items():
        day = datetime.fromtimestamp(max(one.used for one in some), UTC).date()
        size = sum(one.bytes for one in some)
        line = f"{day} {sum(one.answers for one in some):>8} {_shown(size):>10} "
        print(line + fitted(f"{model}, {task}", _WIDTH - len(line)).rstrip())


def _print_json(folder: Path, counted: dict[str, tuple[int, int]], parts: Sequence[Part]) -> None:
    told: dict[str, Any] = {"folder": str(folder)}
    for kind, (count, taken) in counted.items():
        told[kind.replace(" ", "_")] = {"count": count, "bytes": taken}
    told["models"] = [
        {
            "model": model,
            "task": task,
            "answers": sum(one.answers for one in some),
            "bytes": sum(one.bytes for one in some),
            "last_asked": datetime.fromtimestamp(max(one.used for one in some), UTC).isoformat(
                timespec="seconds"
            ),
        }
        for (model, task), some in _by_name(parts).items()
    ]
    print_json(told)


def _by_name(parts: Sequence[Part]) -> dict[tuple[str, str], list[Part]]:
    """A model may have been asked about a task in several ways."""
    named: dict[tuple[str, str], list[Part]] = {}
    for part in sorted(parts, key=lambda one: (one.model, one.task)):
        named.setdefault((part.model, part.task), []).append(part)
    return named


def _prune(folder: Path, *, limit: int | None, days: float | None, model: str | None) -> int:
    """Remove what is too old or too much; with neither given what is beyond the usual limits."""
    from pytest_vlmsight.records import cache, cache_room
    from pytest_vlmsight.tasks import picture_cache
    from pytest_vlmsight.tasks.kept_files import KINDS, kept_files, remove_files

    usual = limit is None and days is None
    removed = 0
    with _answers(folder) as connection:
        if connection is not None:
            if days is not None:
                parts = cache_room.older(_of(cache_room.parts_of(connection), model), days=days)
                removed += cache_room.remove(connection, parts)
            most = cache.LIMIT if usual else limit
            if most is not None:
                removed += cache_room.prune(connection, limit=most)
    if model is None:
        for kind in KINDS:
            most = picture_cache.LIMIT if usual else limit
            # Items are small, and older ones are removed by age.
            files = kept_files(folder, kind)
            removed += remove_files(files, limit=None if kind == "items" else most, days=days)
    return removed


def _clear(folder: Path, *, model: str | None) -> int:
    """Remove all answers of a model, or all that there is."""
    from pytest_vlmsight.records import cache_file, cache_room
    from pytest_vlmsight.tasks.kept_files import KINDS, kept_files, remove_files
    from pytest_vlmsight.tasks.study.unpack import forget

    try:
        with _answers(folder) as connection:
            parts = [] if connection is None else _of(cache_room.parts_of(connection), model)
            if model is not None and not parts:
                raise ValueError(f"--model={model}: there are no answers of it in {folder}")
            removed = 0 if connection is None else cache_room.remove(connection, parts)
    except UnusableError:
        if model is not None:
            raise
        removed = cache_file.delete(_file(folder))
    if model is None:
        removed += cache_file.delete(cache_file.aside_of(_file(folder)))
        removed += sum(remove_files(kept_files(folder, k), limit=0, days=None) for k in KINDS)
        removed += forget(folder)
    return removed


def _of(parts: Sequence[Part], model: str | None) -> list[Part]:
    return [part for part in parts if model in {None, part.model}]


def _file(folder: Path) -> Path:
    from pytest_vlmsight.records.cache import FILE

    return folder / FILE


@contextmanager
def _answers(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """The file of answers, open; None where there is none.

    Raises:
        UnusableError: it cannot be used.
    """
    from pytest_vlmsight.records import cache_file

    path = _file(folder)
    if not path.exists():
        yield None
        return
    try:
        with closing(cache_file.connected(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise UnusableError(
            f"{path} cannot be used: {error}; `vlmsight cache clear` removes it, and so does a run"
        ) from error


def _shown(size: int) -> str:
    """Bytes for people."""
    value, units = float(size), ["B", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"
