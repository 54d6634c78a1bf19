"""``vlmsight report``: a record becomes a page beside it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from made_runs import evaluation, of_task, old_and_new, run
from made_tasks import add_made_tasks

from pytest_vlmsight.cli import main
from pytest_vlmsight.models import extras
from pytest_vlmsight.records.run_file import write_run
from pytest_vlmsight.tasks.registry import resolve

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a run whose task can be made again."""
    add_made_tasks(monkeypatch)
    (task,) = resolve(["made_colours"])
    settings = {"tasks": ["made_colours"], "items": 8, "no_cache": True}
    write_run(replace(run(of_task(task, n=8)), settings=settings), tmp_path / "run.json")
    return tmp_path / "run.json"


def refused(capsys: Capture, *arguments: str) -> str:
    """The one line on stderr of a command that exits with 2."""
    assert main(["report", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("vlmsight report: ")
    return line


def test_a_report_is_written_beside_the_record(record: Path, capsys: Capture) -> None:
    assert main(["report", str(record)]) == 0
    page = record.with_suffix(".html")
    assert capsys.readouterr().out == f"wrote {page}\n"
    assert page.read_text("utf-8").count("<img") == 8 * 3


def test_a_report_is_written_where_it_is_wanted(record: Path, tmp_path: Path) -> None:
    assert main(["report", str(record), "-o", str(tmp_path / "other.html")]) == 0
    assert (tmp_path / "other.html").exists()
    assert not record.with_suffix(".html").exists()


def test_pictures_keep_to_the_budget_or_are_left_out(record: Path) -> None:
    page = record.with_suffix(".html")
    assert main(["report", str(record), "--budget", "0.0015"]) == 0
    text = page.read_text("utf-8")
    assert 0 < text.count("<img") < 8 * 3
    assert "of at most 2 kB of this file" in text
    assert main(["report", str(record), "--no-images"]) == 0
    text = page.read_text("utf-8")
    assert "<img" not in text
    assert "the report was made without" in text


@pytest.mark.parametrize("budget", ["lots", "-1", "nan", "inf"])
def test_a_budget_that_is_none_is_refused(record: Path, capsys: Capture, budget: str) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["report", str(record), f"--budget={budget}"])
    assert exit_.value.code == 2
    assert f"got {budget}; expected megabytes, 0 or more" in capsys.readouterr().err


def test_what_is_no_record_is_refused_in_a_line(tmp_path: Path, capsys: Capture) -> None:
    assert "cannot be read: No such file" in refused(capsys, str(tmp_path / "no.json"))
    (tmp_path / "run.json").write_text("{}")
    assert "no record of a run" in refused(capsys, str(tmp_path / "run.json"))
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]


# -- with a baseline ------------------------------------------------------------------------------


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record in the current folder, base/new.json of what it lost, and a folder of none."""
    old, new = old_and_new(n=400, b=8, c=40)
    for folder in ("base", "empty"):
        (tmp_path / folder).mkdir()
    write_run(run(old), tmp_path / "base" / "new.json")
    write_run(run(new), tmp_path / "run.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run.json"


@pytest.mark.parametrize("path", ["base/new.json", "base", "base/"])
def test_a_report_says_what_differs_from_a_baseline(lost: Path, path: str) -> None:
    assert main(["report", "run.json", "--baseline", path]) == 0
    text = lost.with_suffix(".html").read_text("utf-8")
    assert "Against <bdi>base/new.json</bdi>" in text
    assert text.count(">REGRESSED</span>") == 1


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("no.json", "--baseline=no.json: there is none (looked for no.json)"),
        ("empty", "--baseline=empty: there is none (looked for empty/new.json)"),
        ("two.json", "has 2 models (a, b), a baseline has one"),
        ("cut.json", "--baseline=cut.json: "),
        ("cut.json", "cut.json is no JSON"),
    ],
)
def test_a_baseline_that_cannot_be_used_is_refused(
    lost: Path, capsys: Capture, path: str, told: str
) -> None:
    write_run(run(evaluation(model="a"), evaluation(model="b")), lost.with_name("two.json"))
    lost.with_name("cut.json").write_text(lost.read_text()[:100])
    line = refused(capsys, "run.json", "--baseline", path)
    assert told in line
    assert "--vlm-baseline" not in line
    assert not lost.with_suffix(".html").exists()


def test_one_baseline_is_not_for_two_models(lost: Path, capsys: Capture) -> None:
    write_run(run(evaluation(model="a"), evaluation(model="b")), lost)
    assert "2 models (a, b) and one file; give a folder, in which each has a file: --baseline=" in (
        refused(capsys, "run.json", "--baseline=base/new.json")
    )


# -- what cannot be -------------------------------------------------------------------------------


def test_a_record_is_never_overwritten(record: Path, capsys: Capture) -> None:
    content = record.read_bytes()
    assert "is the record itself" in refused(capsys, str(record), "-o", str(record))
    odd = record.rename(record.with_suffix(".html"))
    assert "name another file with -o" in refused(capsys, str(odd))
    assert odd.read_bytes() == content


def test_where_nothing_can_be_written_that_is_told(record: Path, capsys: Capture) -> None:
    there = record.parent / "no" / "run.html"
    assert f"{there} cannot be written: No such" in refused(capsys, str(record), "-o", str(there))


def test_where_jinja2_is_missing_the_extra_is_named(
    record: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: package != "jinja2")
    assert "needs jinja2: pip install 'pytest-vlmsight[report]'" in refused(capsys, str(record))


def test_a_report_loads_no_model_library(record: Path) -> None:
    code = (
        f"import sys; from pytest_vlmsight.cli import main; main(['report', {str(record)!r}])\n"
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'torch', 'transformers'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"
