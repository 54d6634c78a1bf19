"""Manners of drawing a scene, whatever it shows: families of strokes, lines, dots, tiles, areas.

A scene's colours are evened out (``subject``), drawn anew on a sheet (``sheet``, by one of
``families``), and brought to a brightness, contrast, colourfulness and sharpness that have nothing
to do with the style (``finish``). As in all of ``scenes`` every pixel is the same on every machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .families import FAMILIES
from .sheet import Manner, Sheet
from .subject import Palette, Subject

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.scene import Scene

    from .finish import Finish


def drawn_in_style(
    scene: Scene,
    camera: Camera,
    count: int,
    *,
    manner: Manner,
    palette: Palette,
    finish: Finish,
    rng: np.random.Generator,
) -> Any:
    """(n, n, 3) uint8 picture of a scene.

    Args:
        scene: what is drawn.
        camera: from where.
        count: pixels along a side.
        manner: how.
        palette: in which colours.
        finish: how it comes out.
        rng: decides where single strokes are.
    """
    sheet = Sheet(Subject(scene, camera, palette), manner, count, rng)
    colours = FAMILIES[manner.family].draw(sheet).reshape(3, count, count)
    values = finish.put_on(colours) * np.float32(255) + np.float32(0.5)
    return np.ascontiguousarray(values.astype(np.uint8).transpose(1, 2, 0))
