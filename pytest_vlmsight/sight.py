"""What the blind runs are shown instead of an item's pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

GREY = 128
"""Mid-grey of the blank image, the same for every item."""


def blank(sizes: Sequence[tuple[int, int]]) -> tuple[Image, ...]:
    """Uniform mid-grey images of the given widths and heights."""
    from PIL import Image

    return tuple(Image.new("RGB", size, (GREY,) * 3) for size in sizes)


def noise(sizes: Sequence[tuple[int, int]], *, key: str) -> tuple[Image, ...]:
    """Images of uniform noise of the given widths and heights, the same for the same key."""
    import hashlib

    import numpy as np
    from PIL import Image

    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    rng = np.random.default_rng(seed)
    return tuple(
        Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))
        for width, height in sizes
    )


def partners(counts: Sequence[int], *, seed: int) -> list[int]:
    """For each item the index of another with as many images, whose images it is shown.

    Raises:
        ValueError: an item's number of images is that of no other.
    """
    import random

    partner = [0] * len(counts)
    for count in sorted(set(counts)):
        same = [i for i, c in enumerate(counts) if c == count]
        if len(same) < 2:
            raise ValueError(
                f"shuffled images need two items of {count} images; there is {len(same)}"
            )
        random.Random(f"{seed} {count}").shuffle(same)  # noqa: S311 - not a secret
        for here, there in zip(same, same[1:] + same[:1], strict=True):
            partner[here] = there
    return partner
