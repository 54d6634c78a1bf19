"""What the small models are made of: classes of transformers, in small numbers.

A CLIP vision tower, LLaVA's projector and a Llama, so that the adapter of every other model loads
them. The tower's last layer is what the projector reads.
"""

from __future__ import annotations

from typing import Any

SIZE = 224
"""Side of a picture as it is drawn, in px."""

SIDE, PATCH = 192, 16
"""Side of a picture as the eye is given it, and of a patch, in px."""

GRID = SIDE // PATCH
"""Patches along a side."""

WIDTH = 128
"""Of the eye and of the mouth."""

LAYERS = 6
"""Of the eye, and of the mouth."""

MEAN, STD = (0.5, 0.5, 0.5), (0.28, 0.28, 0.28)
"""Of the channels of generated pictures, about."""

LONGEST = 1024
"""Tokens of a prompt at most: four pictures take 576."""


def eye_config() -> Any:
    """Of the vision tower."""
    from transformers import CLIPVisionConfig

    return CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=PATCH,
        # A tenth of a training is spent on smoother ones.
        hidden_act="relu",
    )


def vlm_config(tokenizer: Any) -> Any:
    """Of a whole model.

    Args:
        tokenizer: of ``words.new_tokenizer``; the numbers of its special tokens are needed.
    """
    from transformers import LlamaConfig, LlavaConfig

    from .words import IMAGE

    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=LONGEST,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )
    return LlavaConfig(
        vision_config=eye_config(),
        text_config=text,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        vision_feature_layer=-1,
        vision_feature_select_strategy="default",
        image_seq_length=GRID * GRID,
        tie_word_embeddings=True,
    )


def new_vlm(tokenizer: Any, *, seed: int) -> Any:
    """A model with random weights, and an eye like any other's until it is given one."""
    import torch
    from transformers import LlavaForConditionalGeneration

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlavaForConditionalGeneration(vlm_config(tokenizer))
