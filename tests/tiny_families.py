"""Tiny checkpoints of many families of vision-language models, with random weights.

Each is a folder as a hub has it: weights, configuration, the family's own processor class with
its own image processor, special tokens and a chat template that places pictures as the family's
does. Only sizes are small: some hundred kilobytes, pictures or tiles of 56 to 112 px.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch
from families import glm, llava, qwen, tiled
from families.parts import randomise
from families.videos import without_videos

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUILDERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "llava-clip": llava.clip,
    "llava-siglip": llava.siglip,
    "llava-pixtral": llava.pixtral,
    "llava_next": llava.next_,
    "llava_next_video": llava.next_video,
    "llava_onevision": llava.onevision,
    "vipllava": llava.vip,
    "video_llava": llava.video,
    "qwen2_vl": qwen.qwen2,
    "qwen2_5_vl": qwen.qwen2_5,
    "qwen3_vl": qwen.qwen3,
    "qwen3_vl_moe": qwen.qwen3_moe,
    "qwen3_5": qwen.qwen3_5,
    "glm4v": glm.glm4,
    "glm4v_moe": glm.glm4_moe,
    "internvl": tiled.internvl,
    "aya_vision": tiled.aya,
    "cohere2_vision": tiled.cohere2,
    "ovis2": tiled.ovis2,
    "idefics2": tiled.idefics2,
    "idefics2-split": tiled.idefics2_split,
    "idefics3": tiled.idefics3,
    "smolvlm": tiled.smolvlm,
    "mllama": tiled.mllama,
    "llama4": tiled.llama4,
    "lfm2_vl": tiled.lfm2,
}
"""Each makes a model, whose weights are then drawn anew, and its processor."""

FAMILIES: tuple[str, ...] = tuple(BUILDERS)


def build(folder: Path, family: str, *, seed: int = 0) -> Path:
    """Save a checkpoint with its processor and return its folder.

    Args:
        folder: made where it is not there.
        family: one of ``FAMILIES``.
        seed: of all weights.
    """
    if family not in BUILDERS:
        raise ValueError(f"family: got {family!r}; expected one of {FAMILIES}")
    with torch.random.fork_rng(devices=[]), without_videos(), _no_bars():
        torch.manual_seed(seed)
        model, processor = BUILDERS[family]()
        randomise(model)
        folder.mkdir(parents=True, exist_ok=True)
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder


def load(folder: Path) -> tuple[Any, Any]:
    """A checkpoint's model and processor by the automatic classes."""
    from transformers import AutoModelForImageTextToText, AutoProcessor

    with without_videos(), _no_bars():
        model = AutoModelForImageTextToText.from_pretrained(folder).eval()
        return model, AutoProcessor.from_pretrained(folder)


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Keep transformers' progress bars out of the test output."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
