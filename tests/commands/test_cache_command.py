"""``vlmsight cache`` shows what is kept, and removes what it is told to and nothing else."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_vlmsight.cli import main
from pytest_vlmsight.commands.cache import parse_size
from pytest_vlmsight.records.cache import AnswerCache
from pytest_vlmsight.records.cache_file import ANSWER
from pytest_vlmsight.records.packed import Packed

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]
DAY = 86400.0


def keep(folder: Path, model: str, task: str, *, answers: int = 3, days: float = 0) -> None:
    """A run that was made some days ago."""
    cache = AnswerCache(folder)
    some = cache.group(f"{model} {task}".encode(), model=model, task=task)
    some.keep({str(n).encode(): (ANSWER, Packed(arrays=(np.zeros(500),))) for n in range(answers)})
    if days:
        at = time.time() - days * DAY
        cache.use(lambda connection: connection.execute("UPDATE sessions SET at = ?", (at,)), None)
    cache.close()


def write(path: Path, *, size: int = 1000, days: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    used = time.time() - days * DAY
    os.utime(path, (used, used))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache with a file of each kind, and files that are none of its own."""
    write(tmp_path / "pictures" / "ab" / f"ab{'0' * 62}.png", days=40)
    write(tmp_path / "pictures" / "cd" / f"cd{'0' * 62}.png")
    write(tmp_path / "depths" / "ef" / f"ef{'0' * 62}.png")
    write(tmp_path / "items" / f"{'a' * 32}-0.jsonl")
    for other in ("notes.txt", "pictures/holiday.png", "pictures/ab/holiday.png", "items/my.jsonl"):
        write(tmp_path / other)
    keep(tmp_path, "old", "one", days=40)
    keep(tmp_path, "new", "one")
    keep(tmp_path, "new", "two", answers=5)
    return tmp_path


