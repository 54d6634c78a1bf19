"""What relative_depth and object_depth share: finding an item's twin scenes and rendering one.

An item's pictures and depth maps are rendered when they are loaded; until then it holds no scene,
only what the scene can be drawn from again: seed, index and the number of the try that succeeded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .decoys import balanced_index
from .generated import Canvas, digest, generator, tries
from .item import DepthMap, Picture
from .knobs import Knob
from .picture_cache import cached, cached_depths

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from .twin_views import Mark
    from .twins import Twins, Wanted

KNOBS = (
    Knob(
        name="ratio",
        meaning="depth of the farther one for a depth of the nearer one of 1",
        span=(1.15, 2.2),
        limits=(1.05, 3.0),
        bands=(1.3, 1.6),
        why="closer to 1 they are equally far, beyond 3 the room is too small",
    ),
    Knob(
        name="clutter",
        meaning="how many other things there are",
        span=(0, 8),
        limits=(0, 12),
        bands=(3, 6),
        whole=True,
        why="more do not fit",
    ),
    Knob(
        name="size",
        meaning="of the things, in shares of the picture's side",
        span=(0.18, 0.32),
        limits=(0.14, 0.34),
        bands=(0.22, 0.28),
        why="smaller things cannot be marked, larger ones do not fit",
    ),
    Knob(
        name="lift",
        meaning="how far the farther one is held off the floor, in shares of the side",
        span=(0.03, 0.18),
        limits=(0.02, 0.25),
        bands=(0.08, 0.13),
        why="lower there is no support to see, higher there is no room",
    ),
)

LEVEL = 0.03
"""Difference of rows, in shares of the side, below which two marks are level."""


@dataclass(frozen=True, slots=True)
class Found:
    """Twin scenes with marks, and the number of the try that they were found in."""

    twins: Twins
    marks: tuple[Mark, Mark]
    attempt: int


@dataclass(frozen=True, slots=True)
class DepthScenes:
    """Finds the scenes of a depth task's items.

    Attributes:
        task: its name.
        version: of the task.
        spans: of ``KNOBS``, in their order.
        marked: draws the marks of twins, given random numbers and their outlines; None where
            they cannot be marked.
    """

    task: str
    version: str
    spans: tuple[tuple[float, float], ...]
    marked: Callable[..., tuple[Mark, Mark] | None]

    def wanted(self, seed: int, index: int) -> Wanted:
        """What an item's layout is to be like."""
        from .twins import Wanted

        rng = generator(self.task, self.version, "wanted", seed, index)
        ratio, clutter, size, lift = (
            knob.value(float(rng.random()), span)
            for knob, span in zip(KNOBS, self.spans, strict=True)
        )
        return Wanted(ratio=ratio, size=size, lift=lift, clutter=int(clutter))

    def find(self, seed: int, index: int) -> Found:
        """An item's twins and marks.

        Raises:
            GenerationError: none were found.
        """
        wanted = self.wanted(seed, index)
        for attempt, rng in enumerate(tries(self.task, self.version, seed, index)):
            found = self._tried(rng, wanted)
            if found is not None:
                return Found(*found, attempt)
        raise AssertionError("tries end by an error")

    def again(self, seed: int, index: int, attempt: int) -> Twins:
        """The twins of an item whose successful try is known."""
        rng = generator(self.task, self.version, seed, index, attempt)
        found = self._tried(rng, self.wanted(seed, index), checked=True)
        assert found is not None
        return found[0]

    def _tried(
        self, rng: np.random.Generator, wanted: Wanted, *, checked: bool = False
    ) -> tuple[Twins, tuple[Mark, Mark]] | None:
        from .twin_views import agree, alike, outline
        from .twins import stage, strewn

        twins = stage(rng, wanted)
        if twins is None:
            return None
        outlines = [outline(twins, number) for number in (0, 1)]
        if not all(own.inside for own in outlines):
            return None
        marks = self.marked(rng, twins, outlines)
        if marks is None or not agree(marks, wanted.ratio):
            return None
        measured = twins.measured((marks[0].own, marks[1].own))
        if not measured.fits:
            return None
        full = strewn(rng, measured, wanted.clutter)
        if full is None or not (checked or alike(full, outlines, marks)):
            return None
        return full, marks

    def content(self, seed: int, index: int, attempt: int, nearer: int) -> dict[str, object]:
        """All that decides what is seen."""
        return {
            "generator": f"{self.task} {self.version}",
            "spans": self.spans,
            "seed": seed,
            "index": index,
            "attempt": attempt,
            "nearer": nearer,
        }

    def nearer(self, seed: int, index: int) -> int:
        """Which of the two is the nearer one."""
        return balanced_index(2, self.task, "answer", seed, index)


