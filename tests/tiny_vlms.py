"""Tiny LLaVA checkpoints whose weights are written by hand, so that their behaviour is known.

They load as any checkpoint does, in this process or another, and nothing is patched. How one that
sees its answer works, from the pixels to the letter:

- Vision tower: four channels (a, b, −a, −b) hold a patch's mean opponent colour, all others the
  response to random filters without DC. Every filter and every layer's output sums to zero over
  channels, so that LayerNorm only rescales and a flat coloured patch has its hue at full length.
- Projector: one unit per hue of ``tiny_packs`` is on where that hue fills a patch.
- Tokenizer: bytes, but "(A) red" and its like are single tokens, so that which letter stands for
  which colour word is in the embedding.
- Language model: attention with zero queries averages over all tokens; a SwiGLU unit per pair
  multiplies "this hue was seen" by "this letter stands for it", and writes to the letter.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch
from tiny_packs import COLOURS, decoy_hue, trial, true_hue
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

Behaviour = Literal["always_a", "random", "oracle", "text_only", "refuses", "last_option", "plain"]
"""What a checkpoint does.

- always_a: says A.
- random: the option that the decoy strip names; unrelated to the truth, and A without a picture.
- oracle: the option that the truth strip names, and A without a picture.
- text_only: the option that the question's trial word names, with or without pictures.
- refuses: says that it cannot tell; all letters are equally improbable.
- last_option: the last of up to eight options.
- plain: ordinary random weights.

All but plain also say it when they are let to generate: a letter, then the end.
"""

BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)

REFUSAL = "Sorry, I cannot tell."
"""What refuses says."""

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAMED = _LETTERS[: len(COLOURS)]
_MARKED = _LETTERS[:8]
_PAIRS = [(letter, colour) for letter in _NAMED for colour in COLOURS]

# Channels of the vision tower.
_EYE, _EYE_CRAFT = 48, 4
_PATCH, _SIDE = 14, 112

# Channels of the language model: what is crafted, then free ones that carry random features.
_WIDTH = 64
_TRUE = slice(0, 4)
_DECOY = slice(4, 8)
_TRIAL = slice(8, 12)
_PAIR = slice(12, 28)
_MARK = slice(28, 36)
_SAID = slice(36, 44)
_CONST, _END = 44, 45
_FREE = slice(46, _WIDTH)

_BOS, _EOS, _PAD = "<s>", "</s>", "<pad>"

_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ 'USER: ' if message['role'] == 'user' else 'ASSISTANT: ' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}"
    "{{ '\n' if message['role'] == 'user' else eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT: ' }}{% endif %}"
)


def build(folder: Path, behaviour: str, *, seed: int = 0) -> Path:
    """Save a checkpoint with its processor and return its folder.

    Args:
        folder: made where it is not there.
        behaviour: one of ``BEHAVIOURS``.
        seed: of all random weights; what is crafted does not depend on it.
    """
    from transformers import CLIPImageProcessorPil, LlavaForConditionalGeneration, LlavaProcessor

    if behaviour not in BEHAVIOURS:
        raise ValueError(f"behaviour: got {behaviour!r}; expected one of {BEHAVIOURS}")
    tokenizer = _tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlavaForConditionalGeneration(_config(tokenizer)).eval()
        if behaviour != "plain":
            with torch.no_grad():
                _craft_tower(model.model.vision_tower)
                _craft_projector(model.model.multi_modal_projector)
                _craft_llm(model, tokenizer, behaviour)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.bos_token_id = tokenizer.bos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(
            size={"height": _SIDE, "width": _SIDE},
            do_center_crop=False,
            crop_size={"height": _SIDE, "width": _SIDE},
            image_mean=[0.5] * 3,
            image_std=[0.5] * 3,
        ),
        tokenizer=tokenizer,
        patch_size=_PATCH,
        vision_feature_select_strategy="default",
        chat_template=_TEMPLATE,
        num_additional_image_tokens=1,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with _no_bars():
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder


def loaded(folder: Path, **options: Any) -> TransformersVlm:
    """A checkpoint as ``--vlm`` loads it."""
    from pytest_vlmsight.models.names import parse_name
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    return TransformersVlm.from_name(parse_name(str(folder)), **options)


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Keep transformers' progress bars out of the test output."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _tokenizer() -> Any:
    """Bytes, and single tokens for what the crafted weights must recognise."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = Tokenizer(models.BPE(vocab={byte: k for k, byte in enumerate(alphabet)}, merges=[]))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    words = [f"({letter}) {colour}" for letter, colour in _PAIRS]
    words += [f"({letter})" for letter in _MARKED]
    words += [trial(option) for option in range(len(COLOURS))]
    core.add_tokens([AddedToken(word, normalized=False) for word in (*words, REFUSAL)])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=_BOS,
        eos_token=_EOS,
        pad_token=_PAD,
        extra_special_tokens={"image_token": "<image>"},
    )


