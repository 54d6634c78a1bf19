"""Vehicles built of named parts, all facing +x."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between
from .exact import Frame, Vec, along, cos_sin

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from .scene import Thing

_Y: Vec = (0.0, 1.0, 0.0)
_DOWN: Frame = ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))


def _wheels(
    made: Assembly, name: str, x: float, y: float, z: float, size: float, thick: float
) -> None:
    for side in (-1, 1):
        made.rod(name, (x, side * y, z), (size, size, thick), along(_Y))


def car(rng: np.random.Generator) -> Thing:
    """A passenger car."""
    made = Assembly("car")
    wide, high = between(rng, 0.42, 0.5), between(rng, 0.16, 0.22)
    nose, stern = between(rng, 0.62, 0.8), between(rng, 0.4, 0.62)
    cabin, roof = between(rng, 0.28, 0.38), between(rng, 0.06, 0.16)
    front, back = 0.5 + nose, -0.5 - stern
    middle = (front + back) / 2
    made.block("side", (middle, 0.0, 0.0), ((front - back) / 2, wide, high * 0.75))
    made.block("side", (0.0, 0.0, high * 0.6), (0.55, wide, high * 0.6))
    made.slab(
        "bonnet",
        (front - 0.03, 0.0, high * 0.75),
        (0.45, 0.0, high * 1.25),
        wide * 0.97,
        high * 0.28,
    )
    made.slab(
        "boot", (back + 0.03, 0.0, high * 0.95), (-0.45, 0.0, high * 1.25), wide * 0.97, high * 0.28
    )
    top = high * 1.3 + cabin
    made.block("window/side", (0.0, 0.0, high * 1.2 + cabin * 0.5), (0.4, wide * 0.86, cabin * 0.5))
    made.slab("window/front", (0.5 + roof, 0.0, high * 1.2), (0.3, 0.0, top), wide * 0.84, 0.045)
    made.slab(
        "window/rear", (-0.5 - roof * 0.6, 0.0, high * 1.2), (-0.34, 0.0, top), wide * 0.84, 0.045
    )
    made.block("roof", (-0.02, 0.0, top), (0.4, wide * 0.88, 0.05))
    size = between(rng, 0.2, 0.26)
    for name, x in (("wheel/front", front - 0.42), ("wheel/rear", back + 0.4)):
        _wheels(made, name, x, wide * 0.98, -high * 0.7, size, 0.09)
    made.block("bumper", (front, 0.0, -high * 0.35), (0.07, wide * 0.98, high * 0.3))
    made.block("bumper", (back, 0.0, -high * 0.35), (0.07, wide * 0.98, high * 0.3))
    for side in (-1, 1):
        made.ball("lamp", (front - 0.02, side * wide * 0.72, high * 0.35), (0.07, 0.1, 0.09))
    return made.thing()


def truck(rng: np.random.Generator) -> Thing:
    """A lorry with a box behind its cab."""
    made = Assembly("truck")
    wide, long = between(rng, 0.4, 0.48), between(rng, 0.8, 1.15)
    tall, cab = between(rng, 0.4, 0.6), between(rng, 0.36, 0.46)
    made.block("frame", (0.0, 0.0, -0.07), (long + 0.5, wide * 0.6, 0.07))
    made.block("box", (-0.42, 0.0, tall), (long, wide, tall))
    start = long - 0.42 + 0.08
    made.block("cab", (start + 0.3, 0.0, cab * 0.62), (0.3, wide * 0.96, cab * 0.65))
    made.slab(
        "window/front",
        (start + 0.6, 0.0, cab * 1.2),
        (start + 0.44, 0.0, cab * 2.0),
        wide * 0.92,
        0.04,
    )
    made.block("window/side", (start + 0.26, 0.0, cab * 1.6), (0.22, wide * 0.94, cab * 0.4))
    made.block("roof", (start + 0.25, 0.0, cab * 2.05), (0.25, wide * 0.96, 0.05))
    made.block("bumper", (start + 0.62, 0.0, 0.02), (0.07, wide, 0.09))
    for side in (-1, 1):
        made.ball("lamp", (start + 0.6, side * wide * 0.7, cab * 0.55), (0.05, 0.1, 0.1))
    if rng.random() < 0.5:
        made.tube(
            "exhaust",
            (start + 0.02, wide * 0.75, 0.0),
            (start + 0.02, wide * 0.75, cab * 2.05 + 0.5),
            0.06,
        )
    size = between(rng, 0.2, 0.26)
    for name, x in (
        ("wheel/front", start + 0.25),
        ("wheel/rear", -long - 0.42 + 0.35),
        ("wheel/rear", -long - 0.42 + 0.9),
    ):
        _wheels(made, name, x, wide * 0.93, -0.15, size, 0.1)
    return made.thing()


def airliner(rng: np.random.Generator) -> Thing:
    """A plane with engines under its wings."""
    return _plane("airliner", rng, light=False)


def light_plane(rng: np.random.Generator) -> Thing:
    """A plane with a propeller in front and wheels."""
    return _plane("light plane", rng, light=True)


def _plane(kind: str, rng: np.random.Generator, *, light: bool) -> Thing:
    made = Assembly(kind)
    body, span = between(rng, 0.15, 0.2), between(rng, 0.95, 1.2)
    sweep, chord = between(rng, 0.1, 0.5), between(rng, 0.22, 0.3)
    made.tube("body", (-0.75, 0.0, 0.0), (0.75, 0.0, 0.0), body)
    made.ball("nose", (0.75, 0.0, 0.0), (body * 1.7, body * 0.99, body * 0.99))
    made.tube("body", (-0.75, 0.0, 0.0), (-1.25, 0.0, body * 0.4), body, body * 0.35)
    made.ball("cockpit", (0.72, 0.0, body * 0.62), (body * 0.95, body * 0.6, body * 0.6))
    place = body * 0.9 if light else -body * 0.3
    for side in (-1, 1):
        start: Vec = (0.2, side * body * 0.3, place)
        end: Vec = (0.2 - sweep, side * span, place + 0.06)
        made.wing("wing/main", start, end, chord, chord * 0.55, thin=0.13)
        made.wing(
            "wing/tail",
            (-1.1, 0.0, body * 0.4),
            (-1.1 - sweep * 0.35, side * span * 0.4, body * 0.5),
            chord * 0.65,
            chord * 0.4,
        )
        if not light:
            share = 0.42
            x, y = 0.2 - sweep * share + chord * 0.5, side * (body + (span - body) * share)
            made.tube(
                "engine",
                (x - 0.15, y, place - body * 0.42),
                (x + 0.2, y, place - body * 0.42),
                body * 0.42,
            )
    height = between(rng, 0.4, 0.55)
    made.wing(
        "tail fin",
        (-1.05, 0.0, body * 0.4),
        (-1.25, 0.0, body * 0.5 + height),
        chord * 0.85,
        chord * 0.5,
    )
    if light:
        for turn in (0.0, 90.0):
            c, s = cos_sin(turn + 40)
            made.tube(
                "propeller",
                (0.77 + body * 1.65, -c * 0.33, -s * 0.33),
                (0.77 + body * 1.65, c * 0.33, s * 0.33),
                0.06,
                flat=0.3,
            )
        made.ball("propeller", (0.77 + body * 1.65, 0.0, 0.0), (0.1, 0.07, 0.07))
        for side in (-1, 1):
            made.tube(
                "wheel leg",
                (0.3, side * 0.1, -body * 0.8),
                (0.35, side * 0.25, -body - 0.17),
                0.035,
            )
            made.rod("wheel", (0.35, side * 0.27, -body - 0.2), (0.12, 0.12, 0.05), along(_Y))
    return made.thing()


def _hull(made: Assembly, rng: np.random.Generator) -> tuple[float, float]:
    """A hull with a deck; half its width and half its height."""
    wide, deep = between(rng, 0.3, 0.4), between(rng, 0.16, 0.22)
    made.cone("hull", (0.0, 0.0, 0.0), (1.0, wide, deep), _DOWN, top=0.72)
    made.rod("deck", (0.0, 0.0, deep), (0.93, wide * 0.9, 0.03))
    return wide, deep


def sailing_boat(rng: np.random.Generator) -> Thing:
    """A boat with two sails."""
    made = Assembly("sailing boat")
    wide, deep = _hull(made, rng)
    tall = between(rng, 1.2, 1.5)
    made.tube("mast", (0.1, 0.0, deep), (0.1, 0.0, deep + tall + 0.1), 0.04)
    lift = deep + 0.22
    made.wing("sail/main", (-0.32, 0.0, lift), (0.02, 0.0, deep + tall), 0.42, 0.03, thin=0.06)
    made.wing("sail/fore", (0.48, 0.0, lift), (0.16, 0.0, deep + tall * 0.85), 0.3, 0.03, thin=0.06)
    made.tube("boom", (0.1, 0.0, lift - 0.05), (-0.75, 0.0, lift - 0.05), 0.04)
    made.block("cabin", (0.0, 0.0, deep + 0.06), (0.3, wide * 0.5, 0.09))
    made.wing("rudder", (-0.95, 0.0, deep * 0.8), (-0.98, 0.0, -deep), 0.13, 0.1)
    return made.thing()


def steamer(rng: np.random.Generator) -> Thing:
    """A ship with a cabin, a bridge and funnels."""
    made = Assembly("steamer")
    wide, deep = _hull(made, rng)
    cabin, bridge = between(rng, 0.14, 0.2), between(rng, 0.1, 0.15)
    made.block("cabin", (-0.1, 0.0, deep + cabin), (0.5, wide * 0.62, cabin))
    made.block("bridge", (0.18, 0.0, deep + cabin * 2 + bridge), (0.18, wide * 0.55, bridge))
    made.block("roof", (0.18, 0.0, deep + cabin * 2 + bridge * 2), (0.24, wide * 0.64, 0.03))
    tall = between(rng, 0.35, 0.5)
    for x in (-0.18, -0.48)[: 1 + int(rng.random() * 2)]:
        made.tube(
            "funnel", (x, 0.0, deep + cabin * 2), (x - 0.05, 0.0, deep + cabin * 2 + tall), 0.12
        )
    made.tube("mast", (0.62, 0.0, deep), (0.62, 0.0, deep + between(rng, 0.6, 0.8)), 0.045)
    made.wing("flag", (-0.92, 0.0, deep + 0.32), (-0.92, 0.0, deep + 0.5), 0.13, 0.13, thin=0.1)
    made.tube("flagpole", (-0.8, 0.0, deep), (-0.8, 0.0, deep + 0.52), 0.03)
    return made.thing()


def helicopter(rng: np.random.Generator) -> Thing:
    """A helicopter on skids."""
    made = Assembly("helicopter")
    wide, high = between(rng, 0.32, 0.4), between(rng, 0.32, 0.4)
    made.ball("body", (0.0, 0.0, 0.0), (0.6, wide, high))
    made.ball("windscreen", (0.25, 0.0, 0.03), (0.42, wide * 0.88, high * 0.82))
    long = between(rng, 0.9, 1.2)
    end: Vec = (-0.35 - long, 0.0, 0.16)
    made.tube("boom", (-0.35, 0.0, 0.1), end, 0.15, 0.07)
    made.wing("tail fin", (end[0] + 0.05, 0.0, 0.05), (end[0] - 0.12, 0.0, 0.5), 0.16, 0.1)
    turn = between(rng, 0.0, 90.0)
    for number in range(2):
        c, s = cos_sin(turn + 90 * number)
        made.wing(
            "tail rotor",
            (end[0], -0.12 - c * 0.0, 0.16 - s * 0.24),
            (end[0] + c * 0.24, -0.12, 0.16 + s * 0.24),
            0.06,
            0.06,
            thin=0.4,
        )
    tall = between(rng, 0.16, 0.24)
    made.tube("rotor mast", (0.0, 0.0, high * 0.8), (0.0, 0.0, high + tall), 0.09)
    span = between(rng, 0.95, 1.15)
    turn = between(rng, 20.0, 70.0)
    for number in range(2):
        c, s = cos_sin(turn + 90 * number)
        made.wing(
            "rotor",
            (-c * span, -s * span, high + tall),
            (c * span, s * span, high + tall),
            0.085,
            0.085,
            thin=0.2,
            ahead=(-s, c, 0.0),
        )
    low = -high - between(rng, 0.14, 0.2)
    for side in (-1, 1):
        y = side * wide * 0.85
        made.tube("skid", (-0.5, y, low), (0.55, y, low), 0.05)
        for x in (-0.25, 0.25):
            made.tube("strut", (x, y * 0.6, -high * 0.6), (x, y, low), 0.04)
    return made.thing()


def tractor(rng: np.random.Generator) -> Thing:
    """A farm tractor."""
    made = Assembly("tractor")
    big, small = between(rng, 0.48, 0.58), between(rng, 0.26, 0.33)
    wide = between(rng, 0.4, 0.48)
    floor = big * 0.9
    made.block("bonnet", (0.55, 0.0, floor), (0.55, wide * 0.48, 0.22))
    made.block("grille", (1.11, 0.0, floor - 0.02), (0.04, wide * 0.44, 0.19))
    made.block("chassis", (0.2, 0.0, floor - 0.28), (0.8, wide * 0.4, 0.1))
    tall = between(rng, 0.5, 0.62)
    made.block("cab", (-0.35, 0.0, floor - 0.05), (0.36, wide * 0.75, 0.2))
    made.block("window/side", (-0.35, 0.0, floor + 0.15 + tall / 2), (0.32, wide * 0.7, tall / 2))
    made.block("roof", (-0.35, 0.0, floor + 0.15 + tall), (0.42, wide * 0.88, 0.05))
    made.tube("exhaust", (0.5, wide * 0.2, floor + 0.2), (0.5, wide * 0.2, floor + 0.75), 0.06)
    for side in (-1, 1):
        made.ball("mudguard", (-0.42, side * wide * 1.0, floor + 0.14), (0.5, 0.16, 0.3))
        made.rod("wheel/rear", (-0.42, side * wide * 1.12, big), (big, big, 0.16), along(_Y))
        made.rod("wheel/front", (0.8, side * wide * 0.8, small), (small, small, 0.11), along(_Y))
    return made.thing()


VEHICLES: dict[str, Callable[[np.random.Generator], Thing]] = {
    "car": car,
    "truck": truck,
    "airliner": airliner,
    "light plane": light_plane,
    "sailing boat": sailing_boat,
    "steamer": steamer,
    "helicopter": helicopter,
    "tractor": tractor,
}
"""Name → a vehicle with proportions drawn anew."""
