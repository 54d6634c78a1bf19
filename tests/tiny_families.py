"""Tiny checkpoints of many families of vision-language models, with random weights.

Each is a folder as a hub has it: weights, configuration, the family's own processor class with
its own image processor, special tokens and, where the family has one, a chat template that places
pictures as the family's does. Only sizes are small: half a megabyte, pictures or tiles of some
56 to 128 px, eight patches a side, so that a picture of 112×112 or 112×224 px is several tiles.
"""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import torch
from families import (
    gemma,
    glm,
    idefics,
    llamas,
    llava,
    qwen,
    resampled,
    sam,
    tiled,
    timm_towers,
    whole,
)
from families.parts import randomise
from families.videos import without_videos

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

BUILDERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "aya_vision": tiled.aya,
    "blip2": resampled.blip2,
    "chameleon": whole.chameleon,
    "cohere2_vision": tiled.cohere2,
    "deepseek_vl": whole.deepseek,
    "deepseek_vl_hybrid": sam.deepseek_hybrid,
    "ernie4_5_vl_moe": glm.ernie4_5,
    "fast_vlm": timm_towers.fast,
    "florence2": resampled.florence2,
    "gemma3": gemma.gemma3,
    "glm4v": glm.glm4,
    "glm4v_moe": glm.glm4_moe,
    "got_ocr2": sam.got_ocr2,
    "idefics2": idefics.idefics2,
    "idefics2-split": idefics.idefics2_split,
    "idefics3": idefics.idefics3,
    "instructblip": resampled.instructblip,
    "internvl": tiled.internvl,
    "janus": whole.janus,
    "kosmos-2": resampled.kosmos2,
    "lfm2_vl": tiled.lfm2,
    "llama4": llamas.llama4,
    "llava-clip": llava.clip,
    "llava-pixtral": llava.pixtral,
    "llava-siglip": llava.siglip,
    "llava_next": llava.next_,
    "llava_next_video": llava.next_video,
    "llava_onevision": llava.onevision,
    "mistral3": whole.mistral3,
    "mllama": llamas.mllama,
    "molmo2": tiled.molmo2,
    "ovis2": tiled.ovis2,
    "paligemma": gemma.paligemma,
    "paligemma2": gemma.paligemma2,
    "perception_lm": timm_towers.perception,
    "phi4_multimodal": tiled.phi4,
    "qwen2_5_vl": qwen.qwen2_5,
    "qwen2_vl": qwen.qwen2,
    "qwen3_5": qwen.qwen3_5,
    "qwen3_vl": qwen.qwen3,
    "qwen3_vl_moe": qwen.qwen3_moe,
    "smolvlm": idefics.smolvlm,
    "video_llava": llava.video,
    "vipllava": llava.vip,
}
"""Each makes a model, whose weights are then drawn anew, and its processor."""

FAMILIES: tuple[str, ...] = tuple(BUILDERS)

NEEDS: dict[str, tuple[str, ...]] = {
    "cohere2_vision": ("torchvision",),
    "fast_vlm": ("timm",),
    "lfm2_vl": ("torchvision",),
    "llama4": ("torchvision",),
    "llava-pixtral": ("torchvision",),
    "mistral3": ("torchvision",),
    "molmo2": ("torchvision",),
    "perception_lm": ("timm", "torchvision"),
    "phi4_multimodal": ("torchvision",),
    "smolvlm": ("num2words",),
}
"""Packages without which transformers makes no processor or no model of a family."""

WITHOUT_TEMPLATE: dict[str, tuple[str, str]] = {
    "blip2": ("", "Question: {} Answer:"),
    "chameleon": ("<image>", "{}"),
    "florence2": ("", "{}"),
    "got_ocr2": ("<img><imgpad></img>\n", "{}"),
    "instructblip": ("", "{}"),
    "kosmos-2": ("", "<grounding>Question: {} Answer:"),
    "paligemma": ("<image>", "{}"),
    "paligemma2": ("<image>", "{}"),
}
"""Families without a chat template: what stands for a picture, and what is written around text."""

ONE_PICTURE = ("blip2", "florence2", "instructblip", "kosmos-2")
"""Families whose prompts have one picture. BLIP-2 takes more and ignores all but the first."""

UNSANITIZED = ("idefics3",)
"""Families whose processor fails where control tokens in a question are to be plain text."""


def missing(family: str) -> tuple[str, ...]:
    """The packages that a family needs and that are not installed."""
    return tuple(name for name in NEEDS.get(family, ()) if find_spec(name) is None)


REFUSED = {
    "florence2": "trained on task tokens and not on questions",
    "got_ocr2": "trained to transcribe pages only",
    "kosmos-2": "places in the text are counted by hand",
}
"""Families that are not measured, and words of the reason."""

MEASURED = tuple(name for name in FAMILIES if not missing(name) and name not in REFUSED)
"""The others whose packages are installed."""


def build(folder: Path, family: str, *, seed: int = 0) -> Path:
    """Save a checkpoint with its processor and return its folder.

    Args:
        folder: made where it is not there.
        family: one of ``FAMILIES``.
        seed: of all weights.

    Raises:
        ImportError: a package is ``missing``.
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
    """A checkpoint's model and processor, by the classes that choose for themselves.

    Phi-4 is not among the models that ``AutoModelForImageTextToText`` knows.

    Raises:
        AssertionError: the checkpoint and the model do not have the same weights.
    """
    from transformers import (
        AutoConfig,
        AutoModelForImageTextToText,
        AutoModelForMultimodalLM,
        AutoProcessor,
    )

    with without_videos(), _no_bars():
        known = (
            type(AutoConfig.from_pretrained(folder)) in AutoModelForImageTextToText._model_mapping
        )
        auto = AutoModelForImageTextToText if known else AutoModelForMultimodalLM
        model, info = auto.from_pretrained(folder, output_loading_info=True)
        assert not any(info.values()), info
        return model.eval(), AutoProcessor.from_pretrained(folder)


def loaded(folder: Path, **options: Any) -> TransformersVlm:
    """A checkpoint as ``--vlm`` loads it, with or without torchvision."""
    from pytest_vlmsight.models.names import parse_name
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    with without_videos():
        return TransformersVlm.from_name(parse_name(str(folder)), **options)


def inputs(
    family: str, processor: Any, prompts: Sequence[tuple[Sequence[Image], str]]
) -> dict[str, Any]:
    """What the model is given for a batch of prompts, each some pictures and then a question."""
    if family in WITHOUT_TEMPLATE:
        image, around = WITHOUT_TEMPLATE[family]
        flat = [picture for pictures, _ in prompts for picture in pictures]
        texts = [image * len(pictures) + around.format(text) for pictures, text in prompts]
        x = processor(images=flat or None, text=texts, padding=True, return_tensors="pt")
    else:
        chats = [
            [
                {
                    "role": "user",
                    "content": [
                        *({"type": "image", "image": picture} for picture in pictures),
                        {"type": "text", "text": text},
                    ],
                }
            ]
            for pictures, text in prompts
        ]
        x = processor.apply_chat_template(
            chats,
            # Phi-4's processor drops its own when it is loaded; the tokenizer keeps it.
            chat_template=processor.chat_template or processor.tokenizer.chat_template,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            add_generation_prompt=True,
            sanitize_control_tokens=family not in UNSANITIZED,
            processor_kwargs={"padding": True},
        )
    # Llama 4's processor gives bfloat16 whatever the model is.
    return {key: value.float() if value.is_floating_point() else value for key, value in x.items()}


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
