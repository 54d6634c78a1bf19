"""Families with SAM's tower, which looks through windows."""

from __future__ import annotations

from typing import Any

from .parts import PATCH, SIDE, WIDTH, llm, square, template, tokenizer, tower


def got_ocr2() -> tuple[Any, Any]:
    """The processor writes 256 tokens for a picture whatever its size."""
    from transformers import (
        GotOcr2Config,
        GotOcr2ForConditionalGeneration,
        GotOcr2ImageProcessorPil,
        GotOcr2Processor,
        GotOcr2VisionConfig,
        Qwen2Config,
    )

    side, patch = 256, 4  # 64 by 64 patches, of which four by four become one
    words = tokenizer("<|im_start|>", "<img>", "</img>", "<imgpad>", bos=None, eos="<|im_end|>")
    config = GotOcr2Config(
        vision_config=tower(
            GotOcr2VisionConfig,
            image_size=side,
            patch_size=patch,
            output_channels=WIDTH // 2,
            mlp_dim=2 * WIDTH,
            window_size=8,
            global_attn_indexes=[],
        ),
        text_config=llm(Qwen2Config, words),
        image_token_index=words.convert_tokens_to_ids("<imgpad>"),
        image_seq_length=256,
        tie_word_embeddings=False,
    )
    processor = GotOcr2Processor(
        image_processor=GotOcr2ImageProcessorPil(size=square(side)),
        tokenizer=words,
    )
    return GotOcr2ForConditionalGeneration(config), processor


def deepseek_hybrid() -> tuple[Any, Any]:
    """A picture is seen twice: coarsely by SigLIP, finely by SAM."""
    from transformers import (
        DeepseekVLHybridConfig,
        DeepseekVLHybridForConditionalGeneration,
        DeepseekVLHybridImageProcessorPil,
        DeepseekVLHybridProcessor,
        LlamaConfig,
        SamVisionConfig,
        SiglipVisionConfig,
    )

    fine = 128
    words = tokenizer(
        bos="<｜begin▁of▁sentence｜>",
        eos="<｜end▁of▁sentence｜>",
        pad="<｜▁pad▁｜>",
        image="<image_placeholder>",
    )
    config = DeepseekVLHybridConfig(
        vision_config=tower(SiglipVisionConfig, vision_use_head=False),
        high_res_vision_config=tower(
            SamVisionConfig,
            image_size=fine,
            patch_size=8,
            output_channels=8,  # four times as many reach the language model
            mlp_dim=2 * WIDTH,
            window_size=4,
            global_attn_indexes=[1],
        ),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.image_token_id,
        tie_word_embeddings=False,
    )
    processor = DeepseekVLHybridProcessor(
        image_processor=DeepseekVLHybridImageProcessorPil(
            size=square(SIDE), high_res_size=square(fine)
        ),
        tokenizer=words,
        num_image_tokens=(SIDE // PATCH) ** 2,
        chat_template=template(
            image="<image_placeholder>",
            user=("User: ", "\n\n"),
            assistant=("Assistant: ", words.eos_token),
        ),
    )
    return DeepseekVLHybridForConditionalGeneration(config), processor
