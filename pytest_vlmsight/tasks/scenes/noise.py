"""Noise in space: a volume of smooth random values, made once and looked up."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

_BITS = 6
_SIDE = 1 << _BITS
_OCTAVES = ((4, 1.0), (8, 0.8), (16, 0.6), (32, 0.5), (64, 0.4))
"""Cells a side and amplitude."""


@lru_cache(maxsize=1)
def _volume() -> Any:
    """(64³,) complex128 from 0 to 1, flattened, repeating without a seam.

    The 16 bytes of each are four float32: the value, the next along the last axis, and both again
    one further along the axis before it. So one look-up finds four values.
    """
    rng = np.random.default_rng(20250608)
    total = np.zeros((_SIDE,) * 3)
    for cells, amplitude in _OCTAVES:
        values = rng.random((cells,) * 3)
        for axis in range(3):
            values = _stretched(values, _SIDE // cells, axis)
        total += amplitude * values
    low, high = total.min(), total.max()
    values = ((total - low) / (high - low)).astype(np.float32)
    pair = np.stack([values, np.roll(values, -1, 2)], 3)
    flat = np.concatenate([pair, np.roll(pair, -1, 1)], 3).view(np.complex128).ravel()
    flat.flags.writeable = False
    return flat


def _stretched(values: Any, times: int, axis: int) -> Any:
    """Linear between neighbours, the last and first being neighbours too."""
    following = np.roll(values, -1, axis)
    steps = [values + (following - values) * (k / times) for k in range(times)]
    stacked = np.stack(steps, axis + 1)
    shape = list(values.shape)
    shape[axis] *= times
    return stacked.reshape(shape)


def noise(x: Any, y: Any, z: Any) -> Any:
    """Values from 0 to 1 (mean about .5) at places in space, linear between lattice points.

    Args:
        x: (n,) float32, 1 being the finest grain's size; the volume repeats after 64.
        y: likewise.
        z: likewise.
    """
    volume = _volume()
    low, shares = [], []
    for value in (x, y, z):
        floor = np.floor(value)
        shares.append(value - floor)
        low.append(floor.astype(np.intp) & (_SIDE - 1))
    a, b, c = shares
    row, column, cell = low
    inner = (column << _BITS) + cell
    ends = []
    for start in (row << (2 * _BITS), ((row + 1) & (_SIDE - 1)) << (2 * _BITS)):
        four = volume.take(start + inner).view(np.float32).reshape(-1, 4).T
        near, far = (first + (second - first) * c for first, second in (four[:2], four[2:]))
        ends.append(near + (far - near) * b)
    return ends[0] + (ends[1] - ends[0]) * a


def chance(x: Any, y: Any, z: Any, *, salt: int = 0) -> Any:
    """Independent values from 0 to 1, one for each whole-numbered cell of space.

    Args:
        x: (n,) int32 cell numbers.
        y: likewise.
        z: likewise.
        salt: other values for another number.
    """
    # A linear mix with odd multipliers, then xor and shift, in wrapping 32-bit arithmetic.
    mixed = (
        x.astype(np.uint32) * np.uint32(0x9E3779B1)
        + y.astype(np.uint32) * np.uint32(0x85EBCA77)
        + z.astype(np.uint32) * np.uint32(0xC2B2AE3D)
        + np.uint32((salt * 0x27D4EB2F + 0x165667B1) & 0xFFFFFFFF)
    )
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= mixed >> np.uint32(12)
    mixed *= np.uint32(0x297A2D39)
    mixed ^= mixed >> np.uint32(15)
    return mixed.astype(np.float32) * np.float32(1 / 2**32)
