"""Four-legged animals built of named parts, all facing +x."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between
from .exact import Vec, cos_sin, turned

if TYPE_CHECKING:
    import numpy as np

    from .scene import Thing

Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quadruped:
    """Bounds of a species' proportions, in lengths of half its trunk; angles in degrees.

    Attributes:
        height: half height of the body.
        width: half width of the body.
        leg: length of the legs below the body.
        thick: radius of the legs at the foot.
        neck: length of the neck.
        rise: angle of the neck above the horizontal.
        slim: radius of the neck at the head.
        skull: radius of the head.
        muzzle: length of the muzzle.
        snout: radius of the muzzle's end.
        ear: length of the ears.
        spread: half width of the ears.
        tail: length of the tail.
        droop: angle of the tail below the horizontal.
        extra: horns, hump, trunk.
    """

    height: Span
    width: Span
    leg: Span
    thick: Span
    neck: Span
    rise: Span
    slim: Span
    skull: Span
    muzzle: Span
    snout: Span
    ear: Span
    spread: Span
    tail: Span
    droop: Span
    brush: float = 1.0
    hang: bool = False
    extra: tuple[str, ...] = ()


QUADRUPEDS = {
    "dog": Quadruped(
        height=(0.38, 0.48),
        width=(0.3, 0.4),
        leg=(0.7, 1.0),
        thick=(0.1, 0.14),
        neck=(0.4, 0.6),
        rise=(40, 65),
        slim=(0.2, 0.26),
        skull=(0.32, 0.4),
        muzzle=(0.4, 0.6),
        snout=(0.13, 0.2),
        ear=(0.35, 0.5),
        spread=(0.15, 0.2),
        tail=(0.7, 1.0),
        droop=(-60, -20),
        brush=1.0,
        hang=True,
    ),
    "horse": Quadruped(
        height=(0.42, 0.5),
        width=(0.33, 0.4),
        leg=(1.15, 1.4),
        thick=(0.09, 0.12),
        neck=(0.85, 1.1),
        rise=(40, 60),
        slim=(0.2, 0.25),
        skull=(0.25, 0.3),
        muzzle=(0.6, 0.75),
        snout=(0.14, 0.18),
        ear=(0.22, 0.3),
        spread=(0.07, 0.1),
        tail=(0.9, 1.2),
        droop=(60, 80),
        brush=1.8,
        extra=("mane",),
    ),
    "giraffe": Quadruped(
        height=(0.42, 0.5),
        width=(0.33, 0.4),
        leg=(1.4, 1.8),
        thick=(0.09, 0.12),
        neck=(1.9, 2.5),
        rise=(60, 75),
        slim=(0.15, 0.2),
        skull=(0.24, 0.28),
        muzzle=(0.45, 0.6),
        snout=(0.12, 0.15),
        ear=(0.25, 0.32),
        spread=(0.08, 0.1),
        tail=(0.7, 0.9),
        droop=(70, 85),
        brush=0.7,
        extra=("horns",),
    ),
    "elephant": Quadruped(
        height=(0.68, 0.8),
        width=(0.55, 0.65),
        leg=(0.75, 0.95),
        thick=(0.2, 0.26),
        neck=(0.25, 0.35),
        rise=(15, 35),
        slim=(0.4, 0.45),
        skull=(0.48, 0.55),
        muzzle=(1.2, 1.5),
        snout=(0.1, 0.14),
        ear=(0.55, 0.75),
        spread=(0.45, 0.6),
        tail=(0.5, 0.7),
        droop=(65, 80),
        brush=0.6,
        hang=True,
        extra=("trunk", "tusks"),
    ),
    "cow": Quadruped(
        height=(0.52, 0.6),
        width=(0.42, 0.5),
        leg=(0.7, 0.85),
        thick=(0.1, 0.13),
        neck=(0.4, 0.55),
        rise=(10, 30),
        slim=(0.28, 0.34),
        skull=(0.32, 0.36),
        muzzle=(0.45, 0.55),
        snout=(0.2, 0.24),
        ear=(0.26, 0.34),
        spread=(0.1, 0.13),
        tail=(0.9, 1.1),
        droop=(75, 86),
        brush=0.6,
        extra=("horns", "side ears"),
    ),
}


def quadruped(kind: str, rng: np.random.Generator) -> Thing:
    """A four-legged animal of one of ``QUADRUPEDS``, facing +x."""
    species = QUADRUPEDS[kind]

    def draw(span: Span) -> float:
        return between(rng, *span)

    made = Assembly(kind)
    high, wide = draw(species.height), draw(species.width)
    made.ball("body/side", (0.0, 0.0, 0.0), (0.85, wide, high))
    made.ball("body/side", (0.5, 0.0, 0.02), (0.55, wide * 0.98, high * 1.02))
    made.ball("body/rump", (-0.62, 0.0, 0.04), (0.5, wide * 0.97, high * 0.98))
    _legs(made, draw(species.leg), draw(species.thick), high, wide, rng)
    rise = draw(species.rise)
    c, s = cos_sin(rise)
    slim, neck = draw(species.slim), draw(species.neck)
    base: Vec = (0.75, 0.0, high * 0.35)
    top: Vec = (base[0] + c * neck, 0.0, base[2] + s * neck)
    made.tube("neck", base, top, max(slim, high * 0.62), slim)
    if "mane" in species.extra:
        for k in range(7):
            t = k / 6
            x, z = base[0] + (top[0] - base[0]) * t, base[2] + (top[2] - base[2]) * t
            w = max(slim, high * 0.62) * (1 - t) + slim * t
            made.ball("mane", (x - s * w * 0.95, 0.0, z + c * w * 0.95), (0.16, 0.06, 0.13))
    _head(made, species, top, rng)
    droop = draw(species.droop)
    c, s = cos_sin(droop)
    tail = draw(species.tail)
    root: Vec = (-1.02, 0.0, high * 0.55)
    bend: Vec = (root[0] - c * tail * 0.5 - 0.08, 0.0, root[2] - s * tail * 0.5)
    tip: Vec = (bend[0] - c * tail * 0.5, 0.0, bend[2] - s * tail * 0.5)
    made.chain("tail", (root, bend, tip), (0.09, 0.07, 0.06))
    if species.brush > 1.2:
        made.tube("tail", bend, tip, 0.13, 0.08)
        made.ball("tail", bend, (0.13, 0.13, 0.13))
    elif species.brush < 0.9:
        made.ball("tail", tip, (0.09, 0.09, 0.16))
    return made.thing()


def _legs(
    made: Assembly, leg: float, thick: float, high: float, wide: float, rng: np.random.Generator
) -> None:
    for name, place in (("front", 0.68), ("hind", -0.72)):
        for side in (-1, 1):
            swing = between(rng, -0.22, 0.22)
            y = side * (wide - thick * 1.1)
            hip: Vec = (place, y, -high * 0.15)
            knee: Vec = (place + swing * 0.5, y, -high - leg * 0.4)
            foot: Vec = (place + swing, y, -high - leg * 0.94)
            if name == "hind":
                made.ball(
                    "body/rump",
                    (place + 0.02, y * 0.85, -high * 0.2),
                    (0.32, thick * 1.5, high * 0.8),
                )
            made.chain(f"leg/{name}", (hip, knee, foot), (thick * 1.9, thick * 1.25, thick))
            made.ball(
                f"foot/{name}",
                (foot[0] + thick * 0.4, y, foot[2]),
                (thick * 1.7, thick * 1.25, thick * 1.05),
            )


def _head(made: Assembly, species: Quadruped, top: Vec, rng: np.random.Generator) -> None:
    skull, snout = between(rng, *species.skull), between(rng, *species.snout)
    length = between(rng, *species.muzzle)
    x, z = top[0] + skull * 0.35, top[2] + skull * 0.2
    made.ball("head", (x, 0.0, z), (skull * 1.1, skull * 0.85, skull))
    dip = cos_sin(between(rng, 15, 40))
    if "trunk" in species.extra:
        bend = between(rng, 0.1, 0.5)
        places = [
            (x + skull * 0.7, 0.0, z - skull * 0.2),
            (x + skull * 1.25, 0.0, z - length * 0.45),
            (x + skull * (1.2 + bend * 0.4), 0.0, z - length * 0.8),
            (x + skull * (1.5 + bend), 0.0, z - length),
        ]
        made.chain("trunk", places, (skull * 0.5, skull * 0.34, snout * 1.2, snout))
        for side in (-1, 1):
            made.tube(
                "tusk",
                (x + skull * 0.7, side * skull * 0.45, z - skull * 0.5),
                (x + skull * 1.7, side * skull * 0.5, z - skull * 0.75),
                0.07,
                0.03,
            )
    else:
        end = (x + dip[0] * (skull * 0.6 + length), 0.0, z - dip[1] * (skull * 0.6 + length))
        made.chain(
            "muzzle",
            ((x + skull * 0.3, 0.0, z - skull * 0.15), end),
            (max(snout, skull * 0.68), snout),
        )
        made.ball(
            "muzzle|nose",
            (end[0] + snout * 0.75 * dip[0], 0.0, end[2] + snout * 0.35),
            (snout * 0.5, snout * 0.6, snout * 0.42),
        )
    for side in (-1, 1):
        made.ball(
            "head|eye",
            (x + skull * 0.66, side * skull * 0.62, z + skull * 0.3),
            (skull * 0.2, skull * 0.2, skull * 0.22),
        )
    ear, spread = between(rng, *species.ear), between(rng, *species.spread)
    for side in (-1, 1):
        if "trunk" in species.extra:
            made.ball(
                "ear",
                (x - skull * 0.35, side * (skull * 0.8 + spread * 0.65), z - 0.1),
                (0.07, spread, ear),
                turned(yaw=side * 35.0),
            )
        elif "side ears" in species.extra:
            made.ball(
                "ear",
                (x - skull * 0.3, side * (skull * 0.7 + ear * 0.6), z + skull * 0.4),
                (spread, ear * 0.7, 0.07),
                turned(roll=0.0),
            )
        elif species.hang:
            made.ball(
                "ear",
                (x - skull * 0.15, side * skull * 0.9, z + skull * 0.15),
                (spread, 0.07, ear * 0.8),
            )
        else:
            made.tube(
                "ear",
                (x - skull * 0.3, side * skull * 0.5, z + skull * 0.6),
                (x - skull * 0.3, side * skull * 0.7, z + skull * 0.8 + ear),
                spread,
                spread * 0.3,
                flat=0.5,
            )
    if "horns" in species.extra:
        tall = between(rng, 0.25, 0.35)
        for side in (-1, 1):
            foot = (x - skull * 0.05, side * skull * 0.5, z + skull * 0.7)
            tip = (
                x + skull * 0.1,
                side * skull * (0.6 if species.neck[0] > 1 else 1.3),
                z + skull * 0.8 + tall,
            )
            made.tube("horn", foot, tip, 0.07, 0.04)
            made.ball("horn", tip, (0.06, 0.06, 0.06))