def _config(tokenizer: Any) -> Any:
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig

    eye = CLIPVisionConfig(
        hidden_size=_EYE,
        intermediate_size=_EYE,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=_SIDE,
        patch_size=_PATCH,
        projection_dim=_EYE,
    )
    mouth = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=_WIDTH,
        intermediate_size=_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=4096,
        initializer_range=0.1,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlavaConfig(
        vision_config=eye,
        text_config=mouth,
        image_token_id=tokenizer.image_token_id,
        image_seq_length=(_SIDE // _PATCH) ** 2,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        initializer_range=0.1,
    )


# -- eye -----------------------------------------------------------------------------------------


def _textures(*shape: int) -> Tensor:
    """Random weights onto the eye's channels that write nothing to the crafted ones and sum to 0.

    Returns:
        (channels, *shape), of about unit length in each slice of the last dimensions.
    """
    weights = torch.randn(_EYE, *shape)
    weights[:_EYE_CRAFT] = 0
    weights[_EYE_CRAFT:] -= weights[_EYE_CRAFT:].mean(0)
    return weights / math.sqrt(math.prod(shape))


def _craft_tower(tower: Any) -> None:
    """Colour in the first channels, texture in the others; layers mix texture with texture only."""
    filters = _textures(1, _PATCH, _PATCH)
    filters -= filters.mean(dim=(2, 3), keepdim=True)
    filters = filters.repeat(1, 3, 1, 1)  # alike in all colours: they see texture, not hue
    flat = 1 / _PATCH**2
    a = torch.tensor([2.0, -1.0, -1.0]) / math.sqrt(6)
    b = torch.tensor([0.0, 1.0, -1.0]) / math.sqrt(2)
    for channel, axis in enumerate((a, b, -a, -b)):
        filters[channel] = (axis * flat)[:, None, None]
    embeddings = tower.embeddings
    embeddings.patch_embedding.weight.copy_(filters)
    embeddings.class_embedding.copy_(_textures())
    # Only what is else empty (a flat grey patch) is told apart by its place.
    positions = embeddings.position_embedding.weight
    positions.copy_(0.01 * _textures(len(positions)).T)
    for layer in tower.encoder.layers:
        attention, mlp = layer.self_attn, layer.mlp
        for linear in (attention.q_proj, attention.k_proj, attention.v_proj, mlp.fc1):
            linear.weight.copy_(torch.randn_like(linear.weight) / math.sqrt(_EYE))
            linear.weight[:, :_EYE_CRAFT] = 0
            linear.bias.zero_()
        for linear, gain in ((attention.out_proj, 0.3), (mlp.fc2, 0.5)):
            linear.weight.copy_(gain * _textures(linear.in_features))
            linear.bias.zero_()


def _craft_projector(projector: Any) -> None:
    """A unit per hue, on where the hue fills a patch; the others pass texture to free channels."""
    first, second = projector.linear_1, projector.linear_2
    for linear in (first, second):
        linear.weight.zero_()
        linear.bias.zero_()
    hues = [true_hue(k) for k in range(4)] + [decoy_hue(k) for k in range(4)]
    # A flat patch has (a, b, -a, -b) of length sqrt(channels) after LayerNorm, so that its
    # projection on its own hue is that, and 0.71 of that on the next: the threshold is between.
    length, sharp = math.sqrt(_EYE), 20.0
    for unit, hue in enumerate(hues):
        axis = torch.tensor([math.cos(hue), math.sin(hue), -math.cos(hue), -math.sin(hue)])
        first.weight[unit, :_EYE_CRAFT] = sharp * axis / math.sqrt(2)
        first.bias[unit] = -sharp * length * 0.87
    count = len(hues)
    random = torch.randn(_WIDTH - count, _EYE - _EYE_CRAFT)
    first.weight[count:, _EYE_CRAFT:] = random / math.sqrt(_EYE)
    second.weight[_TRUE, 0:4] = torch.eye(4)
    second.weight[_DECOY, 4:8] = torch.eye(4)
    free = second.weight[_FREE, count:]
    free.copy_(torch.randn_like(free) / math.sqrt(_WIDTH))


# -- mouth ---------------------------------------------------------------------------------------


def _craft_llm(model: Any, tokenizer: Any, behaviour: str) -> None:
    llm = model.model.language_model
    _craft_embedding(llm.embed_tokens.weight, tokenizer)
    _craft_attention(llm.layers[0].self_attn)
    _craft_products(llm.layers[0].mlp, behaviour)
    for layer in llm.layers[1:]:
        _confine(layer)
    _craft_head(model.lm_head.weight, tokenizer, behaviour)


def _craft_embedding(weight: Tensor, tokenizer: Any) -> None:
    """A constant in every token, but for those after which nothing is to be said."""
    weight.zero_()
    weight[:, _FREE] = 0.1 * torch.randn_like(weight[:, _FREE])
    weight[:, _CONST] = 1
    for word in (*_LETTERS, REFUSAL):
        token = _token(tokenizer, word)
        weight[token, _CONST] = 0
        weight[token, _END] = 100
    for k, (letter, colour) in enumerate(_PAIRS):
        token = _token(tokenizer, f"({letter}) {colour}")
        weight[token, _PAIR.start + k] = 1
        weight[token, _MARK.start + _MARKED.index(letter)] = 1
    for k, letter in enumerate(_MARKED):
        weight[_token(tokenizer, f"({letter})"), _MARK.start + k] = 1
    for option in range(len(COLOURS)):
        weight[_token(tokenizer, trial(option)), _TRIAL.start + option] = 1


def _craft_attention(attention: Any) -> None:
    """The mean over all tokens so far of what was seen and read."""
    for linear in (attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj):
        linear.weight.zero_()
    gain = torch.zeros(_WIDTH)
    gain[: _SAID.start] = 1
    gain[_FREE] = 0.2
    attention.v_proj.weight.copy_(torch.diag(gain))
    attention.o_proj.weight.copy_(torch.eye(_WIDTH))


def _craft_products(mlp: Any, behaviour: str) -> None:
    """Units that write to a letter: (colour named by something) × (letter stands for colour)."""
    gate, up, down = mlp.gate_proj.weight, mlp.up_proj.weight, mlp.down_proj.weight
    _only_free(gate, up, down)
    named_by = {"oracle": _TRUE, "random": _DECOY, "text_only": _TRIAL}.get(behaviour)
    if named_by is not None:
        units = range(len(_PAIRS))
        for unit, (letter, colour) in enumerate(_PAIRS):
            gate[unit, named_by.start + COLOURS.index(colour)] = 50
            up[unit, _PAIR.start + unit] = 50
            down[_SAID.start + _MARKED.index(letter), unit] = 1
    elif behaviour == "last_option":
        units = range(len(_MARKED))
        for unit in units:
            gate[unit, _CONST] = 50
            up[unit, _MARK.start + unit] = 50
            down[_SAID.start + unit, unit] = 1.5**unit
    else:
        units = range(0)
    for unit in units:  # these units are not random
        gate[unit, _FREE] = 0
        up[unit, _FREE] = 0
        down[_FREE, unit] = 0


def _craft_head(weight: Tensor, tokenizer: Any, behaviour: str) -> None:
    """Letters from what is to be said; a letter or a refusal is followed by the end."""
    weight.zero_()
    weight[:, _FREE] = 0.02 * torch.randn_like(weight[:, _FREE])
    weight[tokenizer.eos_token_id, _END] = 4
    letters = [_token(tokenizer, letter) for letter in _LETTERS]
    weight[letters] = 0
    if behaviour == "always_a":
        weight[letters[0], _CONST] = 2
    elif behaviour == "refuses":
        weight[_token(tokenizer, REFUSAL), _CONST] = 2
    else:
        for k in range(len(_MARKED)):
            weight[letters[k], _SAID.start + k] = 1.5
        # With nothing to tell: A, by far more than rounding and far less than any knowledge.
        weight[letters[0], _CONST] = 0.2


def _only_free(gate: Tensor, up: Tensor, down: Tensor) -> None:
    """Random units that read and write free channels only."""
    for weight in (gate, up):
        weight[:, : _FREE.start] = 0
    down[: _FREE.start] = 0
    down[_FREE] *= 0.2


def _confine(layer: Any) -> None:
    """Leave a layer's random weights where they read and write free channels only."""
    attention = layer.self_attn
    for linear in (attention.q_proj, attention.k_proj, attention.v_proj):
        linear.weight[:, : _FREE.start] = 0
    attention.o_proj.weight[: _FREE.start] = 0
    attention.o_proj.weight[_FREE] *= 0.2
    _only_free(*(getattr(layer.mlp, f"{name}_proj").weight for name in ("gate", "up", "down")))


def _token(tokenizer: Any, word: str) -> int:
    ids: list[int] = tokenizer(word, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise ValueError(f"{word!r} is {len(ids)} tokens; expected one")
    return ids[0]
