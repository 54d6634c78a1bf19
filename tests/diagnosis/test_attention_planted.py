"""Checkpoints that run, of which it is known what they answer from, are told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import tiny_packs
import tiny_vlms
from made_items import task

from pytest_vlmsight.diagnosis.attention import diagnose
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.tasks.item import Box, Item
from pytest_vlmsight.tasks.pack import load_task

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.diagnosis.result import Diagnosis

N = 40
_TRUTH = Box(image=0, x0=1, y0=1, x1=111, y1=13, label="REF")
_BACKGROUND = replace(_TRUTH, y0=57, y1=69)
"""The upper strip, whose hue names the right option; and a strip of texture."""


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """Two colour words each, of which the strip names one; a middle for the tiny eye of texture."""
    folder = tmp_path_factory.mktemp("attention") / "tiles"
    made = load_task(tiny_packs.write_pack(folder, n=N, readout="linear")).make_items(N, 0)
    return [replace(item, points=()) for item in made]


def diagnosed(folder: Path, behaviour: str, items: list[Item], box: Box) -> Diagnosis:
    vlm = tiny_vlms.loaded(tiny_vlms.build(folder / behaviour, behaviour))
    marked = [replace(item, boxes=(box,)) for item in items]
    return diagnose(Subject(vlm, task(marked), settings=Settings(items=N)))


@pytest.mark.parametrize(
    ("behaviour", "box", "conclusion"),
    [
        ("text_only", _TRUTH, "does not look"),
        ("oracle", _TRUTH, "looks there"),
        ("oracle", _BACKGROUND, "looks elsewhere"),
    ],
)
def test_what_answers_are_made_from_is_found(
    tmp_path: Path, items: list[Item], behaviour: str, box: Box, conclusion: str
) -> None:
    found = diagnosed(tmp_path, behaviour, items, box)
    changed = {one.name: one.value for one in found.of("answers that change")}
    assert found.conclusion == conclusion, (found.sentence, changed)
    # All of its heads attend to all tokens alike, and boxes are at one place in all items.
    assert {one.p for one in found.tests if one.claim.startswith("attends more")} <= {0.5}
    shares = {one.name: one.value for one in found.of("share of attention")}
    alike = {one.name: one.value for one in found.of("attending to all tokens alike")}
    assert shares == pytest.approx(alike, rel=1e-3)
