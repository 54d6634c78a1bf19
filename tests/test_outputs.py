"""Where a run's files are to be is checked before anything is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from made_runs import evaluation, run

from pytest_vlmsight.options import SettingError
from pytest_vlmsight.outputs import STEP_SUMMARY, are_wanted, outputs
from pytest_vlmsight.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_files_are_named_from_the_folder_that_the_run_was_started_in(tmp_path: Path) -> None:
    made = outputs(Settings(json="run.json", badge="sight.svg"), base=tmp_path)
    assert [one.name for one in made] == ["record", "badge"]
    for one in made:
        one.make(run(evaluation()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "sight.svg"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("no/sight.svg", "--vlm-badge=no/sight.svg: there is no folder "),
        ("taken.svg", "--vlm-badge=taken.svg: got a folder, expected a file to write"),
        ("./one.json", "--vlm-badge=./one.json: --vlm-json is the same file"),
    ],
)
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, given: str, told: str) -> None:
    (tmp_path / "taken.svg").mkdir()
    with pytest.raises(SettingError, match=told):
        outputs(Settings(json="one.json", badge=given), base=tmp_path)


def test_only_what_is_asked_for_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not are_wanted(Settings())
    assert not outputs(Settings(), base=tmp_path)
    assert are_wanted(Settings(badge="sight.svg"))
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    assert not are_wanted(Settings())
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert are_wanted(Settings())
    assert not outputs(Settings(), base=tmp_path)
    monkeypatch.setenv(STEP_SUMMARY, str(tmp_path / "summary.md"))
    (one,) = outputs(Settings(), base=tmp_path)
    assert (one.name, one.needed) == ("step summary", False)
