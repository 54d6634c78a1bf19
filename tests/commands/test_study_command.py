"""``vlmsight study``: what it prints, writes and refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from made_study_runs import studied, study_run

from pytest_vlmsight.cli import main
from pytest_vlmsight.records.run_file import write_run

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with clip.json and vit.json."""
    monkeypatch.chdir(tmp_path)
    write_run(study_run(studied("art_style")), tmp_path / "clip.json")
    vit = studied("art_style", model="v=1", provenance={"encoder": "vit"})
    write_run(study_run(vit), tmp_path / "vit.json")
    return tmp_path


def refused(capsys: Capture, *arguments: str) -> str:
    """The one line of a command that exits with 2."""
    assert main(["study", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


def test_records_are_laid_beside_the_study(records: Path, capsys: Capture) -> None:
    assert main(["study", "clip.json", "vit.json", "--encoder=v=1=IN-1k"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "beside CLIP of the study; clip.json; protocol study" in words
    assert words.index("beside IN-1k of the study; vit.json") < words.index("beside CLIP of the")
    assert "study 117 53.5 ± 1.0 – 74.0 ± 1.0" in words


def test_json_is_printed_either_way_and_markdown_is_written(records: Path, capsys: Capture) -> None:
    assert main(["study", "clip.json", "--json"]) == 0
    out = capsys.readouterr().out
    assert main(["study", "clip.json", "--format=json"]) == 0
    assert capsys.readouterr().out == out
    assert json.loads(out)["models"][0]["run"] == "clip.json"
    assert main(["study", "clip.json", "--format=markdown", "-o", "table.md"]) == 0
    assert capsys.readouterr().out == "wrote table.md\n"
    assert (records / "table.md").read_text("utf-8").startswith("### llava (llava, ")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.json"], "gone.json cannot be read: No such file"),
        (["clip.json", "--encoder=CLIP"], "--encoder: got 'CLIP'; expected MODEL=ENCODER"),
        (["clip.json", "--encoder=llava="], "expected MODEL=ENCODER"),
        (["clip.json", "--encoder=x=CLIP"], "no model 'x' was measured; expected llava"),
        (["clip.json", "--format=html"], "--format: got 'html'; expected text, markdown, json"),
        (["clip.json", "--json", "--format=text"], "--format=text and --json: give one of them"),
        (["clip.json", "-o", "no/such/table.md"], "table.md cannot be written: No such file"),
    ],
)
@pytest.mark.usefixtures("records")
def test_what_cannot_be_done_is_told_in_a_line(
    capsys: Capture, arguments: list[str], told: str
) -> None:
    assert told in refused(capsys, *arguments)
