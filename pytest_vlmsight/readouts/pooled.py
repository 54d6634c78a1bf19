"""Zero-shot whole-image match: the image whose mean feature is most like the reference's.

For items whose options are whole images and whose question is about content instead of style.
Mean pooling also is the plain alternative that shows what the Gram readout adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks
from pytest_vlmsight.readouts.cosine import cosine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def pool(patches: Tensor) -> Tensor:
    """Mean feature of an image.

    Args:
        patches: (tokens, d) patch features.

    Returns:
        (d,), float32 or the patches' wider type.

    Raises:
        ValueError: another shape, no tokens, or a value that is not finite.
    """
    return checks.features("patches", patches, "tokens", "d").mean(dim=0)


def nearest_pooled(reference: Tensor, candidates: Sequence[Tensor]) -> int:
    """Index of the candidate image whose mean feature is most similar to the reference image's.

    Args:
        reference: (tokens, d) patch features of the reference image.
        candidates: one (tokens_j, d) per candidate image; the numbers of tokens may differ.

    Returns:
        The argmax of the cosine similarity of mean features; the first of equals.

    Raises:
        ValueError: no candidates, the feature widths differ, another shape, or a value that is
            not finite.
    """
    import torch

    if len(candidates) == 0:
        raise ValueError("Expected at least one candidate but got none")
    wanted = pool(reference)
    means = []
    for candidate in candidates:
        checks.same_width(reference=reference, candidate=candidate)
        means.append(pool(candidate))
    return int(cosine(wanted, torch.stack(means)).argmax())
