"""Tools that run by themselves.

Each has a grip, a switch, an outlet where the light, air, water or bit comes out, and a supply:
battery, cord or bottle. They stand as they are held, the outlet towards +x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between
from .exact import Vec, cos_sin

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .scene import Thing


def _pistol(made: Assembly, rng: np.random.Generator, *, top: Vec, thick: float) -> tuple[Vec, Vec]:
    """A slanting grip with a trigger in front; its lower end and the direction down it."""
    c, s = cos_sin(between(rng, 95, 112))
    long = between(rng, 0.85, 1.0)
    end: Vec = (top[0] + c * long, 0.0, top[2] - s * long)
    made.wing("grip", top, end, thick, thick * 0.92, thin=0.75)
    x, z = top[0] + c * long * 0.16 + thick * 1.4, top[2] - s * long * 0.18
    made.block("switch", (x, 0.0, z), (thick * 0.62, thick * 0.6, 0.19))
    return end, (c, 0.0, -s)


def drill(rng: np.random.Generator) -> Thing:
    """A cordless drill."""
    made = Assembly("drill")
    size, long = between(rng, 0.22, 0.27), between(rng, 0.45, 0.6)
    made.tube("motor", (-long, 0.0, 0.0), (long * 0.6, 0.0, 0.0), size)
    made.ball("motor", (-long, 0.0, 0.0), (0.12, size, size))
    made.tube(
        "chuck", (long * 0.6, 0.0, 0.0), (long * 0.6 + 0.26, 0.0, 0.0), size * 0.85, size * 0.55
    )
    made.tube("outlet", (long * 0.6 + 0.26, 0.0, 0.0), (long * 0.6 + 0.85, 0.0, 0.0), 0.075)
    end, _ = _pistol(made, rng, top=(-long * 0.35, 0.0, -0.1), thick=0.17)
    made.block("supply", (end[0] + 0.06, 0.0, end[2] - 0.1), (between(rng, 0.3, 0.38), 0.19, 0.14))
    return made.thing()


def hairdryer(rng: np.random.Generator) -> Thing:
    """A hairdryer with a cord."""
    made = Assembly("hairdryer")
    size = between(rng, 0.3, 0.38)
    long = between(rng, 0.6, 0.75)
    made.ball("motor", (0.0, 0.0, 0.0), (size * 1.1, size, size))
    made.tube("motor", (0.0, 0.0, 0.0), (long, 0.0, 0.0), size * 0.9, size * 0.68)
    made.tube("outlet", (long, 0.0, 0.0), (long + 0.26, 0.0, 0.0), size * 0.78)
    end, way = _pistol(made, rng, top=(-0.02, 0.0, -size * 0.6), thick=0.15)
    low: Vec = (end[0] + way[0] * 0.2, 0.0, end[2] + way[2] * 0.2)
    made.chain(
        "supply",
        (end, low, (low[0] - 0.2, 0.0, low[2] - 0.18), (low[0] - 0.6, 0.0, low[2] - 0.2)),
        (0.1, 0.07, 0.065, 0.065),
    )
    return made.thing()


def glue_gun(rng: np.random.Generator) -> Thing:
    """A hot glue gun with a stick of glue at its back."""
    made = Assembly("glue gun")
    size, long = between(rng, 0.17, 0.22), between(rng, 0.5, 0.62)
    made.block("motor", (0.0, 0.0, 0.0), (long, size * 0.8, size))
    made.tube("outlet", (long, 0.0, 0.0), (long + 0.36, 0.0, 0.0), size * 0.8, 0.06)
    made.tube("supply", (-long - between(rng, 0.3, 0.42), 0.0, 0.02), (-long, 0.0, 0.02), 0.1)
    _pistol(made, rng, top=(-long * 0.5, 0.0, -0.08), thick=0.16)
    return made.thing()


def spray_bottle(rng: np.random.Generator) -> Thing:
    """A bottle with a spray head."""
    made = Assembly("spray bottle")
    wide, high = between(rng, 0.32, 0.4), between(rng, 0.34, 0.44)
    made.rod("supply", (0.0, 0.0, -high), (wide, wide * 0.8, high))
    made.ball("supply", (0.0, 0.0, 0.0), (wide, wide * 0.8, 0.16))
    neck = between(rng, 0.34, 0.42)
    made.tube("grip", (0.0, 0.0, 0.05), (0.0, 0.0, neck + 0.12), 0.16)
    z = neck + 0.2
    made.block("motor", (0.06, 0.0, z), (0.34, 0.13, 0.12))
    made.tube("outlet", (0.38, 0.0, z + 0.01), (0.58, 0.0, z + 0.01), 0.12)
    c, s = cos_sin(between(rng, 60, 80))
    made.wing(
        "switch",
        (0.28, 0.0, z - 0.08),
        (0.28 + c * 0.4, 0.0, z - 0.08 - s * 0.36),
        0.1,
        0.07,
        thin=0.9,
    )
    return made.thing()


def torch(rng: np.random.Generator) -> Thing:
    """A torch with a switch on top and a cap over its batteries."""
    made = Assembly("torch")
    size, long = between(rng, 0.15, 0.19), between(rng, 0.75, 0.95)
    made.tube("grip", (-long, 0.0, 0.0), (0.3, 0.0, 0.0), size)
    made.tube("supply", (-long - 0.3, 0.0, 0.0), (-long, 0.0, 0.0), size * 1.15)
    made.ball("supply", (-long - 0.3, 0.0, 0.0), (0.1, size * 1.15, size * 1.15))
    wide = between(rng, 0.3, 0.38)
    made.tube("motor", (0.25, 0.0, 0.0), (0.62, 0.0, 0.0), size, wide)
    made.tube("outlet", (0.6, 0.0, 0.0), (0.8, 0.0, 0.0), wide * 1.02)
    made.block("switch", (0.14, 0.0, size), (0.15, 0.09, 0.09))
    return made.thing()


POWERED: dict[str, Callable[[np.random.Generator], Thing]] = {
    "drill": drill,
    "hairdryer": hairdryer,
    "glue gun": glue_gun,
    "spray bottle": spray_bottle,
    "torch": torch,
}
"""Name → a tool with proportions drawn anew."""
