"""Where the layers of a model's vision encoder and of its LLM are, whatever they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import ModelError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anatomy:
    """A model's layers.

    Attributes:
        eye: of the vision encoder.
        mouth: of the LLM.
    """

    eye: nn.ModuleList
    mouth: nn.ModuleList


def anatomy(model: Any, *, eye: str | None = None) -> Anatomy:
    """Find them.

    Args:
        model: of transformers, with a vision encoder and an LLM.
        eye: name of the module that is the vision encoder, where transformers does not tell or
            tells another.

    Raises:
        ModelError: a part has no layers with attention.
    """
    encoder = model.get_submodule(eye) if eye else model.get_encoder(modality="image")
    decoder = model.get_decoder()
    found = {"vision encoder": layers_of(encoder), "LLM": layers_of(decoder)}
    for part, layers in found.items():
        if layers is None:
            raise ModelError(
                f"the {part} ({type(encoder if part == 'vision encoder' else decoder).__name__}) "
                "has no list of layers with attention; features cannot be read from it"
            )
    return Anatomy(eye=found["vision encoder"], mouth=found["LLM"])  # type: ignore[arg-type]


def layers_of(part: nn.Module) -> nn.ModuleList | None:
    """The longest list of blocks with attention of a part of a model."""
    from torch import nn

    longest = None
    for module in part.modules():
        if (
            isinstance(module, nn.ModuleList)
            and len(module)
            and all(_attends(one) for one in module)
            and (longest is None or len(module) > len(longest))
        ):
            longest = module
    return longest


def _attends(block: nn.Module) -> bool:
    # Some LLMs have layers with convolutions or linear attention between those with attention.
    return any("attn" in name or "attention" in name for name, _ in block.named_modules()) or any(
        "conv" in name for name, _ in block.named_children()
    )
