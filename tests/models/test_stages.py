"""Stages as they are written and read back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.base import PatchGrid, Stage
from pytest_vlmsight.models.families import FAMILIES, ONE_IMAGE, Family, family_of


@pytest.mark.parametrize("stage", [Stage("encoder", 0), Stage("llm", 13), Stage("projector")])
def test_a_stage_is_read_as_it_is_written(stage: Stage) -> None:
    assert Stage.parse(str(stage)) == stage


@pytest.mark.parametrize(
    "text", ["", "encoder", "encoder[]", "encoder[-1]", "projector[1]", "mouth[1]", "llm[1] "]
)
def test_what_is_no_stage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a stage is encoder\[k\], projector or llm\[k\], not"):
        Stage.parse(text)


@pytest.mark.parametrize(("part", "layer"), [("projector", 1), ("encoder", None), ("llm", None)])
def test_only_the_projector_has_no_layer(part: str, layer: int | None) -> None:
    with pytest.raises(ValueError, match="projector takes none"):
        Stage(part, layer)


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(ValueError, match="not 'mouth'"):
        Stage("mouth", 1)


def test_the_tokens_of_a_grid_are_its_features_row_by_row() -> None:
    features = torch.arange(24.0).reshape(2, 3, 4)
    grid = PatchGrid(features=features, xs=np.arange(3.0), ys=np.arange(2.0))
    assert torch.equal(grid.tokens[1 * 3 + 2], features[1, 2])


def test_a_family_without_a_row_has_nothing_particular() -> None:
    assert family_of("llava") == Family()
    assert family_of("instructblip") is FAMILIES["instructblip"]
    assert family_of("instructblip") != Family()


def test_the_row_of_a_refused_family_says_why() -> None:
    refused = {name for name, family in FAMILIES.items() if family.refused}
    assert refused == {"florence2", "fuyu", "got_ocr2", "kosmos-2"}


@pytest.mark.parametrize(
    ("name", "one"),
    [
        ("llava-hf/llava-1.5-7b-hf", True),
        ("llava-1.5", True),
        ("liuhaotian/llava-v1.5-13b", True),
        ("llava-hf/bakLlava-v1-hf", True),
        ("/data/LLaVA_1.5/step-3", True),
        ("llava-hf/llava-interleave-qwen-0.5b-hf", False),
        ("llava-hf/llava-v1.6-mistral-7b-hf", False),
        ("checkpoints/step-12000", False),
    ],
)
def test_models_trained_on_one_image_are_known_by_name(name: str, *, one: bool) -> None:
    assert bool(ONE_IMAGE.search(name)) is one
