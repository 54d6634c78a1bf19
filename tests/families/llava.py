"""LLaVA and what was made from it."""

from __future__ import annotations

from typing import Any

from .parts import PATCH, SIDE, TILE, chatml, llm, square, template, tokenizer, tower
from .videos import video_processor

PINPOINTS = [[TILE, 2 * TILE], [2 * TILE, TILE], [2 * TILE, 2 * TILE]]
"""Heights and widths of the mosaics that a picture may be cut into."""


def clip() -> tuple[Any, Any]:
    from transformers import CLIPImageProcessorPil, CLIPVisionConfig

    eye = tower(CLIPVisionConfig)
    pictures = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=square(SIDE))
    return _llava(eye, pictures, layer=-2, select="default", extra=1)


def siglip() -> tuple[Any, Any]:
    from transformers import SiglipImageProcessorPil, SiglipVisionConfig

    eye = tower(SiglipVisionConfig, vision_use_head=False)
    pictures = SiglipImageProcessorPil(size=square(SIDE))
    return _llava(eye, pictures, layer=-1, select="full", extra=0)


def pixtral() -> tuple[Any, Any]:
    from transformers import (
        LlavaConfig,
        LlavaForConditionalGeneration,
        MistralConfig,
        PixtralImageProcessorPil,
        PixtralProcessor,
        PixtralVisionConfig,
    )

    words = tokenizer("[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]")
    config = LlavaConfig(
        vision_config=tower(PixtralVisionConfig, image_size=2 * SIDE),
        text_config=llm(MistralConfig, words, head_dim=8),
        image_token_id=words.convert_tokens_to_ids("[IMG]"),
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    processor = PixtralProcessor(
        image_processor=PixtralImageProcessorPil(size={"longest_edge": 2 * SIDE}, patch_size=PATCH),
        tokenizer=words,
        patch_size=PATCH,
        chat_template=template(image="[IMG]", user=("[INST]", "[/INST]"), assistant=("", "</s>")),
    )
    return LlavaForConditionalGeneration(config), processor


def _llava(eye: Any, pictures: Any, *, layer: int, select: str, extra: int) -> tuple[Any, Any]:
    from transformers import (
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    words = tokenizer(image="<image>")
    config = LlavaConfig(
        vision_config=eye,
        text_config=llm(LlamaConfig, words),
        image_token_id=words.image_token_id,
        image_seq_length=(SIDE // PATCH) ** 2,
        vision_feature_layer=layer,
        vision_feature_select_strategy=select,
    )
    processor = LlavaProcessor(
        image_processor=pictures,
        tokenizer=words,
        patch_size=PATCH,
        vision_feature_select_strategy=select,
        num_additional_image_tokens=extra,
        chat_template=template(image="<image>\n"),
    )
    return LlavaForConditionalGeneration(config), processor


def vip() -> tuple[Any, Any]:
    from transformers import (
        CLIPImageProcessorPil,
        CLIPVisionConfig,
        LlamaConfig,
        LlavaProcessor,
        VipLlavaConfig,
        VipLlavaForConditionalGeneration,
    )

    words = tokenizer(image="<image>")
    config = VipLlavaConfig(
        vision_config=tower(CLIPVisionConfig),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.image_token_id,
        image_seq_length=(SIDE // PATCH) ** 2,
        vision_feature_layer=[-2, -3, 3],
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=square(SIDE)),
        tokenizer=words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template(
            image="<image>\n", user=("###Human: ", ""), assistant=("###Assistant:", "")
        ),
    )
    return VipLlavaForConditionalGeneration(config), processor


def next_() -> tuple[Any, Any]:
    from transformers import (
        CLIPVisionConfig,
        LlavaNextConfig,
        LlavaNextForConditionalGeneration,
        LlavaNextImageProcessorPil,
        LlavaNextProcessor,
        MistralConfig,
    )

    words = tokenizer(image="<image>")
    config = LlavaNextConfig(
        vision_config=tower(CLIPVisionConfig, image_size=TILE),
        text_config=llm(MistralConfig, words, head_dim=8),
        image_token_id=words.image_token_id,
        image_seq_length=(TILE // PATCH) ** 2,
        image_grid_pinpoints=PINPOINTS,
    )
    processor = LlavaNextProcessor(
        image_processor=LlavaNextImageProcessorPil(
            size={"shortest_edge": TILE},
            crop_size=square(TILE),
            image_grid_pinpoints=PINPOINTS,
        ),
        tokenizer=words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template(
            image="<image>\n", user=("[INST] ", " [/INST]"), assistant=("", "</s>")
        ),
    )
    return LlavaNextForConditionalGeneration(config), processor


def next_video() -> tuple[Any, Any]:
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaNextImageProcessorPil,
        LlavaNextVideoConfig,
        LlavaNextVideoForConditionalGeneration,
        LlavaNextVideoProcessor,
    )

    words = tokenizer(image="<image>", video="<video>")
    config = LlavaNextVideoConfig(
        vision_config=tower(CLIPVisionConfig, image_size=TILE),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.image_token_id,
        video_token_id=words.video_token_id,
        image_seq_length=(TILE // PATCH) ** 2,
        image_grid_pinpoints=PINPOINTS,
    )
    processor = LlavaNextVideoProcessor(
        image_processor=LlavaNextImageProcessorPil(
            size={"shortest_edge": TILE},
            crop_size=square(TILE),
            image_grid_pinpoints=PINPOINTS,
        ),
        video_processor=video_processor("LlavaNextVideoVideoProcessor"),
        tokenizer=words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template(image="<image>\n"),
    )
    return LlavaNextVideoForConditionalGeneration(config), processor


def onevision() -> tuple[Any, Any]:
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        LlavaOnevisionImageProcessorPil,
        LlavaOnevisionProcessor,
        Qwen2Config,
        SiglipVisionConfig,
    )

    words = tokenizer(
        "<|im_start|>",
        bos=None,
        eos="<|im_end|>",
        image="<image>",
        video="<video>",
    )
    config = LlavaOnevisionConfig(
        vision_config=tower(SiglipVisionConfig, image_size=TILE, vision_use_head=False),
        text_config=llm(Qwen2Config, words),
        image_token_id=words.image_token_id,
        video_token_id=words.video_token_id,
        image_grid_pinpoints=PINPOINTS,
    )
    processor = LlavaOnevisionProcessor(
        image_processor=LlavaOnevisionImageProcessorPil(
            size=square(TILE), image_grid_pinpoints=PINPOINTS
        ),
        tokenizer=words,
        video_processor=video_processor("LlavaOnevisionVideoProcessor"),
        num_image_tokens=(TILE // PATCH) ** 2,
        vision_feature_select_strategy="full",
        chat_template=chatml("<image>\n", system=""),
    )
    return LlavaOnevisionForConditionalGeneration(config), processor


def video() -> tuple[Any, Any]:
    """Video-LLaVA, asked about pictures."""
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        VideoLlavaConfig,
        VideoLlavaForConditionalGeneration,
        VideoLlavaImageProcessor,
        VideoLlavaProcessor,
    )

    words = tokenizer(image="<image>", video="<video>")
    config = VideoLlavaConfig(
        vision_config=tower(CLIPVisionConfig),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.image_token_id,
        video_token_id=words.video_token_id,
        image_seq_length=(SIDE // PATCH) ** 2,
    )
    processor = VideoLlavaProcessor(
        image_processor=VideoLlavaImageProcessor(
            size={"shortest_edge": SIDE}, crop_size=square(SIDE)
        ),
        video_processor=video_processor("VideoLlavaVideoProcessor"),
        tokenizer=words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template(image="<image>\n"),
    )
    return VideoLlavaForConditionalGeneration(config), processor
