"""``vlmsight badge``: a picture or an endpoint of a recorded run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from made_runs import case, evaluation, run

from pytest_vlmsight.cli import main
from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.records.run_file import write_run

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run of two models in the current folder, the second of which fails a gate."""
    one, other = evaluation(), evaluation(model="b")
    cases = [case(one, "ceiling"), case(one, "blind")]
    cases += [case(other, "ceiling", Outcome.FAIL), case(other, "blind")]
    write_run(run(one, other, cases=cases), tmp_path / "run.json")
    monkeypatch.chdir(tmp_path)
    return "run.json"


def test_each_model_has_a_picture_by_default(record: str, tmp_path: Path, capsys: Capture) -> None:
    assert main(["badge", record]) == 0
    assert capsys.readouterr().out == "wrote sight-a.svg\nwrote sight-b.svg\n"
    assert "sight a: 1/1" in (tmp_path / "sight-a.svg").read_text()
    assert "sight b: 0/1" in (tmp_path / "sight-b.svg").read_text()


def test_what_is_asked_for_is_shown(record: str, tmp_path: Path, capsys: Capture) -> None:
    words = ["-o", "b.json", "--model=b", "--task=one", "--label=eyes"]
    assert main(["badge", record, *words]) == 0
    assert capsys.readouterr().out == "wrote b.json\n"
    told = json.loads((tmp_path / "b.json").read_text())
    assert told["label"] == "eyes"
    assert told["message"].startswith("sighted ")
    assert told["color"] == "red"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["run.json", "-o", "sight.png"],
            "sight.png: expected a file that ends with .svg or .json",
        ),
        (["run.json", "--model=c"], "--model=c: the run has no such model, but a, b"),
        (["run.json", "--task=two"], "--task=two: the run has no such task, but one"),
        (["no.json"], "no.json cannot be read: No such file or directory"),
        (["other.json"], "other.json: this is no record of a run"),
        (["run.json", "-o", "no/sight.svg"], "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_written(
    record: str, tmp_path: Path, capsys: Capture, words: list[str], told: str
) -> None:
    (tmp_path / "other.json").write_text("{}")
    before = sorted(tmp_path.iterdir())
    assert main(["badge", *words]) == 2
    out, err = capsys.readouterr()
    (line,) = err.splitlines()
    assert line.startswith("vlmsight badge: ")
    assert told in line
    assert not out
    assert sorted(tmp_path.iterdir()) == before
