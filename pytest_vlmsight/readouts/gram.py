"""Zero-shot style: the image whose Gram matrix is nearest to the reference's.

The Gram matrix of an image's patch features says which features occur together and forgets where
(Gatys et al., arXiv 1508.06576). The study decides art style by it: Gram matrix of the last
layer's patches, the nearer Gram to the reference wins (arXiv 2506.08008).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def gram(patches: Tensor) -> Tensor:
    """Gram matrix of one image's patches, per token.

    >>> import torch
    >>> gram(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[ 5.,  7.],
            [ 7., 10.]])

    Args:
        patches: (tokens, d) patch features.

    Returns:
        (d, d), FᵀF / tokens for F of shape (tokens, d) (the study's F·Fᵀ has the tokens as
        columns). Divided by the number of tokens, so that images of different sizes compare.

    Raises:
        ValueError: another shape, no tokens, or a value that is not finite.
    """
    patches = checks.features("patches", patches, "tokens", "d")
    return patches.T @ patches / len(patches)


def gram_distance(first: Tensor, second: Tensor) -> float:
    """Frobenius distance between the Gram matrices of two images.

    Where both images have fewer tokens than features, the (d, d) matrices are never formed:
    ‖AᵀA/a − BᵀB/b‖² = ‖AAᵀ‖²/a² + ‖BBᵀ‖²/b² − 2‖ABᵀ‖²/(ab), by the cyclic trace, takes only
    token-by-token kernels. In float64 either way, for these terms nearly cancel.

    Args:
        first: (a, d) patch features of one image.
        second: (b, d) patch features of the other.

    Returns:
        The distance, ≥ 0, in squared feature units.

    Raises:
        ValueError: the feature widths differ, another shape, or a value that is not finite.
    """
    first = checks.float64(checks.features("first", first, "tokens", "d"))
    second = checks.float64(checks.features("second", second, "tokens", "d"))
    checks.same_width(first=first, second=second)
    if max(len(first), len(second)) < first.shape[1]:
        return _kernel_distance(first, second)
    return _explicit_distance(first, second)


def nearest_gram(reference: Tensor, candidates: Sequence[Tensor]) -> int:
    """Index of the candidate image whose Gram matrix is nearest to the reference image's.

    Args:
        reference: (tokens, d) patch features of the reference image.
        candidates: one (tokens_j, d) per candidate image; the numbers of tokens may differ.

    Returns:
        The argmin of `gram_distance`; the first of equals.

    Raises:
        ValueError: no candidates, the feature widths differ, another shape, or a value that is
            not finite.
    """
    if len(candidates) == 0:
        raise ValueError("Expected at least one candidate but got none")
    distances = [gram_distance(reference, candidate) for candidate in candidates]
    return distances.index(min(distances))


def _explicit_distance(first: Tensor, second: Tensor) -> float:
    return float((gram(first) - gram(second)).norm())


def _kernel_distance(first: Tensor, second: Tensor) -> float:
    a, b = len(first), len(second)
    own = _square(first @ first.T) / a**2 + _square(second @ second.T) / b**2
    shared = _square(first @ second.T) / (a * b)
    return math.sqrt(max(own - 2 * shared, 0.0))


def _square(kernel: Tensor) -> float:
    return float(kernel.square().sum())
