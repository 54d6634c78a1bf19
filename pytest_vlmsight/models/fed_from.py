"""Which encoder layer a model's projector reads, found by changing one after another."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from .base import ModelError, Stage
from .engine import ANY, noise
from .recording import PROJECTED, recorded, replaced

if TYPE_CHECKING:
    from torch import Tensor

    from .engine import Engine


def deepest_read(engine: Engine) -> Stage:
    """The deepest encoder layer that what the LLM is given depends on.

    The projector's output where the encoder has no layers.

    Raises:
        ModelError: there is none, or the LLM is given no numbers.
    """
    import torch

    eye = engine.anatomy.eye
    if eye is None:
        return PROJECTED
    x = engine.encode([(ANY, [noise()])], primer=None)

    def heard(layer: int) -> tuple[Tensor, Tensor]:
        """What the LLM is given, and says, with a layer's output changed."""
        change = contextlib.nullcontext() if not layer else replaced(eye, layer, _spoilt)
        with torch.inference_mode(), change, recorded(engine.anatomy, [PROJECTED]) as record:
            logits = engine.next_words(x)
        return record[PROJECTED], logits

    before = heard(0)
    if not torch.isfinite(before[0]).all():
        raise ModelError(
            f"{engine.name}: self-check failed: the LLM is given NaN or infinite numbers "
            f"(dtype {engine.dtype}); try --vlm-dtype=float32"
        )
    # Cross-attention feeds the LLM later on: then its answer tells. A layer that nothing reads
    # changes nothing at all.
    for part in (0, 1):
        for layer in range(len(eye), 0, -1):
            if not torch.equal(heard(layer)[part], before[part]):
                return Stage("encoder", layer)
    raise ModelError(
        f"{engine.name}: self-check failed: nothing that the LLM is given depends on a layer of "
        f"the vision encoder ({type(eye[0]).__name__} × {len(eye)})"
    )


def _spoilt(states: Tensor) -> Tensor:
    """Other numbers of the same size, token by token."""
    import torch

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(states.shape, generator=generator).to(states)
    return states + noise * states.std()
