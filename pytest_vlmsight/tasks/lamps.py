"""The light of a second picture: another lamp, one that goes with the camera, another exposure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from .scenes.drawn import between, light
from .scenes.exact import cos_sin, unit

if TYPE_CHECKING:
    import numpy as np

    from .scenes.camera import Camera
    from .scenes.scene import Light

_EXPOSURE, _BALANCE = (0.6, 1.15), (0.85, 1.15)
"""Of the second camera: what light and its channels are multiplied with."""


def another(rng: np.random.Generator, lamp: Light) -> Light:
    """Another lamp, which shines from another side."""
    c, s = cos_sin(between(rng, 70, 290))
    x, y, _ = lamp.direction
    found = light(rng)
    rise = found.direction[2] / math.sqrt(1 - found.direction[2] * found.direction[2])
    level = math.sqrt(x * x + y * y)
    x, y = x / level, y / level
    return replace(found, direction=unit((c * x - s * y, s * x + c * y, rise)))


def carried(lamp: Light, first: Camera, second: Camera) -> Light:
    """A lamp that goes around the scene together with the camera, as a photographer's does."""
    (a, b, _), (c, d, _) = first.axes[2], second.axes[2]
    scale = math.sqrt((a * a + b * b) * (c * c + d * d))
    cosine, sine = (a * c + b * d) / scale, (a * d - b * c) / scale
    x, y, z = lamp.direction
    return replace(lamp, direction=(cosine * x - sine * y, sine * x + cosine * y, z))


def exposed(rng: np.random.Generator, lamp: Light) -> Light:
    """A lamp's light as another camera takes it: brighter or darker, warmer or colder."""
    share = between(rng, *_EXPOSURE)
    red, green, blue = (value * between(rng, *_BALANCE) for value in lamp.tint)
    return replace(
        lamp,
        strength=share * lamp.strength,
        ambient=share * lamp.ambient,
        tint=(red, green, blue),
    )
