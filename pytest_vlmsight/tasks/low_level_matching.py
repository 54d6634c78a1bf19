"""Generated task: find the same point of a picture after a random warp and change of light.

No rule on positions alone can solve it. The right point is where a random homography takes REF;
each distractor is where another homography, drawn from the same distribution, would have taken
it. All conditions (margins, distances) treat the four alike, so that given REF's place the four
candidates are exchangeable: position says nothing, only the pictures do.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .generated import DEFAULT_CANVAS, Canvas, generated_task
from .item import REFERENCE, Item, Picture, Point, Task, letter
from .knobs import spans_of
from .picture_cache import cached
from .seeded import seeded_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

NAME = "low_level_matching"
VERSION = "1"
OPTIONS = 4
MARGIN = 0.1
"""Least distance of a point from the border, as a share of the side: room for ring and letter."""
SEPARATION = 0.15
"""Least distance between two candidates, likewise."""

_QUESTION = (
    "A point is marked REF on the first image. The second image shows the same picture, warped "
    "and in other light. Which marked point on the second image is the same point of the picture?"
)
_BATCH, _BATCHES = 64, 64  # tries at once, and how often
_SCENE = 3.0  # side of the scene that both views lie in, in sides of a view


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where an item's points are, in sides of the view with its centre at the origin.

    Attributes:
        homography: first view → second view, row by row, the last entry 1.
        reference: REF in the first view.
        candidates: in the second view, by option.
        answer: index of the candidate that the homography takes REF to.
        degrees: the homography's rotation.
        scale: its scale.
    """

    homography: tuple[float, ...]
    reference: tuple[float, float]
    candidates: tuple[tuple[float, float], ...]
    answer: int
    degrees: float
    scale: float


def low_level_matching(
    *, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}
) -> Task:
    """The task.

    Args:
        canvas: how pictures are made.
        difficulty: of no use here: the task has no knobs.

    Raises:
        KnobError: a knob is asked for.
    """
    spans_of((), difficulty, task=NAME)
    return generated_task(
        name=NAME,
        version=VERSION,
        readout="nearest_patch",
        source="textured pictures and their warps by random homographies",
        make=_MatchingItems(canvas),
        settings={"size": canvas.size},
    )


def geometry(seed: int, index: int) -> Geometry:
    """The geometry of item ``index``; depends on nothing else.

    Raises:
        RuntimeError: no geometry meets the conditions within the bounded tries.
    """
    import numpy as np

    rng = _generator("geometry", seed, index)
    answer = seeded_order(OPTIONS, NAME, seed, index // OPTIONS)[index % OPTIONS]
    for _ in range(_BATCHES):
        # Only random() is used: its stream is the plainest of NumPy's, kept across versions.
        draws = rng.random((_BATCH, 2 + 6 * OPTIONS))
        reference = (draws[:, :2] - 0.5) * (1 - 2 * MARGIN)
        maps, degrees, scales = _homographies(draws[:, 2:].reshape(_BATCH, OPTIONS, 6))
        candidates = _apply(maps, reference[:, None, None, :])[:, :, 0]
        gaps = np.linalg.norm(candidates[:, :, None] - candidates[:, None], axis=-1)
        gaps += np.eye(OPTIONS) * 2
        good = (
            (np.abs(candidates) <= 0.5 - MARGIN).all((1, 2))
            & (gaps >= SEPARATION).all((1, 2))
            & _inside_scene(maps).all(1)
        )
        if good.any():
            first = int(good.argmax())
            return Geometry(
                homography=tuple(maps[first, answer].ravel().tolist()),
                reference=(float(reference[first, 0]), float(reference[first, 1])),
                candidates=tuple((float(x), float(y)) for x, y in candidates[first]),
                answer=answer,
                degrees=float(degrees[first, answer]),
                scale=float(scales[first, answer]),
            )
    raise RuntimeError(
        f"task {NAME}: no geometry for item {index} of seed {seed} in {_BATCH * _BATCHES} tries; "
        "use another seed and report this one"
    )


def _generator(*key: object) -> np.random.Generator:
    import numpy as np

    label = "/".join(map(str, (NAME, VERSION, *key)))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(label.encode()).digest()[:16]))


