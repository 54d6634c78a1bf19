"""Ink: lines and dots whose number or thickness makes light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.tasks.scenes.exact import cos_sin

from .lattice import Lattice
from .sheet import mixed

if TYPE_CHECKING:
    from .sheet import Sheet


def _inked(sheet: Sheet, cover: Any, colour: Any) -> Any:
    """Ink on paper, both a little in the colour of what is drawn."""
    paper, ink = sheet.subject.palette.inks(colour)
    return mixed(paper, ink, cover)


def hatching(sheet: Sheet) -> Any:
    """Pen lines, one to three times as many where it is dark; in variant 1 they cross."""
    manner, subject = sheet.manner, sheet.subject
    colour = subject.at(sheet.x, sheet.y)
    dark = 1 - subject.palette.tone(colour)
    wobble = sheet.noise(0.05) * np.float32(0.03)
    cover = np.zeros_like(dark)
    # Of each layer its direction, its place between the lines, and from which darkness on.
    crossed = ((0, 0.0, 0.12), (90, 0.4, 0.36), (45, 0.7, 0.62))
    layers = crossed if manner.variant else ((0, 0.0, 0.12), (0, 0.5, 0.45), (0, 0.25, 0.7))
    for number, (turn, shift, least) in enumerate(layers):
        c, s = (np.float32(value) for value in cos_sin(manner.angle + turn))
        scale = np.float32(1 / manner.size)
        row = (sheet.y * c - sheet.x * s + wobble) * scale + np.float32(50 + shift + sheet.phase[0])
        line = np.floor(row)
        off = np.abs(row - line - np.float32(0.5))
        # A line ends where it gets light, each a little earlier or later.
        ends = sheet.noise(
            0.012, x=sheet.x * c + sheet.y * s, y=line * np.float32(0.0301), layer=number + 1
        )
        drawn = dark + np.float32(0.3) * (ends - np.float32(0.5)) - np.float32(least)
        thick = np.clip(drawn * 3, 0, np.float32(0.2)) + np.float32(0.02)
        thick = np.where(drawn > 0, thick, np.float32(-1))
        cover = np.maximum(cover, sheet.within(thick - off, unit=manner.size))
    return _inked(sheet, cover, colour)


def engraving(sheet: Sheet) -> Any:
    """Lines that swell with darkness: straight, in variant 1 waved, in variant 2 rings."""
    manner, subject = sheet.manner, sheet.subject
    colour = subject.at(sheet.x, sheet.y)
    dark = 1 - subject.palette.tone(colour)
    c, s = (np.float32(value) for value in cos_sin(manner.angle))
    along, beside = sheet.x * c + sheet.y * s, sheet.y * c - sheet.x * s
    scale, phase = np.float32(1 / manner.size), np.float32(50 + sheet.phase[0])
    if manner.variant == 2:
        a, b = sheet.x - np.float32(sheet.phase[0]), sheet.y - np.float32(sheet.phase[1])
        row = np.sqrt(a * a + b * b) * scale
    elif manner.variant:
        along = along * 5 + np.float32(sheet.phase[1])
        share = along - np.floor(along)
        row = (beside + np.float32(0.16) * share * (1 - share)) * scale + phase
    else:
        row = beside * scale + phase
    off = np.abs(row - np.floor(row) - np.float32(0.5))
    return _inked(sheet, sheet.within(dark * np.float32(0.5) - off, unit=manner.size), colour)


def halftone(sheet: Sheet) -> Any:
    """A screen of dots in rows, the larger the darker."""
    manner, subject = sheet.manner, sheet.subject
    lattice = Lattice(manner.size, manner.angle, sheet.rng, 1)
    u, v = lattice.coordinates(sheet.x, sheet.y)
    colour = subject.at(sheet.x, sheet.y)
    dark = 1 - subject.palette.tone(colour)
    a, b = u - np.floor(u) - np.float32(0.5), v - np.floor(v) - np.float32(0.5)
    radius = np.sqrt(dark * np.float32(0.42))
    off = radius - np.sqrt(a * a + b * b)
    return _inked(sheet, sheet.within(off, unit=manner.size), colour)


def stipple(sheet: Sheet) -> Any:
    """Dots of one size at random places, the more the darker."""
    manner, subject = sheet.manner, sheet.subject
    colour = subject.at(sheet.x, sheet.y)
    cover = np.zeros_like(sheet.x)
    for layer in range(2):
        lattice = Lattice(manner.size, 30 * layer, sheet.rng, 4)
        u, v = lattice.middles(0.5)
        tone = subject.palette.tone(subject.at(*lattice.places(u, v)))
        drawn = (1 - tone) * np.float32(1.15) - np.float32(0.05) > lattice.random[2]
        radius = np.where(
            drawn, np.float32(0.26) + np.float32(0.1) * lattice.random[3], np.float32(-1)
        )
        pu, pv = lattice.coordinates(sheet.x, sheet.y)
        for number in lattice.around(pu, pv):
            across, down = pu - u.take(number), pv - v.take(number)
            off = radius.take(number) - np.sqrt(across * across + down * down)
            cover = np.maximum(cover, sheet.within(off, unit=manner.size))
    return _inked(sheet, cover, colour)
