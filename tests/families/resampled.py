"""Families that sum a picture up in a fixed number of tokens, or have no decoder-only model."""

from __future__ import annotations

from typing import Any

from .parts import SIDE, WIDTH, llm, square, tokenizer, tower

_QUERIES = 16


def blip2() -> tuple[Any, Any]:
    from transformers import (
        Blip2Config,
        Blip2ForConditionalGeneration,
        Blip2Processor,
        Blip2QFormerConfig,
        Blip2VisionConfig,
        BlipImageProcessorPil,
        OPTConfig,
    )

    words = tokenizer("<image>", bos="</s>", begins=True)
    config = Blip2Config(
        vision_config=tower(Blip2VisionConfig),
        qformer_config=_qformer(Blip2QFormerConfig),
        text_config=llm(OPTConfig, words, ffn_dim=64, word_embed_proj_dim=WIDTH),
        num_query_tokens=_QUERIES,
        image_text_hidden_size=WIDTH,
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )
    processor = Blip2Processor(
        image_processor=BlipImageProcessorPil(size=square(SIDE)),
        tokenizer=words,
        num_query_tokens=_QUERIES,
    )
    return Blip2ForConditionalGeneration(config), processor


def instructblip() -> tuple[Any, Any]:
    from transformers import (
        BlipImageProcessorPil,
        InstructBlipConfig,
        InstructBlipForConditionalGeneration,
        InstructBlipProcessor,
        InstructBlipQFormerConfig,
        InstructBlipVisionConfig,
        LlamaConfig,
    )

    words = tokenizer("<image>", begins=True)
    question = tokenizer(bos="[CLS]", eos="[SEP]", pad="[PAD]", begins=True)
    config = InstructBlipConfig(
        vision_config=tower(InstructBlipVisionConfig),
        qformer_config=_qformer(InstructBlipQFormerConfig, vocab_size=len(question)),
        text_config=llm(LlamaConfig, words),
        num_query_tokens=_QUERIES,
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )
    processor = InstructBlipProcessor(
        image_processor=BlipImageProcessorPil(size=square(SIDE)),
        tokenizer=words,
        qformer_tokenizer=question,
        num_query_tokens=_QUERIES,
    )
    return InstructBlipForConditionalGeneration(config), processor


def kosmos2() -> tuple[Any, Any]:
    from transformers import (
        CLIPImageProcessorPil,
        Kosmos2Config,
        Kosmos2ForConditionalGeneration,
        Kosmos2Processor,
    )
    from transformers.models.kosmos2.configuration_kosmos2 import (
        Kosmos2TextConfig,
        Kosmos2VisionConfig,
    )

    words = tokenizer(unk="<unk>")
    processor = Kosmos2Processor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=square(SIDE)),
        tokenizer=words,
        num_patch_index_tokens=64,
    )
    config = Kosmos2Config(
        vision_config=tower(Kosmos2VisionConfig),
        text_config=Kosmos2TextConfig(
            vocab_size=len(words),
            embed_dim=WIDTH,
            layers=2,
            ffn_dim=64,
            attention_heads=4,
            max_position_embeddings=1024,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
            tie_word_embeddings=False,
        ),
        latent_query_num=64,  # as many as the processor writes places for
        tie_word_embeddings=False,
    )
    return Kosmos2ForConditionalGeneration(config), processor


def florence2() -> tuple[Any, Any]:
    """An encoder and a decoder: the answer does not continue the question."""
    from transformers import (
        BartConfig,
        CLIPImageProcessorPil,
        Florence2Config,
        Florence2ForConditionalGeneration,
        Florence2Processor,
        Florence2VisionConfig,
    )

    side = 128  # four by four patches of 32 px
    words = tokenizer(image="<image>")
    pictures = CLIPImageProcessorPil(size=square(side), do_center_crop=False)
    pictures.image_seq_length = 17  # the patches, and their mean
    processor = Florence2Processor(image_processor=pictures, tokenizer=words)
    config = Florence2Config(
        vision_config=Florence2VisionConfig(
            depths=[1, 1, 1, 1],
            embed_dim=[8, 16, 16, 32],
            num_heads=[1, 2, 2, 4],
            num_groups=[1, 2, 2, 4],
            window_size=4,
            projection_dim=WIDTH,
        ),
        text_config=BartConfig(
            vocab_size=len(words),
            d_model=WIDTH,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=1024,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            pad_token_id=words.pad_token_id,
            decoder_start_token_id=words.eos_token_id,
            forced_eos_token_id=None,
        ),
        image_token_id=words.image_token_id,
    )
    return Florence2ForConditionalGeneration(config), processor


def _qformer(kind: Any, **options: Any) -> Any:
    common = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "encoder_hidden_size": WIDTH,
    }
    return kind(**(common | options))
