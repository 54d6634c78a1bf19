"""Families whose towers are of the package timm."""

from __future__ import annotations

from typing import Any

from .parts import TILE, TILE_PATCH, WIDTH, chatml, llm, square, template, tokenizer
from .videos import video_processor


def perception() -> tuple[Any, Any]:
    from transformers import (
        LlamaConfig,
        PerceptionLMConfig,
        PerceptionLMForConditionalGeneration,
        PerceptionLMImageProcessor,
        PerceptionLMProcessor,
        TimmWrapperConfig,
    )

    words = tokenizer(
        "<|start_header_id|>",
        "<|end_header_id|>",
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
        image="<|image|>",
        video="<|video|>",
    )
    patches = TILE // TILE_PATCH
    config = PerceptionLMConfig(
        vision_config=TimmWrapperConfig(
            architecture="vit_pe_lang_large_patch14_448",
            do_pooling=False,
            model_args={
                "img_size": [TILE, TILE],
                "patch_size": TILE_PATCH,
                "embed_dim": WIDTH,
                "depth": 3,
                "num_heads": 4,
                "global_pool": "",
                "ref_feat_shape": [patches, patches],
            },
        ),
        text_config=llm(LlamaConfig, words),
        projector_pooling_ratio=2,
        image_token_id=words.image_token_id,
        video_token_id=words.video_token_id,
        tie_word_embeddings=False,
    )
    head = "<|start_header_id|>{}<|end_header_id|>\n\n"
    processor = PerceptionLMProcessor(
        video_processor=video_processor("PerceptionLMVideoProcessor"),
        image_processor=PerceptionLMImageProcessor(
            size=square(TILE), tile_size=TILE, max_num_tiles=4
        ),
        tokenizer=words,
        patch_size=TILE_PATCH,
        pooling_ratio=2,
        chat_template=template(
            image="<|image|>",
            user=(head.format("user"), "<|eot_id|>"),
            assistant=(head.format("assistant"), "<|eot_id|>"),
        ),
    )
    return PerceptionLMForConditionalGeneration(config), processor


def fast() -> tuple[Any, Any]:
    """Convolutions, then attention at the lowest resolution."""
    from transformers import (
        CLIPImageProcessorPil,
        FastVlmConfig,
        FastVlmForConditionalGeneration,
        LlavaProcessor,
        Qwen2Config,
        TimmWrapperConfig,
    )

    side, patch = 256, 64
    words = tokenizer("<|im_start|>", bos=None, eos="<|im_end|>", image="<image>")
    config = FastVlmConfig(
        vision_config=TimmWrapperConfig(
            architecture="fastvit_mci3",
            do_pooling=True,
            global_pool="avg",
            hidden_size=64,
            image_size=side,
            initializer_range=0.02,
            model_args={
                "inference_mode": True,
                "layers": [1, 1, 1, 1, 1],
                "embed_dims": [8, 8, 16, 32, 32],
            },
        ),
        text_config=llm(Qwen2Config, words),
        image_token_index=words.image_token_id,
        image_seq_length=(side // patch) ** 2,
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": side}, crop_size=square(side)),
        tokenizer=words,
        patch_size=patch,
        vision_feature_select_strategy="full",
        chat_template=chatml("<image>\n"),
    )
    return FastVlmForConditionalGeneration(config), processor
