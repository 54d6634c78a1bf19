"""Llama's own families, which cut pictures into tiles."""

from __future__ import annotations

from typing import Any

from .parts import TILE, TILE_PATCH, WIDTH, llm, square, template, tokenizer, tower

_LARGEST = 4
"""Tiles that a picture is cut into."""


def mllama() -> tuple[Any, Any]:
    """Pictures reach the language model by cross-attention in its second layer."""
    from transformers import (
        MllamaConfig,
        MllamaForConditionalGeneration,
        MllamaImageProcessorPil,
        MllamaProcessor,
    )
    from transformers.models.mllama.configuration_mllama import (
        MllamaTextConfig,
        MllamaVisionConfig,
    )

    words = _words("<|python_tag|>", "<|image|>")  # the last word has no output
    taps = [0, 1]
    config = MllamaConfig(
        vision_config=tower(
            MllamaVisionConfig,
            image_size=TILE,
            patch_size=TILE_PATCH,
            num_global_layers=1,
            intermediate_layers_indices=taps,
            vision_output_dim=WIDTH * (1 + len(taps)),
            max_num_tiles=_LARGEST,
        ),
        text_config=llm(
            MllamaTextConfig,
            words,
            vocab_size=len(words) - 1,
            cross_attention_layers=[1],
            rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        ),
        image_token_id=len(words) - 1,
    )
    processor = MllamaProcessor(
        image_processor=MllamaImageProcessorPil(size=square(TILE), max_image_tiles=_LARGEST),
        tokenizer=words,
        chat_template=_template("<|image|>"),
    )
    return MllamaForConditionalGeneration(config), processor


def llama4() -> tuple[Any, Any]:
    from transformers import (
        Llama4Config,
        Llama4ForConditionalGeneration,
        Llama4ImageProcessor,
        Llama4Processor,
    )
    from transformers.models.llama4.configuration_llama4 import (
        Llama4TextConfig,
        Llama4VisionConfig,
    )

    words = _words(
        "<|image_start|>",
        "<|image_end|>",
        "<|image|>",
        "<|patch|>",
        "<|tile_x_separator|>",
        "<|tile_y_separator|>",
    )
    config = Llama4Config(
        vision_config=tower(
            Llama4VisionConfig,
            image_size=TILE,
            patch_size=TILE_PATCH,
            intermediate_size=4 * WIDTH,  # what four patches put together are
            vision_output_dim=WIDTH,
            projector_input_dim=WIDTH,
            projector_output_dim=WIDTH,
        ),
        text_config=llm(
            Llama4TextConfig,
            words,
            head_dim=8,
            intermediate_size_mlp=64,
            num_local_experts=2,
            attention_chunk_size=4096,
        ),
        boi_token_index=words.convert_tokens_to_ids("<|image_start|>"),
        eoi_token_index=words.convert_tokens_to_ids("<|image_end|>"),
        image_token_index=words.convert_tokens_to_ids("<|patch|>"),
    )
    processor = Llama4Processor(
        image_processor=Llama4ImageProcessor(size=square(TILE), max_patches=_LARGEST),
        tokenizer=words,
        patch_size=TILE_PATCH,
        chat_template=_template("<|image|>"),
    )
    return Llama4ForConditionalGeneration(config), processor


def _words(*special: str) -> Any:
    return tokenizer(
        "<|start_header_id|>",
        "<|end_header_id|>",
        *special,
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
        pad="<|finetune_right_pad_id|>",
    )


def _template(image: str) -> str:
    head = "<|start_header_id|>{}<|end_header_id|>\n\n"
    return template(
        image=image,
        user=(head.format("user"), "<|eot_id|>"),
        assistant=(head.format("assistant"), "<|eot_id|>"),
    )
