"""A picture of which is known what is at each place of a grid."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import labels
from .architecture import SIZE

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.scene import Scene

GRID = 28
"""Places along a picture's side of which everything is known."""

CLASSES = tuple(labels.CLASSES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture, and what is known of it.

    Attributes:
        pixels: (224, 224, 3) uint8.
        depth: (28, 28) float16 log; NaN where there is none to know.
        facing: (3, 28, 28) float16 normals in the camera's coordinates; NaN likewise.
        classes: (6, 28, 28) uint8 numbers by ``labels.CLASSES``; 0 is unknown.
        own: (3, 28, 28) float64, places in the coordinates of what they are of.
        code: (28, 28) int64: equal in a pair for what is of one thing.
        name: (28, 28) int64: equal in a pair for parts of one name or purpose; 0 is none.
    """

    pixels: Any
    depth: Any
    facing: Any
    classes: Any
    own: Any
    code: Any
    name: Any


def seen(
    scene: Scene,
    camera: Camera,
    *,
    category: str = "",
    surface: str = "",
    purposes: bool = False,
) -> Picture:
    """A view of a scene.

    Args:
        scene: its first thing is what it is about.
        camera: from where.
        category: of the first thing, whose parts have names; none by default.
        surface: of the first thing; none by default.
        purposes: whether parts are the same by what they are for rather than by their names.
    """
    from pytest_vlmsight.tasks.scenes.assembly import group
    from pytest_vlmsight.tasks.scenes.catalogue import ROLES
    from pytest_vlmsight.tasks.scenes.render import render, truth

    known = truth(scene, camera, GRID)
    own, across = known.surfaces()
    facing = np.stack(
        [sum(a * n for a, n in zip(axis, across, strict=True)) for axis in camera.axes]
    )
    classes = np.zeros((len(CLASSES), GRID, GRID), np.uint8)
    names = [group(part.split("|")[0]) for part in known.parts]
    # Negative things are the room: nothing has a name there.
    thing = known.thing
    if category:
        part = np.array([labels.parts().get(f"{category}: {name}", 0) for name in names], np.uint8)
        role = np.array([labels.purposes().get(ROLES.get(name, ""), 0) for name in names], np.uint8)
        classes[0] = np.where(thing == 0, part[known.part], 0)
        classes[1] = np.where(thing == 0, role[known.part], 0)
    kind = np.array([*(labels.kinds().get(t.kind, 0) for t in scene.things), 0], np.uint8)
    classes[2] = kind[thing]
    called = [ROLES.get(name, "") if purposes else name for name in names]
    name = np.array([zlib.crc32(one.encode()) if one else 0 for one in called], np.int64)
    if surface:
        classes[3] = np.where(thing == 0, labels.surfaces()[surface], 0)
    return Picture(
        pixels=render(scene, camera, SIZE),
        depth=np.log(known.depth).astype(np.float16),
        facing=facing.astype(np.float16),
        classes=classes,
        own=own,
        code=thing.astype(np.int64),
        name=np.where(thing == 0, name[known.part], 0),
    )


def unseen(pixels: Any, *, own: Any = None) -> Picture:
    """A picture of which no depth is known.

    Args:
        pixels: (224, 224, 3) uint8.
        own: (3, 28, 28) places of something that all of it shows; nothing by default.
    """
    nothing = np.full((GRID, GRID), np.nan, np.float16)
    return Picture(
        pixels=pixels,
        depth=nothing,
        facing=np.stack([nothing] * 3),
        classes=np.zeros((len(CLASSES), GRID, GRID), np.uint8),
        own=np.zeros((3, GRID, GRID)) if own is None else own,
        code=np.full((GRID, GRID), -1 if own is None else 0, np.int64),
        name=np.zeros((GRID, GRID), np.int64),
    )
