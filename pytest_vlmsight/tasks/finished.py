"""What finished pictures show around some of their pixels, of which nothing else is rendered.

By the renderer's own rule, so that what is measured here is what there is to be seen later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .scenes.exact import dot
from .scenes.render import developed, finely, mean_of, uneven
from .scenes.shade import shade
from .scenes.trace import trace_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scenes.camera import Camera
    from .scenes.view import View


def finished(
    view: View,
    rows: Any,
    columns: Any,
    *,
    count: int,
    reach: int,
    turned: Sequence[Camera] | None = None,
) -> Any:
    """(k, s, s, 3) uint8 windows of pictures of count × count px, s = 2 ``reach`` + 1.

    Args:
        view: what is seen, from where.
        rows: (k,) of the pixels in their middles; more than ``reach`` from the border.
        columns: likewise.
        count: pixels along a picture's side.
        reach: pixels on each side of the middle.
        turned: (k,) cameras of the windows, each the view's turned on the spot, so that one trace
            serves them all; by default that of the view.
    """
    # One pixel more on each side decides whether the outermost are sampled finely.
    steps = np.arange(-reach - 1, reach + 2)
    shape = len(rows), len(steps), len(steps)
    scale = count * view.camera.focal
    middle = 0.5 - count / 2
    across = np.broadcast_to((columns[:, None, None] + steps + middle) / scale, shape).reshape(-1)
    down = np.broadcast_to((rows[:, None, None] + steps[:, None] + middle) / scale, shape)
    down = down.reshape(-1)
    number = np.repeat(np.arange(shape[0]), shape[1] * shape[2])
    centres = trace_at(view, *_into(view.camera, turned, number, across, down))
    light = shade(view, centres).reshape(3, *shape)
    rough = uneven(centres.code.reshape(shape), light)
    rough[:, [0, -1]] = rough[:, :, [0, -1]] = False
    some = np.flatnonzero(rough)
    if len(some):
        fine = finely(across[some], down[some], scale)
        of = np.tile(number[some], len(fine[0]) // len(some))
        samples = trace_at(view, *_into(view.camera, turned, of, *fine))
        light.reshape(3, -1)[:, some] = mean_of(shade(view, samples))
    inner = light[:, :, 1:-1, 1:-1]
    return developed(inner.reshape(3, -1, shape[2] - 2)).reshape(-1, *inner.shape[2:], 3)


def _into(
    camera: Camera, turned: Sequence[Camera] | None, number: Any, across: Any, down: Any
) -> tuple[Any, Any]:
    """Places in the pictures of turned cameras → the same directions in that of a camera.

    Args:
        camera: at the same place as all others.
        turned: the others; None where all places are its own.
        number: (n,) of the camera that each place belongs to.
        across: (n,) of the places, in depths.
        down: likewise.
    """
    if turned is None:
        return across, down
    x, y, depth = (
        a.take(number) * across + b.take(number) * down + c.take(number)
        for a, b, c in (
            (np.array([dot(own, one.axes[axis]) for one in turned]) for axis in range(3))
            for own in camera.axes
        )
    )
    return x / depth, y / depth
