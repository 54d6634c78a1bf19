"""Parts that are there are kept, what is half made is made again, and nothing is half there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.models.tiny.parts import found_part, write_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[[int, Path, int], None]


def note(seed: int, folder: Path, number: int) -> None:
    (folder / "note").write_text(f"{seed} {number}")


def other(seed: int, folder: Path, number: int) -> None:
    (folder / "note").write_text(f"other {seed} {number}")


def written(
    folder: Path, count: int, *, make: Make = note, seed: int = 0, jobs: int = 1
) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    write_parts(
        folder,
        name="notes",
        count=count,
        seed=seed,
        make=make,
        jobs=jobs,
        told=lambda *done: told.append(done),
    )
    return told


def notes(folder: Path) -> list[str]:
    return [(path / "note").read_text() for path in sorted(folder.glob("notes-?-????"))]


@pytest.mark.parametrize("jobs", [1, 2])
def test_all_parts_are_made(tmp_path: Path, jobs: int) -> None:
    assert written(tmp_path / "new", 3, jobs=jobs) == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert notes(tmp_path / "new") == ["0 0", "0 1", "0 2"]


def test_what_is_there_is_kept_and_what_is_half_made_is_made_again(tmp_path: Path) -> None:
    written(tmp_path, 1)
    (tmp_path / "notes-0-0001.partial").mkdir()
    (tmp_path / "notes-0-0001.partial" / "rest").touch()
    assert written(tmp_path, 3, make=other) == [(1, 3), (2, 3), (3, 3)]
    assert notes(tmp_path) == ["0 0", "other 0 1", "other 0 2"]
    assert not (tmp_path / "notes-0-0001" / "rest").exists()
    assert written(tmp_path, 2) == [(2, 2)]


def test_a_part_that_cannot_be_made_is_not_there(tmp_path: Path) -> None:
    def broken(seed: int, folder: Path, number: int) -> None:
        note(seed, folder, number)
        raise RuntimeError("no room on the disk")

    with pytest.raises(RuntimeError, match="no room"):
        written(tmp_path, 1, make=broken)
    assert notes(tmp_path) == []
    with pytest.raises(FileNotFoundError, match="notes-0-0000: this part is missing"):
        found_part(tmp_path, "notes", 0, 0)


def test_a_part_is_found_by_its_seed_and_number(tmp_path: Path) -> None:
    written(tmp_path, 2)
    written(tmp_path, 2, seed=7)
    assert (found_part(tmp_path, "notes", 0, 1) / "note").read_text() == "0 1"
    assert (found_part(tmp_path, "notes", 7, 1) / "note").read_text() == "7 1"
