"""Painting: brush strokes, dots of paint, chalk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.tasks.scenes.exact import cos_sin

from .lattice import Lattice
from .sheet import mixed, paint_over

if TYPE_CHECKING:
    from .sheet import Sheet

_BRISTLES = 64


def oil(sheet: Sheet) -> Any:
    """Brush strokes in one direction; in variant 1 they follow edges."""
    manner, subject = sheet.manner, sheet.subject
    picture = subject.at(sheet.x, sheet.y)
    profile = sheet.rng.random(_BRISTLES).astype(np.float32)
    for scale in (1.35, 1.0):
        cell = manner.size * scale
        lattice = Lattice(cell, manner.angle + 37 * scale, sheet.rng, 6)
        u, v = lattice.middles(0.5)
        x, y = lattice.places(u, v)
        colour = subject.at(x, y) + np.float32(0.16) * (lattice.random[2] - np.float32(0.5))
        c, s = _directions(sheet, x, y, lattice.random[3:5])
        long, wide = np.float32(1 / cell), np.float32(1 / (0.3 * cell))
        for number in lattice.around(*lattice.coordinates(sheet.x, sheet.y)):
            across, down = sheet.x - x.take(number), sheet.y - y.take(number)
            cosine, sine = c.take(number), s.take(number)
            along = (cosine * across + sine * down) * long
            beside = (cosine * down - sine * across) * wide
            end = 1 - along * along
            inside = np.flatnonzero((end > 0) & (np.abs(beside) < 1.1))
            own, beside, end = number.take(inside), beside.take(inside), end.take(inside)
            alpha = sheet.within(np.minimum(1 - np.abs(beside), 2 * end), unit=0.3 * cell)
            bristle = profile.take(((beside + 2) * 7 + own * 13).astype(np.intp) % _BRISTLES)
            shade = np.float32(0.2) * (bristle - np.float32(0.5))
            paint_over(picture, inside, alpha, colour[:, own] + shade)
    return picture


def _directions(sheet: Sheet, x: Any, y: Any, random: Any) -> tuple[Any, Any]:
    """Cosine and sine of each stroke's direction."""
    cosine, sine = cos_sin(sheet.manner.angle)
    if sheet.manner.variant:
        c, s = sheet.subject.flow_at(x, y)
        spread = np.float32(0.3)
    else:
        c, s = np.full_like(x, cosine), np.full_like(x, sine)
        spread = np.float32(0.35)
    off = spread * (random[0] + random[1] - 1)
    c, s = c - s * off, s + c * off
    length = np.sqrt(c * c + s * s)
    return c / length, s / length


def points(sheet: Sheet) -> Any:
    """Dots of unmixed paint on a light ground."""
    manner, subject = sheet.manner, sheet.subject
    picture = mixed(subject.at(sheet.x, sheet.y), subject.palette.paper, np.float32(0.5))
    for layer in range(2):
        lattice = Lattice(manner.size, manner.angle + 45 * layer, sheet.rng, 6)
        u, v = lattice.middles(0.35)
        x, y = lattice.places(u, v)
        colour = subject.at(x, y) * np.float32(0.94)
        # Without colours of its own the picture keeps to those between ink and paper.
        vary = np.float32(0.3 * subject.palette.colour)
        colour += vary * (lattice.random[2:5] - np.float32(0.5))
        radius = np.float32(0.38) + np.float32(0.16) * lattice.random[5]
        pu, pv = lattice.coordinates(sheet.x, sheet.y)
        for number in lattice.around(pu, pv):
            across, down = pu - u.take(number), pv - v.take(number)
            off = radius.take(number) - np.sqrt(across * across + down * down)
            inside = np.flatnonzero(off > -0.2)
            alpha = sheet.within(off.take(inside), unit=manner.size)
            paint_over(picture, inside, alpha, colour[:, number.take(inside)])
    return picture


def chalk(sheet: Sheet) -> Any:
    """Chalk on the tooth of paper; in variant 1 rubbed in one direction."""
    manner, subject = sheet.manner, sheet.subject
    stretch = 5.0 if manner.variant else 1.0
    height = np.float32(0.65) * sheet.tooth(manner.size, stretch=stretch)
    height += np.float32(0.35) * sheet.tooth(manner.size * 0.5, stretch=stretch)
    colour = subject.at(sheet.x, sheet.y)
    tone = subject.palette.tone(colour)
    covered = np.clip((height - np.float32(0.25) - tone * np.float32(0.5)) * 6, 0, 1)
    ground = mixed(colour, subject.palette.paper, np.float32(0.7))
    return mixed(ground, colour * np.float32(0.9), covered)
