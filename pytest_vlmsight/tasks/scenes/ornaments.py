"""Simple things that everybody has a word for, each upright and with proportions of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from .assembly import Assembly, tips_of
from .drawn import FIGURED, between, one_of, texture

if TYPE_CHECKING:
    import numpy as np

    from .scene import Thing
    from .texture import Texture

Build = Callable[[Assembly, "np.random.Generator"], None]

_SMOOTH = 0.15  # most roughness: a rough surface hides its pattern


def ornament(
    rng: np.random.Generator, name: str, *, scale: tuple[float, float] = (1.5, 3.5)
) -> Thing:
    """An ornament at the origin, within 1 of it, in textures of its own.

    Args:
        rng: random numbers.
        name: one of ``ORNAMENTS``.
        scale: bounds of its textures' repetitions in its unit.
    """
    made = Assembly(name)
    ORNAMENTS[name](made, rng)
    thing = made.thing()
    return replace(thing, skins=tuple(_skin(rng, scale) for _ in thing.skins))


def reach(thing: Thing) -> tuple[float, float]:
    """How far an upright thing reaches up from its origin, and down; both in its own unit."""
    heights = [tip[2] for solid in thing.solids for tip in tips_of(solid)]
    return max(heights), -min(heights)


def width(thing: Thing) -> float:
    """How far it reaches sideways from its origin, in its own unit."""
    tips = [tip for solid in thing.solids for tip in tips_of(solid)]
    return max(abs(tip[axis]) for tip in tips for axis in (0, 1))


def _skin(rng: np.random.Generator, scale: tuple[float, float]) -> Texture:
    found = texture(rng, pattern=one_of(rng, FIGURED), scale=scale)
    return replace(found, bump=found.bump * _SMOOTH)


def _ball(made: Assembly, _rng: np.random.Generator) -> None:
    made.ball("ball", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _cube(made: Assembly, _rng: np.random.Generator) -> None:
    made.block("cube", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _cylinder(made: Assembly, rng: np.random.Generator) -> None:
    made.tube("cylinder", (0.0, 0.0, -1.0), (0.0, 0.0, 1.0), between(rng, 0.6, 0.85))


def _cone(made: Assembly, rng: np.random.Generator) -> None:
    made.tube("cone", (0.0, 0.0, -1.0), (0.0, 0.0, 1.0), between(rng, 0.7, 0.95), 0.0)


def _pill(made: Assembly, rng: np.random.Generator) -> None:
    wide = between(rng, 0.38, 0.5)
    end = 1.0 - wide
    made.chain("pill", ((0.0, 0.0, -end), (0.0, 0.0, end)), (wide, wide))


def _mushroom(made: Assembly, rng: np.random.Generator) -> None:
    stem = between(rng, 0.2, 0.32)
    made.tube("stem", (0.0, 0.0, -1.0), (0.0, 0.0, 0.2), stem * 1.2, stem)
    wide, high = between(rng, 0.8, 1.0), between(rng, 0.4, 0.55)
    made.ball("cap", (0.0, 0.0, 0.2), (wide, wide, high))


def _snowman(made: Assembly, rng: np.random.Generator) -> None:
    low, middle, high = between(rng, 0.5, 0.58), between(rng, 0.36, 0.42), between(rng, 0.24, 0.3)
    at = 0.0
    for radius, following in ((low, middle), (middle, high)):
        made.ball("body", (0.0, 0.0, at), (radius, radius, radius))
        at += 0.85 * (radius + following)
    made.ball("head", (0.0, 0.0, at), (high, high, high))


def _lamp(made: Assembly, rng: np.random.Generator) -> None:
    foot = between(rng, 0.45, 0.6)
    made.tube("foot", (0.0, 0.0, -1.0), (0.0, 0.0, -0.88), foot)
    made.tube("stand", (0.0, 0.0, -0.9), (0.0, 0.0, 0.3), between(rng, 0.08, 0.13))
    wide = between(rng, 0.7, 0.85)
    made.tube("shade", (0.0, 0.0, 0.1), (0.0, 0.0, 1.0), wide, wide * between(rng, 0.4, 0.6))


def _bottle(made: Assembly, rng: np.random.Generator) -> None:
    wide, neck = between(rng, 0.36, 0.46), between(rng, 0.12, 0.16)
    made.tube("bottle", (0.0, 0.0, -1.0), (0.0, 0.0, 0.15), wide)
    made.tube("bottle", (0.0, 0.0, 0.15), (0.0, 0.0, 0.5), wide, neck)
    made.tube("bottle", (0.0, 0.0, 0.5), (0.0, 0.0, 0.85), neck)
    made.tube("cap", (0.0, 0.0, 0.82), (0.0, 0.0, 1.0), neck * 1.35)


def _tree(made: Assembly, rng: np.random.Generator) -> None:
    wide = between(rng, 0.65, 0.8)
    made.tube("trunk", (0.0, 0.0, -1.0), (0.0, 0.0, -0.5), between(rng, 0.13, 0.19))
    for tier in range(3):
        low = 0.45 * tier - 0.65
        broad = wide * (1 - 0.25 * tier)
        made.tube("crown", (0.0, 0.0, low), (0.0, 0.0, low + 0.75), broad, broad * 0.12)


def _hourglass(made: Assembly, rng: np.random.Generator) -> None:
    wide, waist = between(rng, 0.55, 0.7), between(rng, 0.12, 0.18)
    made.tube("lower glass", (0.0, 0.0, -0.9), (0.0, 0.0, 0.0), wide, waist)
    made.tube("upper glass", (0.0, 0.0, 0.9), (0.0, 0.0, 0.0), wide, waist)
    for at in (-1.0, 0.88):
        made.tube("rim", (0.0, 0.0, at), (0.0, 0.0, at + 0.12), wide * 1.1)


def _rocket(made: Assembly, rng: np.random.Generator) -> None:
    wide = between(rng, 0.3, 0.4)
    made.tube("hull", (0.0, 0.0, -0.75), (0.0, 0.0, 0.35), wide)
    made.tube("nose", (0.0, 0.0, 0.35), (0.0, 0.0, 1.0), wide, 0.0)
    spread = wide + between(rng, 0.25, 0.4)
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        made.tube("fin", (0.0, 0.0, -0.3), (spread * x, spread * y, -0.95), 0.06, 0.16)


ORNAMENTS: dict[str, Build] = {
    "ball": _ball,
    "cube": _cube,
    "cylinder": _cylinder,
    "cone": _cone,
    "pill": _pill,
    "mushroom": _mushroom,
    "snowman": _snowman,
    "lamp": _lamp,
    "bottle": _bottle,
    "tree": _tree,
    "hourglass": _hourglass,
    "rocket": _rocket,
}
"""Name → adds its parts to an assembly; upright, about as high as wide or higher."""
