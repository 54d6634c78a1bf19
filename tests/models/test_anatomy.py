"""Layers of encoders and LLMs are found, whatever they are called and whatever is beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tiny_families
from torch import nn

from pytest_vlmsight.models.anatomy import anatomy
from pytest_vlmsight.models.base import ModelError
from pytest_vlmsight.models.families import family_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LISTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "llava-clip": ("model.vision_tower.encoder.layers", "model.language_model.layers", ()),
    "qwen3_5": ("model.visual.blocks", "model.language_model.layers", ()),
    "internvl": ("model.vision_tower.encoder.layer", "model.language_model.layers", ()),
    "blip2": (
        "vision_model.encoder.layers",
        "language_model.model.decoder.layers",
        ("qformer.encoder.layer",),
    ),
    "idefics2": (
        "model.vision_model.encoder.layers",
        "model.text_model.layers",
        ("model.connector.perceiver_resampler.layers",),
    ),
    "deepseek_vl_hybrid": (
        "model.vision_model.encoder.layers",
        "model.language_model.layers",
        ("model.high_res_vision_model.vision_encoder.layers",),
    ),
    "janus": (
        "model.vision_model.encoder.layers",
        "model.language_model.layers",
        ("model.vqmodel.encoder.down", "model.vqmodel.decoder.up"),
    ),
    "video_llava": (
        "model.image_tower.encoder.layers",
        "model.language_model.layers",
        ("model.video_tower.encoder.layers",),
    ),
    "mllama": (
        "model.vision_model.transformer.layers",
        "model.language_model.layers",
        ("model.vision_model.global_transformer.layers",),
    ),
}
"""Where families have the layers of their encoder, of their LLM, and of what is between."""


@pytest.mark.parametrize("family", LISTS)
def test_the_layers_of_a_family_are_found(families: Callable[[str], Path], family: str) -> None:
    model, _ = tiny_families.load(families(family))
    found = anatomy(model, eye=family_of(model.config.model_type).eye)
    eye, mouth, between = LISTS[family]
    assert found.eye is model.get_submodule(eye)
    assert found.mouth is model.get_submodule(mouth)
    assert set(map(id, found.between)) == {id(model.get_submodule(name)) for name in between}


# -- made-up models -------------------------------------------------------------------------------


def blocks(count: int, part: str = "self_attn") -> nn.ModuleList:
    return nn.ModuleList(
        nn.ModuleDict({part: nn.Linear(2, 2), "mlp": nn.Linear(2, 2)}) for _ in range(count)
    )


class Model(nn.Module):
    """With the two methods that all models of transformers have."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, **others: nn.Module) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.others = nn.ModuleDict(others)

    def get_decoder(self) -> nn.Module:
        return self.decoder

    def get_encoder(self, *, modality: str) -> Any:
        assert modality == "image"
        return self.encoder


def part(**lists: nn.Module) -> nn.ModuleDict:
    return nn.ModuleDict(lists)


@pytest.mark.parametrize("name", ["layers", "h", "blocks"])
@pytest.mark.parametrize("kind", ["self_attn", "attention", "cross_attention", "attn_inner"])
def test_layers_are_known_by_their_attention(name: str, kind: str) -> None:
    model = Model(part(x=blocks(3, kind)), part(**{name: blocks(2, kind)}))
    found = anatomy(model)
    assert found.eye is model.encoder.get_submodule("x")
    assert found.mouth is model.decoder.get_submodule(name)
    assert found.between == ()


def test_the_longest_of_an_encoders_lists_is_its_layers() -> None:
    model = Model(part(first=blocks(2), second=blocks(5), third=blocks(3)), part(layers=blocks(2)))
    found = anatomy(model)
    assert found.eye is model.encoder.get_submodule("second")
    assert list(map(len, found.between)) == [3, 2]


def test_lists_without_attention_and_lists_within_layers_are_none() -> None:
    inner = blocks(2)
    for block in inner:
        block.add_module("experts", blocks(7))
    model = Model(part(mlps=blocks(9, "linear"), layers=inner), part(layers=blocks(2)))
    found = anatomy(model)
    assert found.eye is inner
    assert found.between == ()


def test_an_llm_may_have_layers_that_are_convolutions() -> None:
    mixed = nn.ModuleList([*blocks(1, "conv"), *blocks(1), *blocks(2, "linear_attn")])
    assert anatomy(Model(part(layers=blocks(3)), part(layers=mixed))).mouth is mixed


def test_the_llm_is_no_part_of_what_sees() -> None:
    mouth = part(layers=blocks(8))
    model = Model(part(eye=part(layers=blocks(3)), mouth=mouth), mouth)
    found = anatomy(model)
    assert found.eye is model.encoder.get_submodule("eye.layers")
    assert found.between == ()


def test_the_encoder_can_be_named() -> None:
    right = part(layers=blocks(2))
    model = Model(part(layers=blocks(5)), part(layers=blocks(2)), right=right)
    found = anatomy(model, eye="others.right")
    assert found.eye is right.get_submodule("layers")
    assert found.between == (model.encoder.get_submodule("layers"),)


def test_an_encoder_may_have_no_layers_with_attention() -> None:
    model = Model(part(conv=nn.Linear(2, 2)), part(layers=blocks(2)), resampler=blocks(1))
    found = anatomy(model)
    assert found.eye is None
    assert list(map(len, found.between)) == [1]


def test_an_llm_without_layers_is_told() -> None:
    with pytest.raises(ModelError, match=r"the LLM \(ModuleDict\) has no list of layers with"):
        anatomy(Model(part(layers=blocks(2)), part(layers=blocks(2, "recurrent"))))
