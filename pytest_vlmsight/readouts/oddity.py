"""Zero-shot odd one out: the image that is least similar to the others.

MOCHI's items (Bonnen et al., arXiv 2409.05862) show one object in several images and another
object in one of them. Its zero-shot readout, next to the trained one that the study uses, takes
the image with the lowest mean cosine similarity to the others. Here two images are as similar as
their patches are to the best match of each in the other image, which does not mind where in the
picture the object is; the mean feature, which does not either, also forgets how it is put together.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from pytest_vlmsight.readouts import checks
from pytest_vlmsight.readouts.cosine import unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def odd_one_out(images: Sequence[Tensor]) -> int:
    """Index of the image with the lowest mean similarity to the others.

    >>> import torch
    >>> same, other = torch.tensor([[1.0, 0.1], [0.0, 1.0]]), torch.tensor([[-1.0, 0.0]])
    >>> odd_one_out([same, other, same.flip(0)])
    1

    Args:
        images: (p, d) features of the p ≥ 1 patches of each of k ≥ 3 images; p may differ. (Of two
            images neither is the odd one.)

    Returns:
        The argmin over k of the summed similarities, each the mean over the patches of both
        images of a patch's greatest cosine similarity to the other's; the first of equals.

    Raises:
        ValueError: fewer than three images, another shape, different widths, or a value that is
            not finite.
    """
    if len(images) < 3:
        raise ValueError(f"Expected at least 3 images to find an odd one but got {len(images)}")
    named = {
        f"images[{index}]": checks.features(f"images[{index}]", image, "p", "d")
        for index, image in enumerate(images)
    }
    checks.same_width(**named)
    units = [unit(image) for image in named.values()]
    total = [0.0] * len(units)
    for first, second in combinations(range(len(units)), 2):
        similar = units[first] @ units[second].T
        best = similar.amax(dim=1).mean() + similar.amax(dim=0).mean()
        total[first] += float(best)
        total[second] += float(best)
    return total.index(min(total))
