"""What things made of parts wear: nothing that says which part is which.

Either one material covers all of a thing, or every part has a colour of its own; both are drawn
anew for each thing, so that no colour or pattern belongs to a part.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .assembly import BLANK, TRIM
from .drawn import between, brightness, colour, one_of
from .exact import any_turn
from .texture import Colour, Texture

if TYPE_CHECKING:
    import numpy as np

    from .scene import Thing

COATS = ("one material", "every part another")

_PATTERNS = ("plain", "patched", "marbled", "speckled", "dotted")


def dressed(thing: Thing, rng: np.random.Generator, *, coat: str) -> Thing:
    """The thing in new colours; what is neither ``BLANK`` nor ``TRIM`` stays.

    Args:
        thing: from an ``Assembly``.
        rng: random numbers.
        coat: one of ``COATS``.
    """
    bump, gloss = max(0.0, between(rng, -0.3, 0.3)), max(0.0, between(rng, -0.3, 0.3))
    whole, trim = _material(rng, bump, gloss), _material(rng, bump, gloss)
    skins = []
    for skin in thing.skins:
        if skin == TRIM:
            skins.append(replace(trim, pattern="plain"))
        elif skin != BLANK:
            skins.append(skin)
        elif coat == COATS[0]:
            skins.append(whole)
        else:
            skins.append(_material(rng, bump, gloss))
    return replace(thing, skins=tuple(skins))


def _material(rng: np.random.Generator, bump: float, gloss: float) -> Texture:
    ground = colour(rng, low=0.12, high=0.85)
    near = between(rng, 0.3, 0.8)
    if brightness(ground) < 0.45:
        near = 1 / near
    figure: Colour = (
        min(1.0, ground[0] * near),
        min(1.0, ground[1] * near),
        min(1.0, ground[2] * near),
    )
    x, y, z = rng.random(3).tolist()
    return Texture(
        pattern=one_of(rng, _PATTERNS),
        ground=ground,
        figure=figure,
        scale=between(rng, 3.0, 8.0),
        axes=any_turn(rng),
        offset=(8 * x, 8 * y, 8 * z),
        grain=between(rng, 0.05, 0.6),
        bump=bump,
        gloss=gloss,
    )
