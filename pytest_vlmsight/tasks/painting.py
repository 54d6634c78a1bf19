"""A painting without end, known by a formula: its colour can be asked for at any place.

So that views of it under any warp are exact and nothing is resampled. Shapes of several sizes give
corners, edges and blobs, which is what local features are made of, and all of them share a few
colours, so that a colour alone does not tell where one is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .scenes.drawn import apart, between, colour
from .scenes.exact import cos_sin

if TYPE_CHECKING:
    from collections.abc import Callable

_CELLS = 32
"""Cells along a side of a layer, after which it repeats; a power of two."""

_LAYERS = ((0.8, 1.0), (0.6, 0.9), (0.6, 0.7), (0.42, 0.5), (0.25, 0.25))
"""Of each layer, from the back to the front, the cells' side in sides of a view and how many of
them hold a shape."""

_CHUNK = 16384  # places worked on at once, so that they stay in a processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Shapes in the cells of a turned lattice, at most one in each.

    Attributes:
        cell: side of a cell.
        turn: cosine and sine of the lattice's angle.
        offset: of the lattice, in cells.
        table: (9, cells) float32 of each cell: kind, x and y of the middle, the shape's turn and
            size (cosine and sine over the radius), its slimness, and its colour.
    """

    cell: float
    turn: tuple[float, float]
    offset: tuple[float, float]
    table: Any


class Painting:
    """One painting.

    Args:
        rng: decides it.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        ground = colour(rng)
        self._ground = np.array(ground, dtype=np.float32)
        inks = np.array([ground, apart(rng, ground, least=0.3)], dtype=np.float32)
        self._layers = [_layer(rng, cell, full, inks) for cell, full in _LAYERS]

    def at(self, x: Any, y: Any) -> Any:
        """(3, n) float32 light from 0 to 1 at places (n,), in sides of a view."""
        out = np.empty((3, len(x)), dtype=np.float32)
        for start in range(0, len(x), _CHUNK):
            here = slice(start, start + _CHUNK)
            out[:, here] = self._some(x[here], y[here])
        return out

    def _some(self, x: Any, y: Any) -> Any:
        picture = np.empty((3, len(x)), dtype=np.float32)
        picture[:] = self._ground[:, None]
        for layer in self._layers:
            _draw(layer, x, y, picture)
        return picture


def _layer(rng: np.random.Generator, cell: float, full: float, palette: Any) -> _Layer:
    c, s = cos_sin(between(rng, 0, 90))
    x, y = rng.random(2).tolist()
    draws = rng.random((8, _CELLS * _CELLS))
    table = np.empty((9, _CELLS * _CELLS), dtype=np.float32)
    table[0] = np.floor(draws[0] * len(KINDS) / full)  # beyond the last kind a cell is empty
    radius = 0.27 + 0.2 * draws[1]
    table[1] = radius + (1 - 2 * radius) * draws[2]
    table[2] = radius + (1 - 2 * radius) * draws[3]
    # A point of the unit circle without sines: a rational map of a number from -1 to 1, and a
    # turn by half for the other semicircle.
    t = 2 * draws[4] - 1
    half = np.where(draws[5] < 0.5, -1.0, 1.0)
    scale = half / (radius * (1 + t * t))
    table[3] = (1 - t * t) * scale
    table[4] = 2 * t * scale
    table[5] = 1 + draws[6]
    chosen = palette[np.floor(draws[7] * len(palette)).astype(np.intp)]
    table[6:] = chosen.T
    return _Layer(cell, (c, s), (_CELLS * x, _CELLS * y), table)


def _draw(layer: _Layer, x: Any, y: Any, picture: Any) -> None:
    """Paint a layer's shapes over (3, n) colours."""
    c, s = (value / layer.cell for value in layer.turn)
    across = c * x + s * y + layer.offset[0]
    down = c * y - s * x + layer.offset[1]
    column, row = np.floor(across), np.floor(down)
    number = (row.astype(np.intp) & (_CELLS - 1)) * _CELLS + (column.astype(np.intp) & (_CELLS - 1))
    kind = layer.table[0].take(number)
    column -= across
    row -= down
    across = (-column).astype(np.float32) - layer.table[1].take(number)
    down = (-row).astype(np.float32) - layer.table[2].take(number)
    cosine, sine = layer.table[3].take(number), layer.table[4].take(number)
    along, beside = cosine * across + sine * down, cosine * down - sine * across
    beside *= layer.table[5].take(number)
    inside = along * along + beside * beside < 1  # every shape lies within the ellipse
    near = np.flatnonzero(inside)
    along, beside, kind = along.take(near), beside.take(near), kind.take(near)
    shown = np.zeros(len(near), dtype=bool)
    for index, shape in enumerate(KINDS):
        of = np.flatnonzero(kind == index)
        shown[of] = shape(along.take(of), beside.take(of))
    painted = near[shown]
    for channel in range(3):
        picture[channel][painted] = layer.table[6 + channel].take(number.take(painted))


def _ellipse(a: Any, _b: Any) -> Any:
    return np.ones(len(a), dtype=bool)


def _box(a: Any, b: Any) -> Any:
    return np.maximum(np.abs(a), np.abs(b)) < 0.7


def _triangle(a: Any, b: Any) -> Any:
    return (b < 0.5) & (b > np.abs(a) * np.float32(1.7) - np.float32(0.95))


def _ring(a: Any, b: Any) -> Any:
    return a * a + b * b > 0.36


def _bar(_a: Any, b: Any) -> Any:
    return np.abs(b) < 0.28


def _cross(a: Any, b: Any) -> Any:
    return np.minimum(np.abs(a), np.abs(b)) < 0.24


def _half(a: Any, _b: Any) -> Any:
    return a > 0


def _corner(a: Any, b: Any) -> Any:
    return (np.maximum(a, b) < 0.65) & ((a > 0.25) | (b > 0.25))


KINDS: tuple[Callable[[Any, Any], Any], ...] = (
    _ellipse,
    _box,
    _triangle,
    _ring,
    _bar,
    _cross,
    _half,
    _corner,
)
"""What a place relative to a shape's middle, in its radii, is asked: whether it is painted."""
