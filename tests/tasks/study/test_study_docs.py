"""docs/study.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_vlmsight.study_protocol import TASKS, TYPED
from pytest_vlmsight.tasks.study.catalogue import STUDY
from pytest_vlmsight.tasks.study.data_sets import DATA_SETS

TEXT = (Path(__file__).parents[3] / "docs" / "study.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STUDY)
def test_every_task_is_in_the_table_with_its_number_and_readout(name: str) -> None:
    (row,) = (line for line in TEXT.splitlines() if line.startswith("|") and f"`{name}`" in line)
    entry = STUDY[name]
    assert entry.readout in row
    assert "–" in row if entry.items is None else re.search(rf"\b{entry.items}\b", row)


@pytest.mark.parametrize("key", DATA_SETS)
def test_every_data_set_has_a_command_and_a_layout(key: str) -> None:
    data = DATA_SETS[key]
    (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| {key} |"))
    command = row.split(" | ")[1]
    if data.hub:
        assert command.startswith(f"`{data.command()} --include ")
        assert command.endswith(f"--local-dir data/{key}`")
    else:
        assert data.homepage in command


def test_the_protocol_s_table_is_what_the_protocol_sets() -> None:
    section = TEXT.partition("## The study's protocol")[2].partition("\n## ")[0]
    table: dict[str, str] = {}
    for line in section.splitlines():
        if line.startswith("| `--vlm-"):
            flags, values = line.split(" | ")[:2]
            table |= zip(re.findall(r"--vlm-(\w+)", flags), values.split(", "), strict=True)
    typed = {dest.removeprefix("vlm_"): value for dest, value in TYPED["study"].items()}
    assert typed.pop("tasks") == list(TASKS)
    assert table.pop("tasks") == "the six below"
    assert table == {
        name: value if isinstance(value, str) else ",".join(value) for name, value in typed.items()
    }
    named = re.search(r"and for the tasks (.*)\.", section)
    assert named is not None
    assert re.findall(r"`([^`]+)`", named[1]) == list(TASKS)
