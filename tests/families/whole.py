"""Families that give the language model a picture as a whole, patch by patch."""

from __future__ import annotations

from typing import Any

from .parts import PATCH, SIDE, llm, square, template, tokenizer, tower

PATCHES = (SIDE // PATCH) ** 2


def mistral3() -> tuple[Any, Any]:
    from transformers import (
        Mistral3Config,
        Mistral3ForConditionalGeneration,
        MistralConfig,
        PixtralImageProcessorPil,
        PixtralProcessor,
        PixtralVisionConfig,
    )

    words = tokenizer("[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]")
    config = Mistral3Config(
        vision_config=tower(PixtralVisionConfig, image_size=2 * SIDE),
        text_config=llm(MistralConfig, words, head_dim=8),
        image_token_index=words.convert_tokens_to_ids("[IMG]"),
        tie_word_embeddings=False,
    )
    processor = PixtralProcessor(
        image_processor=PixtralImageProcessorPil(size={"longest_edge": 2 * SIDE}, patch_size=PATCH),
        tokenizer=words,
        patch_size=PATCH,
        spatial_merge_size=2,
        chat_template=template(image="[IMG]", user=("[INST]", "[/INST]"), assistant=("", "</s>")),
    )
    return Mistral3ForConditionalGeneration(config), processor


def deepseek() -> tuple[Any, Any]:
    from transformers import (
        DeepseekVLConfig,
        DeepseekVLForConditionalGeneration,
        DeepseekVLImageProcessorPil,
        DeepseekVLProcessor,
        LlamaConfig,
        SiglipVisionConfig,
    )

    words = _words()
    config = DeepseekVLConfig(
        vision_config=tower(SiglipVisionConfig, vision_use_head=False),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.image_token_id,
        tie_word_embeddings=False,
    )
    processor = DeepseekVLProcessor(
        image_processor=DeepseekVLImageProcessorPil(size=square(SIDE)),
        tokenizer=words,
        num_image_tokens=PATCHES,
        chat_template=template(
            image="<image_placeholder>",
            user=("User: ", "\n\n"),
            assistant=("Assistant: ", words.eos_token),
        ),
    )
    return DeepseekVLForConditionalGeneration(config), processor


def janus() -> tuple[Any, Any]:
    from transformers import (
        JanusConfig,
        JanusForConditionalGeneration,
        JanusImageProcessorPil,
        JanusProcessor,
        JanusVisionConfig,
        JanusVQVAEConfig,
        LlamaConfig,
    )

    words = _words(boi="<begin_of_image>", eoi="<end_of_image>")
    config = JanusConfig(
        vision_config=tower(
            JanusVisionConfig, projection_dim=32, mlp_ratio=2.0, num_image_tokens=PATCHES
        ),
        # It draws pictures, too, with this.
        vq_config=JanusVQVAEConfig(
            embed_dim=8,
            num_embeddings=16,
            latent_channels=32,
            base_channels=32,
            channel_multiplier=[1, 1],
            num_res_blocks=1,
            projection_dim=32,
            image_token_embed_dim=32,
        ),
        text_config=llm(LlamaConfig, words),
        image_token_id=words.image_token_id,
        tie_word_embeddings=False,
    )
    processor = JanusProcessor(
        image_processor=JanusImageProcessorPil(size=square(SIDE)),
        tokenizer=words,
        num_image_tokens=PATCHES,
        chat_template=template(
            image="<image_placeholder>\n",
            user=("<|User|>: ", "\n\n"),
            assistant=("<|Assistant|>: ", words.eos_token),
        ),
    )
    return JanusForConditionalGeneration(config), processor


def chameleon() -> tuple[Any, Any]:
    """Each patch is the nearest of 128 words, which the language model reads like any other."""
    from transformers import (
        ChameleonConfig,
        ChameleonForConditionalGeneration,
        ChameleonImageProcessorPil,
        ChameleonProcessor,
        ChameleonVQVAEConfig,
    )

    side, count = 64, 128
    digits = str.maketrans("0123456789", "ABCDEFGHIJ")
    seen = [f"IMGIMG{str(k).translate(digits)}Z" for k in range(count)]
    words = tokenizer(
        *seen,
        sep="<reserved08706>",
        begins=True,
        image="<image>",
        boi="<racm3:break>",
        eoi="<eoss>",
    )
    config = llm(
        ChameleonConfig,
        words,
        vq_config=ChameleonVQVAEConfig(
            embed_dim=8,
            num_embeddings=count,
            latent_channels=32,
            resolution=side,
            base_channels=32,
            channel_multiplier=[1, 1, 1, 1],
            num_res_blocks=1,
        ),
        vocabulary_map=dict(words.get_vocab()),
    )
    processor = ChameleonProcessor(
        image_processor=ChameleonImageProcessorPil(
            size={"shortest_edge": side}, crop_size=square(side)
        ),
        tokenizer=words,
        image_seq_length=(side // 8) ** 2,
    )
    return ChameleonForConditionalGeneration(config), processor


def _words(**named: Any) -> Any:
    return tokenizer(
        bos="<｜begin▁of▁sentence｜>",
        eos="<｜end▁of▁sentence｜>",
        pad="<｜▁pad▁｜>",
        image="<image_placeholder>",
        **named,
    )
