"""Wide features narrowed at random, so that their second moments fit in memory.

A fitted readout keeps (d, d) moments; at the 4096 of a large projector they take 134 MB each and
minutes to decompose. Channels are dealt at random to as many bundles as are wanted, each channel
with a random sign, and every bundle is summed: a balanced form of the count sketch (Charikar,
Chen & Farach-Colton 2002; feature hashing, arXiv 0902.2206). Inner products are kept in
expectation, as by a dense random projection. Unlike in that, a channel with huge values, as many
transformers have them, disturbs the few of its own bundle only.

The sketch is drawn without looking at any feature, so that nothing of the items that are scored
reaches those that are trained on. What is lost lowers a readout, and a readout is a lower bound.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

WIDEST = 1280
"""Features up to this width (that of a ViT-H) are left as they are."""


def sketch(features: Tensor, *, width: int = WIDEST) -> Tensor:
    """Signed sums of channels; the features themselves where they are not too wide.

    Args:
        features: (..., d) of a floating type.
        width: how wide they may be, ≥ 1.

    Returns:
        (..., width) where d > width, else the features. Linear in the features and decided by d
        and width alone.

    Raises:
        ValueError: a width below 1.
    """
    import torch

    if width < 1:
        raise ValueError(f"Expected width ≥ 1 but got {width!r}")
    d = features.shape[-1]
    if d <= width:
        return features
    order, signs = _dealt(d)
    picked = features[..., torch.from_numpy(order).to(features.device)]
    signed = picked * torch.from_numpy(signs).to(features.device, features.dtype)
    # Padded and summed, not scattered: a GPU scatters in an order that is not its own each time.
    padded = torch.nn.functional.pad(signed, (0, -d % width))
    return padded.reshape(*features.shape[:-1], -1, width).sum(-2)


@lru_cache(maxsize=4)
def _dealt(d: int) -> tuple[np.ndarray, np.ndarray]:
    """A random order of d channels and a sign for each."""
    import numpy as np

    rng = np.random.default_rng(d)
    order = np.argsort(rng.random(d), kind="stable")
    return order, np.where(rng.random(d) < 0.5, -1.0, 1.0)
