"""The small models' tokenizer and processor: made for the words of multiple-choice questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_vlmsight.models.squashing import squashing_processor

from .architecture import LONGEST, MEAN, PATCH, SIDE, STD

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
    """What turns pictures and conversations into a small model's inputs."""
    return squashing_processor(
        tokenizer, side=SIDE, patch=PATCH, mean=MEAN, std=STD, image_token=IMAGE
    )
