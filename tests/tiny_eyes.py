"""Tiny LLaVA checkpoints with random weights and eyes of several families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tiny_vlms
import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIDE, PATCH = 112, 14
"""Of the eyes, in px: eight patches a side."""

_COMMON: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": SIDE,
    "patch_size": PATCH,
}


def clip(*, layer: Any, select: str) -> tuple[Any, dict[str, Any]]:
    from transformers import CLIPVisionConfig

    eye = CLIPVisionConfig(intermediate_size=32, **_COMMON)
    return eye, {"layer": layer, "select": select, "extra": 1}


def _siglip() -> tuple[Any, dict[str, Any]]:
    from transformers import SiglipVisionConfig

    eye = SiglipVisionConfig(intermediate_size=32, **_COMMON)
    return eye, {"layer": -1, "select": "full", "extra": 0}


def dinov2(registers: int) -> tuple[Any, dict[str, Any]]:
    from transformers import Dinov2Config, Dinov2WithRegistersConfig

    if registers:
        eye = Dinov2WithRegistersConfig(num_register_tokens=registers, **_COMMON)
    else:
        eye = Dinov2Config(**_COMMON)
    return eye, {"layer": 2, "select": "default", "extra": 1 + registers}


EYES: dict[str, Callable[[], tuple[Any, dict[str, Any]]]] = {
    "clip": lambda: clip(layer=-2, select="default"),
    "clip, early layer": lambda: clip(layer=1, select="default"),
    "clip, two layers": lambda: clip(layer=[-1, 1], select="default"),
    "siglip": _siglip,
    "dinov2": lambda: dinov2(0),
}
FED_FROM = {
    "clip": 2,
    "clip, early layer": 1,
    "clip, two layers": 3,
    "siglip": 3,
    "dinov2": 2,
}


def build(folder: Path, made: tuple[Any, dict[str, Any]], *, processor: Any = None) -> Path:
    """Save a LLaVA checkpoint with random weights and a given eye."""
    from transformers import (
        CLIPImageProcessorPil,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )
    from transformers.utils import logging

    eye, facts = made
    tokenizer = tiny_vlms._tokenizer()
    mouth = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=4096,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = LlavaConfig(
        vision_config=eye,
        text_config=mouth,
        image_token_id=tokenizer.image_token_id,
        image_seq_length=(SIDE // PATCH) ** 2,
        vision_feature_layer=facts["layer"],
        vision_feature_select_strategy=facts["select"],
    )
    size = {"height": SIDE, "width": SIDE}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlavaForConditionalGeneration(config).eval()
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    LlavaProcessor(
        image_processor=processor or CLIPImageProcessorPil(size=size, do_center_crop=False),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy=facts["select"],
        num_additional_image_tokens=facts["extra"],
        chat_template=tiny_vlms._TEMPLATE,
    ).save_pretrained(folder)
    logging.enable_progress_bar()
    return folder
