"""Animals built of named parts, all facing +x: quadrupeds, a bird and a fish."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between
from .exact import Vec, turned
from .quadrupeds import QUADRUPEDS, quadruped

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .scene import Thing


def bird(rng: np.random.Generator) -> Thing:
    """A standing bird."""
    made = Assembly("bird")
    long, girth = between(rng, 0.62, 0.75), between(rng, 0.36, 0.46)
    lean = turned(roll=-between(rng, 10, 30))
    c, s = lean[0][0], lean[0][2]
    made.ball("body", (0.0, 0.0, 0.0), (long, girth, girth * 1.05), lean)
    neck, size = between(rng, 0.05, 0.3), between(rng, 0.26, 0.33)
    x, z = c * long * 0.75 + neck * 0.4, s * long * 0.75 + neck + 0.3
    made.tube("body", (c * long * 0.5, 0.0, s * long * 0.5), (x, 0.0, z), girth * 0.75, size * 0.8)
    made.ball("head", (x, 0.0, z), (size * 1.1, size, size))
    made.tube(
        "beak",
        (x + size * 0.7, 0.0, z - 0.03),
        (x + size + between(rng, 0.35, 0.55), 0.0, z - 0.1),
        0.15,
        0.03,
    )
    for side in (-1, 1):
        made.ball(
            "head|eye", (x + size * 0.5, side * size * 0.8, z + size * 0.25), (0.06, 0.06, 0.06)
        )
        made.ball(
            "wing",
            (-0.12, side * girth * 0.92, 0.04),
            (long * between(rng, 0.72, 0.85), 0.1, girth * 0.62),
            lean,
        )
        hip: Vec = (-0.05, side * girth * 0.45, -girth * 0.8)
        foot: Vec = (0.02, side * girth * 0.5, -girth * 0.8 - between(rng, 0.4, 0.55))
        made.tube("leg", hip, foot, 0.1, 0.07)
        made.ball("foot", (foot[0] + 0.1, foot[1], foot[2]), (0.22, 0.14, 0.06))
    made.wing(
        "tail",
        (-c * long * 0.8, 0.0, -s * long * 0.8),
        (-c * long - between(rng, 0.4, 0.6), 0.0, -s * long - 0.12),
        0.2,
        0.18,
        thin=0.35,
        ahead=(0.0, 1.0, 0.0),
    )
    return made.thing()


def fish(rng: np.random.Generator) -> Thing:
    """A fish."""
    made = Assembly("fish")
    tall, wide = between(rng, 0.42, 0.55), between(rng, 0.2, 0.28)
    made.ball("body", (0.0, 0.0, 0.0), (0.95, wide, tall))
    made.tube("body", (-0.5, 0.0, 0.0), (-1.05, 0.0, 0.0), tall * 0.6, 0.14, flat=0.4)
    made.ball("head", (0.62, 0.0, -0.02), (0.4, wide * 0.88, tall * 0.72))
    made.ball("mouth", (0.98, 0.0, -0.08), (0.12, 0.12, 0.13))
    fork = between(rng, 0.3, 0.42)
    for side in (-1, 1):
        made.wing("tail", (-1.0, 0.0, 0.0), (-1.42, 0.0, side * fork), 0.18, 0.15, thin=0.2)
        made.ball("head|eye", (0.74, side * wide * 0.62, 0.12), (0.075, 0.06, 0.075))
        made.ball(
            "side fin",
            (0.05, side * (wide + 0.05), -0.14),
            (0.26, 0.05, 0.14),
            turned(yaw=side * -25.0, roll=-20.0),
        )
    high = between(rng, 0.24, 0.36)
    made.wing("back fin", (0.0, 0.0, tall * 0.8), (-0.22, 0.0, tall + high), 0.42, 0.2, thin=0.12)
    made.wing(
        "belly fin",
        (-0.05, 0.0, -tall * 0.8),
        (-0.2, 0.0, -tall - high * 0.7),
        0.22,
        0.12,
        thin=0.16,
    )
    return made.thing()


CREATURES: dict[str, Callable[[np.random.Generator], Thing]] = {
    **{kind: partial(quadruped, kind) for kind in QUADRUPEDS},
    "bird": bird,
    "fish": fish,
}
"""Name → an animal with proportions drawn anew."""
