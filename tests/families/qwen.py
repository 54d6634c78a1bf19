"""Qwen's families, whose towers keep a picture's shape and merge two by two patches."""

from __future__ import annotations

from typing import Any

from .parts import PATCH, SIDE, WIDTH, chatml, llm, tokenizer
from .videos import video_processor

ROPE = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 1, 1]}
"""Places turn four pairs of channels: two by time, one each by row and column."""

_MERGED = "<|vision_start|><|image_pad|><|vision_end|>"


def qwen2() -> tuple[Any, Any]:
    from transformers import (
        Qwen2VLConfig,
        Qwen2VLForConditionalGeneration,
        Qwen2VLProcessor,
    )
    from transformers.models.qwen2_vl.configuration_qwen2_vl import (
        Qwen2VLTextConfig,
        Qwen2VLVisionConfig,
    )

    words = _words()
    config = Qwen2VLConfig(
        vision_config=Qwen2VLVisionConfig(
            depth=3, embed_dim=WIDTH, hidden_size=WIDTH, num_heads=4, mlp_ratio=2, patch_size=PATCH
        ),
        text_config=mouth(Qwen2VLTextConfig, words),
        **_ids(words),
    )
    return Qwen2VLForConditionalGeneration(config), _processor(Qwen2VLProcessor, words)


def qwen2_5() -> tuple[Any, Any]:
    """With windows of two by two merged patches, but for the last layer."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
    )
    from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import (
        Qwen2_5_VLTextConfig,
        Qwen2_5_VLVisionConfig,
    )

    words = _words()
    config = Qwen2_5_VLConfig(
        vision_config=eye(Qwen2_5_VLVisionConfig, window_size=4 * PATCH, fullatt_block_indexes=[2]),
        text_config=mouth(Qwen2_5_VLTextConfig, words),
        **_ids(words),
    )
    return Qwen2_5_VLForConditionalGeneration(config), _processor(Qwen2_5_VLProcessor, words)


def qwen3() -> tuple[Any, Any]:
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor
    from transformers.models.qwen3_vl.configuration_qwen3_vl import (
        Qwen3VLTextConfig,
        Qwen3VLVisionConfig,
    )

    words = _words()
    config = Qwen3VLConfig(
        vision_config=eye(
            Qwen3VLVisionConfig, num_position_embeddings=64, deepstack_visual_indexes=[0, 1]
        ),
        text_config=mouth(Qwen3VLTextConfig, words, head_dim=8),
        **_ids(words),
    )
    return Qwen3VLForConditionalGeneration(config), _processor(Qwen3VLProcessor, words)


def qwen3_moe() -> tuple[Any, Any]:
    from transformers import (
        Qwen3VLMoeConfig,
        Qwen3VLMoeForConditionalGeneration,
        Qwen3VLProcessor,
    )
    from transformers.models.qwen3_vl_moe.configuration_qwen3_vl_moe import (
        Qwen3VLMoeTextConfig,
        Qwen3VLMoeVisionConfig,
    )

    words = _words()
    config = Qwen3VLMoeConfig(
        vision_config=eye(
            Qwen3VLMoeVisionConfig, num_position_embeddings=64, deepstack_visual_indexes=[0, 1]
        ),
        text_config=mouth(
            Qwen3VLMoeTextConfig,
            words,
            head_dim=8,
            moe_intermediate_size=WIDTH,
            num_experts=4,
            num_experts_per_tok=2,
        ),
        **_ids(words),
    )
    return Qwen3VLMoeForConditionalGeneration(config), _processor(Qwen3VLProcessor, words)


def qwen3_5() -> tuple[Any, Any]:
    """A layer of linear attention, then one of full attention."""
    from transformers import Qwen3_5Config, Qwen3_5ForConditionalGeneration, Qwen3VLProcessor
    from transformers.models.qwen3_5.configuration_qwen3_5 import (
        Qwen3_5TextConfig,
        Qwen3_5VisionConfig,
    )

    words = _words()
    config = Qwen3_5Config(
        vision_config=eye(Qwen3_5VisionConfig, num_position_embeddings=64),
        text_config=mouth(
            Qwen3_5TextConfig,
            words,
            head_dim=32,  # a quarter of which turns with the place
            linear_key_head_dim=8,
            linear_value_head_dim=8,
            linear_num_key_heads=2,
            linear_num_value_heads=4,
            layer_types=["linear_attention", "full_attention"],
        ),
        **_ids(words),
    )
    return Qwen3_5ForConditionalGeneration(config), _processor(Qwen3VLProcessor, words)


def eye(kind: Any, **options: Any) -> Any:
    """A small configuration of such a tower."""
    common = {
        "depth": 3,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "out_hidden_size": WIDTH,
        "num_heads": 4,
        "patch_size": PATCH,
    }
    return kind(**(common | options))


def mouth(kind: Any, words: Any, **options: Any) -> Any:
    """A small configuration of a language model that knows rows and columns."""
    return llm(kind, words, **({"rope_parameters": ROPE} | options))


def _words() -> Any:
    return tokenizer(
        "<|im_start|>",
        bos=None,
        eos="<|im_end|>",
        pad="<|endoftext|>",
        image="<|image_pad|>",
        video="<|video_pad|>",
        vision_start="<|vision_start|>",
        vision_end="<|vision_end|>",
    )


def _ids(words: Any) -> dict[str, Any]:
    names = ("image", "video", "vision_start", "vision_end")
    return {f"{name}_token_id": getattr(words, f"{name}_token_id") for name in names}


def _processor(kind: Any, words: Any) -> Any:
    from transformers import Qwen2VLImageProcessorPil

    return kind(
        image_processor=Qwen2VLImageProcessorPil(
            size={"shortest_edge": (4 * PATCH) ** 2, "longest_edge": 2 * SIDE**2},
            patch_size=PATCH,
        ),
        tokenizer=words,
        video_processor=video_processor(
            "Qwen3VLVideoProcessor" if "3" in kind.__name__ else "Qwen2VLVideoProcessor",
            patch_size=PATCH,
        ),
        chat_template=chatml(_MERGED),
    )
