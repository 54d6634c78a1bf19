"""Blobs: bodies with lobes that nobody has a word for.

A species says how many lobes there are, where each sits and what it is like; a specimen has the
same lobes in proportions of its own. A species is the same left and right, as animals are (but for
how flat lobes in its middle are turned), so that it can face either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .assembly import Assembly
from .drawn import between, shuffled
from .exact import Vec, add, along, any_turn, dot, mul, unit

if TYPE_CHECKING:
    import numpy as np

    from .scene import Thing

LOBES = (4, 6)
"""Least and most lobes beside the body, twins counted once."""

_SHAPES = {
    "ball": (0.34, 0.34, 0.34),
    "bean": (0.22, 0.3, 0.5),
    "finger": (0.14, 0.14, 0.62),
    "disc": (0.5, 0.12, 0.42),
    "thorn": (0.24, 0.24, 0.6),
    "club": (0.11, 0.11, 0.5),
    "leaf": (0.34, 0.07, 0.6),
}
"""Half extents of a lobe: two across, one along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lobe:
    """One lobe of a species.

    Attributes:
        shape: one of ``_SHAPES``.
        out: the direction from the body's middle to where it sits; y ≥ 0.
        lean: added to that direction for the one it grows in.
        size: of the species' own.
        twin: whether there is one on either side.
    """

    shape: str
    out: Vec
    lean: Vec
    size: float
    twin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Species:
    """What all specimens share.

    Attributes:
        body: half extents.
        lobes: in the order of their names, ``blob-1`` and so on; the body is ``blob-0``.
    """

    body: Vec
    lobes: tuple[Lobe, ...]


def species(rng: np.random.Generator) -> Species:
    """A new species: lobes of different shapes at least 50 degrees apart."""
    count = LOBES[0] + int(float(rng.random()) * (LOBES[1] - LOBES[0] + 1))
    shapes = shuffled(rng, tuple(_SHAPES))[:count]
    lobes: list[Lobe] = []
    taken: list[Vec] = []
    for shape in shapes:
        for _ in range(60):
            x, y, z = any_turn(rng)[0]
            twin = abs(y) > 0.45
            out = unit((x, abs(y), z) if twin else (x, 0.0, z + 1e-9))
            others = [*taken, (out[0], -out[1], out[2])] if twin else taken
            if all(dot(out, other) < 0.64 for other in others):
                break
        else:
            continue  # no room for another
        taken += [out, (out[0], -out[1], out[2])]
        lean = mul(any_turn(rng)[0], 0.5)
        lobes.append(
            Lobe(
                shape=shape,
                out=out,
                lean=lean if twin else (lean[0], 0.0, lean[2]),
                size=between(rng, 0.85, 1.15),
                twin=twin,
            )
        )
    a, b, c = (0.42 + 0.3 * float(value) for value in rng.random(3))
    return Species(body=(a, b * 0.8, c), lobes=tuple(lobes))


def specimen(of: Species, rng: np.random.Generator) -> Thing:
    """One of a species, its proportions drawn anew."""

    def vary(value: float, by: float = 0.18) -> float:
        return value * between(rng, 1 - by, 1 + by)

    made = Assembly("blob")
    body: Vec = (vary(of.body[0]), vary(of.body[1]), vary(of.body[2]))
    made.ball("blob-0", (0.0, 0.0, 0.0), body)
    for number, lobe in enumerate(of.lobes, start=1):
        nudge = mul(any_turn(rng)[0], 0.12)
        out = unit(add(lobe.out, nudge if lobe.twin else (nudge[0], 0.0, nudge[2])))
        grow = unit(add(out, lobe.lean))
        half = _SHAPES[lobe.shape]
        size = vary(lobe.size)
        root: Vec = (out[0] * body[0] * 0.9, out[1] * body[1] * 0.9, out[2] * body[2] * 0.9)
        half = (half[0] * vary(size, 0.1), half[1] * vary(size, 0.1), half[2] * vary(size, 0.1))
        since = len(made)
        _grow(made, f"blob-{number}", lobe.shape, root, grow, half)
        if lobe.twin:
            made.twin(since)
    return made.thing()


def _grow(made: Assembly, part: str, shape: str, root: Vec, way: Vec, half: Vec) -> None:
    axes = along(way, near=(0.1, 0.2, 1.0) if shape == "leaf" else (0.1, 1.0, 0.2))
    centre = add(root, mul(way, half[2] * 0.8))
    if shape == "thorn":
        made.cone(part, add(root, mul(way, half[2] * 0.9)), half, axes, top=0.08)
    elif shape == "finger":
        made.rod(part, centre, half, axes)
        made.ball(part, add(root, mul(way, half[2] * 1.8)), (half[0], half[0], half[0]))
    elif shape == "club":
        made.rod(part, centre, half, axes)
        knob = half[0] * 2.3
        made.ball(part, add(root, mul(way, half[2] * 1.8)), (knob, knob, knob))
    else:
        made.ball(part, centre, half, axes)
