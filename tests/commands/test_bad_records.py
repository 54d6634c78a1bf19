"""Commands that read records: what is none is refused in a line, and nothing is half written."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from made_runs import evaluation, run
from plugin_fixtures import fill_up

from pytest_vlmsight.cli import main
from pytest_vlmsight.records.run_file import run_plain, run_text, write_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


def edited(change: Callable[[Any], None]) -> bytes:
    plain = run_plain(run(evaluation()))
    change(plain)
    return json.dumps(plain).encode()


def no_such_option(plain: Any) -> None:
    plain["evaluations"][0]["sighted"]["choices"][3] = [7]


def one_item_less(plain: Any) -> None:
    plain["tasks"]["one"]["gold"].pop()


BAD = {
    "truncated": (run_text(run(evaluation())).encode()[:-300], "is no JSON"),
    "empty": (b"", "is no JSON"),
    "conflict": (b"<<<<<<< HEAD\n{}\n", "is no JSON"),
    "no text": (b"\xff\xfe\x00", "is no JSON"),
    "foreign": (b'{"kind": "coverage"}', "this is no record of a run"),
    "newer": (edited(lambda plain: plain.update(schema_version=99)), "of schema version 99"),
    "edited choice": (edited(no_such_option), "an option was chosen that its item does not have"),
    "edited items": (edited(one_item_less), "gold: expected whole numbers of (40,)"),
}


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with good.json."""
    write_run(run(evaluation()), tmp_path / "good.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capsys: Capture, *arguments: str) -> str:
    """The one line of a command that exits with 2."""
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "command",
    [
        ["compare", "bad.json", "good.json"],
        ["compare", "good.json", "bad.json"],
        ["report", "bad.json", "--no-images"],
        ["report", "good.json", "--no-images", "--baseline=bad.json"],
        ["badge", "bad.json"],
        ["study", "good.json", "bad.json"],
    ],
    ids=" ".join,
)
def test_what_is_no_record_is_refused_in_a_line(
    records: Path, capsys: Capture, command: list[str], bad: str
) -> None:
    content, told = BAD[bad]
    (records / "bad.json").write_bytes(content)
    line = refused(capsys, *command)
    assert line.startswith(f"vlmsight {command[0]}: ")
    assert "bad.json" in line
    assert told in line
    assert sorted(one.name for one in records.iterdir()) == ["bad.json", "good.json"]
    assert (records / "bad.json").read_bytes() == content


WRITES = [
    (["compare", "good.json", "good.json", "-o", "out.txt"], "out.txt"),
    (["report", "good.json", "--no-images", "-o", "out.html"], "out.html"),
    (["badge", "good.json", "-o", "out.svg"], "out.svg"),
]


@pytest.mark.parametrize(("command", "file"), WRITES)
def test_full_disk_leaves_what_was_there(
    records: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    file: str,
) -> None:
    (records / file).write_text("of before")
    fill_up(monkeypatch)
    assert f"{file} cannot be written: No space left on device" in refused(capsys, *command)
    assert (records / file).read_text() == "of before"
    assert sorted(one.name for one in records.iterdir()) == ["good.json", file]


@pytest.mark.parametrize(("command", "file"), WRITES)
def test_folder_that_is_read_only_is_told(
    records: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    file: str,
) -> None:
    """As of a file system that is mounted so: that keeps the superuser out, too."""

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(tempfile, "mkstemp", read_only)
    assert f"{file} cannot be written: Read-only file system" in refused(capsys, *command)
    assert not (records / file).exists()


def test_name_that_is_no_unicode_is_shown_with_escapes(records: Path, capsys: Capture) -> None:
    odd = run(evaluation(model="step-\udcff", task="one\udc80"))
    write_run(odd, records / "odd.json")
    assert main(["compare", "odd.json", "odd.json"]) == 0
    assert capsys.readouterr().out.startswith("step-\\udcff:\n")
    assert main(["compare", "odd.json", "odd.json", "--format=json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["new"] == "step-\udcff"
    assert main(["report", "odd.json", "--no-images", "--baseline=odd.json"]) == 0
    assert r"step-\udcff" in (records / "odd.html").read_text("utf-8")
    assert main(["badge", "odd.json"]) == 0
    capsys.readouterr()
    assert "has no model 'x'" in refused(capsys, "compare", "odd.json", "odd.json", "--model=x")
