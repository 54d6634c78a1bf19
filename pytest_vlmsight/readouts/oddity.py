"""Zero-shot odd one out: the image that is least similar to the others.

MOCHI's items (Bonnen et al., arXiv 2409.05862) show one object in several images and another
object in one of them. Its zero-shot readout, next to the trained one that the study uses, takes
the image with the lowest mean cosine similarity to the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks
from pytest_vlmsight.readouts.cosine import cosine

if TYPE_CHECKING:
    from torch import Tensor


def odd_one_out(images: Tensor) -> int:
    """Index of the image with the lowest mean cosine similarity to the others.

    >>> import torch
    >>> odd_one_out(torch.tensor([[1.0, 0.1], [0.0, 1.0], [1.0, 0.0]]))
    1

    Args:
        images: (k, d) one feature per image, k ≥ 3 (of two images neither is the odd one).

    Returns:
        The argmin over k; the first of equals.

    Raises:
        ValueError: fewer than three images, another shape, or a value that is not finite.
    """
    images = checks.features("images", images, "k", "d")
    if len(images) < 3:
        raise ValueError(f"Expected at least 3 images to find an odd one but got {len(images)}")
    similarity = cosine(images[:, None, :], images[None, :, :])
    return int(similarity.fill_diagonal_(0).sum(dim=1).argmin())
