"""The mouth: a llama-architecture GGUF file as weights and tokenizer of transformers.

transformers reads GGUF itself, but only with accelerate installed, which nothing else here
needs. The file's linear weights are dequantised as they are; only the rows of the query and
key projections change order, because GGUF interleaves the two halves of each rotary pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

_CONTROL = 3
"""GGUF's token type of tokens that text never produces."""

_OUTSIDE = {"token_embd.weight": "embed_tokens.weight", "output_norm.weight": "norm.weight"}
_IN_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


@dataclass(frozen=True, slots=True)
class Mouth:
    """A language model.

    Attributes:
        config: LlamaConfig.
        weights: float32, named as in `LlamaModel`; the output shares the embeddings.
        tokenizer: with the special tokens and the chat template of the file.
    """

    config: Any
    weights: dict[str, Tensor]
    tokenizer: Any


def read_mouth(path: Path) -> Mouth:
    """Read and dequantise the language model.

    Raises:
        ValueError: not a llama-architecture file with tied embeddings and a byte-level BPE
            tokenizer, or a tensor of unknown name.
    """
    import gguf
    import torch
    from transformers import LlamaConfig

    reader = gguf.GGUFReader(path)

    def field(name: str) -> Any:
        if name not in reader.fields:
            raise ValueError(f"{path}: expected the field {name}")
        return reader.fields[name].contents()

    kind = (field("general.architecture"), field("tokenizer.ggml.model"))
    if kind != ("llama", "gpt2"):
        raise ValueError(
            f"{path}: expected architecture and tokenizer ('llama', 'gpt2'), got {kind}"
        )
    heads = field("llama.attention.head_count")
    key_heads = field("llama.attention.head_count_kv")
    config = LlamaConfig(
        vocab_size=field("llama.vocab_size"),
        hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"),
        num_hidden_layers=field("llama.block_count"),
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        max_position_embeddings=field("llama.context_length"),
        rms_norm_eps=round(field("llama.attention.layer_norm_rms_epsilon"), 9),
        rope_parameters={"rope_type": "default", "rope_theta": field("llama.rope.freq_base")},
        bos_token_id=field("tokenizer.ggml.bos_token_id"),
        eos_token_id=field("tokenizer.ggml.eos_token_id"),
        pad_token_id=field("tokenizer.ggml.padding_token_id"),
        tie_word_embeddings=True,
    )
    weights: dict[str, Tensor] = {}
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        weight = torch.from_numpy(values.copy())
        if ".attn_q." in tensor.name:
            weight = _halves(weight, heads)
        elif ".attn_k." in tensor.name:
            weight = _halves(weight, key_heads)
        weights[_name(tensor.name, path)] = weight
    return Mouth(config=config, weights=weights, tokenizer=_tokenizer(field))


def _name(name: str, path: Path) -> str:
    """The tensor's name in `LlamaModel`."""
    if name in _OUTSIDE:
        return _OUTSIDE[name]
    block, _, rest = name.removeprefix("blk.").partition(".")
    module = rest.removesuffix(".weight")
    if not block.isdigit() or module not in _IN_BLOCK:
        raise ValueError(f"{path}: no place in a llama with tied embeddings for the tensor {name}")
    return f"layers.{block}.{_IN_BLOCK[module]}.weight"


def _halves(weight: Tensor, heads: int) -> Tensor:
    """Undo GGUF's order of rotary pairs.

    Args:
        weight: (heads * width, d), rows of a head ordered 0, w/2, 1, w/2 + 1, ….
        heads: how many the rows belong to.

    Returns:
        (heads * width, d), rows of a head ordered 0, 1, …, w - 1.
    """
    pairs = weight.shape[0] // heads // 2
    return weight.reshape(heads, pairs, 2, -1).transpose(1, 2).reshape(weight.shape).contiguous()


def _tokenizer(field: Any) -> Any:
    """Byte-level BPE that splits digits, which is what GGUF's pre-tokenizer "smollm" means."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    tokens: list[str] = field("tokenizer.ggml.tokens")
    types: list[int] = field("tokenizer.ggml.token_type")
    merges = [tuple(pair.split(" ")) for pair in field("tokenizer.ggml.merges")]
    if field("tokenizer.ggml.pre") != "smollm":
        raise ValueError(
            f"expected the pre-tokenizer 'smollm', got {field('tokenizer.ggml.pre')!r}"
        )
    backend = Tokenizer(BPE({token: i for i, token in enumerate(tokens)}, merges))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens(
        [token for token, kind in zip(tokens, types, strict=True) if kind == _CONTROL]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=tokens[field("tokenizer.ggml.bos_token_id")],
        eos_token=tokens[field("tokenizer.ggml.eos_token_id")],
        unk_token=tokens[field("tokenizer.ggml.unknown_token_id")],
        pad_token=tokens[field("tokenizer.ggml.padding_token_id")],
        model_max_length=field("llama.context_length"),
        clean_up_tokenization_spaces=False,
        padding_side="left",
        chat_template=field("tokenizer.chat_template"),
    )
