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
        eye: of the vision encoder; None where it has no layers with attention.
        mouth: of the LLM.
        between: other lists of layers with attention before the LLM: a second encoder, resamplers.
    """

    eye: nn.ModuleList | None
    mouth: nn.ModuleList
    between: tuple[nn.ModuleList, ...]

    @property
    def mixing(self) -> tuple[nn.ModuleList, ...]:
        """All lists of layers before the LLM that mix what is seen in different places."""
        return self.between if self.eye is None else (self.eye, *self.between)


def anatomy(model: Any, *, eye: str | None = None) -> Anatomy:
    """Find them.

    Args:
        model: of transformers, with a vision encoder and an LLM.
        eye: name of the module that is the vision encoder, where transformers does not tell or
            tells another.

    Raises:
        ModelError: the LLM has no layers with attention.
    """
    decoder = model.get_decoder()
    mouth = getattr(decoder, "layers", None)
    if mouth is None or not _attend(mouth):
        mouth = next(iter(_lists(decoder)), None)
    if mouth is None:
        raise ModelError(
            f"the LLM ({type(decoder).__name__}) has no list of layers with attention; features "
            "cannot be read from it"
        )
    spoken = set(map(id, mouth.modules()))
    encoder = model.get_submodule(eye) if eye else model.get_encoder(modality="image")
    seeing = [one for one in _lists(encoder) if id(one) not in spoken]
    others = [one for one in _lists(model) if id(one) not in spoken]
    return Anatomy(
        eye=seeing[0] if seeing else None,
        mouth=mouth,
        between=tuple(one for one in others if not seeing or one is not seeing[0]),
    )


def _lists(part: nn.Module) -> list[nn.ModuleList]:
    """Lists of blocks with attention, longest first, those within others left out."""
    from torch import nn

    found: list[nn.ModuleList] = []
    inner: set[int] = set()
    for module in part.modules():
        if isinstance(module, nn.ModuleList) and id(module) not in inner and _attend(module):
            found.append(module)
            inner.update(map(id, module.modules()))
    return sorted(found, key=len, reverse=True)


def _attend(blocks: Any) -> bool:
    from torch import nn

    return isinstance(blocks, nn.ModuleList) and len(blocks) > 0 and all(map(_attends, blocks))


def _attends(block: nn.Module) -> bool:
    # Some LLMs have layers with convolutions or linear attention between those with attention.
    return any("attn" in name or "attention" in name for name, _ in block.named_modules()) or any(
        "conv" in name for name, _ in block.named_children()
    )
