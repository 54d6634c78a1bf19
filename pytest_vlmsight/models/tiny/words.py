"""The small models' tokenizer and processor: made for the words of multiple-choice questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .architecture import LONGEST, MEAN, PATCH, SIZE, STD

if TYPE_CHECKING:
    from collections.abc import Iterable

IMAGE, _START, _END, _PAD = "<image>", "<s>", "</s>", "<pad>"

VOCABULARY = 1200
"""Tokens at most: every byte, and the words that are met most often."""

TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ 'User: ' if message['role'] == 'user' else 'Assistant: ' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}" + IMAGE + "{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}"
    "{{ '\n' if message['role'] == 'user' else eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant: ' }}{% endif %}"
)


def new_tokenizer(texts: Iterable[str]) -> Any:
    """Byte-level BPE, trained on texts; the same texts make the same tokenizer.

    Args:
        texts: what prompts will be like.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[_PAD, _START, _END, IMAGE],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=_START,
        eos_token=_END,
        pad_token=_PAD,
        extra_special_tokens={"image_token": IMAGE},
        model_max_length=LONGEST,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        chat_template=TEMPLATE,
    )


def new_processor(tokenizer: Any) -> Any:
    """What turns pictures and conversations into a small model's inputs.

    Pictures are squashed to the eye's square, so that no pixel is out of sight.
    """
    from transformers import CLIPImageProcessorPil, LlavaProcessor

    square = {"height": SIZE, "width": SIZE}
    return LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            size=square, crop_size=square, do_center_crop=False, image_mean=MEAN, image_std=STD
        ),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        image_token=IMAGE,
        chat_template=tokenizer.chat_template,
    )