def told(folder: Path, capsys: Capture) -> dict[str, Any]:
    assert main(["cache", "--json", "--dir", str(folder)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def counts(folder: Path, capsys: Capture) -> list[int]:
    capsys.readouterr()
    found = told(folder, capsys)
    return [found[kind]["count"] for kind in ("pictures", "depth_maps", "items", "answers")]


def others_are_there(folder: Path) -> bool:
    return (
        all(
            (folder / other).is_file()
            for other in ("notes.txt", "pictures/holiday.png", "pictures/ab/holiday.png")
        )
        and (folder / "items" / "my.jsonl").is_file()
    )


def test_what_is_kept_is_shown_by_model_and_task(folder: Path, capsys: Capture) -> None:
    assert main(["cache", "show", "--dir", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == str(folder)
    assert [line.split()[-4:-2] for line in lines[1:6]] == [
        ["pictures", "2"],
        ["maps", "1"],
        ["items", "1"],
        ["tunings", "0"],
        ["answers", "11"],
    ]
    assert [line.split()[1::3] for line in lines[8:]] == [
        ["3", "new,"],
        ["5", "new,"],
        ["3", "old,"],
    ]
    assert max(map(len, lines[1:])) <= 80


def test_as_json_all_of_it_is_there(folder: Path, capsys: Capture) -> None:
    found = told(folder, capsys)
    assert found["pictures"] == {"count": 2, "bytes": 2000}
    assert found["answers"]["count"] == 11
    assert [(one["model"], one["task"], one["answers"]) for one in found["models"]] == [
        ("new", "one", 3),
        ("new", "two", 5),
        ("old", "one", 3),
    ]
    assert found["models"][0]["bytes"] > 12000


def test_a_cache_that_is_not_there_is_empty_and_stays_away(tmp_path: Path, capsys: Capture) -> None:
    for action in ("show", "prune", "clear"):
        assert main(["cache", action, "--dir", str(tmp_path / "none")]) == 0
    capsys.readouterr()
    assert counts(tmp_path / "none", capsys) == [0, 0, 0, 0]
    assert not (tmp_path / "none").exists()


def test_names_that_would_steer_a_terminal_are_escaped(tmp_path: Path, capsys: Capture) -> None:
    keep(tmp_path, "evil\x1b[2J", "t" * 200)
    assert main(["cache", "--dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "evil\\x1b[2J" in out
    assert max(map(len, out.splitlines()[1:])) <= 80


def test_what_was_not_used_for_long_is_pruned(folder: Path, capsys: Capture) -> None:
    assert main(["cache", "prune", "--older-than=30", "--dir", str(folder)]) == 0
    assert "removed 12.8 KiB from" in capsys.readouterr().out
    assert counts(folder, capsys) == [1, 1, 1, 8]
    assert others_are_there(folder)


def test_what_is_too_much_is_pruned_oldest_first(folder: Path, capsys: Capture) -> None:
    assert main(["cache", "prune", "--max-size=1000b", "--dir", str(folder)]) == 0
    assert counts(folder, capsys) == [1, 1, 1, 0]
    assert (folder / "pictures" / "cd" / f"cd{'0' * 62}.png").is_file()


def test_within_the_usual_limits_nothing_is_pruned(folder: Path, capsys: Capture) -> None:
    assert main(["cache", "prune", "--dir", str(folder)]) == 0
    assert "removed 0 B" in capsys.readouterr().out
    assert counts(folder, capsys) == [2, 1, 1, 11]


def test_answers_of_one_model_are_cleared_alone(folder: Path, capsys: Capture) -> None:
    assert main(["cache", "clear", "--model=./new/", "--dir", str(folder)]) == 0
    assert counts(folder, capsys) == [2, 1, 1, 3]
    assert main(["cache", "prune", "--model=old", "--older-than=30", "--dir", str(folder)]) == 0
    assert counts(folder, capsys) == [2, 1, 1, 0]


def test_all_is_cleared_but_what_is_not_the_caches_own(folder: Path, capsys: Capture) -> None:
    write(folder / "answers.sqlite.broken")
    assert main(["cache", "clear", "--dir", str(folder)]) == 0
    assert counts(folder, capsys) == [0, 0, 0, 0]
    assert not (folder / "answers.sqlite.broken").exists()
    assert others_are_there(folder)


def test_a_file_that_is_no_database_is_cleared_and_else_told(folder: Path, capsys: Capture) -> None:
    (folder / "answers.sqlite").write_bytes(b"no database " * 1000)
    for action in (["show"], ["prune"], ["clear", "--model=new"]):
        assert main(["cache", *action, "--dir", str(folder)]) == 2
        assert "answers.sqlite cannot be used: file is not a database" in capsys.readouterr().err
    assert main(["cache", "clear", "--dir", str(folder)]) == 0
    assert not (folder / "answers.sqlite").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "--model=new"], "show takes no --model"),
        (["clear", "--older-than=3"], "clear takes no --older-than"),
        (["clear", "--older-than=0"], "clear takes no --older-than"),
        (["prune", "--max-size=lots"], "expected a size such as 500M or 2G, got 'lots'"),
        (["prune", "--older-than=-1"], "expected days from 0, got -1.0"),
        (["prune", "--older-than=nan"], "expected days from 0, got nan"),
        (["prune", "--model=new"], "prune --model needs --older-than"),
        (["prune", "--model=new", "--older-than=1", "--max-size=1G"], "leave out --model"),
        (["clear", "--model=nobody"], "--model=nobody: there are no answers of it in"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_removes_nothing(
    arguments: list[str], says: str, folder: Path, capsys: Capture
) -> None:
    assert main(["cache", *arguments, "--dir", str(folder)]) == 2
    assert says in capsys.readouterr().err
    assert counts(folder, capsys) == [2, 1, 1, 11]


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("500M", 500 * 2**20), ("1.5g", 3 * 2**29), ("2 GiB", 2**31), ("7kb", 7 * 2**10)],
)
def test_sizes_are_read_in_the_usual_units(text: str, size: int) -> None:
    assert parse_size(text) == size
