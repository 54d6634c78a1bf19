"""Where each part of a thing is best pointed at in a picture.

That is the place of its visible area that is farthest from the area's edge, so that a ring around
it lies on the part and nobody has to ask which part is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scenes.camera import Camera
    from .scenes.exact import Vec
    from .scenes.scene import Thing

COUNT = 112
"""Samples along a side when a picture is searched for parts."""

_DEEPEST = 40  # samples: no part needs more clearance than that


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one part is pointed at.

    Attributes:
        x: in the picture, as a share of its side.
        y: likewise.
        clearance: distance to the edge of the part's visible area, likewise.
        point: the surface there, in the world.
    """

    x: float
    y: float
    clearance: float
    point: Vec


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What is seen of a thing that stands alone.

    Attributes:
        places: by part; parts that are hidden have none.
        mask: (COUNT, COUNT) bool, where the thing is seen.
        box: the mask's left, right, top and bottom, as shares of the side.
    """

    places: dict[str, Place]
    mask: Any
    box: tuple[float, float, float, float]


def sight(thing: Thing, camera: Camera) -> Sight:
    """What a camera sees of a thing alone, without its surroundings."""
    import numpy as np

    from .scenes.render import truth
    from .scenes.scene import Room, Scene
    from .scenes.texture import Texture

    far = Room(low=(-9.0, -9.0, -9.0), high=(9.0, 9.0, 9.0), skins=(Texture(),) * 3)
    found = truth(Scene(room=far, things=(thing,)), camera, COUNT)
    mask = found.thing == 0
    label = np.where(mask, found.part, -1)
    depths = _clearances(label)
    places = {}
    for number in np.unique(label).tolist():
        if number < 0:
            continue
        own = np.where(label == number, depths, -1)
        rows, columns = np.nonzero(own == own.max())
        # Of several as good ones the one nearest to their middle; whole numbers, so exact.
        count = len(rows)
        off_y, off_x = count * rows - rows.sum(), count * columns - columns.sum()
        best = int((off_y * off_y + off_x * off_x).argmin())
        row, column = int(rows[best]), int(columns[best])
        x, y = (column + 0.5) / COUNT, (row + 0.5) / COUNT
        places[found.parts[number]] = Place(
            x=x,
            y=y,
            clearance=int(own.max()) / COUNT,
            point=camera.at(x, y, float(found.depth[row, column])),
        )
    rows, columns = mask.any(1).nonzero()[0], mask.any(0).nonzero()[0]
    box = (0.0, 1.0, 0.0, 1.0)
    if len(rows):
        edges = (columns[0], columns[-1] + 1, rows[0], rows[-1] + 1)
        box = (edges[0] / COUNT, edges[1] / COUNT, edges[2] / COUNT, edges[3] / COUNT)
    return Sight(places=places, mask=mask, box=box)


def _clearances(label: Any) -> Any:
    """(n, n) int16: how many samples lie between each sample and the edge of its own area.

    By peeling: one layer with four neighbours, the next with eight, so that what is left keeps
    about the shape of an octagon.
    """
    import numpy as np

    count = len(label)
    framed = np.full((count + 2, count + 2), -2, dtype=label.dtype)
    framed[1:-1, 1:-1] = label
    inner = framed[1:-1, 1:-1]
    alive = inner >= 0
    for rows, columns in _FOUR:
        alive &= framed[rows, columns] == inner
    depth = np.zeros(label.shape, dtype=np.int16)
    framed_alive = np.zeros(framed.shape, dtype=bool)
    for layer in range(_DEEPEST):
        if not alive.any():
            break
        depth += alive
        framed_alive[1:-1, 1:-1] = alive
        alive = alive.copy()
        for rows, columns in _FOUR if layer % 2 else _EIGHT:
            alive &= framed_alive[rows, columns]
    return depth


_MIDDLE, _BEFORE, _AFTER = slice(1, -1), slice(None, -2), slice(2, None)
_FOUR = ((_MIDDLE, _BEFORE), (_MIDDLE, _AFTER), (_BEFORE, _MIDDLE), (_AFTER, _MIDDLE))
_EIGHT = (*_FOUR, (_BEFORE, _BEFORE), (_BEFORE, _AFTER), (_AFTER, _BEFORE), (_AFTER, _AFTER))
