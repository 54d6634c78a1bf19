"""Pedestals that hold a thing up at any height.

A pedestal is built in the unit of what it holds and right below that always looks the same,
however long it is: its foot alone tells how far away the thing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .drawn import FIGURED, between, one_of, texture
from .ornaments import reach, width
from .scene import Thing
from .solids import Solid

if TYPE_CHECKING:
    import numpy as np

    from .exact import Vec
    from .texture import Texture

KINDS = ("post", "plinth", "drum", "stand")
"""A thin column, a square and a round thick one, and a table of four legs."""

LEAST = 0.2
"""Shortest support, in the unit of what it holds: two plates and something between."""

_SUNK = 0.06  # how far a thing and its support reach into each other
_THICK = 0.09  # of plates


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """How something is held.

    Attributes:
        kind: one of ``KINDS``.
        wide: half the width of its shaft or of a leg, in the unit of what it holds.
        plate: half the width of its top and its foot.
        skins: of shaft or legs, and of top and foot.
    """

    kind: str
    wide: float
    plate: float
    skins: tuple[Texture, Texture]

    def length(self, held: Thing) -> float:
        """From the thing to the floor, in its unit; negative where it is below."""
        return held.position[2] / held.scale - reach(held)[1]

    def corners(self, held: Thing) -> list[Vec]:
        """Four points of its foot, between which nothing may hide it."""
        x, y, _ = held.position
        out = (self.plate - self.wide if self.kind == "stand" else self.plate * 0.6) * held.scale
        (ax, ay, _), (bx, by, _), _ = held.axes
        return [
            (x + out * (i * ax + j * bx), y + out * (i * ay + j * by), _THICK / 2 * held.scale)
            for i, j in ((1, 1), (1, -1), (-1, 1), (-1, -1))
        ]

    def holding(self, held: Thing) -> Thing:
        """The support as a thing of the same place and unit as the upright thing it holds."""
        top = _SUNK - reach(held)[1]
        foot = top - _SUNK - self.length(held)
        return Thing(
            kind=self.kind,
            solids=self._solids(top, foot),
            skins=self.skins,
            position=held.position,
            axes=held.axes,
            scale=held.scale,
        )

    def _solids(self, top: float, foot: float) -> tuple[Solid, ...]:
        wide, plate = self.wide, self.plate
        kind = "block" if self.kind in ("plinth", "stand") else "rod"
        above = _upright(kind, (top - _THICK, top), plate, part="top", skin=1)
        if self.kind == "stand":
            at = plate - wide
            legs = tuple(
                _upright(kind, (foot, top - _THICK), wide, (at * i, at * j), part="leg")
                for i in (-1, 1)
                for j in (-1, 1)
            )
            return (*legs, above)
        below = _upright(kind, (foot, foot + _THICK), plate, part="foot", skin=1)
        return (_upright(kind, (foot, top), wide, part="shaft"), above, below)


def support(rng: np.random.Generator, held: Thing, kind: str) -> Support:
    """A support of a kind for a thing, in textures of its own."""
    base = width(held)
    if kind == "post":
        wide, plate = between(rng, 0.12, 0.22), base * between(rng, 0.5, 0.8)
    elif kind == "stand":
        wide, plate = between(rng, 0.06, 0.1), base * between(rng, 0.7, 1.0)
    else:
        plate = base * between(rng, 0.6, 1.0)
        wide = plate * between(rng, 0.8, 0.92)
    shaft = texture(rng, pattern=one_of(rng, FIGURED), scale=(0.8, 2.0))
    return Support(kind=kind, wide=wide, plate=plate, skins=(shaft, texture(rng, pattern="plain")))


def _upright(
    kind: str,
    ends: tuple[float, float],
    half: float,
    at: tuple[float, float] = (0.0, 0.0),
    *,
    part: str,
    skin: int = 0,
) -> Solid:
    low, high = ends
    return Solid(
        kind=kind,
        centre=(at[0], at[1], (low + high) / 2),
        half=(half, half, (high - low) / 2),
        part=part,
        skin=skin,
    )
