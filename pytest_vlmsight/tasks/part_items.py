"""Items that ask for the same part on two things: what both such tasks share.

A task says which things an item shows and from where (its draft); here they are tried until four
parts can be marked on both, and become an item. A picture keeps only what it is drawn from and
makes its thing anew when it is opened, so that thousands of items take little memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .decoys import balanced_index
from .generated import Canvas, Choice, digest, generator, tried
from .item import REFERENCE, Item, Picture, Point, letter
from .option_sets import OPTIONS, Weights
from .picture_cache import cached

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from PIL.Image import Image

    from .counterparts import Counterparts
    from .part_views import Pose
    from .scenes.camera import Camera
    from .scenes.catalogue import Kind
    from .scenes.scene import Scene, Thing

Key = tuple[str, str, int, int, int]
"""Task, version, seed, index and attempt."""

_LEAN = 10.0  # degrees that both pictures are tilted together, either way


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an item may show.

    Attributes:
        things: the first and the second.
        poses: how each is looked at.
        coats: of each, see ``dress.dressed``.
        weights: see ``counterparts.counterparts``.
        among: likewise.
        slices: (name, value) labels.
    """

    things: tuple[Thing, Thing]
    poses: tuple[Pose, Pose]
    coats: tuple[str, str]
    weights: Weights
    among: frozenset[str] | None = None
    slices: tuple[tuple[str, str], ...] = ()


def poses(
    rng: np.random.Generator,
    kinds: tuple[Kind, Kind],
    *,
    rotation: float,
    tilt: float,
    other_way: float,
) -> tuple[Pose, Pose]:
    """Two poses that are turned against each other by given degrees.

    Args:
        rng: random numbers.
        kinds: of the two things.
        rotation: between the sides that they are seen from, once both face the same way; at
            most the span of sides that both kinds are seen from.
        tilt: between the two pictures.
        other_way: how often the second faces the other way; see ``counterparts.py``.
    """
    from .part_views import Pose
    from .scenes.drawn import between

    low = max(kind.azimuth[0] for kind in kinds)
    high = min(kind.azimuth[1] for kind in kinds)
    start = between(rng, low, high - rotation)
    sides = [start, start + rotation]
    if rng.random() < 0.5:
        sides.reverse()
    hand = 1 if rng.random() < 0.5 else -1
    hands = (hand, -hand if rng.random() < other_way else hand)
    lean = between(rng, -_LEAN, _LEAN)
    half = tilt / 2 if rng.random() < 0.5 else -tilt / 2
    first, second = (
        Pose(
            azimuth=side * way,
            elevation=between(rng, *kind.elevation),
            tilt=lean + turn,
        )
        for side, way, kind, turn in zip(sides, hands, kinds, (half, -half), strict=True)
    )
    return first, second


@dataclass(frozen=True, slots=True, kw_only=True)
class PartItems:
    """Makes the items of a task; picklable, so that tasks travel to workers.

    Attributes:
        name: of the task.
        version: of the task.
        question: the same for all items.
        draft: (random numbers, seed, index) → what the item may show. All of it is drawn from
            the random numbers but what must not depend on how many tries an item takes.
        canvas: how the pictures are made.
    """

    name: str
    version: str
    question: str
    draft: Callable[[np.random.Generator, int, int], Draft]
    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        """Item ``index`` of a seed.

        Raises:
            GenerationError: no try led to four parts that can be marked.
        """
        _, item = self.found(seed, index)
        return item

    def found(self, seed: int, index: int, choice: Choice | None = None) -> tuple[Choice, Item]:
        """See ``TrioItems.found``."""
        from .counterparts import counterparts
        from .part_views import part_views

        answer = balanced_index(OPTIONS, self.name, "answer", seed, index)
        for attempt, rng in tried(self.name, self.version, seed, index, choice):
            draft = self.draft(rng, seed, index)
            views = part_views(rng, draft.things, draft.poses, among=draft.among)
            if views is None:
                continue
            key = (self.name, self.version, seed, index, attempt)
            found = counterparts(
                rng,
                views,
                staged=partial(staged_in, draft, key),
                answer=answer,
                weights=draft.weights,
                known=None if choice is None else choice[1],
            )
            if found is not None:
                return (attempt, found.number), self._item(key, draft, found, answer)
        raise AssertionError("tried() raises")

    def _item(self, key: Key, draft: Draft, found: Counterparts, answer: int) -> Item:
        size = self.canvas.size
        points = (
            _point(0, found.reference, REFERENCE, size),
            *(_point(1, at, letter(j), size) for j, at in enumerate(found.candidates)),
        )
        views = tuple(
            PartView(draft=self.draft, key=key, image=image, camera=camera, size=size)
            for image, camera in enumerate(found.cameras)
        )
        clean = tuple(cached(view.picture(), self.canvas.cache) for view in views)
        name = f"{self.name}-{key[2]}-{key[3]}"
        draw = self.canvas.markers.for_item(name)
        return Item(
            name=name,
            images=draw.paint_all(clean, points=points, boxes=()),
            clean_images=clean,
            question=self.question,
            options=tuple(f"point {letter(j)}" for j in range(OPTIONS)),
            answer=answer,
            points=points,
            slices=(*draft.slices, ("coats", _both(draft.coats)), *draw.slices),
            draw=draw,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """Renders one picture of an item when called.

    Attributes:
        draft: of the task.
        key: of the attempt.
        image: 0 or 1.
        camera: the picture's.
        size: its side in px.
    """

    draft: Callable[[np.random.Generator, int, int], Draft]
    key: Key
    image: int
    camera: Camera
    size: int

    def picture(self) -> Picture:
        """The picture that this renders."""
        place = (self.camera.position, self.camera.axes, self.camera.focal)
        content = {"key": self.key, "image": self.image, "camera": place, "size": self.size}
        return Picture(digest(content), (self.size, self.size), self)

    def scene(self) -> Scene:
        """What the picture shows."""
        draft = self.draft(generator(*self.key), self.key[2], self.key[3])
        return staged_in(draft, self.key, self.image)

    def __call__(self) -> Image:
        """The rendered picture."""
        from PIL import Image

        from .scenes.render import render

        return Image.fromarray(render(self.scene(), self.camera, self.size))


def staged_in(draft: Draft, key: Key, image: int) -> Scene:
    """One of a draft's things as it is shown in the attempt that the key names."""
    from .part_scene import staged

    looks = generator(*key, "looks", image)
    return staged(
        looks,
        draft.things[image],
        coat=draft.coats[image],
        azimuth=draft.poses[image].azimuth,
    )


def _both(coats: tuple[str, str]) -> str:
    return coats[0] if coats[0] == coats[1] else "one of each"


def _point(image: int, at: tuple[float, float], label: str, size: int) -> Point:
    # Rounded to what a record can hold exactly; 0.001 px is far below a pixel.
    return Point(image=image, x=round(at[0] * size, 3), y=round(at[1] * size, 3), label=label)
