"""Families that cut large pictures into tiles and may add the whole as a small one."""

from __future__ import annotations

from typing import Any

from .parts import TILE, TILE_PATCH, WIDTH, chatml, llm, square, template, tokenizer, tower
from .videos import video_processor

PATCHES = (TILE // TILE_PATCH) ** 2
"""Of a tile, before two by two become one."""

_LARGEST = 4
"""Tiles that a picture is cut into."""


def internvl() -> tuple[Any, Any]:
    from transformers import (
        GotOcr2ImageProcessorPil,
        InternVLConfig,
        InternVLForConditionalGeneration,
        InternVLProcessor,
        InternVLVisionConfig,
        Qwen2Config,
    )

    words = tokenizer(
        "<|im_start|>",
        bos=None,
        eos="<|im_end|>",
        start_image="<img>",
        end_image="</img>",
        context_image="<IMG_CONTEXT>",
        video="<video>",
    )
    config = InternVLConfig(
        vision_config=tower(InternVLVisionConfig, image_size=TILE, patch_size=TILE_PATCH),
        text_config=llm(Qwen2Config, words),
        image_token_id=words.context_image_token_id,
        image_seq_length=PATCHES // 4,
        tie_word_embeddings=False,
    )
    processor = InternVLProcessor(
        image_processor=GotOcr2ImageProcessorPil(
            size=square(TILE), crop_to_patches=True, max_patches=_LARGEST
        ),
        tokenizer=words,
        video_processor=video_processor("InternVLVideoProcessor", size=square(TILE)),
        image_seq_length=PATCHES // 4,
        chat_template=chatml("<IMG_CONTEXT>\n", system=""),
    )
    return InternVLForConditionalGeneration(config), processor


def aya() -> tuple[Any, Any]:
    from transformers import (
        AyaVisionConfig,
        AyaVisionForConditionalGeneration,
        AyaVisionProcessor,
        Cohere2Config,
        GotOcr2ImageProcessorPil,
        SiglipVisionConfig,
    )

    words = _cohere_words(
        "<image>",
        "<|START_OF_IMG|>",
        "<|END_OF_IMG|>",
        "<|IMG_PATCH|>",
        "<|IMG_LINE_BREAK|>",
        "TILE",
        "TILE_GLOBAL",
    )
    config = AyaVisionConfig(
        vision_config=_siglip(SiglipVisionConfig),
        text_config=llm(Cohere2Config, words),
        image_token_id=words.convert_tokens_to_ids("<|IMG_PATCH|>"),
        tie_word_embeddings=False,
    )
    processor = AyaVisionProcessor(
        image_processor=GotOcr2ImageProcessorPil(
            size=square(TILE), crop_to_patches=True, max_patches=_LARGEST
        ),
        tokenizer=words,
        patch_size=TILE_PATCH,
        img_size=TILE,
        downsample_factor=2,
        chat_template=_cohere_template("<image>"),
    )
    return AyaVisionForConditionalGeneration(config), processor


def cohere2() -> tuple[Any, Any]:
    from transformers import (
        Cohere2Config,
        Cohere2VisionConfig,
        Cohere2VisionForConditionalGeneration,
        Cohere2VisionImageProcessor,
        Cohere2VisionProcessor,
        SiglipVisionConfig,
    )

    words = _cohere_words(
        boi="<|START_OF_IMG|>",
        eoi="<|END_OF_IMG|>",
        image="<|IMG_PATCH|>",
        img_line_break="<|IMG_LINE_BREAK|>",
    )
    config = Cohere2VisionConfig(
        vision_config=_siglip(SiglipVisionConfig),
        text_config=llm(Cohere2Config, words),
        image_token_id=words.image_token_id,
        alignment_intermediate_size=2 * WIDTH,
        tie_word_embeddings=False,
    )
    processor = Cohere2VisionProcessor(
        image_processor=Cohere2VisionImageProcessor(
            size=square(TILE),
            max_patches=_LARGEST,
            patch_size=TILE // TILE_PATCH // 2,  # merged patches a side of a tile
        ),
        tokenizer=words,
        chat_template=_cohere_template("<|IMG_PATCH|>"),
    )
    return Cohere2VisionForConditionalGeneration(config), processor


def ovis2() -> tuple[Any, Any]:
    from transformers import (
        Ovis2Config,
        Ovis2ForConditionalGeneration,
        Ovis2ImageProcessorPil,
        Ovis2Processor,
        Ovis2VisionConfig,
        Qwen2Config,
    )

    marks = ["<IMG_START>", "<IMG_GRID>", "<IMG_COL>", "<IMG_ROW>", "<IMG_END>"]
    words = tokenizer("<image>", "<|im_start|>", "<IMG_ATOM>", *marks, bos=None, eos="<|im_end|>")
    config = Ovis2Config(
        vision_config=tower(
            Ovis2VisionConfig,
            image_size=TILE,
            patch_size=TILE_PATCH,
            hidden_stride=2,
            vocab_size=69,  # visual words: 64, and five for the marks
        ),
        text_config=llm(Qwen2Config, words),
        image_token_id=words.convert_tokens_to_ids("<IMG_ATOM>"),
        visual_indicator_token_ids=words.convert_tokens_to_ids(marks),
        vocab_size=len(words),
        hidden_size=WIDTH,
        tie_word_embeddings=False,
    )
    processor = Ovis2Processor(
        image_processor=Ovis2ImageProcessorPil(
            size=square(TILE), crop_to_patches=True, max_patches=_LARGEST
        ),
        tokenizer=words,
        image_seq_length=PATCHES // 4,
        chat_template=chatml("<image>\n"),
    )
    return Ovis2ForConditionalGeneration(config), processor


def lfm2() -> tuple[Any, Any]:
    from transformers import (
        Lfm2Config,
        Lfm2VlConfig,
        Lfm2VlForConditionalGeneration,
        Lfm2VlImageProcessor,
        Lfm2VlProcessor,
        Siglip2VisionConfig,
    )

    places = [f"<|img_row_{row}_col_{col}|>" for row in range(1, 5) for col in range(1, 5)]
    words = tokenizer(
        "<|im_start|>",
        *places,
        eos="<|im_end|>",
        image="<image>",
        image_start="<|image_start|>",
        image_end="<|image_end|>",
        image_thumbnail="<|img_thumbnail|>",
    )
    config = Lfm2VlConfig(
        vision_config=Siglip2VisionConfig(
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            patch_size=TILE_PATCH,
            num_patches=PATCHES,
            vision_use_head=False,
        ),
        text_config=llm(
            Lfm2Config,
            words,
            block_auto_adjust_ff_dim=False,
            layer_types=["conv", "full_attention"],
        ),
        image_token_id=words.image_token_id,
        projector_hidden_size=2 * WIDTH,
        tie_word_embeddings=False,
    )
    processor = Lfm2VlProcessor(
        image_processor=Lfm2VlImageProcessor(
            size=square(TILE),
            tile_size=TILE,
            encoder_patch_size=TILE_PATCH,
            min_image_tokens=4,
            max_image_tokens=PATCHES // 4,
            max_tiles=_LARGEST,
            max_pixels_tolerance=1.0,
        ),
        tokenizer=words,
        chat_template="{{ bos_token }}" + chatml("<image>", system=""),
    )
    return Lfm2VlForConditionalGeneration(config), processor


def molmo2() -> tuple[Any, Any]:
    """Tiles overlap by two patches; the language model also reads where rows end."""
    from transformers import (
        Molmo2Config,
        Molmo2ForConditionalGeneration,
        Molmo2ImageProcessor,
        Molmo2Processor,
    )
    from transformers.models.molmo2.configuration_molmo2 import (
        Molmo2AdapterConfig,
        Molmo2TextConfig,
        Molmo2VisionConfig,
    )

    marks = ["im_start", "im_end", "im_patch", "im_col", "low_res_im_start", "im_low"]
    marks = [f"<{mark}>" for mark in (*marks, "frame_start", "frame_end")]
    words = tokenizer(
        "<|im_start|>", *marks, bos=None, eos="<|im_end|>", image="<|image|>", video="<|video|>"
    )
    heads = {"num_attention_heads": 4, "num_key_value_heads": 4, "head_dim": WIDTH // 4}
    ids = {
        mark: words.convert_tokens_to_ids(f"<{mark}>")
        for mark in (
            "im_start",
            "im_end",
            "im_patch",
            "low_res_im_start",
            "frame_start",
            "frame_end",
        )
    }
    config = Molmo2Config(
        vision_config=tower(
            Molmo2VisionConfig, image_size=[TILE, TILE], patch_size=TILE_PATCH, **heads
        ),
        adapter_config=Molmo2AdapterConfig(
            vision_feature_layer=[2, 0],
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            text_hidden_size=WIDTH,
            **heads,
        ),
        text_config=llm(
            Molmo2TextConfig,
            words,
            vocab_size=len(words) - len(marks),
            additional_vocab_size=len(marks),
            head_dim=WIDTH // 4,
        ),
        image_start_token_id=ids["im_start"],
        image_end_token_id=ids["im_end"],
        image_patch_id=ids["im_patch"],
        low_res_image_start_token_id=ids["low_res_im_start"],
        frame_start_token_id=ids["frame_start"],
        frame_end_token_id=ids["frame_end"],
    )
    processor = Molmo2Processor(
        image_processor=Molmo2ImageProcessor(
            size=square(TILE), max_crops=_LARGEST, overlap_margins=[1, 1], patch_size=TILE_PATCH
        ),
        video_processor=video_processor("Molmo2VideoProcessor"),
        tokenizer=words,
        chat_template=chatml("<|image|>", system=""),
    )
    return Molmo2ForConditionalGeneration(config), processor


def phi4() -> tuple[Any, Any]:
    """The processor counts on sixteen by sixteen merged patches a tile."""
    from transformers import (
        Phi4MultimodalConfig,
        Phi4MultimodalFeatureExtractor,
        Phi4MultimodalForCausalLM,
        Phi4MultimodalImageProcessor,
        Phi4MultimodalProcessor,
    )
    from transformers.models.phi4_multimodal.configuration_phi4_multimodal import (
        Phi4MultimodalAudioConfig,
        Phi4MultimodalVisionConfig,
    )

    side, patch = 128, 4
    words = tokenizer(
        "<|user|>",
        "<|assistant|>",
        "<|end|>",
        bos="<|endoftext|>",
        eos="<|endoftext|>",
        pad="<|endoftext|>",
        image="<|image|>",
        audio="<|audio|>",
    )
    config = llm(
        Phi4MultimodalConfig,
        words,
        vision_config=tower(
            Phi4MultimodalVisionConfig,
            image_size=side,
            crop_size=side,
            patch_size=patch,
            image_token_id=words.image_token_id,
        ),
        audio_config=Phi4MultimodalAudioConfig(
            hidden_size=WIDTH,
            intermediate_size=WIDTH,
            num_blocks=2,
            num_attention_heads=4,
            ext_pw_out_channel=WIDTH,
            depthwise_separable_out_channel=WIDTH,
            nemo_conv_channels=WIDTH,
            audio_token_id=words.audio_token_id,
        ),
    )
    processor = Phi4MultimodalProcessor(
        image_processor=Phi4MultimodalImageProcessor(
            size=square(side), patch_size=patch, dynamic_hd=_LARGEST
        ),
        audio_processor=Phi4MultimodalFeatureExtractor(),
        tokenizer=words,
        chat_template=template(
            image="<|image|>",
            user=("<|user|>", "<|end|>"),
            assistant=("<|assistant|>", "<|end|>"),
            bos=False,
        ),
    )
    return Phi4MultimodalForCausalLM(config), processor


def _siglip(kind: Any) -> Any:
    return tower(kind, image_size=TILE, patch_size=TILE_PATCH, vision_use_head=False)


def _cohere_words(*special: str, **named: Any) -> Any:
    return tokenizer(
        "<|START_OF_TURN_TOKEN|>",
        "<|USER_TOKEN|>",
        "<|CHATBOT_TOKEN|>",
        *special,
        bos="<BOS_TOKEN>",
        eos="<|END_OF_TURN_TOKEN|>",
        pad="<PAD>",
        **named,
    )


def _cohere_template(image: str) -> str:
    end = "<|END_OF_TURN_TOKEN|>"
    return template(
        image=image,
        user=("<|START_OF_TURN_TOKEN|><|USER_TOKEN|>", end),
        assistant=("<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", end),
    )
