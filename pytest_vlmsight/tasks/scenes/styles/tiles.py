"""Pieces put together: mosaics, stained glass, stitches, weaving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .lattice import Lattice
from .sheet import mixed

if TYPE_CHECKING:
    from .sheet import Sheet


def mosaic(sheet: Sheet) -> Any:
    """Small stones with light joints between them, in variant 1 in rows."""
    jitter = 0.16 if sheet.manner.variant else 0.42
    pieces = _Pieces(sheet, jitter=jitter, vary=0.2)
    joint = mixed(sheet.subject.at(sheet.x, sheet.y), sheet.subject.palette.paper, np.float32(0.7))
    stone = sheet.within(pieces.edge - np.float32(0.12), unit=sheet.manner.size)
    return mixed(joint, pieces.colour(pieces.nearest), stone)


def glass(sheet: Sheet) -> Any:
    """Large panes with dark lead between them."""
    pieces = _Pieces(sheet, jitter=0.46, vary=0.1)
    lit = np.clip(pieces.edge * np.float32(0.5), 0, np.float32(0.18))
    lead = sheet.subject.palette.ink * np.float32(0.6)
    pane = sheet.within(pieces.edge - np.float32(0.1), unit=sheet.manner.size)
    return mixed(lead, pieces.colour(pieces.nearest) + lit, pane)


def facets(sheet: Sheet) -> Any:
    """Flat pieces of paper without joints."""
    pieces = _Pieces(sheet, jitter=0.46, vary=0.16)
    share = sheet.within(pieces.edge, unit=sheet.manner.size)
    return mixed(pieces.colour(pieces.second), pieces.colour(pieces.nearest), share)


def pixels(sheet: Sheet) -> Any:
    """Plain squares, in variant 1 set on their corners."""
    lattice = Lattice(sheet.manner.size, 45 * sheet.manner.variant, sheet.rng, 3)
    colours = sheet.subject.at(*lattice.places(*lattice.middles(0.0)))
    colours = colours + np.float32(0.16) * (lattice.random[2] - np.float32(0.5))
    return colours[:, lattice.own(*lattice.coordinates(sheet.x, sheet.y))]


class _Pieces:
    """Every place belongs to the piece with the nearest middle.

    Args:
        sheet: what is drawn on.
        jitter: how irregular the middles are, up to .5.
        vary: how much the pieces' brightness varies.

    Attributes:
        nearest: (n,) the piece's number.
        second: (n,) that of the next piece.
        edge: (n,) distance from the edge between the two, in cells.
    """

    def __init__(self, sheet: Sheet, *, jitter: float, vary: float) -> None:
        lattice = Lattice(sheet.manner.size, sheet.manner.angle, sheet.rng, 3)
        u, v = lattice.middles(jitter)
        self._colours = sheet.subject.at(*lattice.places(u, v))
        self._colours += np.float32(vary) * (lattice.random[2] - np.float32(0.5))
        pu, pv = lattice.coordinates(sheet.x, sheet.y)
        best, next_best = np.full_like(pu, 100), np.full_like(pu, 100)
        self.nearest, self.second = (np.zeros(len(pu), dtype=np.intp) for _ in range(2))
        for number in lattice.around(pu, pv):
            across, down = pu - u.take(number), pv - v.take(number)
            off = across * across + down * down
            closer, between = off < best, off < next_best
            np.copyto(self.second, number, where=between)
            np.copyto(self.second, self.nearest, where=closer)
            np.copyto(self.nearest, number, where=closer)
            next_best = np.where(closer, best, np.minimum(next_best, off))
            best = np.minimum(best, off)
        # The difference of distances is about twice the distance from the edge.
        self.edge = (np.sqrt(next_best) - np.sqrt(best)) * np.float32(0.5)

    def colour(self, number: Any) -> Any:
        """(3, n) of pieces."""
        return self._colours[:, number]


def stitches(sheet: Sheet) -> Any:
    """Crosses of thread on cloth, in variant 1 upright ones."""
    manner, subject = sheet.manner, sheet.subject
    lattice = Lattice(manner.size, 45 if manner.variant else 0, sheet.rng, 3)
    u, v = lattice.coordinates(sheet.x, sheet.y)
    number = lattice.own(u, v)
    colours = subject.at(*lattice.places(*lattice.middles(0.0)))
    colours = colours + np.float32(0.1) * (lattice.random[2] - np.float32(0.5))
    colour = colours[:, number]
    a, b = u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5)
    cloth = mixed(colour, sheet.subject.palette.paper, np.float32(0.5)) * np.float32(0.85)
    lower, upper = np.abs(a + b) * np.float32(0.7071), np.abs(a - b) * np.float32(0.7071)
    round_under = np.float32(1.0) - lower
    picture = mixed(
        cloth, colour * round_under, sheet.within(np.float32(0.2) - lower, unit=manner.size)
    )
    over = np.float32(1.12) - upper * np.float32(1.2)
    return mixed(picture, colour * over, sheet.within(np.float32(0.2) - upper, unit=manner.size))


def weaving(sheet: Sheet) -> Any:
    """Threads that go over and under each other, in variant 1 long ones side by side."""
    long = sheet.manner.variant == 1
    lattice = Lattice(
        sheet.manner.size, sheet.manner.angle, sheet.rng, 3, stretch=5.0 if long else 1.0
    )
    u, v = lattice.coordinates(sheet.x, sheet.y)
    row = np.floor(v)
    odd = row * np.float32(0.5) - np.floor(row * np.float32(0.5))
    if long:
        u = u + odd  # as bricks are laid
    colours = sheet.subject.at(*lattice.places(*lattice.middles(0.0)))
    colours = colours + np.float32(0.12) * (lattice.random[2] - np.float32(0.5))
    colour = colours[:, lattice.own(u, v)]
    a, b = u - np.floor(u) - np.float32(0.5), v - row - np.float32(0.5)
    if long:
        ends = np.clip((np.float32(0.5) - np.abs(a)) * 16, 0, 1)
        return colour * (1 - 3 * b * b) * (np.float32(0.4) + np.float32(0.6) * ends)
    column = np.floor(u) * np.float32(0.5)
    crosswise = np.abs(column - np.floor(column) - odd) > np.float32(0.25)
    beside, along = np.where(crosswise, a, b), np.where(crosswise, b, a)
    return colour * (1 - 3 * beside * beside) * (np.float32(1.1) - np.float32(0.9) * along * along)
