"""GLM's families and Ernie: towers as Qwen's, other words around a picture."""

from __future__ import annotations

from typing import Any

from .parts import PATCH, SIDE, WIDTH, llm, template, tokenizer
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


def ernie4_5() -> tuple[Any, Any]:
    """Ernie, whose tower is such a one, too, and whose experts are of two kinds."""
    from transformers import (
        Ernie4_5_VLMoeConfig,
        Ernie4_5_VLMoeForConditionalGeneration,
        Ernie4_5_VLMoeImageProcessorPil,
        Ernie4_5_VLMoeProcessor,
    )
    from transformers.models.ernie4_5_vl_moe.configuration_ernie4_5_vl_moe import (
        Ernie4_5_VLMoeTextConfig,
        Ernie4_5_VLMoeVisionConfig,
    )

    named: dict[str, Any] = {
        "image": "<|IMAGE_PLACEHOLDER|>",
        "image_start": "<|IMAGE_START|>",
        "image_end": "<|IMAGE_END|>",
        "video": "<|VIDEO_PLACEHOLDER|>",
        "video_start": "<|VIDEO_START|>",
        "video_end": "<|VIDEO_END|>",
    }
    words = tokenizer(bos="<|begin_of_sentence|>", unk="<unk>", **named)
    config = Ernie4_5_VLMoeConfig(
        vision_config=Ernie4_5_VLMoeVisionConfig(
            depth=3, hidden_size=WIDTH, intermediate_size=2 * WIDTH, num_heads=4, patch_size=PATCH
        ),
        text_config=llm(
            Ernie4_5_VLMoeTextConfig,
            words,
            moe_intermediate_size=[WIDTH, WIDTH // 2],
            moe_k=2,
            moe_num_experts=4,
            moe_num_shared_experts=1,
            rope_parameters=ROPE | {"mrope_section": [1, 1, 2]},
        ),
        tie_word_embeddings=False,
        **{f"{name}_token_id": getattr(words, f"{name}_token_id") for name in named},
    )
    processor = Ernie4_5_VLMoeProcessor(
        image_processor=Ernie4_5_VLMoeImageProcessorPil(
            size={"shortest_edge": (4 * PATCH) ** 2, "longest_edge": 2 * SIDE**2},
            patch_size=PATCH,
        ),
        tokenizer=words,
        video_processor=video_processor(
            "Ernie4_5_VLMoeVideoProcessor", patch_size=PATCH, draw_on_frames=False
        ),
        chat_template=template(
            image="Picture 1:<|IMAGE_START|><|IMAGE_PLACEHOLDER|><|IMAGE_END|>",
            user=("User: ", "\n"),
            assistant=("Assistant: ", "<|end_of_sentence|>"),
        ),
    )
    return Ernie4_5_VLMoeForConditionalGeneration(config), processor


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
