"""Items are made by other processes, and whoever asks for them then finds them made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_vlmsight import making
from pytest_vlmsight.making import Ahead, cores
from pytest_vlmsight.tasks.generated import Canvas, GeneratedItems
from pytest_vlmsight.tasks.low_level_matching import low_level_matching
from pytest_vlmsight.tasks.relative_depth import relative_depth

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Task


@pytest.fixture
def tasks(tmp_path: Path) -> list[Task]:
    canvas = Canvas(cache=tmp_path)
    return [low_level_matching(canvas=canvas), relative_depth(canvas=canvas)]


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_LEAST", 2)
    monkeypatch.setattr(making, "_CHUNK", 2)


def generated(task: Task) -> GeneratedItems:
    assert isinstance(task.make_items, GeneratedItems)
    return task.make_items


def test_what_was_waited_for_is_made(tasks: list[Task]) -> None:
    told: list[tuple[str, int, int]] = []
    ahead = Ahead(tasks, n=4, seed=2, jobs=2)
    try:
        for task in tasks:
            ahead.wait(task, told=lambda *one: told.append(one))
            assert generated(task).missing(4, 2) == []
    finally:
        ahead.close()
    name = f"{tasks[0].name} items"
    assert [one for one in told if one[0] == name] == [(name, 2, 4), (name, 4, 4)]
    plain = low_level_matching().make_items(4, 2)
    assert tasks[0].make_items(4, 2) == plain


def test_nothing_is_started_where_nothing_is_to_be_made(
    tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_: int) -> Any:
        raise AssertionError("a process was started")

    monkeypatch.setattr(making, "_pool", never)
    Ahead(tasks, n=4, seed=0, jobs=1).close()
    Ahead([relative_depth()], n=4, seed=0, jobs=2).close()  # keeps nothing
    own = replace(tasks[0], make_items=lambda _n, _seed: [])
    Ahead([own], n=4, seed=0, jobs=2).close()  # not generated
    for task in tasks:
        generated(task).prepare(0, range(4))
    Ahead(tasks, n=4, seed=0, jobs=2).close()
    monkeypatch.setattr(making, "_LEAST", 5)
    Ahead(tasks[:1], n=8, seed=0, jobs=2).close()  # four are missing
    with pytest.raises(AssertionError, match="was started"):
        Ahead(tasks[:1], n=9, seed=0, jobs=2)


def test_what_processes_fail_at_is_left_to_whoever_asks(tasks: list[Task], tmp_path: Path) -> None:
    """Such as a folder that cannot be written to."""
    (tmp_path / "items").write_text("a file")
    (tmp_path / "pictures").write_text("a file")
    ahead = Ahead(tasks[:1], n=2, seed=0, jobs=2)
    ahead.wait(tasks[0])
    ahead.close()
    assert len(tasks[0].make_items(2, 0)) == 2


def test_a_task_that_nobody_makes_is_not_waited_for(tasks: list[Task]) -> None:
    ahead = Ahead([], n=4, seed=0, jobs=2)
    ahead.wait(tasks[0])
    ahead.close()
    ahead.close()


def test_processes_end_with_the_run_that_started_them_where_it_is_killed(tmp_path: Path) -> None:
    begun = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from pytest_vlmsight.making import Ahead\n"
        "from pytest_vlmsight.tasks.generated import Canvas\n"
        "from pytest_vlmsight.tasks.relative_depth import relative_depth\n"
        "task = relative_depth(canvas=Canvas(cache=Path(sys.argv[1])))\n"
        "ahead = Ahead([task], n=2000, seed=0, jobs=2)\n"
        "print('begun', flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", begun, str(tmp_path)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"begun\n"
        end = time.monotonic() + 60
        while not list(tmp_path.rglob("*.png")) and time.monotonic() < end:
            time.sleep(0.01)
        assert list(tmp_path.rglob("*.png"))
        process.kill()
        # They hold the other end of it, all of them.
        process.communicate(timeout=30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_at_most_the_cores_of_the_machine() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
