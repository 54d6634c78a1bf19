"""Grain: what a camera's sensor adds to a picture, other in every picture.

With it two pictures of one place are never equal to the pixel, and how smooth a small window is
says less about which place it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def grained(picture: Any, rng: np.random.Generator, *, most: int) -> Any:
    """(n, m, 3) uint8, a picture (n, m, 3) uint8 with grain.

    Args:
        picture: without.
        rng: decides it.
        most: that a channel of a pixel is off, of 255; less is as likely.
    """
    return with_grain(picture, grain(picture.shape, rng, most=most))


def grain(shape: tuple[int, ...], rng: np.random.Generator, *, most: int) -> Any:
    """(n, m, 3) int16, what is added to a picture of that shape; see ``grained``."""
    noise: Any = np.floor(rng.random(shape) * (2 * most + 1)).astype(np.int16) - most
    return noise


def with_grain(picture: Any, noise: Any) -> Any:
    """(…, 3) uint8, a picture (…, 3) uint8 with its grain (…, 3) int16."""
    return np.clip(picture.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def taken(
    picture: Callable[[Any, Any], Any], rng: np.random.Generator, *, most: int
) -> Callable[[Any, Any], Any]:
    """A picture with grain, of which only some places are asked for.

    Args:
        picture: places (k,) across and down → (k, 3) uint8.
        rng: of the grain.
        most: see ``grained``.
    """
    return lambda x, y: grained(picture(x, y), rng, most=most)
