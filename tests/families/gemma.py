"""Gemma's families, whose towers are SigLIP's."""

from __future__ import annotations

from typing import Any

from .parts import SIDE, llm, square, template, tokenizer, tower


def gemma3() -> tuple[Any, Any]:
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessorPil,
        Gemma3Processor,
        Gemma3TextConfig,
        SiglipVisionConfig,
    )

    words = _words(boi="<start_of_image>", eoi="<end_of_image>", image="<image_soft_token>")
    config = Gemma3Config(
        vision_config=tower(SiglipVisionConfig, vision_use_head=False),
        text_config=llm(
            Gemma3TextConfig,
            words,
            head_dim=8,
            query_pre_attn_scalar=8,
            sliding_window=64,
            layer_types=["sliding_attention", "full_attention"],
        ),
        mm_tokens_per_image=16,
        boi_token_index=words.boi_token_id,
        eoi_token_index=words.eoi_token_id,
        image_token_index=words.image_token_id,
        tie_word_embeddings=False,
    )
    processor = Gemma3Processor(
        image_processor=Gemma3ImageProcessorPil(size=square(SIDE)),
        tokenizer=words,
        image_seq_length=16,
        chat_template=_template("<start_of_image>"),
    )
    return Gemma3ForConditionalGeneration(config), processor


def paligemma() -> tuple[Any, Any]:
    from transformers import GemmaConfig

    return _paligemma(GemmaConfig, head_dim=8)


def paligemma2() -> tuple[Any, Any]:
    from transformers import Gemma2Config

    return _paligemma(
        Gemma2Config,
        head_dim=8,
        query_pre_attn_scalar=8,
        sliding_window=64,
        layer_types=["sliding_attention", "full_attention"],
    )


def _paligemma(mouth: Any, **options: Any) -> tuple[Any, Any]:
    from transformers import (
        PaliGemmaConfig,
        PaliGemmaForConditionalGeneration,
        PaliGemmaProcessor,
        SiglipImageProcessorPil,
        SiglipVisionConfig,
    )

    words = _words(image="<image>")
    pictures = SiglipImageProcessorPil(size=square(SIDE))
    pictures.image_seq_length = 64
    processor = PaliGemmaProcessor(image_processor=pictures, tokenizer=words)
    config = PaliGemmaConfig(
        vision_config=tower(SiglipVisionConfig, vision_use_head=False),
        text_config=llm(mouth, words, **options),
        image_token_index=words.image_token_id,
        vocab_size=len(words),
        projection_dim=32,
        hidden_size=32,
        tie_word_embeddings=False,
    )
    return PaliGemmaForConditionalGeneration(config), processor


def _words(**named: Any) -> Any:
    return tokenizer(
        "<start_of_turn>", "<end_of_turn>", bos="<bos>", eos="<eos>", unk="<unk>", **named
    )


def _template(image: str) -> str:
    end = "<end_of_turn>\n"
    return template(
        image=image,
        user=("<start_of_turn>user\n", end),
        assistant=("<start_of_turn>model\n", end),
    )
