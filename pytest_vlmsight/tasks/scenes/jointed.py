"""Tools of two halves on a hinge: each has grips, a hinge, edges that cut and tips that pinch.

They lie along x in the xz-plane, the tips towards +x.
"""

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
_Z: Vec = (0.0, 0.0, 1.0)
_ROOT = 0.25  # where the blades begin
_LAYER = 0.045  # the halves cross in front of each other


def _pin(made: Assembly, size: float) -> None:
    """The hinge, seen from both sides."""
    made.rod("hinge", (0.0, 0.0, 0.0), (size, size, 0.16), along(_Y))


def _at(angle: float, far: float, y: float, side: int) -> Vec:
    c, s = cos_sin(angle)
    return far * c, y, side * far * s


def _blades(made: Assembly, *, angle: float, long: float, wide: float, tip: float) -> None:
    """Two blades that meet at the hinge, ending in points."""
    for side in (-1, 1):
        y = side * _LAYER
        made.tube("arm", (0.0, y, 0.0), _at(angle, _ROOT + 0.05, y, side), wide * 0.6, flat=0.3)
        made.wing(
            "edge",
            _at(angle, _ROOT, y, side),
            _at(angle, long, y, side),
            wide,
            wide * 0.97,
            thin=0.25,
            ahead=_Z,
        )
        made.wing(
            "tip",
            _at(angle, long, y, side),
            _at(angle, long + tip, y, side),
            wide * 0.97,
            0.015,
            thin=0.3,
            ahead=_Z,
        )


def scissors(rng: np.random.Generator) -> Thing:
    """Scissors with rings for the fingers."""
    made = Assembly("scissors")
    angle = between(rng, 12, 26)
    _blades(made, angle=angle, long=between(rng, 0.85, 1.0), wide=0.17, tip=between(rng, 0.3, 0.42))
    _pin(made, between(rng, 0.12, 0.15))
    back, ring = between(rng, 0.4, 0.5), between(rng, 0.17, 0.23)
    for side in (-1, 1):
        y = side * _LAYER
        end = _at(angle + 6, -back, y, side)
        made.tube("arm", (0.0, y, 0.0), end, 0.085, 0.07)
        centre = _at(angle + 8, -back - ring, y, side)
        made.ring("grip", centre, (ring * 1.2, ring), 0.07)
    return made.thing()


def shears(rng: np.random.Generator) -> Thing:
    """Garden shears with long straight grips."""
    made = Assembly("shears")
    angle = between(rng, 14, 28)
    _blades(made, angle=angle, long=between(rng, 0.85, 1.0), wide=0.2, tip=between(rng, 0.28, 0.36))
    _pin(made, between(rng, 0.13, 0.16))
    back = between(rng, 0.3, 0.4)
    for side in (-1, 1):
        y = side * _LAYER
        made.tube("arm", (0.0, y, 0.0), _at(angle, -back, y, side), 0.07)
        made.tube(
            "grip",
            _at(angle, -back, y, side),
            _at(angle, -back - between(rng, 0.6, 0.75), y, side),
            0.1,
            0.12,
        )
    return made.thing()


def pliers(rng: np.random.Generator) -> Thing:
    """Pliers with a long nose and a cutter next to the hinge."""
    made = Assembly("pliers")
    angle = between(rng, 8, 16)
    _pin(made, between(rng, 0.13, 0.16))
    nose, back = between(rng, 0.5, 0.65), between(rng, 0.2, 0.28)
    long = between(rng, 0.8, 0.95)
    for side in (-1, 1):
        y = side * _LAYER
        made.ball("arm", (0.0, y, 0.0), (0.2, 0.1, 0.22))
        made.wing(
            "edge",
            _at(angle, 0.2, y, side),
            _at(angle, 0.72, y, side),
            0.16,
            0.15,
            thin=0.6,
            ahead=_Z,
        )
        made.wing(
            "tip",
            _at(angle, 0.72, y, side),
            _at(angle * 0.8, 0.72 + nose, y, side),
            0.14,
            0.05,
            thin=0.7,
            ahead=_Z,
        )
        bend = _at(angle + 10, -back, y, side)
        made.chain(
            "grip",
            (bend, _at(angle + 12, -long * 0.6, y, side), _at(angle + 6, -long - 0.2, y, side)),
            (0.095, 0.12, 0.1),
        )
        made.tube("arm", (0.0, y, 0.0), bend, 0.09)
    return made.thing()


def secateurs(rng: np.random.Generator) -> Thing:
    """Pruning shears: short thick blades, curved grips."""
    made = Assembly("secateurs")
    angle = between(rng, 16, 28)
    _pin(made, between(rng, 0.12, 0.15))
    long, back = between(rng, 0.72, 0.85), between(rng, 0.22, 0.3)
    far = between(rng, 0.8, 0.95)
    for side in (-1, 1):
        y = side * _LAYER
        end = _at(angle, long, y, side)
        made.tube("arm", (0.0, y, 0.0), _at(angle, _ROOT, y, side), 0.11)
        made.wing("edge", _at(angle, _ROOT, y, side), end, 0.17, 0.16, thin=0.25, ahead=_Z)
        point: Vec = (long + between(rng, 0.3, 0.38), y, end[2] * 0.75)
        made.wing("tip", end, point, 0.15, 0.02, thin=0.3, ahead=_Z)
        bend = _at(angle + 8, -back, y, side)
        made.tube("arm", (0.0, y, 0.0), bend, 0.1)
        made.chain(
            "grip",
            (
                bend,
                _at(angle + 14, -far * 0.55, y, side),
                _at(angle + 4, -far * 0.85, y, side),
                _at(angle - 4, -far - 0.2, y, side),
            ),
            (0.1, 0.115, 0.115, 0.095),
        )
    return made.thing()


JOINTED: dict[str, Callable[[np.random.Generator], Thing]] = {
    "scissors": scissors,
    "shears": shears,
    "pliers": pliers,
    "secateurs": secateurs,
}
"""Name → a tool with proportions drawn anew."""
