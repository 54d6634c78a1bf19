"""Idefics and SmolVLM."""

from __future__ import annotations

from typing import Any

from .parts import TILE, TILE_PATCH, WIDTH, llm, template, tokenizer, tower
from .videos import video_processor

_TOKENS = (TILE // TILE_PATCH // 2) ** 2
"""Of a tile, of which two by two patches become one token."""


def idefics2() -> tuple[Any, Any]:
    return _idefics2(split=False)


def idefics2_split() -> tuple[Any, Any]:
    """Every picture is given as four quarters and the whole."""
    return _idefics2(split=True)


def _idefics2(*, split: bool) -> tuple[Any, Any]:
    from transformers import (
        Idefics2Config,
        Idefics2ForConditionalGeneration,
        Idefics2ImageProcessorPil,
        Idefics2Processor,
        MistralConfig,
    )
    from transformers.models.idefics2.configuration_idefics2 import (
        Idefics2PerceiverConfig,
        Idefics2VisionConfig,
    )

    words = tokenizer("<fake_token_around_image>", "<image>", "<end_of_utterance>")
    processor = Idefics2Processor(
        image_processor=Idefics2ImageProcessorPil(
            size={"shortest_edge": TILE, "longest_edge": 2 * TILE}, do_image_splitting=split
        ),
        tokenizer=words,
        image_seq_len=16,
        chat_template=_template(),
    )
    config = Idefics2Config(
        vision_config=tower(Idefics2VisionConfig),
        perceiver_config=Idefics2PerceiverConfig(
            hidden_size=WIDTH,
            resampler_n_latents=16,
            resampler_depth=2,
            resampler_n_heads=4,
            resampler_head_dim=8,
            num_key_value_heads=2,
        ),
        text_config=llm(MistralConfig, words, head_dim=8),
        image_token_id=words.convert_tokens_to_ids("<image>"),
    )
    return Idefics2ForConditionalGeneration(config), processor


def idefics3() -> tuple[Any, Any]:
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessorPil,
        Idefics3Processor,
        Idefics3VisionConfig,
        LlamaConfig,
    )

    words = _words()
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessorPil(
            size={"longest_edge": 2 * TILE}, max_image_size={"longest_edge": TILE}
        ),
        tokenizer=words,
        image_seq_len=_TOKENS,
        chat_template=_template(),
    )
    config = Idefics3Config(
        vision_config=tower(Idefics3VisionConfig, image_size=TILE, patch_size=TILE_PATCH),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=words.pad_token_id,
    )
    return Idefics3ForConditionalGeneration(config), processor


def smolvlm() -> tuple[Any, Any]:
    from transformers import (
        LlamaConfig,
        SmolVLMConfig,
        SmolVLMForConditionalGeneration,
        SmolVLMImageProcessorPil,
        SmolVLMProcessor,
        SmolVLMVisionConfig,
    )

    words = _words()
    processor = SmolVLMProcessor(
        image_processor=SmolVLMImageProcessorPil(
            size={"longest_edge": 2 * TILE}, max_image_size={"longest_edge": TILE}
        ),
        tokenizer=words,
        video_processor=video_processor("SmolVLMVideoProcessor", num_frames=8, fps=1),
        image_seq_len=_TOKENS,
        chat_template=_template(),
    )
    config = SmolVLMConfig(
        vision_config=tower(SmolVLMVisionConfig, image_size=TILE, patch_size=TILE_PATCH),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=words.pad_token_id,
    )
    return SmolVLMForConditionalGeneration(config), processor


def _words() -> Any:
    places = [f"<row_{row}_col_{col}>" for row in range(1, 7) for col in range(1, 7)]
    return tokenizer(
        "<fake_token_around_image>",
        "<image>",
        "<end_of_utterance>",
        "<global-img>",
        *places,
        bos="<|begin_of_text|>",
        eos="<|end_of_text|>",
        pad="<|pad|>",
    )


def _template() -> str:
    end = "<end_of_utterance>\n"
    return template(image="<image>", user=("User:", end), assistant=("Assistant: ", end))
