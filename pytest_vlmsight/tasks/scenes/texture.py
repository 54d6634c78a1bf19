"""Textures: colour as a function of the place in a thing's own space, so that it turns with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .exact import WORLD, Frame, Vec, into
from .noise import chance, noise

if TYPE_CHECKING:
    from collections.abc import Callable

Colour = tuple[float, float, float]
"""Red, green and blue from 0 to 1; the square of what a picture stores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """What a surface looks like.

    Attributes:
        pattern: one of ``PATTERNS``.
        ground: colour where the pattern is 0.
        figure: colour where it is 1.
        scale: repetitions of the pattern in a unit of the thing's length.
        axes: how the pattern is turned in the thing.
        offset: moves the pattern, in repetitions.
        grain: how much brightness varies irregularly over the surface, 0 to 1.
        bump: how much the surface's direction varies, 0 (smooth) to 1 (rough).
        gloss: strength of the highlight, 0 to 1.
    """

    pattern: str = "plain"
    ground: Colour = (0.5, 0.5, 0.5)
    figure: Colour = (0.1, 0.1, 0.1)
    scale: float = 4.0
    axes: Frame = WORLD
    offset: Vec = (0.0, 0.0, 0.0)
    grain: float = 0.25
    bump: float = 0.0
    gloss: float = 0.0


def paint(texture: Texture, point: Any, *, out: Any) -> None:
    """Write (3, n) float32 colours of points on a surface.

    Args:
        texture: what to paint.
        point: (3, n) float32 in the thing's coordinates.
        out: (3, n) float32 to write to.
    """
    scale = np.float32(texture.scale)
    scaled = [
        value * scale + np.float32(moved)
        for value, moved in zip(into(texture.axes, point), texture.offset, strict=True)
    ]
    light: Any = np.float32(1)
    if texture.grain:
        # Coarser than the pattern and finer, so that neighbouring places differ.
        irregular = noise(*(value * np.float32(5) for value in scaled))
        light = 1 + np.float32(2 * texture.grain) * (irregular - np.float32(0.5))
    figure = None if texture.pattern == "plain" else PATTERNS[texture.pattern](*scaled)
    for channel, (low, high) in enumerate(zip(texture.ground, texture.figure, strict=True)):
        if figure is None:
            out[channel] = np.float32(low) * light
        else:
            out[channel] = (np.float32(low) + figure * np.float32(high - low)) * light


def tilt(texture: Texture, point: Any) -> Any:
    """(3, n) float32 by which a rough surface's normals of length 1 are off."""
    place = point * np.float32(texture.scale * 12)
    strength = np.float32(2 * texture.bump)
    off = np.empty_like(place)
    for axis in range(3):
        moved = place + np.float32(17.3 * axis)
        off[axis] = strength * (noise(*moved) - np.float32(0.5))
    return off


def _share(value: Any) -> Any:
    return value - np.floor(value)


def _cell(value: Any) -> tuple[Any, Any]:
    floor = np.floor(value)
    return floor.astype(np.int32), value - floor


def _of(mask: Any) -> Any:
    return mask.astype(np.float32)


def _plain(x: Any, _y: Any, _z: Any) -> Any:
    return np.zeros_like(x)


def _striped(x: Any, _y: Any, _z: Any) -> Any:
    return _of(_share(x) < 0.5)


def _pinstriped(x: Any, _y: Any, _z: Any) -> Any:
    return _of(_share(x * 2) < 0.22)


def _checked(x: Any, y: Any, z: Any) -> Any:
    return _share((np.floor(x) + np.floor(y) + np.floor(z)) * np.float32(0.5)) * 2


def _speckled(x: Any, y: Any, z: Any) -> Any:
    """A small dot at a random place in every cell."""
    return _dots(x * 2, y * 2, z * 2, radius=0.1)


def _dotted(x: Any, y: Any, z: Any) -> Any:
    """Large dots."""
    return _dots(x * np.float32(1.2), y * np.float32(1.2), z * np.float32(1.2), radius=0.2)


def _dots(x: Any, y: Any, z: Any, *, radius: float) -> Any:
    (i, a), (j, b), (k, c) = _cell(x), _cell(y), _cell(z)
    distance = np.zeros_like(x)
    # The dot stays inside of its cell, so no neighbour has to be asked.
    for salt, share in enumerate((a, b, c)):
        off = share - (np.float32(0.3) + np.float32(0.4) * chance(i, j, k, salt=salt))
        distance += off * off
    return _of(distance < np.float32(2.2 * radius * radius))


def _marbled(x: Any, y: Any, z: Any) -> Any:
    value = noise(x * 3, y * 3, z * 3)
    return np.abs(_share(x * np.float32(0.6) + value * 3) * 2 - 1)


def _patched(x: Any, y: Any, z: Any) -> Any:
    return _of(noise(x * 4, y * 4, z * 4) > 0.52)


def _bricked(x: Any, y: Any, z: Any) -> Any:
    row, across = np.floor(z * 2), _share(z * 2)
    shift = _share(row * np.float32(0.5))
    joint = (across < 0.16) | (_share(x + shift) < 0.09) | (_share(y + shift) < 0.09)
    return _of(joint)


def _ringed(x: Any, y: Any, _z: Any) -> Any:
    return _of(_share(np.sqrt(x * x + y * y)) < 0.5)


def _zigzag(x: Any, y: Any, z: Any) -> Any:
    bend = np.abs(_share(x) - np.float32(0.5)) + np.abs(_share(y) - np.float32(0.5))
    return _of(_share(z + bend) < 0.5)


def _meshed(x: Any, y: Any, z: Any) -> Any:
    return _of((_share(x) < 0.15) | (_share(y) < 0.15) | (_share(z) < 0.15))


PATTERNS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "plain": _plain,
    "striped": _striped,
    "pinstriped": _pinstriped,
    "checked": _checked,
    "speckled": _speckled,
    "dotted": _dotted,
    "marbled": _marbled,
    "patched": _patched,
    "bricked": _bricked,
    "ringed": _ringed,
    "zigzag": _zigzag,
    "meshed": _meshed,
}
"""Pattern name → (x, y, z) in repetitions → figure, 0 to 1."""
