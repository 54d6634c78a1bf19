"""Areas of colour: posters, comics, washes of watercolour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .sheet import mixed
from .subject import brightness

if TYPE_CHECKING:
    from .sheet import Sheet


def poster(sheet: Sheet) -> Any:
    """Four flat tones."""
    return _flat(sheet.subject.fine(sheet.count).reshape(3, -1), 4)


def _flat(colour: Any, levels: int) -> Any:
    """(3, n) colours in so many steps of brightness."""
    grey = brightness(colour)
    low = np.minimum(np.floor(grey * levels), np.float32(levels - 1))
    flat = (low + np.float32(0.5)) * np.float32(1 / levels)
    return colour + (flat - grey)


def comic(sheet: Sheet) -> Any:
    """Outlines around pale flat colours."""
    subject, count = sheet.subject, sheet.count
    flat = _flat(subject.fine(count).reshape(3, -1), 4)
    paper = mixed(flat, subject.palette.paper, np.float32(0.35))
    reach = max(1, round(sheet.manner.size * count))
    fine = subject.solids(2 * count)
    edge = np.zeros(fine.shape, dtype=bool)
    edge[:, 1:] |= fine[:, 1:] != fine[:, :-1]
    edge[1:] |= fine[1:] != fine[:-1]
    edge = _grown(edge, reach)
    # Of a pixel's four quarters, those on a line.
    cover = np.zeros((count, count), dtype=np.float32)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        cover += edge[i::2, j::2] * np.float32(0.25)
    return mixed(paper, subject.palette.ink, cover.ravel())


def _grown(mask: Any, reach: int) -> Any:
    """What is within ``reach`` pixels across or down of a mask."""
    for axis in (0, 1):
        grown = mask.copy()
        for step in range(1, reach + 1):
            if axis:
                grown[:, step:] |= mask[:, :-step]
                grown[:, :-step] |= mask[:, step:]
            else:
                grown[step:] |= mask[:-step]
                grown[:-step] |= mask[step:]
        mask = grown
    return mask


def watercolour(sheet: Sheet) -> Any:
    """Washes with dark rims that run into each other, on grained paper."""
    manner, subject = sheet.manner, sheet.subject
    bend = np.float32(1.4 * manner.size)
    x = sheet.x + bend * (sheet.noise(manner.size * 0.5) - np.float32(0.5))
    y = sheet.y + bend * (sheet.noise(manner.size * 0.5, layer=1) - np.float32(0.5))
    colour = subject.at(x, y)
    own = brightness(colour)
    level = own * 4 + np.float32(1.2) * (sheet.noise(manner.size * 0.5, layer=2) - np.float32(0.5))
    low = np.floor(level)
    share = level - low
    rim = np.clip(np.float32(0.16) - share, 0, np.float32(0.16)) * np.float32(1.2)
    wash = colour + (low * np.float32(0.25) + np.float32(0.1) - own) * np.float32(0.7)
    wash = mixed(wash, subject.palette.paper, np.float32(0.25))
    return wash - rim + np.float32(0.07) * (sheet.tooth(0.009) - np.float32(0.5))
