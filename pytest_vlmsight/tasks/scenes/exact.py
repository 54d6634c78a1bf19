"""Vectors and angles whose every bit is the same on every machine.

Vectors are tuples of three floats (or arrays, which broadcast), and all arithmetic is written out:
a matrix product may be summed in another order, or with fused operations, on another processor.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

Vec = tuple[float, float, float]
"""x, y, z; z is up in the world."""

Frame = tuple[Vec, Vec, Vec]
"""Three orthonormal vectors: the axes of something, in the coordinates of what it stands in."""

WORLD: Frame = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

# Taylor coefficients 1/n!, which on |x| <= π/4 leave an error below 1e-16.
_SINE = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(9))
_COSINE = tuple((-1) ** k / math.factorial(2 * k) for k in range(9))


def cos_sin(degrees: float) -> tuple[float, float]:
    """Cosine and sine.

    >>> cos_sin(90)
    (0.0, 1.0)
    """
    quarter = math.floor(degrees / 90 + 0.5)
    x = (degrees - 90 * quarter) * (math.pi / 180)
    square, sine, cosine = x * x, 0.0, 0.0
    for a, b in zip(reversed(_SINE), reversed(_COSINE), strict=True):
        sine, cosine = sine * square + a, cosine * square + b
    sine *= x
    turns = ((cosine, sine), (-sine, cosine), (-cosine, -sine), (sine, -cosine))
    c, s = turns[quarter % 4]
    return c + 0.0, s + 0.0  # + 0.0: no negative zero


def dot(a: Any, b: Any) -> Any:
    """The inner product; either may hold arrays."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def add(a: Vec, b: Vec) -> Vec:
    """A + b."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def sub(a: Vec, b: Vec) -> Vec:
    """A − b."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def mul(a: Vec, factor: float) -> Vec:
    """A × factor."""
    return a[0] * factor, a[1] * factor, a[2] * factor


def cross(a: Vec, b: Vec) -> Vec:
    """The vector product."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def unit(a: Vec) -> Vec:
    """A at length 1.

    Raises:
        ZeroDivisionError: a is zero.
    """
    return mul(a, 1 / math.sqrt(dot(a, a)))


def out_of(frame: Frame, v: Any) -> Any:
    """Coordinates in a frame → coordinates in what the frame stands in."""
    x, y, z = frame
    return (
        x[0] * v[0] + y[0] * v[1] + z[0] * v[2],
        x[1] * v[0] + y[1] * v[1] + z[1] * v[2],
        x[2] * v[0] + y[2] * v[1] + z[2] * v[2],
    )


def into(frame: Frame, v: Any) -> Any:
    """The inverse of ``out_of``."""
    return dot(frame[0], v), dot(frame[1], v), dot(frame[2], v)


def within(outer: Frame, inner: Frame) -> Frame:
    """A frame given in another's coordinates, in the coordinates that the other stands in."""
    return out_of(outer, inner[0]), out_of(outer, inner[1]), out_of(outer, inner[2])


def turned(*, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> Frame:
    """A frame turned by degrees: about z by yaw, then about its x by pitch, then its y by roll."""
    (cy, sy), (cp, sp), (cr, sr) = cos_sin(yaw), cos_sin(pitch), cos_sin(roll)
    about_z: Frame = ((cy, sy, 0.0), (-sy, cy, 0.0), (0.0, 0.0, 1.0))
    about_x: Frame = ((1.0, 0.0, 0.0), (0.0, cp, sp), (0.0, -sp, cp))
    about_y: Frame = ((cr, 0.0, -sr), (0.0, 1.0, 0.0), (sr, 0.0, cr))
    return within(within(about_z, about_x), about_y)


def along(axis: Vec, *, near: Vec = (0.1, 1.0, 0.2)) -> Frame:
    """A frame whose z is ``axis`` and whose x is as close to ``near`` as it can be."""
    z = unit(axis)
    side = sub(near, mul(z, dot(near, z)))
    if dot(side, side) < 1e-6:
        side = sub((1.0, 0.0, 0.0), mul(z, z[0]))
    x = unit(side)
    return x, cross(z, x), z


def any_turn(rng: np.random.Generator) -> Frame:
    """A frame drawn evenly from all rotations (Marsaglia 1972, by rejection, without sines)."""
    first = _in_disc(rng)
    second = _in_disc(rng)
    root = math.sqrt((1 - first[2]) / second[2])
    a, b, c, d = first[0], first[1], second[0] * root, second[1] * root
    return (
        (a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)),
        (2 * (b * c - a * d), a * a - b * b + c * c - d * d, 2 * (c * d + a * b)),
        (2 * (b * d + a * c), 2 * (c * d - a * b), a * a - b * b - c * c + d * d),
    )


def any_direction(rng: np.random.Generator) -> Vec:
    """A unit vector drawn evenly from the sphere."""
    return any_turn(rng)[0]


def _in_disc(rng: np.random.Generator) -> tuple[float, float, float]:
    """x, y and squared length of a point drawn evenly from the unit disc."""
    while True:  # accepts with probability π/4 and so ends after few tries
        x, y = (2 * value - 1 for value in rng.random(2).tolist())
        square = x * x + y * y
        if 1e-12 < square < 1:
            return x, y, square
