"""One writer at a time, and nobody waits for the dead."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.records.lock import locked

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from pytest_vlmsight.records.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def add_one(path: str, times: int) -> None:
    """Count up in a file, slowly enough to be disturbed."""
    from pathlib import Path

    file = Path(path)
    for _ in range(times):
        with locked(file):
            number = int(file.read_text())
            time.sleep(0.002)
            file.write_text(str(number + 1))


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    file = tmp_path / "number"
    file.write_text("0")
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=add_one, args=(str(file), 15)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert file.read_text() == "45"
    assert sorted(tmp_path.iterdir()) == [file]


def test_who_holds_it_for_too_long_is_told_and_whoever_dies_lets_it_go(tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(file)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RecordError) as caught, locked(file, patience=0.2):
            pass
        assert f"{file} is being written by process {holder.pid} on " in str(caught.value)
        assert "for longer than 0.2 s; nothing there was changed" in str(caught.value)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    assert (tmp_path / ".model.json.lock").exists()  # what the dead left behind
    with locked(file, patience=0.2):
        assert f"process {os.getpid()} " in (tmp_path / ".model.json.lock").read_text()
    assert not list(tmp_path.iterdir())


def test_it_is_let_go_where_the_writer_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), locked(tmp_path / "a"):
        raise ValueError("mine")
    with locked(tmp_path / "a", patience=0):
        pass


def test_links_to_one_file_share_its_lock(tmp_path: Path) -> None:
    (tmp_path / "real").touch()
    (tmp_path / "link").symlink_to("real")
    with (
        locked(tmp_path / "real"),
        pytest.raises(RecordError, match="is being written by"),
        locked(tmp_path / "link", patience=0),
    ):
        pass


def test_folder_that_cannot_be_written_to_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"), locked(tmp_path / "no" / "a"):
        pass
