"""GLM's families: towers as Qwen's, other words around a picture."""

from __future__ import annotations

from typing import Any

from .parts import PATCH, SIDE, WIDTH, template, tokenizer
from .qwen import ROPE, eye, mouth
from .videos import video_processor

_HEADS = {
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "rope_parameters": ROPE | {"partial_rotary_factor": 0.5},
}
"""Half of a head's sixteen channels turn with the place."""


def glm4() -> tuple[Any, Any]:
    from transformers import Glm4vConfig, Glm4vForConditionalGeneration
    from transformers.models.glm4v.configuration_glm4v import Glm4vTextConfig, Glm4vVisionConfig

    words = _words()
    config = Glm4vConfig(
        vision_config=eye(Glm4vVisionConfig, image_size=SIDE),
        text_config=mouth(Glm4vTextConfig, words, **_HEADS),
        **_ids(words),
    )
    return Glm4vForConditionalGeneration(config), _processor(words)


def glm4_moe() -> tuple[Any, Any]:
    from transformers import Glm4vMoeConfig, Glm4vMoeForConditionalGeneration
    from transformers.models.glm4v_moe.configuration_glm4v_moe import (
        Glm4vMoeTextConfig,
        Glm4vMoeVisionConfig,
    )

    words = _words()
    config = Glm4vMoeConfig(
        vision_config=eye(Glm4vMoeVisionConfig, image_size=SIDE),
        text_config=mouth(
            Glm4vMoeTextConfig,
            words,
            **_HEADS,
            moe_intermediate_size=WIDTH,
            n_routed_experts=4,
            num_experts_per_tok=2,
            first_k_dense_replace=1,
        ),
        **_ids(words),
    )
    return Glm4vMoeForConditionalGeneration(config), _processor(words)


def _words() -> Any:
    return tokenizer(
        "[gMASK]",
        "<sop>",
        "<|user|>",
        "<|assistant|>",
        "<|begin_of_image|>",
        "<|end_of_image|>",
        "<|begin_of_video|>",
        "<|end_of_video|>",
        bos=None,
        eos="<|endoftext|>",
        pad="<|pad|>",
        image="<|image|>",
        video="<|video|>",
    )


def _ids(words: Any) -> dict[str, Any]:
    ids = {"image_token_id": words.image_token_id, "video_token_id": words.video_token_id}
    for what in ("image", "video"):
        for end, token in (("start", "begin"), ("end", "end")):
            id_ = words.convert_tokens_to_ids(f"<|{token}_of_{what}|>")
            ids[f"{what}_{end}_token_id"] = id_
    return ids


def _processor(words: Any) -> Any:
    from transformers import Glm4vImageProcessorPil, Glm4vProcessor

    return Glm4vProcessor(
        image_processor=Glm4vImageProcessorPil(
            # Counted over the two frames that a picture is made into.
            size={"shortest_edge": 2 * (4 * PATCH) ** 2, "longest_edge": 4 * SIDE**2},
            patch_size=PATCH,
        ),
        tokenizer=words,
        video_processor=video_processor("Glm4vVideoProcessor", patch_size=PATCH),
        chat_template=template(
            image="<|begin_of_image|><|image|><|end_of_image|>",
            start="[gMASK]<sop>",
            user=("<|user|>\n", ""),
            assistant=("<|assistant|>\n", ""),
            bos=False,
        ),
    )
