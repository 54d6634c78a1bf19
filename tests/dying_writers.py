"""What writes files, killed at every line: ``python -m dying_writers WHAT FOLDER``.

A program of its own, since processes are forked: a test's process has threads.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import made_runs
import numpy as np
from dying import at_every_moment

from pytest_vlmsight.records.baseline import update_baseline
from pytest_vlmsight.records.cache import AnswerCache, Group
from pytest_vlmsight.records.cache_file import ANSWER, FEATURES
from pytest_vlmsight.records.packed import Packed
from pytest_vlmsight.records.run_file import write_run

if TYPE_CHECKING:
    import types
    from collections.abc import Callable

    from pytest_vlmsight.records.run import Run

_MODULES = ("/whole_file.py", "/lock.py", "/cache.py", "/cache_file.py")
_FUNCTIONS = ("update_baseline", "write_run", "write_report")  # their modules mostly make texts
_OF_PATHS = ("write_text", "write_bytes", "open", "replace", "unlink", "chmod")


def writes(code: types.CodeType) -> bool:
    """Whether this is code that writes files, so that its lines are moments to be killed at."""
    if "pathlib" in code.co_filename:
        return code.co_name in _OF_PATHS
    return code.co_filename.endswith(_MODULES) or code.co_name in _FUNCTIONS


def is_old_or_new(path: Path, write: Callable[[], object]) -> int:
    """Write a file that is there, and be killed; returns how many times."""
    old = path.read_bytes()
    write()
    new = path.read_bytes()
    assert new != old
    path.write_bytes(old)
    met = set()
    at = 0
    for at in at_every_moment(write, watched=writes):
        left = path.read_bytes()
        assert left in {old, new}, f"neither old nor new at moment {at}: {left[:80]!r}…"
        met.add(left)
        # Whoever comes next is not held up by what is left, and finds no other file of the name.
        write()
        assert path.read_bytes() == new
        others = {one.name for one in path.parent.iterdir()} - {path.name}
        assert all(one.startswith(".vlmsight-") for one in others), others
        path.write_bytes(old)
    assert met == {old, new}
    return at - 1


def runs() -> list[Run]:
    """A run, and one that measured more."""
    first = made_runs.evaluation(task="one", n=4)
    other = made_runs.evaluation(task="one", n=4, sighted=0.2, seed=1)
    second = made_runs.evaluation(task="two", n=4)
    return [made_runs.run(first), made_runs.run(other, second)]


def record(folder: Path) -> int:
    """``--vlm-json`` where there is a record."""
    old, new = runs()
    write_run(old, folder / "run.json")
    return is_old_or_new(folder / "run.json", lambda: write_run(new, folder / "run.json"))


def baseline(folder: Path) -> int:
    """``--vlm-update``."""
    old, new = runs()
    path = folder / "base.json"
    write_run(old, path)

    def update() -> None:
        update_baseline(path, new, model="a", tasks={"one", "two"}, overwrite=True)

    return is_old_or_new(path, update)


def report(folder: Path) -> int:
    """``--vlm-report`` where there is a report."""
    from pytest_vlmsight.report import html

    old, new = runs()
    html.write_report(old, folder / "run.html")
    text = html.html_report(new)
    vars(html)["html_report"] = lambda *_, **__: text  # once is enough
    return is_old_or_new(folder / "run.html", lambda: html.write_report(new, folder / "run.html"))


def batch(folder: Path, *, before: bool) -> int:
    """Answers and features of a batch, in a cache of its own at each moment.

    Args:
        folder: where.
        before: whether the cache has another batch already.
    """
    entries = {
        bytes([index]) * 16: (what, Packed(arrays=(np.full(3, float(index)),)))
        for index, what in enumerate((ANSWER, FEATURES) * 3)
    }
    others = {b"another": (ANSWER, Packed(arrays=(np.zeros(2),)))}
    place = folder

    def opened() -> tuple[AnswerCache, Group]:
        cache = AnswerCache(place)
        return cache, cache.group(b"context", model="a", task="one")

    def keep() -> None:
        cache, group = opened()
        group.keep(entries)
        cache.close()
        assert not cache.told, cache.told

    def prepare(at: int) -> None:
        nonlocal place
        place = folder / str(at)
        if before:
            cache, group = opened()
            group.keep(others)
            cache.close()

    met = set()
    at = 0
    prepare(1)
    for at in at_every_moment(keep, watched=writes):
        cache, group = opened()
        found = group.read([*entries, *others])
        assert (b"another" in found) == before
        count = len(found) - before
        assert count in {0, len(entries)}, f"{count} of {len(entries)} are kept at moment {at}"
        met.add(count)
        group.keep(entries)
        again = group.read(list(entries))
        assert {key: one.arrays[0].tolist() for key, one in again.items()} == {
            key: one.arrays[0].tolist() for key, (_, one) in entries.items()
        }
        cache.close()
        assert not cache.told
        prepare(at + 1)
    assert met == {0, len(entries)}, (met, at)
    return at - 1


WRITERS: dict[str, Callable[[Path], int]] = {
    "record": record,
    "baseline": baseline,
    "report": report,
    "first batch": lambda folder: batch(folder, before=False),
    "batch": lambda folder: batch(folder, before=True),
}

if __name__ == "__main__":
    # What a killed process has written is there without; a thousand of them would take minutes.
    vars(os)["fsync"] = lambda _: None
    print(json.dumps(WRITERS[sys.argv[1]](Path(sys.argv[2]))))
