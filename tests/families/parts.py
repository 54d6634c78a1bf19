"""Tokenizers, chat templates, small configurations and random weights."""

from __future__ import annotations

import json
import math
from typing import Any

import torch

WIDTH = 32
"""Of language models and towers: four heads of eight channels."""

SIDE, PATCH = 112, 14
"""Of pictures that are not cut into tiles, in px: eight patches a side."""

TILE, TILE_PATCH = 56, 7
"""Of tiles, in px: eight patches a side, too."""


def tokenizer(
    *special: str,
    bos: str | None = "<s>",
    eos: str = "</s>",
    pad: str = "<pad>",
    unk: str | None = None,
    sep: str | None = None,
    begins: bool = False,
    **named: Any,
) -> Any:
    """Bytes, and a family's special tokens.

    Args:
        special: tokens that the processor or the chat template writes.
        bos: begins a text; None where the family has none.
        eos: ends a text.
        pad: fills a batch.
        unk: stands for what is unknown, which is nothing; some processors count from it.
        sep: ends a question.
        begins: whether the tokenizer itself writes ``bos``, for families without a chat template.
        named: tokens that the processor looks up by attribute, such as ``image`` for image_token.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={byte: k for k, byte in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    tokens = dict.fromkeys(
        token for token in (pad, bos, eos, unk, sep, *named.values(), *special) if token is not None
    )
    core.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in tokens])
    if begins:
        assert bos is not None
        core.post_processor = processors.TemplateProcessing(
            single=f"{bos} $A", special_tokens=[(bos, core.token_to_id(bos))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=bos,
        eos_token=eos,
        pad_token=pad,
        unk_token=unk,
        sep_token=sep,
        extra_special_tokens={f"{name}_token": token for name, token in named.items()},
    )


def template(
    *,
    image: str,
    user: tuple[str, str] = ("USER: ", "\n"),
    assistant: tuple[str, str] = ("ASSISTANT: ", ""),
    start: str = "",
    bos: bool = True,
) -> str:
    """A chat template that puts each picture where it is in the message.

    Args:
        image: what stands for a picture.
        user: what is written before and after a user's message.
        assistant: the same for the model's; what is before prompts it to answer.
        start: begins the chat, after the token that begins a text.
        bos: whether a chat begins with that token.
    """
    before_user, after_user = map(json.dumps, user)
    before_assistant, after_assistant = map(json.dumps, assistant)
    return (
        ("{{ bos_token }}" if bos else "")
        + f"{{{{ {json.dumps(start)} }}}}"
        + "{% for message in messages %}"
        + "{% set own = message['role'] == 'assistant' %}"
        + f"{{{{ {before_assistant} if own else {before_user} }}}}"
        + "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
        + "{% for part in message['content'] %}"
        + f"{{% if part['type'] == 'image' %}}{{{{ {json.dumps(image)} }}}}"
        + "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
        + f"{{{{ {after_assistant} if own else {after_user} }}}}"
        + "{% endfor %}"
        + f"{{% if add_generation_prompt %}}{{{{ {before_assistant} }}}}{{% endif %}}"
    )


def chatml(image: str, *, system: str = "You are a helpful assistant.") -> str:
    """The template of Qwen and its kin."""
    return template(
        image=image,
        start=f"<|im_start|>system\n{system}<|im_end|>\n" if system else "",
        user=("<|im_start|>user\n", "<|im_end|>\n"),
        assistant=("<|im_start|>assistant\n", "<|im_end|>\n"),
        bos=False,
    )


def llm(kind: Any, words: Any, **options: Any) -> Any:
    """A small configuration of a language model.

    Args:
        kind: configuration class.
        words: the tokenizer; with all its tokens, also those that the processor adds.
        options: what the class has beyond the common attributes.
    """
    common = {
        "vocab_size": len(words),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.pad_token_id,
    }
    return kind(**(common | options))


def tower(kind: Any, **options: Any) -> Any:
    """A small configuration of a vision encoder; see ``llm``."""
    common = {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "image_size": SIDE,
        "patch_size": PATCH,
    }
    return kind(**(common | options))


def square(side: int) -> dict[str, int]:
    return {"height": side, "width": side}


def randomise(model: Any) -> None:
    """Weights large enough that pictures and words matter, also where a family starts at zero.

    Matrices get the variance of one over the fan-in, single numbers (gates) that of one. Vectors
    (scales, offsets, constants of state-space layers) stay as they are.
    """
    with torch.no_grad():
        for weight in model.parameters():
            if weight.numel() == 1:
                weight.normal_()
            if weight.ndim < 2:
                continue
            # A stack of experts has one matrix per expert; a convolution reads all but the first.
            fan_in = weight.shape[-1] if weight.ndim == 3 else weight[0].numel()
            weight.normal_(std=1 / math.sqrt(fan_in))
