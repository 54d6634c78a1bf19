"""Generated task: which of two marked points is closer to the camera.

Both points lie on things that are held off the floor, and for places, looks and
sizes as they are either may be the closer one (see ``twins.py``): lower in the picture is closer
as often as it is farther.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .depth_task import Asked, depth_task
from .generated import DEFAULT_CANVAS, Canvas
from .item import Point, Task, letter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from .depth_items import Found
    from .twin_views import Mark, Outline
    from .twins import Twins

NAME = "relative_depth"
VERSION = "1"
MARGIN = 0.09
"""Least distance of a point from the border, as a share of the side: room for ring and letter."""
SEPARATION = 0.14
"""Least distance between the points, likewise."""
CLEAR = 0.085
"""Least height of a point above the foot of the farther support, likewise.

What is seen right around the point then tells nothing.
"""

_QUESTION = "Two points are marked A and B on the image. Which point is closer to the camera?"
_ON_SUPPORT = 0.3  # share of points that are on a support, where it is wide enough
_WITHIN = 2  # least distance of a point from an outline, in px of the coarse picture


def relative_depth(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """The task.

    Args:
        canvas: the pictures' size and markers.
        difficulty: knob → span, see ``depth_items.KNOBS``.

    Raises:
        KnobError: there is no such knob, or not the span asked for.
    """
    return depth_task(
        name=NAME,
        version=VERSION,
        source="rooms with two marked things, either of which may be the closer one",
        marked=marked_points,
        asked=_asked,
        canvas=canvas,
        difficulty=difficulty,
    )


def marked_points(
    rng: np.random.Generator, twins: Twins, outlines: Sequence[Outline]
) -> tuple[Mark, Mark] | None:
    """A point on each thing or its support; None where there is no room for one."""
    first = _point(rng, twins, 0, outlines[0])
    second = _point(rng, twins, 1, outlines[1])
    if first is None or second is None:
        return None
    (a, b), (c, d) = first.place, second.place
    apart = (a - c) * (a - c) + (b - d) * (b - d)
    return (first, second) if apart >= SEPARATION * SEPARATION else None


def _point(rng: np.random.Generator, twins: Twins, number: int, own: Outline) -> Mark | None:
    import numpy as np

    from .twin_views import Mark, length_of_ray

    held = twins.held[number]
    count = len(own.thing)
    _, foot = held.foot(twins.camera, twins.far)
    places = (np.arange(count) + 0.5) / count
    clear = places < foot - CLEAR
    free = (places >= MARGIN) & (places <= 1 - MARGIN)
    allowed = (clear & free)[:, None] & free
    found: dict[bool, Any] = {
        False: np.argwhere(_core(own.thing) & allowed),
        True: np.argwhere(_core(own.support) & allowed),
    }
    on_support, share = float(rng.random()) < _ON_SUPPORT, float(rng.random())
    among = found[on_support] if len(found[on_support]) else found[not on_support]
    if not len(among):
        return None
    row, col = among[int(share * len(among))].tolist()
    x, y = (col + 0.5) / count, (row + 0.5) / count
    depth = float(own.depth[row, col])
    near = np.array([-1, 0, 1])
    return Mark(
        place=(x, y),
        own=depth,
        extents=(depth * length_of_ray(twins.camera, x, y),),
        rows=np.repeat(row + near, 3),
        cols=np.tile(col + near, 3),
    )


def _core(mask: Any) -> Any:
    """(n, n) whether a pixel and all within ``_WITHIN`` rows and columns of it are in a mask."""
    core = mask.copy()
    for axis in (0, 1):
        before = core.copy()
        for step in range(1, _WITHIN + 1):
            core &= _shifted(before, step, axis) & _shifted(before, -step, axis)
    return core


def _shifted(mask: Any, by: int, axis: int) -> Any:
    """The mask moved along an axis; what comes in from outside is not in it."""
    import numpy as np

    moved = np.roll(mask, by, axis)
    edge = np.s_[:by] if by > 0 else np.s_[by:]
    moved[edge if axis == 0 else (np.s_[:], edge)] = False
    return moved


def _asked(found: Found, size: int, _seed: int, _index: int) -> Asked:
    one, other = found.marks
    return Asked(
        question=_QUESTION,
        options=("point A", "point B"),
        points=tuple(
            Point(
                image=0,
                x=round(mark.place[0] * size, 3),
                y=round(mark.place[1] * size, 3),
                label=letter(number),
            )
            for number, mark in enumerate(found.marks)
        ),
        heights=(one.place[1], other.place[1]),
    )
