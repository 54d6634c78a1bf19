"""A file is there whole, or as it was."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.whole_file import whole_file

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_written_is_there_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with whole_file(path) as unfinished:
        unfinished.write_text("new")
        assert not path.exists()
        assert unfinished.suffix == ".json"
    assert path.read_text() == "new"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_on_an_error_the_old_file_stays_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def fill() -> None:
        with whole_file(path) as unfinished:
            unfinished.write_text("half")
            raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError, match="full"):
        fill()
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "a.json"
    real.write_text("old")
    real.chmod(0o600)
    link = tmp_path / "link.json"
    link.symlink_to(real)
    with whole_file(link) as unfinished:
        unfinished.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "no" / "a.json"):
        pass
