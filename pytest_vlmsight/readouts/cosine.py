"""Cosine similarity of features, safe for any scale and for zeros.

The zero-shot readouts compare directions only: encoders differ by orders of magnitude in the
length of their features, and length is not what the study's readouts look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def unit(features: Tensor) -> Tensor:
    """Scale each feature to length 1; a feature that is zero stays zero.

    Args:
        features: (..., d), finite, float32 or wider.

    Returns:
        (..., d). Divided by the largest entry first, so that neither the squares of large
        features overflow nor those of small ones vanish.
    """
    import torch

    peak = features.abs().amax(dim=-1, keepdim=True)
    scaled: Tensor = features / torch.where(peak > 0, peak, 1)
    # The largest entry is now 1, so a length below 1 belongs to a zero feature.
    length: Tensor = scaled.norm(dim=-1, keepdim=True)
    return scaled / length.clamp(min=1)


def cosine(first: Tensor, second: Tensor) -> Tensor:
    """Cosine similarity over the last axis, 0 where a feature is zero.

    Args:
        first: (..., d).
        second: (..., d), of a shape that broadcasts against the first's.

    Returns:
        (...). A plain sum of products, not a matrix product, so that equal features give equal
        similarities whatever their position, and ties stay ties.
    """
    return (unit(first) * unit(second)).sum(dim=-1)