@dataclass(frozen=True, slots=True)
class Shot:
    """One of an item's twin scenes, which can be drawn again."""

    scenes: DepthScenes
    seed: int
    index: int
    attempt: int
    nearer: int

    def picture(self, canvas: Canvas) -> Picture:
        """Its picture, rendered when it is loaded."""
        size = (canvas.size, canvas.size)
        name = digest(self._content() | {"size": canvas.size})
        return cached(Picture(name, size, _Rendered(self, canvas.size)), canvas.cache)

    def depth_map(self, canvas: Canvas) -> DepthMap:
        """The depth of the things in it; the room's is 0, not to be learned from.

        A head that is linear in features and is trained on all of a picture spends itself on
        where floors and walls are, whose depth follows from their place in the picture. What is
        asked about are things.
        """
        size = (canvas.size, canvas.size)
        name = digest(self._content() | {"size": canvas.size, "depth": "things"})
        return cached_depths(DepthMap(name, size, _Measured(self, canvas.size)), canvas.cache)

    def _content(self) -> dict[str, object]:
        return self.scenes.content(self.seed, self.index, self.attempt, self.nearer)


@dataclass(frozen=True, slots=True)
class _Rendered:
    """Renders a shot when called."""

    shot: Shot
    size: int

    def __call__(self) -> Image:
        from PIL import Image

        from .scenes.render import render

        twins = _twins(self.shot)
        return Image.fromarray(render(twins.scene(self.shot.nearer), twins.camera, self.size))


@dataclass(frozen=True, slots=True)
class _Measured:
    """Measures the depths of a shot's things when called."""

    shot: Shot
    size: int

    def __call__(self) -> NDArray[np.uint16]:
        import numpy as np

        from .scenes.render import truth
        from .scenes.trace import ROOM

        twins = _twins(self.shot)
        seen = truth(twins.scene(self.shot.nearer), twins.camera, self.size)
        depth: Any = np.where(seen.thing == ROOM, 0, np.floor(seen.depth * 1000 + 0.5))
        return depth.astype(np.uint16)  # type: ignore[no-any-return]


@lru_cache(maxsize=4)  # an item's picture and depth map are usually loaded one after the other
def _twins(shot: Shot) -> Twins:
    return shot.scenes.again(shot.seed, shot.index, shot.attempt)


def rows_told(places: tuple[float, float], nearer: int) -> str:
    """Whether the lower of two marks is the closer one, for a slice.

    Args:
        places: y of each mark, in shares of the side.
        nearer: which one is closer.
    """
    below = places[nearer] - places[1 - nearer]
    if abs(below) < LEVEL:
        return "level"
    return "lower is closer" if below > 0 else "lower is farther"


def slices(wanted: Wanted) -> tuple[tuple[str, str], ...]:
    """The slices of what was wanted."""
    values = {
        "ratio": wanted.ratio,
        "clutter": wanted.clutter,
        "size": wanted.size,
        "lift": wanted.lift,
    }
    return tuple((knob.name, knob.label(values[knob.name])) for knob in KNOBS)
