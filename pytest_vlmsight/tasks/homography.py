"""Homographies: how a flat picture looks from elsewhere, exact to the last bit everywhere.

Lengths are in sides of a view, with the origin in its middle. Nine numbers, row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .scenes.exact import cos_sin

if TYPE_CHECKING:
    import numpy as np

Homography = tuple[float, float, float, float, float, float, float, float, float]

SHIFT = 0.35
"""Most that a view is moved along either axis."""

TILT = 0.15
"""Most that a view is tilted about either axis: how much the scale changes along a side."""


def draw_homographies(
    rng: np.random.Generator, count: int, *, rotation: float, scale: float
) -> Any:
    """(9, count) float64: turned and scaled by so much, either way, and moved and tilted anyhow.

    Args:
        rng: random numbers.
        count: how many.
        rotation: in degrees.
        scale: 1 or more; one view is so much larger than the other.
    """
    import numpy as np

    draws = rng.random((6, count))
    cosine, sine = cos_sin(rotation)
    size = np.where(draws[0] < 0.5, scale, 1 / scale)
    turned = np.where(draws[1] < 0.5, sine, -sine) * size
    upright = cosine * size
    along, down = SHIFT * (2 * draws[2] - 1), SHIFT * (2 * draws[3] - 1)
    tilts = TILT * (2 * draws[4:] - 1)
    return np.stack(
        [upright, -turned, along, turned, upright, down, tilts[0], tilts[1], np.ones(count)]
    )


def moved(homography: Any, x: Any, y: Any) -> tuple[Any, Any]:
    """Where a homography takes places; either may hold arrays, which broadcast."""
    a, b, c, d, e, f, g, h, i = homography
    depth = g * x + h * y + i
    return (a * x + b * y + c) / depth, (d * x + e * y + f) / depth


def inverse(homography: Any) -> Homography:
    """The homography that undoes another (its adjugate, as scale means nothing)."""
    a, b, c, d, e, f, g, h, i = homography
    return (
        e * i - f * h,
        c * h - b * i,
        b * f - c * e,
        f * g - d * i,
        a * i - c * g,
        c * d - a * f,
        d * h - e * g,
        b * g - a * h,
        a * e - b * d,
    )
