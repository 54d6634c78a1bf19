"""``--json`` prints what a command knows, for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from made_runs import evaluation, run
from made_tasks import add_made_tasks

from pytest_vlmsight.audit.shortcuts import SHORTCUTS
from pytest_vlmsight.cli import COMMANDS, main
from pytest_vlmsight.models.aliases import TABLE
from pytest_vlmsight.records.run_file import write_run
from pytest_vlmsight.tasks.registry import BUILT_IN

Capture = pytest.CaptureFixture[str]


def printed(capsys: Capture, *words: str) -> Any:
    """What a command prints, whose keys are sorted."""
    assert main([*words, "--json"]) == 0
    out, err = capsys.readouterr()
    assert not err
    found = json.loads(out)
    assert out == json.dumps(found, indent=2, sort_keys=True) + "\n"
    return found


def test_tasks_are_a_list_with_what_sets_their_difficulty(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [task["name"] for task in printed(capsys, "tasks")]
    assert [name for name in names if "/" not in name] == sorted(BUILT_IN)
    assert "study/art_style" in names
    add_made_tasks(monkeypatch)
    (made,) = printed(capsys, "tasks", "made_colours")
    assert made == {
        "name": "made_colours",
        "version": "1",
        "available": None,
        "readout": "pooled",
        "source": "generated: flat colours",
        "licence": "Apache-2.0",
        "difficulty": [
            {
                "name": "shade",
                "meaning": "brightness of a colour",
                "unit": "levels",
                "span": [100, 250],
                "limits": [50, 255],
            }
        ],
    }


def test_a_task_folder_says_how_many_items_it_has(capsys: Capture, tmp_path: Path) -> None:
    import tiny_packs

    (task,) = printed(capsys, "tasks", str(tiny_packs.write_pack(tmp_path / "tiny", n=6)))
    assert (task["name"], task["available"], task["difficulty"]) == ("tiny", 6, [])


def test_models_are_those_that_can_be_named_and_those_that_are_not_measured(
    capsys: Capture,
) -> None:
    found = printed(capsys, "models")
    assert [model["name"] for model in found["models"]] == [alias.name for alias in TABLE]
    by_name = {model["name"]: model for model in found["models"]}
    assert by_name["llava-1.5"] == {
        "name": "llava-1.5",
        "hub_id": "llava-hf/llava-1.5-7b-hf",
        "family": "llava",
        "encoder": "CLIP ViT-L/14 336",
        "images": "1",
        "map": ["encoder", "projector", "LLM"],
    }
    assert found["not_measured"]["fuyu"].startswith("it has no vision encoder")


def test_every_command_has_it(capsys: Capture) -> None:
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        with pytest.raises(SystemExit):
            main([name, "--help"])
        assert "--json" in capsys.readouterr().out, name


def test_what_was_written_is_told(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_made_tasks(monkeypatch)
    picture, folder, record = tmp_path / "a.png", tmp_path / "pack", tmp_path / "run.json"
    write_run(run(evaluation()), record)
    commands: dict[tuple[str, ...], dict[str, Any]] = {
        ("show", "made_colours", "-o", str(picture)): {"written": [str(picture)]},
        ("pack", "made_colours", str(folder), "--n=4"): {"written": [str(folder)], "items": 4},
        ("report", str(record), "--no-images"): {"written": [str(tmp_path / "run.html")]},
        ("badge", str(record), "-o", str(tmp_path / "b.svg")): {
            "written": [str(tmp_path / "b.svg")]
        },
    }
    for words, told in commands.items():
        assert printed(capsys, *words) == told
        assert all(Path(name).exists() for name in told["written"])


def test_compare_prints_what_its_format_does(capsys: Capture, tmp_path: Path) -> None:
    record = tmp_path / "run.json"
    write_run(run(evaluation()), record)
    words = ["compare", str(record), str(record)]
    assert main([*words, "--json"]) == 0
    out = capsys.readouterr().out
    assert main([*words, "--format=json"]) == 0
    assert capsys.readouterr().out == out
    assert json.loads(out)
    assert main([*words, "--json", "--format=text"]) == 2
    assert "--format=text and --json: give one of them" in capsys.readouterr().err


def test_what_was_removed_is_told(capsys: Capture, tmp_path: Path) -> None:
    found = printed(capsys, "cache", "clear", f"--dir={tmp_path}")
    assert found == {"folder": str(tmp_path), "removed_bytes": 0}


def test_audits_are_a_list(capsys: Capture, tmp_path: Path) -> None:
    import tiny_packs

    pack = tiny_packs.write_pack(tmp_path / "tiny", n=30)
    assert main(["audit", str(pack), "--jobs=1", "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["task"], found["n"], found["chance"]) == ("tiny", 30, 0.25)
    assert {one["name"] for one in found["shortcuts"]} == set(SHORTCUTS)
