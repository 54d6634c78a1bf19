"""What checkpoints that run lean on gets its name from part ``bias``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tiny_packs
import tiny_vlms

from pytest_vlmsight.diagnosis.bias import diagnose
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.settings import GateSettings, Settings
from pytest_vlmsight.tasks.pack import load_task

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Task

N = 40


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder = tmp_path_factory.mktemp("bias") / "tiles"
    return load_task(tiny_packs.write_pack(folder, n=N, readout="linear"))


@pytest.mark.parametrize(
    ("behaviour", "word"),
    [
        ("oracle", "looks"),
        ("text_only", "blind"),
        ("always_a", "blind and biased to A"),
        ("last_option", "blind and biased to B"),
    ],
)
def test_checkpoints_are_named_by_what_they_lean_on(
    behaviour: str, word: str, tiles: Task, tmp_path: Path
) -> None:
    vlm = tiny_vlms.loaded(tiny_vlms.build(tmp_path / behaviour, behaviour))
    try:
        settings = Settings(items=N, ceiling=(), no_cache=True, gate=GateSettings(min_gain=0.25))
        found = diagnose(Subject(vlm, tiles, settings=settings))
    finally:
        vlm.close()
    assert found.conclusion == word, found.sentence
