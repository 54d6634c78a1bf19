"""Colours, textures, rooms, lights and cameras drawn at random."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from .camera import Camera
from .exact import Vec, any_turn, cos_sin, unit
from .scene import Light, Room
from .texture import PATTERNS, Colour, Texture

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

T = TypeVar("T")

FIGURED = tuple(name for name in PATTERNS if name != "plain")
"""Patterns that show something."""


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number drawn evenly."""
    return low + (high - low) * float(rng.random())


def one_of(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of several, each as likely."""
    return choices[min(len(choices) - 1, int(float(rng.random()) * len(choices)))]


def shuffled(rng: np.random.Generator, values: Sequence[T]) -> list[T]:
    """The values in a random order (Fisher and Yates; NumPy's own may change with versions)."""
    order = list(values)
    for last in range(len(order) - 1, 0, -1):
        other = int(float(rng.random()) * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order


def colour(rng: np.random.Generator, *, low: float = 0.05, high: float = 0.9) -> Colour:
    """A colour whose channels are drawn independently."""
    a, b, c = (low + (high - low) * value for value in rng.random(3).tolist())
    return a, b, c


def apart(rng: np.random.Generator, other: Colour, *, least: float = 0.35) -> Colour:
    """A colour that is told from another at a glance.

    Where tries find none it is nearly black, or nearly white beside a dark one. There is little
    room below a colour of medium brightness: with a difference of .35 that happens to one colour
    in five, with one of .4 to two in five. Then the difference may be as little as .36.

    Args:
        rng: random numbers.
        other: the colour to differ from.
        least: difference in brightness that is tried for; up to .35 it is kept.
    """
    for _ in range(200):
        found = colour(rng)
        if abs(brightness(found) - brightness(other)) >= least:
            return found
    return (0.02, 0.02, 0.02) if brightness(other) > 0.5 else (0.95, 0.95, 0.95)


def brightness(of: Colour) -> float:
    """Luminance (Rec. 709 weights) as pictures store it."""
    red, green, blue = of
    return math.sqrt(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def texture(
    rng: np.random.Generator, *, pattern: str | None = None, scale: tuple[float, float] = (2.5, 5.0)
) -> Texture:
    """A texture of two colours, turned at random.

    Args:
        rng: random numbers.
        pattern: one of ``PATTERNS``; any by default.
        scale: bounds of the repetitions in a thing's unit.
    """
    ground = colour(rng)
    x, y, z = rng.random(3).tolist()
    return Texture(
        pattern=one_of(rng, tuple(PATTERNS)) if pattern is None else pattern,
        ground=ground,
        figure=apart(rng, ground),
        scale=between(rng, *scale),
        axes=any_turn(rng),
        offset=(8 * x, 8 * y, 8 * z),
        grain=between(rng, 0.15, 0.5),
        bump=max(0.0, between(rng, -0.4, 0.4)),
        gloss=max(0.0, between(rng, -0.35, 0.35)),
    )


def room(rng: np.random.Generator, *, low: Vec, high: Vec, plain: bool = False) -> Room:
    """A room with surfaces of its own.

    Args:
        rng: random numbers.
        low: its lowest x, y and z.
        high: its highest.
        plain: whether walls and floor are without a pattern, so that things stand out.
    """
    patterns = ("plain", "checked", "bricked", "marbled", "patched", "meshed", "pinstriped")
    skins = []
    for number in range(3):
        ground = colour(rng, low=0.15, high=0.75)
        near = between(rng, 0.75, 1.25)
        skins.append(
            Texture(
                pattern="plain" if plain or number == 2 else one_of(rng, patterns),
                ground=ground,
                figure=(ground[0] * near * 0.6, ground[1] * near * 0.6, ground[2] * near * 0.6),
                scale=between(rng, 0.6, 1.4),
                offset=(8 * float(rng.random()), 8 * float(rng.random()), 0.5),
                grain=between(rng, 0.1, 0.4),
            )
        )
    return Room(low=low, high=high, skins=(skins[0], skins[1], skins[2]))


def light(rng: np.random.Generator, *, tint: float = 0.15, shadows: bool = True) -> Light:
    """A lamp from above, anywhere around.

    Args:
        rng: random numbers.
        tint: by how much each channel may be stronger or weaker.
        shadows: whether things cast shadows.
    """
    c, s = cos_sin(between(rng, 0, 360))
    red, green, blue = (1 + tint * (2 * value - 1) for value in rng.random(3).tolist())
    return Light(
        direction=unit((c, s, between(rng, 0.8, 2.2))),
        strength=between(rng, 0.6, 0.95),
        ambient=between(rng, 0.25, 0.45),
        tint=(red, green, blue),
        shadows=shadows,
    )


def around(
    rng: np.random.Generator,
    *,
    target: Vec = (0.0, 0.0, 0.0),
    distance: float,
    elevation: tuple[float, float] = (5.0, 45.0),
    azimuth: tuple[float, float] = (0.0, 360.0),
    roll: float = 0.0,
    focal: float = 1.2,
) -> Camera:
    """A camera that looks at a target from anywhere around it.

    Args:
        rng: random numbers.
        target: in the middle of the picture.
        distance: from the target.
        elevation: bounds in degrees above the target.
        azimuth: bounds in degrees.
        roll: most degrees that the camera is turned either way.
        focal: in sides of the picture.
    """
    (ca, sa), (ce, se) = cos_sin(between(rng, *azimuth)), cos_sin(between(rng, *elevation))
    position = (
        target[0] + distance * ce * ca,
        target[1] + distance * ce * sa,
        target[2] + distance * se,
    )
    return Camera.look_at(position, target, roll=between(rng, -roll, roll), focal=focal)
