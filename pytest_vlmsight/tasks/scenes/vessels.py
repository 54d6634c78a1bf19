"""Vessels that pour: each has a grip, a spout, a lid, a base and a body that holds the liquid.

They stand upright, the spout towards +x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between
from .exact import Frame, Vec, cos_sin

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .scene import Thing

_DOWN: Frame = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))


def _arch(
    made: Assembly,
    centre: Vec,
    reach: tuple[float, float],
    span: tuple[float, float],
    width: float,
    *,
    pieces: int = 6,
) -> None:
    """A grip bent along an arc of an ellipse in the xz-plane, from one angle to another."""
    places: list[Vec] = []
    for number in range(pieces + 1):
        c, s = cos_sin(span[0] + (span[1] - span[0]) * number / pieces)
        places.append((centre[0] + reach[0] * c, centre[1], centre[2] + reach[1] * s))
    made.chain("grip", places, [width] * (pieces + 1))


def teapot(rng: np.random.Generator) -> Thing:
    """A round teapot."""
    made = Assembly("teapot")
    wide, high = between(rng, 0.55, 0.65), between(rng, 0.42, 0.55)
    made.ball("body", (0.0, 0.0, 0.0), (wide, wide, high))
    made.rod("base", (0.0, 0.0, -high * 0.95), (wide * 0.62, wide * 0.62, 0.09))
    made.ball("lid", (0.0, 0.0, high * 0.86), (wide * 0.52, wide * 0.52, 0.17))
    made.ball("lid", (0.0, 0.0, high * 0.86 + 0.22), (0.1, 0.1, 0.1))
    rise = between(rng, 0.25, 0.5)
    made.chain(
        "spout",
        ((wide * 0.75, 0.0, -0.05), (wide + 0.25, 0.0, 0.1), (wide + 0.45, 0.0, 0.1 + rise)),
        (0.2, 0.14, 0.1),
    )
    _arch(made, (-wide * 0.85, 0.0, 0.05), (between(rng, 0.4, 0.5), high * 0.7), (75, 285), 0.085)
    return made.thing()


def kettle(rng: np.random.Generator) -> Thing:
    """A kettle with its grip above it."""
    made = Assembly("kettle")
    wide, high = between(rng, 0.6, 0.7), between(rng, 0.32, 0.42)
    made.cone("body", (0.0, 0.0, 0.0), (wide, wide, high), top=between(rng, 0.45, 0.65))
    made.rod("base", (0.0, 0.0, -high), (wide * 1.06, wide * 1.06, 0.09))
    made.ball("lid", (0.0, 0.0, high), (wide * 0.48, wide * 0.48, 0.14))
    made.ball("lid", (0.0, 0.0, high + 0.17), (0.09, 0.09, 0.09))
    made.tube(
        "spout",
        (wide * 0.55, 0.0, -0.08),
        (wide + 0.35, 0.0, high + between(rng, 0.0, 0.2)),
        0.18,
        0.09,
    )
    _arch(made, (0.0, 0.0, high * 0.5), (wide * 0.75, between(rng, 0.65, 0.85)), (15, 165), 0.085)
    return made.thing()


def watering_can(rng: np.random.Generator) -> Thing:
    """A watering can with a rose."""
    made = Assembly("watering can")
    wide, high = between(rng, 0.42, 0.52), between(rng, 0.4, 0.52)
    made.rod("body", (0.0, 0.0, 0.0), (wide, wide, high))
    made.rod("base", (0.0, 0.0, -high), (wide * 1.1, wide * 1.1, 0.09))
    made.ball("lid", (0.06, 0.0, high), (wide * 0.9, wide * 0.85, 0.15))
    far, up = between(rng, 0.65, 0.85), between(rng, 0.35, 0.6)
    end: Vec = (wide + far, 0.0, up)
    made.tube("spout", (wide * 0.8, 0.0, -high * 0.55), end, 0.13, 0.08)
    made.tube("spout", end, (end[0] + 0.14, 0.0, end[2] + 0.12), 0.09, 0.2)
    _arch(
        made,
        (-wide * 0.5, 0.0, 0.15),
        (between(rng, 0.55, 0.65), between(rng, 0.62, 0.78)),
        (30, 250),
        0.08,
    )
    return made.thing()


def jug(rng: np.random.Generator) -> Thing:
    """A tall jug with a lid."""
    made = Assembly("jug")
    wide, high = between(rng, 0.36, 0.44), between(rng, 0.6, 0.75)
    made.ball("body", (0.0, 0.0, -high * 0.35), (wide * 1.15, wide * 1.15, high * 0.62))
    made.cone("body", (0.0, 0.0, high * 0.25), (wide * 1.02, wide * 1.02, high * 0.6), top=0.72)
    made.rod("base", (0.0, 0.0, -high * 0.95), (wide * 0.85, wide * 0.85, 0.1))
    top = high * 0.85
    made.cone("lid", (0.0, 0.0, top + 0.12), (wide * 0.82, wide * 0.82, 0.14), top=0.4)
    made.wing(
        "spout",
        (wide * 0.5, 0.0, top - 0.3),
        (wide + 0.28, 0.0, top + 0.02),
        0.24,
        0.16,
        thin=0.55,
        ahead=(0.0, 1.0, 0.0),
    )
    _arch(made, (-wide * 0.7, 0.0, 0.0), (between(rng, 0.45, 0.58), high * 0.66), (85, 275), 0.08)
    return made.thing()


def coffee_pot(rng: np.random.Generator) -> Thing:
    """A pot with a waist and a straight grip."""
    made = Assembly("coffee pot")
    wide, high = between(rng, 0.38, 0.46), between(rng, 0.34, 0.42)
    made.cone("base", (0.0, 0.0, -high), (wide * 1.08, wide * 1.08, high * 0.75), top=0.75)
    made.cone("body", (0.0, 0.0, high * 0.55), (wide * 1.1, wide * 1.1, high), _DOWN, top=0.72)
    made.cone("lid", (0.0, 0.0, high * 1.55 + 0.1), (wide * 1.06, wide * 1.06, 0.12), top=0.25)
    made.ball("lid", (0.0, 0.0, high * 1.55 + 0.28), (0.1, 0.1, 0.11))
    made.wing(
        "spout",
        (wide * 0.7, 0.0, high * 0.75),
        (wide + 0.36, 0.0, high * 1.5),
        0.22,
        0.13,
        thin=0.65,
        ahead=(0.0, 1.0, 0.0),
    )
    back, drop = between(rng, 0.35, 0.48), between(rng, 0.65, 0.85)
    made.chain(
        "grip",
        (
            (-wide * 0.9, 0.0, high * 1.3),
            (-wide - back, 0.0, high * 1.35),
            (-wide - back * 0.9, 0.0, high * 1.35 - drop),
        ),
        (0.08, 0.095, 0.085),
    )
    return made.thing()


def oil_can(rng: np.random.Generator) -> Thing:
    """A can with a long thin spout."""
    made = Assembly("oil can")
    wide, high = between(rng, 0.48, 0.58), between(rng, 0.3, 0.38)
    made.rod("base", (0.0, 0.0, -high), (wide * 1.05, wide * 1.05, 0.1))
    made.cone("body", (0.0, 0.0, 0.0), (wide, wide, high), top=0.5)
    made.rod("lid", (-0.04, 0.0, high + 0.1), (wide * 0.42, wide * 0.42, 0.13))
    far, up = between(rng, 0.5, 0.7), between(rng, 0.7, 0.9)
    made.tube("spout", (wide * 0.55, 0.0, 0.0), (wide + far, 0.0, high + up), 0.14, 0.06)
    _arch(made, (-wide * 0.55, 0.0, 0.1), (between(rng, 0.5, 0.6), high * 1.1), (70, 260), 0.08)
    return made.thing()


VESSELS: dict[str, Callable[[np.random.Generator], Thing]] = {
    "teapot": teapot,
    "kettle": kettle,
    "watering can": watering_can,
    "jug": jug,
    "coffee pot": coffee_pot,
    "oil can": oil_can,
}
"""Name → a vessel with proportions drawn anew."""
