"""Kinds of surface that a person has a word for, and which of them look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .drawn import apart, between, colour
from .exact import any_turn
from .texture import Colour, Texture

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A kind of surface.

    Attributes:
        pattern: of its texture.
        family: what it is made of, for slices.
        fine: repetitions of the pattern for one of the scale asked for.
        bump: bounds of its texture's roughness.
        gloss: bounds of its texture's highlight.
        grain: bounds of how irregular its brightness is.
        alike: names of surfaces that may be taken for it.
    """

    pattern: str
    family: str
    fine: float = 1.0
    bump: tuple[float, float] = (0.0, 0.1)
    gloss: tuple[float, float] = (0.0, 0.25)
    grain: tuple[float, float] = (0.1, 0.3)
    alike: tuple[str, ...] = ()


def differ(first: str, second: str) -> bool:
    """Whether two surfaces are told apart at a glance."""
    return (
        first != second
        and second not in SURFACES[first].alike
        and first not in SURFACES[second].alike
    )


def palette(rng: np.random.Generator) -> tuple[Colour, Colour]:
    """Two colours that are told apart at a glance."""
    ground = colour(rng)
    return ground, apart(rng, ground, least=0.4)


def skin(
    rng: np.random.Generator, name: str, *, colours: tuple[Colour, Colour], scale: float
) -> Texture:
    """A texture of a kind, turned at random.

    Args:
        rng: random numbers.
        name: of the surface.
        colours: of ground and figure.
        scale: repetitions in a thing's unit.
    """
    surface = SURFACES[name]
    x, y, z = rng.random(3).tolist()
    return Texture(
        pattern=surface.pattern,
        ground=colours[0],
        figure=colours[1],
        scale=scale * surface.fine,
        axes=any_turn(rng),
        offset=(8 * x, 8 * y, 8 * z),
        grain=between(rng, *surface.grain),
        bump=between(rng, *surface.bump),
        gloss=between(rng, *surface.gloss),
    )


SURFACES: dict[str, Surface] = {
    "smooth": Surface(pattern="plain", family="plain", gloss=(0.15, 0.4), grain=(0.05, 0.1)),
    "rough": Surface(
        pattern="plain",
        family="plain",
        fine=3.0,
        bump=(1.6, 2.0),
        gloss=(0.0, 0.0),
        grain=(0.7, 0.9),
    ),
    "striped": Surface(
        pattern="striped", family="lines", fine=1.3, alike=("zigzag", "marbled", "bricked")
    ),
    "zigzag": Surface(pattern="zigzag", family="lines", fine=0.9, alike=("marbled", "checked")),
    "checked": Surface(pattern="checked", family="grid", fine=1.4, alike=("netted", "bricked")),
    "netted": Surface(pattern="meshed", family="grid", alike=("bricked",)),
    "bricked": Surface(pattern="bricked", family="grid", fine=0.8),
    "dotted": Surface(pattern="dotted", family="spots", fine=1.2, alike=("patched",)),
    "patched": Surface(pattern="patched", family="spots", fine=1.5, alike=("marbled",)),
    "marbled": Surface(pattern="marbled", family="veins", fine=0.8),
}
"""Name → surface."""

PLAIN = ("smooth", "rough")
"""Without a pattern: told from each other by how light falls on them."""

FIGURED = tuple(name for name in SURFACES if name not in PLAIN)
"""With a pattern."""
