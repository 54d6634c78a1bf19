"""Faults planted in a checkpoint that runs: tuning helps the part that has it, and else none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tiny_packs
import tiny_vlms
import torch

from pytest_vlmsight.diagnosis.finetune import diagnose
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.diagnosis.tuning import Tuning
from pytest_vlmsight.settings import GateSettings, Settings
from pytest_vlmsight.tasks.pack import load_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm
    from pytest_vlmsight.tasks.item import Task

pytestmark = pytest.mark.slow

N = 60


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_vlms.build(tmp_path_factory.mktemp("finetune") / "model", "oracle")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Task:
    """The hue of a strip in the pictures names the right option."""
    folder = tmp_path_factory.mktemp("finetune") / "tiles"
    return load_task(tiny_packs.write_pack(folder, n=200, readout="nearest_patch"))


def heedless(vlm: TransformersVlm) -> None:
    """What is seen does not come through the LLM's attention, whatever it is given."""
    first = vlm._engine.anatomy.mouth[0]
    with torch.no_grad():
        first.self_attn.v_proj.weight[:4] = 0  # the channels of the true hue


def shuffled(vlm: TransformersVlm) -> None:
    """What the encoder has of each image is in another order, of patches and of channels."""
    dice = torch.Generator().manual_seed(0)

    def fault(_: object, __: object, tokens: torch.Tensor) -> torch.Tensor:
        flat = tokens.flatten(1)
        mixed = [one[torch.randperm(len(one), generator=dice)] for one in flat]
        return torch.stack(mixed).view(tokens.shape)

    vlm._engine.model.model.vision_tower.embeddings.register_forward_hook(fault)


@pytest.fixture
def diagnosed(model: Path, tiles: Task) -> Callable[..., Diagnosis]:
    """A fault → what is found."""

    def run(fault: Callable[[TransformersVlm], None]) -> Diagnosis:
        vlm = tiny_vlms.loaded(model)
        settings = Settings(items=N, gate=GateSettings(min_gain=0.25), no_cache=True)
        tuning = Tuning(steps=120, items=110, checked=30, rates=(1e-3,))
        subject = Subject(vlm, tiles, settings=settings, tuning=tuning)
        fault(vlm)
        return diagnose(subject)

    return run


def test_an_llm_that_ignores_what_it_is_given_is_helped_by_tuning_it(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    found = diagnosed(heedless)
    assert found.conclusion == "llm helps most"
    values: dict[str, Any] = {one.name: one.value for one in found.of("sighted")}
    assert values["llm"] > 0.7
    assert all(values[way] < 0.5 for way in ("before", "encoder", "projector", "whole projector"))


def test_no_part_helps_where_the_encoder_is_shuffled(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    found = diagnosed(shuffled)
    assert found.conclusion == "none helps"