def _homographies(
    draws: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Uniform draws (..., 6) → matrices (..., 3, 3), degrees (...) and scales (...)."""
    import numpy as np

    centred = 2 * draws - 1
    degrees, scales = 45 * centred[..., 0], 1.35 ** centred[..., 1]
    angle = np.radians(degrees)
    maps = np.zeros((*draws.shape[:-1], 3, 3))
    maps[..., 0, 0] = maps[..., 1, 1] = scales * np.cos(angle)
    maps[..., 1, 0] = scales * np.sin(angle)
    maps[..., 0, 1] = -maps[..., 1, 0]
    maps[..., :2, 2] = 0.3 * centred[..., 2:4]
    maps[..., 2, :2] = 0.2 * centred[..., 4:6]
    maps[..., 2, 2] = 1
    return maps, degrees, scales


def _apply(maps: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Homographies (..., 3, 3) on points (..., n, 2) → (..., n, 2)."""
    import numpy as np

    flat = np.swapaxes(maps[..., :2], -1, -2)
    moved: NDArray[np.float64] = points @ flat + maps[..., None, :, 2]
    return moved[..., :2] / moved[..., 2:]


def _inside_scene(maps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether the second view shows nothing beyond the scene."""
    import numpy as np

    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    seen = np.abs(_apply(np.linalg.inv(maps).astype(np.float64), corners))
    inside: NDArray[np.bool_] = np.all(seen <= _SCENE / 2 - 0.02, axis=(-1, -2))
    return inside


@dataclass(frozen=True, slots=True)
class _MatchingItems:
    """Makes the items; picklable, so that tasks can travel to workers."""

    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        found = geometry(seed, index)
        name = f"{NAME}-{seed}-{index}"
        draw = self.canvas.markers.for_item(name)
        points = (
            self._point(0, found.reference, REFERENCE),
            *(self._point(1, c, letter(i)) for i, c in enumerate(found.candidates)),
        )
        clean = (
            self._picture(_View(self.canvas.size, seed, index, None)),
            self._picture(_View(self.canvas.size, seed, index, found.homography)),
        )
        return Item(
            name=name,
            images=draw.paint_all(clean, points=points, boxes=()),
            clean_images=clean,
            question=_QUESTION,
            options=tuple(f"point {letter(i)}" for i in range(OPTIONS)),
            answer=found.answer,
            points=points,
            slices=(
                ("rotation", _band(abs(found.degrees), 15, 30, "degrees")),
                ("scale", "smaller" if found.scale < 1 else "larger"),
                *draw.slices,
            ),
            draw=draw,
        )

    def _point(self, image: int, at: tuple[float, float], label: str) -> Point:
        # Rounded to what a record can hold exactly; 0.001 px is far below a pixel.
        x, y = (round((value + 0.5) * self.canvas.size, 3) for value in at)
        return Point(image=image, x=x, y=y, label=label)

    def _picture(self, view: _View) -> Picture:
        digest = _digest(
            {"size": view.size, "seed": view.seed, "index": view.index, "map": view.homography}
        )
        return cached(Picture(digest, (view.size, view.size), view), self.canvas.cache)


def _band(value: float, low: float, high: float, unit: str) -> str:
    if value < low:
        return f"under {low} {unit}"
    return f"{low} to {high} {unit}" if value < high else f"over {high} {unit}"


def _digest(parameters: dict[str, object]) -> str:
    content = {"generator": f"{NAME} {VERSION}", **parameters}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _View:
    """Renders one of an item's two views when called."""

    size: int
    seed: int
    index: int
    homography: tuple[float, ...] | None

    def __call__(self) -> Image:
        from .textured_scene import relit, scene, view

        side = round(_SCENE * self.size)
        picture = scene(f"{NAME}/{VERSION}/{self.seed}/{self.index}", side, self.size / 224)
        if self.homography is None:
            start = (side - self.size) // 2
            return picture.crop((start, start, start + self.size, start + self.size))
        warped = view(picture, self.homography, self.size)
        return relit(warped, _generator("light", self.seed, self.index))
