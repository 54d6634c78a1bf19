"""Weights of fewer bits: checkpoints that have them, and weights that are given them here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import ModelError
from .extras import require

if TYPE_CHECKING:
    from collections.abc import Mapping

BITS = {"int8": 8, "int4": 4}
"""``--vlm-dtype`` → bits of the weights of linear layers; bitsandbytes makes them."""


def method_of(config: Any) -> str | None:
    """How a model's weights are quantised, in words; None where they are not."""
    given = getattr(config, "quantization_config", None)
    if given is None:
        return None
    fields: Mapping[str, Any] = given if isinstance(given, dict) else given.to_dict()
    method = fields.get("quant_method", "unknown method")
    bits = _bits_of(fields)
    return f"{getattr(method, 'value', method)}{f', {bits} bits' if bits else ''}"


def asked_for(dtype: str, config: Any, *, name: str) -> Any:
    """What transformers is to be told of a ``--vlm-dtype`` of fewer bits.

    Raises:
        ModelError: the checkpoint is quantised already, or bitsandbytes is not installed.
    """
    known = method_of(config)
    if known is not None:
        raise ModelError(
            f"--vlm-dtype={dtype}: {name} is quantised already ({known}); leave --vlm-dtype out"
        )
    require("quantised", what=f"--vlm-dtype={dtype}")
    import logging

    import torch
    from transformers import BitsAndBytesConfig

    # It says at each layer in which format it computes.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    if BITS[dtype] == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )


def _bits_of(fields: Mapping[str, Any]) -> int | None:
    if fields.get("load_in_8bit"):
        return 8
    if fields.get("load_in_4bit"):
        return 4
    for group in (fields.get("config_groups") or {}).values():  # compressed-tensors
        return _bits_of({"bits": ((group or {}).get("weights") or {}).get("num_bits")})
    bits = fields.get("bits", fields.get("weight_bits"))
    return bits if isinstance(bits, int) else None
