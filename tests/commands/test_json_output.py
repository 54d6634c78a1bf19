"""``--json`` prints what a command knows, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from made_tasks import add_made_tasks

from pytest_vlmsight.cli import main
from pytest_vlmsight.models.aliases import TABLE
from pytest_vlmsight.tasks.registry import BUILT_IN

if TYPE_CHECKING:
    from pathlib import Path

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
    assert [task["name"] for task in printed(capsys, "tasks")] == sorted(BUILT_IN)
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
