"""Families of unnameable objects: one core and one set of parts, put together differently.

Members of a family have the same parts in the same sizes and materials, so that neither colour
nor the kind of parts tells them apart, only how they are put together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .drawn import apart, between, colour, one_of, texture
from .exact import Vec, along, any_direction, any_turn, dot, into, mul
from .scene import Thing
from .solids import Solid

if TYPE_CHECKING:
    import numpy as np

    from .texture import Texture

STYLES = ("blocks", "blobs", "gadgets")
"""Cubes on arms, fused ellipsoids, or solids of all kinds on a core."""

_TRIES = 200
_APART, _ELSEWHERE = 0.72, 0.3  # cosines: 44 degrees between parts, 73 from the old place


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What all its members are made of.

    Attributes:
        style: one of ``STYLES``.
        core: in the middle of all members.
        parts: attached to the core, lying along their own z, their inner end at the origin.
        skins: textures by number.
    """

    style: str
    core: Solid
    parts: tuple[Solid, ...]
    skins: tuple[Texture, ...]

    def member(self, places: tuple[Vec, ...]) -> Thing:
        """The member whose parts stick out of the core in these directions, of length 1."""
        solids = [self.core]
        for part, direction in zip(self.parts, places, strict=True):
            # A little sunk in, so that nothing floats before the core.
            out = 0.8 * _reach(self.core, direction) + part.half[2]
            solids.append(replace(part, centre=mul(direction, out), axes=along(direction)))
        return Thing(kind=self.style, solids=tuple(solids), skins=self.skins)


def _reach(core: Solid, direction: Vec) -> float:
    """From the core's middle to its surface, as if it were an ellipsoid."""
    stretched = (
        value / half for value, half in zip(into(core.axes, direction), core.half, strict=True)
    )
    x, y, z = stretched
    return 1 / math.sqrt(x * x + y * y + z * z)


def places(rng: np.random.Generator, count: int, *, like: tuple[Vec, ...] = ()) -> tuple[Vec, ...]:
    """Directions that are well apart from each other.

    Args:
        rng: random numbers.
        count: how many.
        like: those of another member: the first ones are to be elsewhere than there, and what is
            left of ``like`` beyond ``count`` is taken over.

    Returns:
        ``count`` directions, and then the rest of ``like``; fewer where they did not fit.
    """
    kept = like[count:]
    found: list[Vec] = []
    for _ in range(_TRIES):
        if len(found) == count:
            break
        direction = any_direction(rng)
        near = (*found, *kept)
        moved = not like or dot(direction, like[len(found)]) < _ELSEWHERE
        if moved and all(dot(direction, other) < _APART for other in near):
            found.append(direction)
    return (*found, *kept)


def family(rng: np.random.Generator, *, style: str, parts: int) -> Family:
    """A family drawn at random.

    Args:
        rng: random numbers.
        style: one of ``STYLES``.
        parts: how many stick out of the core.
    """
    ground = colour(rng, low=0.2, high=0.85)
    skins = [texture(rng), texture(rng)]
    skins = [
        replace(skins[0], ground=ground),
        replace(skins[1], ground=apart(rng, ground, least=0.2)),
    ]
    kinds = {"blocks": ("block",), "blobs": ("ball",), "gadgets": ("ball", "block", "rod", "cone")}
    core_kind = "block" if style == "blocks" else "ball"
    x, y, z = (between(rng, 0.28, 0.42) for _ in range(3))
    core = Solid(kind=core_kind, centre=(0.0, 0.0, 0.0), half=(x, y, z), axes=any_turn(rng))
    made = []
    for number in range(parts):
        width = between(rng, 0.12, 0.24)
        made.append(
            Solid(
                kind=one_of(rng, kinds[style]),
                centre=(0.0, 0.0, 0.0),
                half=(width, width * between(rng, 0.7, 1.0), between(rng, 0.2, 0.42)),
                top=between(rng, 0.0, 0.5),
                part=f"part {number}",
                skin=number % 2,
            )
        )
    return Family(style=style, core=core, parts=tuple(made), skins=tuple(skins))
