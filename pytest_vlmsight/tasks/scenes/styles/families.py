"""The families of styles: what they are called, what they may vary, and how lively they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import areas, ink, paint, tiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from .sheet import Sheet

_TOLERANCE = 1.2
"""A finish makes a picture livelier by this factor without being noticed.

It cannot make all of them calmer: an edge that is blurred goes up and down as much as before.
"""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way in which a family draws.

    Attributes:
        sizes: (liveliness, main length in sides of the picture), from calm to lively: means over
            scenes, measured with ``finish.liveliness``.
        turn: degrees after which its direction is clearly another one; 0 where none shows.
    """

    sizes: tuple[tuple[float, float], ...]
    turn: float = 0.0

    @property
    def span(self) -> tuple[float, float]:
        """Least and greatest liveliness that it can be had with."""
        return self.sizes[0][0], self.sizes[-1][0] * _TOLERANCE

    def size(self, liveliness: float) -> float:
        """The main length at which it is about so lively."""
        if liveliness <= self.sizes[0][0]:
            return self.sizes[0][1]
        for (low, first), (high, last) in zip(self.sizes, self.sizes[1:], strict=False):
            if liveliness <= high:
                return first + (last - first) * (liveliness - low) / (high - low)
        return self.sizes[-1][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of strokes, lines, dots, tiles or areas.

    Attributes:
        draw: sheet → (3, n) float32 colours.
        kind: one of ``KINDS``.
        variants: by number.
    """

    draw: Callable[[Sheet], Any]
    kind: str
    variants: tuple[Variant, ...]


KINDS = ("paint", "ink", "tiles", "areas")

FAMILIES: dict[str, Family] = {
    "brush strokes": Family(
        draw=paint.oil,
        kind="paint",
        variants=(
            Variant(
                ((0.29, 0.095), (0.34, 0.064), (0.36, 0.044), (0.38, 0.029), (0.39, 0.02)), turn=90
            ),
            Variant(((0.28, 0.095), (0.32, 0.064), (0.34, 0.044), (0.36, 0.029), (0.38, 0.02))),
        ),
    ),
    "dots of paint": Family(
        draw=paint.points,
        kind="paint",
        variants=(
            Variant(((0.13, 0.06), (0.16, 0.044), (0.2, 0.033), (0.24, 0.024), (0.28, 0.018))),
        ),
    ),
    "chalk": Family(
        draw=paint.chalk,
        kind="paint",
        variants=(
            Variant(((0.15, 0.03), (0.2, 0.022), (0.26, 0.015), (0.33, 0.011), (0.42, 0.008))),
            Variant(
                ((0.11, 0.03), (0.14, 0.022), (0.18, 0.015), (0.23, 0.011), (0.31, 0.008)), turn=90
            ),
        ),
    ),
    "hatching": Family(
        draw=ink.hatching,
        kind="ink",
        variants=(
            Variant(
                ((0.3, 0.055), (0.35, 0.046), (0.4, 0.038), (0.47, 0.031), (0.55, 0.026)), turn=90
            ),
            Variant(
                ((0.36, 0.038), (0.43, 0.032), (0.53, 0.026), (0.65, 0.022), (0.79, 0.018)), turn=45
            ),
        ),
    ),
    "engraving": Family(
        draw=ink.engraving,
        kind="ink",
        variants=(
            Variant(
                ((0.32, 0.038), (0.39, 0.032), (0.48, 0.026), (0.59, 0.022), (0.71, 0.018)), turn=90
            ),
            Variant(
                ((0.35, 0.038), (0.43, 0.032), (0.53, 0.026), (0.64, 0.022), (0.77, 0.018)), turn=90
            ),
            Variant(((0.33, 0.038), (0.4, 0.032), (0.48, 0.026), (0.59, 0.022), (0.71, 0.018))),
        ),
    ),
    "halftone": Family(
        draw=ink.halftone,
        kind="ink",
        variants=(
            Variant(((0.34, 0.042), (0.41, 0.034), (0.5, 0.028), (0.61, 0.022), (0.74, 0.018))),
        ),
    ),
    "stipple": Family(
        draw=ink.stipple,
        kind="ink",
        variants=(
            Variant(((0.3, 0.034), (0.39, 0.026), (0.5, 0.02), (0.64, 0.016), (0.78, 0.012))),
        ),
    ),
    "mosaic": Family(
        draw=tiles.mosaic,
        kind="tiles",
        variants=(
            Variant(((0.14, 0.09), (0.18, 0.066), (0.25, 0.048), (0.34, 0.035), (0.46, 0.026))),
            Variant(((0.14, 0.09), (0.19, 0.066), (0.25, 0.048), (0.35, 0.035), (0.46, 0.026))),
        ),
    ),
    "stained glass": Family(
        draw=tiles.glass,
        kind="tiles",
        variants=(
            Variant(((0.098, 0.16), (0.14, 0.12), (0.19, 0.085), (0.26, 0.062), (0.37, 0.045))),
        ),
    ),
    "facets": Family(
        draw=tiles.facets,
        kind="tiles",
        variants=(
            Variant(((0.037, 0.12), (0.046, 0.082), (0.061, 0.056), (0.078, 0.038), (0.1, 0.026))),
        ),
    ),
    "pixels": Family(
        draw=tiles.pixels,
        kind="tiles",
        variants=(
            Variant(((0.043, 0.07), (0.052, 0.051), (0.063, 0.037), (0.078, 0.027), (0.097, 0.02))),
            Variant(((0.059, 0.07), (0.073, 0.051), (0.089, 0.037), (0.11, 0.027), (0.13, 0.02))),
        ),
    ),
    "stitches": Family(
        draw=tiles.stitches,
        kind="tiles",
        variants=(
            Variant(((0.23, 0.07), (0.27, 0.054), (0.32, 0.041), (0.36, 0.031), (0.39, 0.024))),
            Variant(((0.18, 0.07), (0.22, 0.054), (0.25, 0.041), (0.3, 0.031), (0.32, 0.024))),
        ),
    ),
    "weaving": Family(
        draw=tiles.weaving,
        kind="tiles",
        variants=(
            Variant(((0.24, 0.07), (0.31, 0.054), (0.38, 0.041), (0.46, 0.031), (0.55, 0.024))),
            Variant(
                ((0.27, 0.045), (0.34, 0.036), (0.41, 0.029), (0.49, 0.023), (0.59, 0.018)), turn=90
            ),
        ),
    ),
    "poster": Family(
        draw=areas.poster,
        kind="areas",
        variants=(Variant(((0.04, 0.01), (0.05, 0.01))),),
    ),
    "comic": Family(
        draw=areas.comic,
        kind="areas",
        variants=(Variant(((0.084, 0.014), (0.099, 0.0079), (0.12, 0.0045))),),
    ),
    "watercolour": Family(
        draw=areas.watercolour,
        kind="areas",
        variants=(Variant(((0.11, 0.09), (0.12, 0.03), (0.13, 0.015))),),
    ),
}
"""Name → family."""
