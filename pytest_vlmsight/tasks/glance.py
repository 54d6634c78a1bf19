"""What a portrait is like to whoever sees only colours, pixels and outlines.

Measured on few samples while items are made. All measures are exact sums of whole numbers and
square roots of them, so that choices made by them are the same everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .scenes.camera import Camera
    from .scenes.scene import Scene

GRID = 40
"""Samples along a side."""

GAP = 0.25
"""Wanted between the options' unlikeness, as a share of its sum: see ``even_pair``."""

_BLOCK = 2  # samples along the side of a thumbnail's pixel
_NEXT = 1 / 224  # how far the next pixel is, where sharpness is measured, in sides
_GREY = (54, 183, 19)  # of 256


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What is compared of a portrait.

    Attributes:
        thumbnail: (400, 3) int64, red, green and blue of a small picture's pixels.
        mask: (n, n) bool, where the object is, n = ``GRID``.
        contrast: spread of the brightness.
        sharpness: how much brightness changes from pixel to pixel.
    """

    thumbnail: Any
    mask: Any
    contrast: float
    sharpness: float

    @property
    def area(self) -> int:
        """Of the object, in samples."""
        return int(self.mask.sum())

    @property
    def compactness(self) -> float:
        """The square of the outline's length for the object's area: a disc has little of it."""
        mask = self.mask
        edges = int((mask[1:] != mask[:-1]).sum()) + int((mask[:, 1:] != mask[:, :-1]).sum())
        return edges * edges / max(1, self.area)

    @property
    def cut(self) -> bool:
        """Whether the object is at the border."""
        mask = self.mask
        return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())

    def unlike(self, other: Glance) -> dict[str, float]:
        """Measure → how unlike another portrait it is; only the order of numbers counts."""
        both = int((self.mask & other.mask).sum())
        either = int((self.mask | other.mask).sum())
        return {
            "thumbnail": _uncorrelated(self.thumbnail, other.thumbnail),
            "outline": 1 - both / max(1, either),
            "area": abs(self.area - other.area),
            "compactness": abs(self.compactness - other.compactness),
            "contrast": abs(self.contrast - other.contrast),
            "sharpness": abs(self.sharpness - other.sharpness),
        }


def glance(scene: Scene, camera: Camera, *, sharpness: bool = True) -> Glance:
    """Look at a picture of which thing 0 is the object.

    Args:
        scene: what is seen.
        camera: from where.
        sharpness: whether it is measured, which takes three times as many samples; 0 where not.
    """
    import numpy as np

    from .scenes.render import developed
    from .scenes.shade import shade
    from .scenes.trace import trace_at
    from .scenes.view import View

    view = View(scene, camera)
    offsets = ((np.arange(GRID) + 0.5) / GRID - 0.5) / camera.focal
    across, down = np.tile(offsets, GRID), np.repeat(offsets, GRID)
    step = _NEXT / camera.focal
    if sharpness:
        across = np.concatenate([across, across + step, across])
        down = np.concatenate([down, down, down[: GRID * GRID] + step])
    samples = trace_at(view, across, down)
    light = shade(view, samples).reshape(3, -1, GRID * GRID)
    seen = developed(light).astype(np.int64)
    grey = _GREY[0] * seen[..., 0] + _GREY[1] * seen[..., 1] + _GREY[2] * seen[..., 2]
    middle = grey[0]
    total, squares = int(middle.sum()), int((middle * middle).sum())
    blocks = seen[0].reshape(GRID // _BLOCK, _BLOCK, GRID // _BLOCK, _BLOCK, 3).sum((1, 3))
    code = samples.code[: GRID * GRID].reshape(GRID, GRID)
    return Glance(
        thumbnail=blocks.reshape(-1, 3),
        mask=(code >= 0) & (code < len(scene.things[0].solids)),
        contrast=math.sqrt(squares * len(middle) - total * total),
        sharpness=float(np.abs(grey[1:] - middle).sum()),
    )


def even_pair(
    right: list[dict[str, float]],
    wrong: list[dict[str, float]],
    measures: tuple[str, ...],
    *,
    nearer: bool,
) -> tuple[int, int] | None:
    """A right and a wrong portrait, about ``GAP`` apart in how unlike the reference they are.

    Not as equal as can be had: then the finished pictures, which differ a little from what is seen
    at a glance, would have any order, and more often that of right and wrong pictures at large.

    Args:
        right: how unlike the reference each of the right option's portraits is, by each measure.
        wrong: the same of the wrong option's.
        measures: those that count.
        nearer: whether the right one is to be less unlike, by all measures, or more, by all.

    Returns:
        Their numbers; None where no two fit.
    """
    best, found = 2.0, None
    for i, own in enumerate(right):
        for j, other in enumerate(wrong):
            low, high = (own, other) if nearer else (other, own)
            if all(low[name] < high[name] for name in measures):
                gap = max(
                    ((high[name] - low[name]) / (high[name] + low[name]) for name in measures),
                    default=0.0,
                )
                if abs(gap - GAP) < best:
                    best, found = abs(gap - GAP), (i, j)
    return found


def _uncorrelated(one: Any, other: Any) -> float:
    """How unlike two thumbnails are when the mean and spread of each are taken away: 0 to 2."""
    count, shared, own, others = len(one), 0, 0, 0
    for a, b in zip(one.T, other.T, strict=True):
        shared += count * int((a * b).sum()) - int(a.sum()) * int(b.sum())
        own += count * int((a * a).sum()) - int(a.sum()) ** 2
        others += count * int((b * b).sum()) - int(b.sum()) ** 2
    return 1.0 if own == 0 or others == 0 else 1 - shared / (math.sqrt(own) * math.sqrt(others))
