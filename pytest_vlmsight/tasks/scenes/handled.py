"""Hand tools on a handle.

Each has a grip, a loop to hang it up, a collar that holds its head, and a head that strikes, cuts,
pierces, scoops or sweeps. They lie along x in the xz-plane, the head towards +x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between
from .exact import Frame, Vec, along, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .scene import Thing

_Y: Vec = (0.0, 1.0, 0.0)
_X: Vec = (1.0, 0.0, 0.0)
_DOWN: Frame = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))


def _handle(
    made: Assembly,
    rng: np.random.Generator,
    *,
    shaft: tuple[float, float],
    thick: float = 0.1,
    neck: float = 0.0,
) -> float:
    """Loop, grip, shaft and collar; the x where the head begins.

    Args:
        made: what to add them to.
        rng: random numbers.
        shaft: bounds of the length between grip and collar.
        thick: radius of the grip.
        neck: length between collar and head.
    """
    loop, back = between(rng, 0.14, 0.18), between(rng, 0.06, 0.12)
    x = -0.76 - back - loop
    made.tube("shaft", (x + loop, 0.0, 0.0), (-0.7, 0.0, 0.0), thick * 0.5)
    made.ring("hang", (x, 0.0, 0.0), (loop, loop), 0.07)
    grip = between(rng, 0.75, 0.95)
    made.tube("grip", (-0.78, 0.0, 0.0), (-0.78 + grip, 0.0, 0.0), thick * 1.15, thick)
    start = -0.78 + grip
    end = start + between(rng, *shaft)
    made.tube("shaft", (start, 0.0, 0.0), (end + 0.1, 0.0, 0.0), thick * 0.65)
    long = between(rng, 0.16, 0.22)
    made.tube("collar", (end, 0.0, 0.0), (end + long, 0.0, 0.0), thick * between(rng, 1.2, 1.45))
    made.tube("shaft", (end, 0.0, 0.0), (end + long + neck, 0.0, 0.0), thick * 0.6)
    return end + long + neck


def hammer(rng: np.random.Generator) -> Thing:
    """A hammer with one face and a wedge-shaped back."""
    made = Assembly("hammer")
    x = _handle(made, rng, shaft=(0.2, 0.5)) + 0.1
    size, far = between(rng, 0.16, 0.21), between(rng, 0.4, 0.52)
    made.block("head", (x, 0.0, 0.0), (0.13, 0.13, 0.22))
    made.tube("head", (x, 0.0, 0.1), (x, 0.0, far), 0.11)
    made.tube("strike", (x, 0.0, far - 0.05), (x, 0.0, far + 0.16), size)
    made.wing("pull", (x, 0.0, -0.15), (x - 0.16, 0.0, -far - 0.1), 0.13, 0.07, thin=0.8)
    return made.thing()


def mallet(rng: np.random.Generator) -> Thing:
    """A mallet: a thick cylinder across its handle."""
    made = Assembly("mallet")
    size, far = between(rng, 0.22, 0.28), between(rng, 0.3, 0.42)
    x = _handle(made, rng, shaft=(0.15, 0.4)) + size * 0.9
    made.tube("head", (x, 0.0, -far), (x, 0.0, far), size * 0.93)
    for side in (-1, 1):
        made.tube("strike", (x, 0.0, side * (far - 0.06)), (x, 0.0, side * (far + 0.1)), size)
    return made.thing()


def axe(rng: np.random.Generator) -> Thing:
    """An axe with a blunt back."""
    made = Assembly("axe")
    x = _handle(made, rng, shaft=(0.2, 0.4), neck=0.12) + 0.16
    wide, far = between(rng, 0.3, 0.4), between(rng, 0.42, 0.55)
    made.block("head", (x, 0.0, 0.0), (0.16, 0.12, 0.16))
    made.wing("head", (x, 0.0, far), (x, 0.0, 0.0), wide, 0.14, thin=0.2)
    made.block("edge", (x, 0.0, far + 0.04), (wide, 0.035, 0.09))
    made.block("strike", (x, 0.0, -0.26), (0.18, 0.14, 0.12))
    return made.thing()


def knife(rng: np.random.Generator) -> Thing:
    """A knife with a pointed blade."""
    made = Assembly("knife")
    x = _handle(made, rng, shaft=(0.02, 0.06), thick=0.11)
    long, wide = between(rng, 0.75, 1.05), between(rng, 0.13, 0.18)
    made.block("blade", (x + long / 2, 0.0, wide * 0.45), (long / 2, 0.03, wide * 0.55))
    made.block("edge", (x + long / 2, 0.0, -wide * 0.55), (long / 2, 0.025, wide * 0.55))
    made.wing(
        "tip",
        (x + long, 0.0, 0.0),
        (x + long + between(rng, 0.3, 0.4), 0.0, wide * 0.5),
        wide,
        0.015,
        thin=0.15,
        ahead=(0.0, 0.0, 1.0),
    )
    return made.thing()


def cleaver(rng: np.random.Generator) -> Thing:
    """A cleaver with a broad blade."""
    made = Assembly("cleaver")
    x = _handle(made, rng, shaft=(0.02, 0.06), thick=0.11)
    long, wide = between(rng, 0.75, 0.95), between(rng, 0.26, 0.34)
    z = -wide * 0.6
    made.block("blade", (x + long / 2, 0.0, z + wide * 0.28), (long / 2, 0.035, wide * 0.72))
    made.block("edge", (x + long / 2, 0.0, z - wide * 0.7), (long / 2, 0.03, wide * 0.3))
    made.rod("blade|hole", (x + long - 0.12, 0.0, wide * 0.05), (0.05, 0.05, 0.05), along(_Y))
    return made.thing()


def saw(rng: np.random.Generator) -> Thing:
    """A saw with teeth."""
    made = Assembly("saw")
    x = _handle(made, rng, shaft=(0.02, 0.06), thick=0.12)
    long, wide = between(rng, 0.9, 1.15), between(rng, 0.16, 0.2)
    made.block("blade", (x + long / 2, 0.0, wide * 0.3), (long / 2, 0.03, wide * 0.7))
    made.block("edge", (x + long / 2, 0.0, -wide * 0.55), (long / 2, 0.028, wide * 0.3))
    count = 9
    for number in range(count):
        made.block(
            "edge",
            (x + long * (number + 0.5) / count, 0.0, -wide * 0.85),
            (long / count * 0.36, 0.028, long / count * 0.36),
            turned(roll=45.0),
        )
    return made.thing()


def screwdriver(rng: np.random.Generator) -> Thing:
    """A screwdriver with a flat tip."""
    made = Assembly("screwdriver")
    thick = between(rng, 0.15, 0.19)
    x = _handle(made, rng, shaft=(0.02, 0.06), thick=thick)
    long = between(rng, 0.7, 0.95)
    made.tube("blade", (x, 0.0, 0.0), (x + long, 0.0, 0.0), 0.07)
    made.wing(
        "tip",
        (x + long + 0.26, 0.0, 0.0),
        (x + long - 0.02, 0.0, 0.0),
        0.12,
        0.07,
        thin=0.5,
        ahead=(0.0, 0.0, 1.0),
    )
    return made.thing()


def fork(rng: np.random.Generator) -> Thing:
    """A garden fork with prongs."""
    made = Assembly("fork")
    x = _handle(made, rng, shaft=(0.2, 0.4), neck=0.12)
    wide, long = between(rng, 0.24, 0.32), between(rng, 0.5, 0.65)
    made.block("bridge", (x + 0.06, 0.0, 0.0), (0.07, 0.06, wide * 1.15))
    for number in range(3):
        z = wide * (number - 1)
        made.tube("bridge", (x + 0.05, 0.0, z), (x + 0.05 + long * 0.45, 0.0, z), 0.075)
        made.tube("tip", (x + 0.05 + long * 0.45, 0.0, z), (x + 0.05 + long, 0.0, z), 0.08, 0.025)
    return made.thing()


def spade(rng: np.random.Generator) -> Thing:
    """A spade with a rounded blade."""
    made = Assembly("spade")
    x = _handle(made, rng, shaft=(0.2, 0.4), neck=0.2)
    wide, long = between(rng, 0.25, 0.32), between(rng, 0.34, 0.44)
    made.block("scoop", (x + long * 0.5, 0.0, 0.0), (long * 0.52, 0.05, wide))
    made.rod(
        "scoop", (x + long, 0.0, 0.0), (between(rng, 0.2, 0.34), wide, 0.05), along(_Y, near=_X)
    )
    return made.thing()


def ladle(rng: np.random.Generator) -> Thing:
    """A ladle with a round bowl."""
    made = Assembly("ladle")
    x = _handle(made, rng, shaft=(0.2, 0.4), neck=0.2)
    size, deep = between(rng, 0.26, 0.34), between(rng, 0.14, 0.19)
    z = 0.06 - deep
    made.cone("scoop", (x + size * 0.85, 0.0, z), (size, size, deep), _DOWN, top=0.55)
    made.rod("scoop|inside", (x + size * 0.85, 0.0, z + deep), (size * 0.86, size * 0.86, 0.012))
    return made.thing()


def spatula(rng: np.random.Generator) -> Thing:
    """A kitchen spatula with slots."""
    made = Assembly("spatula")
    x = _handle(made, rng, shaft=(0.2, 0.4), neck=0.2)
    wide, long = between(rng, 0.2, 0.27), between(rng, 0.25, 0.32)
    made.block("scoop", (x + long, 0.0, 0.0), (long * 1.05, 0.045, wide))
    for number in range(3):
        made.block(
            "scoop|slot",
            (x + long, 0.0, wide * 0.52 * (number - 1)),
            (long * 0.65, 0.05, wide * 0.1),
        )
    return made.thing()


def broom(rng: np.random.Generator) -> Thing:
    """A broom."""
    made = Assembly("broom")
    x = _handle(made, rng, shaft=(0.35, 0.6), thick=0.1, neck=0.12)
    wide, long = between(rng, 0.26, 0.34), between(rng, 0.5, 0.65)
    made.wing(
        "sweep",
        (x + long, 0.0, 0.0),
        (x - 0.03, 0.0, 0.0),
        wide,
        wide * 0.4,
        thin=0.4,
        ahead=(0.0, 0.0, 1.0),
    )
    for number in range(5):
        z = wide * 0.4 * (number - 2)
        for side in (-1, 1):
            made.tube(
                "sweep|straw",
                (x + long * 0.35, side * wide * 0.24, z * 0.62),
                (x + long, side * wide * 0.37, z),
                0.012,
            )
    return made.thing()


def paint_brush(rng: np.random.Generator) -> Thing:
    """A flat paint brush."""
    made = Assembly("paint brush")
    x = _handle(made, rng, shaft=(0.1, 0.25), thick=0.11)
    wide, long = between(rng, 0.2, 0.28), between(rng, 0.36, 0.5)
    made.block("collar", (x + 0.06, 0.0, 0.0), (0.12, 0.1, wide))
    made.block("sweep", (x + 0.15 + long / 2, 0.0, 0.0), (long / 2, 0.09, wide * 0.97))
    for number in range(5):
        z = wide * 0.4 * (number - 2)
        made.block("sweep|hair", (x + 0.2 + long / 2, 0.0, z), (long * 0.44, 0.093, 0.007))
    return made.thing()


def rake(rng: np.random.Generator) -> Thing:
    """A rake with teeth."""
    made = Assembly("rake")
    x = _handle(made, rng, shaft=(0.25, 0.5), thick=0.1, neck=0.25)
    wide = between(rng, 0.42, 0.52)
    long = between(rng, 0.26, 0.34)
    made.block("bar", (x + 0.05, 0.0, 0.0), (0.07, 0.08, wide))
    for number in range(6):
        z = wide * 0.9 * (number - 2.5) / 2.5
        made.tube("tip", (x + 0.08, 0.0, z), (x + 0.08 + long, 0.0, z), 0.065, 0.04)
    return made.thing()


HANDLED: dict[str, Callable[[np.random.Generator], Thing]] = {
    "hammer": hammer,
    "mallet": mallet,
    "axe": axe,
    "knife": knife,
    "cleaver": cleaver,
    "saw": saw,
    "screwdriver": screwdriver,
    "fork": fork,
    "rake": rake,
    "spade": spade,
    "ladle": ladle,
    "spatula": spatula,
    "broom": broom,
    "paint brush": paint_brush,
}
"""Name → a tool with proportions drawn anew."""
