"""Families that cut large pictures into tiles and may add the whole as a small one."""

from __future__ import annotations

from typing import Any

from .parts import TILE, TILE_PATCH, chatml, llm, square, template, tokenizer, tower
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
        alignment_intermediate_size=64,
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
        hidden_size=32,
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
        chat_template=_idefics_template(),
    )
    config = Idefics2Config(
        vision_config=tower(Idefics2VisionConfig),
        perceiver_config=Idefics2PerceiverConfig(
            hidden_size=32,
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

    words = _idefics_words()
    processor = Idefics3Processor(
        image_processor=Idefics3ImageProcessorPil(
            size={"longest_edge": 2 * TILE}, max_image_size={"longest_edge": TILE}
        ),
        tokenizer=words,
        image_seq_len=PATCHES // 4,
        chat_template=_idefics_template(),
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

    words = _idefics_words()
    processor = SmolVLMProcessor(
        image_processor=SmolVLMImageProcessorPil(
            size={"longest_edge": 2 * TILE}, max_image_size={"longest_edge": TILE}
        ),
        tokenizer=words,
        video_processor=video_processor("SmolVLMVideoProcessor", num_frames=8, fps=1),
        image_seq_len=PATCHES // 4,
        chat_template=_idefics_template(),
    )
    config = SmolVLMConfig(
        vision_config=tower(SmolVLMVisionConfig, image_size=TILE, patch_size=TILE_PATCH),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=words.pad_token_id,
    )
    return SmolVLMForConditionalGeneration(config), processor


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

    words = _llama_words("<|python_tag|>", "<|image|>")  # the last word has no output
    taps = [0, 1]
    config = MllamaConfig(
        vision_config=tower(
            MllamaVisionConfig,
            image_size=TILE,
            patch_size=TILE_PATCH,
            num_global_layers=1,
            intermediate_layers_indices=taps,
            vision_output_dim=32 * (1 + len(taps)),
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
        chat_template=_llama_template("<|image|>"),
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

    words = _llama_words(
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
            intermediate_size=4 * 32,  # what four patches put together are
            vision_output_dim=32,
            projector_input_dim=32,
            projector_output_dim=32,
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
        chat_template=_llama_template("<|image|>"),
    )
    return Llama4ForConditionalGeneration(config), processor


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
            hidden_size=32,
            intermediate_size=64,
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
        projector_hidden_size=64,
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


def _siglip(kind: Any) -> Any:
    return tower(kind, image_size=TILE, patch_size=TILE_PATCH, vision_use_head=False)


def _cohere_words(*special: str, **named: str) -> Any:
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


def _llama_words(*special: str) -> Any:
    return tokenizer(
        "<|start_header_id|>",
        "<|end_header_id|>",
        *special,
        bos="<|begin_of_text|>",
        eos="<|eot_id|>",
        pad="<|finetune_right_pad_id|>",
    )


def _llama_template(image: str) -> str:
    head = "<|start_header_id|>{}<|end_header_id|>\n\n"
    return template(
        image=image,
        user=(head.format("user"), "<|eot_id|>"),
        assistant=(head.format("assistant"), "<|eot_id|>"),
    )


def _idefics_words() -> Any:
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


def _idefics_template() -> str:
    end = "<end_of_utterance>\n"
    return template(image="<image>", user=("User:", end), assistant=("Assistant: ", end))
