"""Furniture built of named parts, its front facing +x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between
from .exact import Vec, along, cos_sin

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .scene import Thing

_Y: Vec = (0.0, 1.0, 0.0)


def chair(rng: np.random.Generator) -> Thing:
    """A chair with arms and a cushion."""
    made = Assembly("chair")
    deep, wide, tall = between(rng, 0.42, 0.5), between(rng, 0.42, 0.5), between(rng, 0.75, 1.05)
    leg, thick = between(rng, 0.65, 0.85), between(rng, 0.06, 0.1)
    made.block("seat", (0.0, 0.0, 0.0), (deep, wide, 0.07))
    made.ball("cushion", (0.05, 0.0, 0.1), (deep * 0.85, wide * 0.85, 0.1))
    lean = between(rng, 0.05, 0.25)
    made.slab("back", (-deep + 0.03, 0.0, 0.05), (-deep - lean, 0.0, tall), wide, 0.06)
    arm = between(rng, 0.32, 0.42)
    for side in (-1, 1):
        y = side * (wide + 0.02)
        made.block("arm", (-0.02, y, arm), (deep * 0.95, 0.075, 0.05))
        made.tube("post", (deep * 0.75, y, 0.0), (deep * 0.75, y, arm), 0.05)
        for x in (deep - thick, thick - deep):
            made.tube(
                "leg",
                (x, side * (wide - thick), 0.0),
                (x * 1.08, side * (wide - thick) * 1.08, -leg),
                thick,
                thick * 0.7,
            )
    return made.thing()


def office_chair(rng: np.random.Generator) -> Thing:
    """A swivel chair on castors."""
    made = Assembly("office chair")
    deep, wide, tall = between(rng, 0.42, 0.5), between(rng, 0.42, 0.5), between(rng, 0.8, 1.1)
    leg = between(rng, 0.6, 0.75)
    made.ball("seat", (0.0, 0.0, 0.0), (deep * 1.1, wide * 1.1, 0.14))
    made.tube("bracket", (-deep * 0.8, 0.0, -0.05), (-deep - 0.1, 0.0, 0.4), 0.06)
    made.slab("back", (-deep - 0.04, 0.0, 0.25), (-deep - 0.16, 0.0, tall), wide * 0.85, 0.08)
    made.tube("bracket", (-deep - 0.12, 0.0, tall - 0.1), (-deep - 0.14, 0.0, tall + 0.2), 0.07)
    made.ball("headrest", (-deep - 0.14, 0.0, tall + 0.2), (0.09, wide * 0.6, 0.15))
    made.tube("stem", (0.0, 0.0, 0.0), (0.0, 0.0, -leg), 0.1)
    turn = between(rng, 0.0, 72.0)
    reach = between(rng, 0.5, 0.6)
    for number in range(5):
        c, s = cos_sin(turn + 72 * number)
        end: Vec = (c * reach, s * reach, -leg - 0.07)
        made.tube("foot", (0.0, 0.0, -leg), end, 0.08, 0.06)
        made.ball("castor", (end[0], end[1], -leg - 0.15), (0.1, 0.1, 0.1))
    for side in (-1, 1):
        y = side * (wide + 0.08)
        made.block("arm", (0.0, y, 0.33), (deep * 0.7, 0.08, 0.05))
        made.tube("post", (-0.02, y, -0.02), (-0.02, y, 0.33), 0.05)
    return made.thing()


def sofa(rng: np.random.Generator) -> Thing:
    """A sofa for two with pillows."""
    made = Assembly("sofa")
    deep, wide, tall = between(rng, 0.4, 0.5), between(rng, 0.8, 1.0), between(rng, 0.5, 0.7)
    made.block("base", (0.0, 0.0, -0.12), (deep, wide, 0.13))
    for side in (-1, 1):
        made.block("seat", (0.06, side * wide * 0.49, 0.12), (deep * 0.9, wide * 0.47, 0.11))
        y = side * (wide + 0.1)
        made.block("arm", (0.0, y, 0.08), (deep * 1.02, 0.13, 0.33))
        made.tube("arm", (-deep * 1.02, y, 0.41), (deep * 1.02, y, 0.41), 0.15)
        for x in (-deep * 0.8, deep * 0.8):
            made.tube(
                "foot", (x, side * wide * 0.95, -0.25), (x, side * wide * 0.95, -0.46), 0.09, 0.06
            )
    made.slab("back", (-deep * 0.85, 0.0, 0.0), (-deep - 0.08, 0.0, tall), wide, 0.16)
    made.ball(
        "pillow",
        (-deep * 0.35, wide * 0.45 * (1 if rng.random() < 0.5 else -1), 0.46),
        (0.13, 0.3, 0.26),
    )
    return made.thing()


def bed(rng: np.random.Generator) -> Thing:
    """A bed with a blanket."""
    made = Assembly("bed")
    long, wide = between(rng, 0.9, 1.05), between(rng, 0.5, 0.7)
    made.block("frame", (0.0, 0.0, -0.12), (long, wide, 0.12))
    made.block("mattress", (0.0, 0.0, 0.1), (long * 0.98, wide * 0.96, 0.14))
    made.block("blanket", (long * 0.28, 0.0, 0.14), (long * 0.72, wide * 1.0, 0.14))
    made.block("headboard", (-long - 0.05, 0.0, 0.22), (0.07, wide * 1.05, between(rng, 0.45, 0.6)))
    made.block("footboard", (long + 0.05, 0.0, 0.03), (0.07, wide * 1.05, between(rng, 0.26, 0.34)))
    for side in (-1, 1):
        made.ball("pillow", (-long * 0.72, side * wide * 0.47, 0.3), (0.22, wide * 0.4, 0.12))
        for x in (-long, long):
            made.tube(
                "leg", (x, side * wide * 0.92, -0.2), (x, side * wide * 0.92, -0.48), 0.1, 0.07
            )
    return made.thing()


def lamp(rng: np.random.Generator) -> Thing:
    """A table lamp on two arms with a joint."""
    made = Assembly("lamp")
    foot = between(rng, 0.36, 0.46)
    made.rod("foot", (0.0, 0.0, 0.05), (foot, foot, 0.07))
    c, s = cos_sin(between(rng, 105, 125))
    long = between(rng, 0.75, 0.95)
    knee: Vec = (c * long, 0.0, 0.1 + s * long)
    made.tube("arm/lower", (0.0, 0.0, 0.1), knee, 0.075)
    c, s = cos_sin(between(rng, 15, 40))
    long = between(rng, 0.75, 0.95)
    end: Vec = (knee[0] + c * long, 0.0, knee[2] + s * long)
    made.tube("arm/upper", knee, end, 0.075)
    made.rod("joint", knee, (0.16, 0.16, 0.12), along(_Y))
    made.ball("cap", end, (0.2, 0.2, 0.2))
    c, s = cos_sin(between(rng, -70, -45))
    size = between(rng, 0.34, 0.42)
    out: Vec = (end[0] + c * 0.42, 0.0, end[2] + s * 0.42)
    made.tube("shade", (end[0], 0.0, end[2]), out, 0.18, size)
    made.ball("bulb", (out[0] + c * 0.02, 0.0, out[2] + s * 0.02), (0.16, 0.16, 0.16))
    return made.thing()


def desk(rng: np.random.Generator) -> Thing:
    """A writing desk with drawers."""
    made = Assembly("desk")
    deep, wide, tall = between(rng, 0.42, 0.5), between(rng, 0.85, 1.0), between(rng, 0.7, 0.85)
    made.block("top", (0.0, 0.0, tall), (deep, wide, 0.06))
    side = 1 if rng.random() < 0.5 else -1
    box = between(rng, 0.26, 0.34)
    y = side * (wide - box - 0.05)
    made.block("cabinet", (-0.02, y, tall * 0.5 + 0.08), (deep * 0.9, box, tall * 0.5 - 0.05))
    count = 2
    high = (tall - 0.1) / count
    for number in range(count):
        z = 0.14 + high * (number + 0.5)
        made.block("drawer", (deep * 0.9, y, z), (0.05, box * 0.88, high * 0.42))
        made.ball("knob", (deep * 0.9 + 0.08, y, z), (0.06, 0.07, 0.06))
    for x in (-deep * 0.85, deep * 0.85):
        made.block("leg", (x, -side * wide * 0.9, tall / 2), (0.075, 0.075, tall / 2))
        made.block("foot", (x * 0.9, y, 0.02), (0.08, box * 0.8, 0.06))
    made.slab("panel", (-deep * 0.8, 0.0, tall), (-deep * 0.8, 0.0, tall * 0.55), wide * 0.88, 0.03)
    return made.thing()


def wardrobe(rng: np.random.Generator) -> Thing:
    """A wardrobe with two doors and a drawer below."""
    made = Assembly("wardrobe")
    deep, wide, tall = between(rng, 0.28, 0.36), between(rng, 0.48, 0.62), between(rng, 0.8, 0.95)
    made.block("side", (0.0, 0.0, 0.0), (deep, wide, tall))
    made.block("cornice", (0.02, 0.0, tall + 0.07), (deep * 1.15, wide * 1.12, 0.08))
    split = -tall + between(rng, 0.35, 0.45)
    for side in (-1, 1):
        made.block(
            "door",
            (deep, side * wide * 0.48, (split + tall) / 2),
            (0.05, wide * 0.44, (tall - split) * 0.46),
        )
        made.ball("knob", (deep + 0.1, side * 0.09, (split + tall) / 2), (0.07, 0.06, 0.09))
        made.block(
            "handle", (deep + 0.1, side * wide * 0.45, (split - tall) / 2), (0.05, 0.14, 0.05)
        )
        for x in (-deep * 0.75, deep * 0.75):
            made.tube(
                "foot",
                (x, side * wide * 0.85, -tall),
                (x, side * wide * 0.85, -tall - 0.22),
                0.1,
                0.07,
            )
    made.block("drawer", (deep, 0.0, (split - tall) / 2), (0.05, wide * 0.92, (split + tall) * 0.4))
    return made.thing()


FURNITURE: dict[str, Callable[[np.random.Generator], Thing]] = {
    "chair": chair,
    "office chair": office_chair,
    "sofa": sofa,
    "bed": bed,
    "lamp": lamp,
    "desk": desk,
    "wardrobe": wardrobe,
}
"""Name → a piece of furniture with proportions drawn anew."""
