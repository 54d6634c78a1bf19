"""The file of answers: for several processes, within its limit, and never in a run's way."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.records import cache_file, cache_room
from pytest_vlmsight.records.cache import AnswerCache, Group
from pytest_vlmsight.records.cache_file import ANSWER, FEATURES
from pytest_vlmsight.records.packed import Packed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def one(number: float, *, size: int = 2) -> Packed:
    return Packed(arrays=(np.full(size, number),))


def group(cache: AnswerCache, context: bytes = b"a", *, model: str = "m", task: str = "t") -> Group:
    return cache.group(context, model=model, task=task)


def kept(folder: Path, *, context: bytes = b"a", keys: list[bytes]) -> dict[bytes, float]:
    """What a new run finds."""
    cache = AnswerCache(folder)
    found = group(cache, context).read(keys)
    cache.close()
    assert not cache.told
    return {key: float(packed.arrays[0][0]) for key, packed in found.items()}


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[AnswerCache]:
    made = AnswerCache(tmp_path)
    yield made
    made.close()


def test_what_is_kept_is_found_by_the_next_run(cache: AnswerCache, tmp_path: Path) -> None:
    group(cache).keep({b"x": (ANSWER, one(1.5)), b"y": (ANSWER, one(2))})
    cache.close()
    assert kept(tmp_path, keys=[b"x", b"y", b"z"]) == {b"x": 1.5, b"y": 2}


def test_models_and_tasks_do_not_share_what_they_keep(cache: AnswerCache) -> None:
    group(cache, b"a").keep({b"x": (ANSWER, one(1))})
    assert group(cache, b"b").among([b"x"]) == set()
    assert group(cache, b"b").read([b"x"]) == {}
    group(cache, b"b").keep({b"x": (ANSWER, one(2))})
    assert group(cache, b"a").read([b"x"])[b"x"].arrays[0][0] == 1


def test_more_keys_than_fit_in_a_statement_are_found_and_forgotten(cache: AnswerCache) -> None:
    keys = [index.to_bytes(4) for index in range(2100)]
    some = group(cache)
    some.keep({key: (ANSWER, one(0)) for key in keys})
    assert some.among(keys) == set(keys)
    assert len(some.read(keys)) == 2100
    some.forget(keys[1:])
    assert some.among(keys) == {keys[0]}


def test_looking_makes_no_file_of_answers_before_something_is_kept(tmp_path: Path) -> None:
    AnswerCache(tmp_path / "new").close()
    assert not (tmp_path / "new").exists()


def test_a_value_that_was_changed_counts_as_absent(cache: AnswerCache, tmp_path: Path) -> None:
    group(cache).keep({b"x": (ANSWER, one(1)), b"y": (ANSWER, one(2))})
    cache.close()
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE entries SET value = zeroblob(40) WHERE key = ?", (b"x",))
    connection.close()
    assert kept(tmp_path, keys=[b"x", b"y"]) == {b"y": 2}


def test_values_of_two_keys_that_were_swapped_count_as_absent(
    cache: AnswerCache, tmp_path: Path
) -> None:
    group(cache).keep({b"x": (ANSWER, one(1)), b"y": (ANSWER, one(2))})
    cache.close()
    with sqlite3.connect(cache.path) as connection:
        for old, new in ((b"x", b"?"), (b"y", b"x"), (b"?", b"y")):
            connection.execute("UPDATE entries SET key = ? WHERE key = ?", (new, old))
    connection.close()
    assert kept(tmp_path, keys=[b"x", b"y"]) == {}


# -- several at once ------------------------------------------------------------------------------


def write_some(folder: Path, number: int, barrier: Callable[[], object]) -> None:
    cache = AnswerCache(folder)
    barrier()
    for index in range(60):
        some = group(cache, b"shared" if index % 2 else bytes([number]))
        some.keep({bytes([number, index]): (ANSWER, one(100 * number + index))})
    cache.close()
    assert not cache.told


def _in_process(folder: Path, number: int, barrier: threading.Barrier) -> None:
    write_some(folder, number, barrier.wait)


def _all_there(folder: Path, count: int) -> None:
    for number in range(count):
        for context, indices in ((b"shared", range(1, 60, 2)), (bytes([number]), range(0, 60, 2))):
            keys = {bytes([number, index]): 100 * number + index for index in indices}
            assert kept(folder, context=context, keys=list(keys)) == keys


def test_processes_that_begin_and_write_a_file_together_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(4)
    some = [
        spawn.Process(target=_in_process, args=(tmp_path, number, barrier)) for number in range(4)
    ]
    for process in some:
        process.start()
    for process in some:
        process.join(120)
    assert [process.exitcode for process in some] == [0] * 4
    _all_there(tmp_path, 4)


def test_threads_that_share_a_cache_lose_nothing(cache: AnswerCache, tmp_path: Path) -> None:
    def write(number: int) -> None:
        for index in range(30):
            group(cache).keep({bytes([number, index]): (ANSWER, one(index))})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.close()
    assert not cache.told
    assert len(kept(tmp_path, keys=[bytes([n, i]) for n in range(4) for i in range(30)])) == 120


# -- files that cannot be used --------------------------------------------------------------------


def text(path: Path) -> None:
    path.write_text("this is no database, but it is long enough to look like one " * 40)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:30])


def overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[2000:] = os.urandom(len(content) - 2000)
    path.write_bytes(content)


def foreign(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE entries (something TEXT)")
    connection.close()


def newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {cache_file.VERSION + 1}")
    connection.close()


def without_a_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE entries")
    connection.close()


def without_a_column(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE entries RENAME COLUMN value TO content")
    connection.close()


FAULTS = [text, cut_off, short, overwritten, foreign, newer, without_a_table, without_a_column]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_cannot_be_used_is_put_aside_and_begun_anew(
    fault: Callable[[Path], None], cache: AnswerCache, tmp_path: Path
) -> None:
    keys = [index.to_bytes(4) for index in range(400)]
    group(cache).keep({key: (ANSWER, one(1, size=40)) for key in keys})
    cache.close()
    fault(cache.path)
    again = AnswerCache(tmp_path)
    found = group(again).read(keys)
    group(again).keep({b"new": (ANSWER, one(3))})
    again.close()
    assert len(found) < 400
    (told,) = again.told
    assert told.startswith("the cache of answers could not be used (")
    assert f"it was moved to {tmp_path / 'answers.sqlite.broken'} and begun anew" in told
    assert (tmp_path / "answers.sqlite.broken").is_file()
    assert kept(tmp_path, keys=[b"new"]) == {b"new": 3}


def test_an_empty_file_is_begun(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").touch()
    cache = AnswerCache(tmp_path)
    group(cache).keep({b"x": (ANSWER, one(1))})
    cache.close()
    assert not cache.told
    assert kept(tmp_path, keys=[b"x"]) == {b"x": 1}


def test_a_file_that_another_process_has_put_aside_is_not_put_aside_again(
    cache: AnswerCache, tmp_path: Path
) -> None:
    group(cache).keep({b"x": (ANSWER, one(1))})
    other = AnswerCache(tmp_path)
    cache_file.put_aside(cache.path, tmp_path / "elsewhere")
    group(other).keep({b"y": (ANSWER, one(2))})
    cache._failed(cache_file.SchemaError("as it was"))  # of the file that it had opened
    assert group(cache).read([b"y"])[b"y"].arrays[0][0] == 2
    other.close()


# -- disks that do not let ------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_keeps_nothing_and_says_so_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = AnswerCache(tmp_path / "file" / "cache")
    for number in range(3):
        group(cache).keep({b"x": (ANSWER, one(number))})
    assert group(cache).read([b"x"]) == {}
    cache.close()
    (told,) = cache.told
    assert told.startswith("answers are not kept: ")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may write anywhere")
def test_a_read_only_folder_keeps_nothing_and_says_so_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        cache = AnswerCache(tmp_path)
        group(cache).keep({b"x": (ANSWER, one(1))})
        cache.close()
    finally:
        tmp_path.chmod(0o700)
    assert len(cache.told) == 1
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_leaves_what_was_kept(cache: AnswerCache, tmp_path: Path) -> None:
    group(cache).keep({b"x": (ANSWER, one(1))})
    cache.use(lambda connection: connection.execute("PRAGMA max_page_count = 20"), None)
    group(cache).keep({b"y": (ANSWER, one(2, size=10**5))})
    group(cache).keep({b"z": (ANSWER, one(3))})
    cache.close()
    (told,) = cache.told
    assert "full" in told
    assert kept(tmp_path, keys=[b"x", b"y", b"z"]) == {b"x": 1}


def test_a_process_that_never_stops_writing_is_not_waited_for_twice(
    cache: AnswerCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_file, "PATIENCE", 0.1)
    group(cache).keep({b"x": (ANSWER, one(1))})
    other = sqlite3.connect(cache.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        group(cache).keep({b"y": (ANSWER, one(1))})
    other.execute("ROLLBACK")
    other.close()
    (told,) = cache.told
    assert "locked" in told


# -- room -----------------------------------------------------------------------------------------


def fill(folder: Path, context: bytes, *, what: int = ANSWER, limit: int = 2**30) -> None:
    """A run of its own that keeps about a hundred kilobytes."""
    cache = AnswerCache(folder, limit=limit)
    some = group(cache, context, model=context.decode())
    some.among([])
    if not some.among([b"0"]):
        some.keep({str(n).encode(): (what, one(n, size=1250)) for n in range(10)})
    cache.close()
    assert not cache.told


def models_in(folder: Path) -> list[str]:
    connection = cache_file.connected(folder / "answers.sqlite")
    found = [part.model for part in cache_room.parts_of(connection)]
    connection.close()
    return sorted(found)


def test_what_was_not_asked_for_the_longest_goes_first(tmp_path: Path) -> None:
    for context in (b"a", b"b", b"c", b"a"):
        fill(tmp_path, context)
    fill(tmp_path, b"d", limit=380_000)
    assert models_in(tmp_path) == ["a", "c", "d"]
    assert (tmp_path / "answers.sqlite").stat().st_size < 400_000


def test_features_go_before_answers_however_new(tmp_path: Path) -> None:
    fill(tmp_path, b"a")
    fill(tmp_path, b"b")
    fill(tmp_path, b"c", what=FEATURES, limit=280_000)
    assert models_in(tmp_path) == ["a", "b"]


def test_a_clock_that_was_set_back_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hours, context in ((9, b"a"), (5, b"b"), (1, b"c")):
        monkeypatch.setattr(time, "time", lambda hours=hours: hours * 3600.0)
        fill(tmp_path, context)
    fill(tmp_path, b"d", limit=380_000)
    assert models_in(tmp_path) == ["b", "c", "d"]


def test_a_run_that_keeps_more_than_the_limit_goes_on(tmp_path: Path) -> None:
    fill(tmp_path, b"a", limit=50_000)
    fill(tmp_path, b"a")
    assert models_in(tmp_path) == ["a"]


def test_a_model_that_is_removed_while_it_is_asked_is_kept_again(
    cache: AnswerCache, tmp_path: Path
) -> None:
    some = group(cache)
    some.keep({b"x": (ANSWER, one(1))})
    other = cache_file.connected(cache.path)
    cache_room.remove(other, cache_room.parts_of(other))
    other.close()
    some.keep({b"y": (ANSWER, one(2))})
    cache.close()
    assert kept(tmp_path, keys=[b"x", b"y"]) == {b"y": 2}
