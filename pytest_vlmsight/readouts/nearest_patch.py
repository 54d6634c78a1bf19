"""Zero-shot correspondence: the candidate point whose patch looks most like the reference point's.

A readout answers "what could be read from the features", which bounds what the language
model was given from below. This is the study's readout for semantic correspondence, low-level
matching and object affordance (arXiv 2506.08008): patch features interpolated at the marked
points, cosine similarity, argmax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks
from pytest_vlmsight.readouts.cosine import cosine

if TYPE_CHECKING:
    from torch import Tensor


def nearest_patch(reference: Tensor, candidates: Tensor) -> Tensor:
    """Index of the candidate whose feature is most similar to the reference's.

    Items with different numbers of candidates go in separate calls, with n = 1 if need be:
    each item is decided by itself.

    >>> import torch
    >>> reference = torch.tensor([[1.0, 0.0]])
    >>> candidates = torch.tensor([[[0.0, 5.0], [3.0, 1.0], [-1.0, 0.0]]])
    >>> nearest_patch(reference, candidates)
    tensor([1])

    Args:
        reference: (n, d) features at the reference points.
        candidates: (n, k, d) features at the k candidate points.

    Returns:
        (n,) int64, the argmax over k of cosine similarity; the first of equals. A zero feature
        has similarity 0 to everything.

    Raises:
        ValueError: the numbers of items or the feature widths differ, or a value is not finite.
    """
    reference = checks.features("reference", reference, "n", "d")
    candidates = checks.features("candidates", candidates, "n", "k", "d")
    checks.same_width(reference=reference, candidates=candidates)
    if len(reference) != len(candidates):
        raise ValueError(
            f"Expected one reference per item but got {len(reference)} references "
            f"and candidates of {len(candidates)} items"
        )
    return cosine(reference[:, None, :], candidates).argmax(dim=1)
