"""Generated task: which of three or four views shows another object.

All objects of an item are of one family: the same parts in the same materials, put together
differently (see ``scenes/gadgets.py``), each seen from another side and in other light. Many views
of both objects are drawn, and those are shown among which the odd one is as unlike the others, in
colours, pixels, area and outline, as a rank drawn beforehand says: most unlike, least unlike or
between, each as often. So no comparison of pictures pixel by pixel finds it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .decoys import balanced_index
from .generated import DEFAULT_CANVAS, Canvas, digest, generated_task, tries
from .item import Item, Picture, Task
from .knobs import Knob, spans_of
from .picture_cache import cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from PIL.Image import Image

    from .scenes.camera import Camera
    from .scenes.scene import Scene, Thing

NAME = "odd_one_out"
VERSION = "1"
KNOBS = (
    Knob(
        name="views",
        meaning="pictures of an item, and options",
        span=(3, 4),
        limits=(3, 4),
        bands=(4,),
        whole=True,
        why="as MOCHI asks it",
    ),
    Knob(
        name="rotation",
        meaning="most that two views of one object are turned against each other",
        span=(20, 60),
        limits=(10, 180),
        bands=(30, 45),
        unit="degrees",
    ),
    Knob(
        name="moved",
        meaning="parts that are elsewhere on the odd object",
        span=(4, 5),
        limits=(1, 5),
        bands=(4, 5),
        unit="parts",
        whole=True,
        why="there are five parts",
    ),
)
PARTS = 5
POOL = 14
"""Views drawn of each of an item's two objects."""

_QUESTION = (
    "All images but one show the same object, seen from different sides. "
    "Which image shows another object?"
)
_ORDINALS = ("first", "second", "third", "fourth")
_SHIFT = 0.15  # of the camera's aim, in the object's unit
_ROLL = 10.0  # degrees either way
_TINT = 0.15  # of the light
_FOCAL = (1.4, 1.8)
_ELEVATION = (15.0, 35.0)  # degrees
_RANKED = [2, 3, 5]  # of likeness.MEASURES: light alone balances colours, distance the area
_PIXELS = [2, 3]  # of likeness.MEASURES, those that are sums of squares
_COARSE = 32  # side in px of the views that are compared


def odd_one_out(*, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}) -> Task:
    """The task.

    Args:
        canvas: how pictures are made; nothing is marked in them.
        difficulty: knob → span, see ``KNOBS``.

    Raises:
        KnobError: a knob is unknown or beyond its limits.
    """
    spans = spans_of(KNOBS, difficulty, task=NAME)
    return generated_task(
        name=NAME,
        version=VERSION,
        readout="oddity",
        source="views of objects of one family, one of which is put together differently",
        make=_OddItems(canvas, tuple(spans.items())),
        settings={"size": canvas.size, "difficulty": spans},
        knobs=KNOBS,
    )


@dataclass(frozen=True, slots=True)
class _View:
    """A member of the family from somewhere; renders itself when called."""

    scene: Scene
    camera: Camera
    size: int

    def __call__(self) -> Image:
        from PIL import Image

        from .scenes.render import render

        return Image.fromarray(render(self.scene, self.camera, self.size))


@dataclass(frozen=True, slots=True)
class _OddItems:
    """Makes the items; picklable, so that tasks can travel to workers."""

    canvas: Canvas
    spans: tuple[tuple[str, tuple[float, float]], ...]

    def __call__(self, seed: int, index: int) -> Item:
        spans = dict(self.spans)
        views = int(KNOBS[0].value(_half(seed, index), spans["views"]))
        # Within the items of one number of views, so that each is balanced by itself.
        place = index // 2 if spans["views"][0] < spans["views"][1] else index
        answer = balanced_index(views, NAME, f"answer of {views}", seed, place)
        rank = balanced_index(views, NAME, f"rank of {views}", seed, place)
        standing_out = balanced_index(2, NAME, f"standing out of {views}", seed, place) == 0
        for attempt, rng in enumerate(tries(NAME, VERSION, seed, index)):
            rotation, moved = (
                knob.value(float(rng.random()), spans[knob.name]) for knob in KNOBS[1:]
            )
            members = _members(rng, int(moved))
            if members is None:
                continue
            style, drawn = _views(rng, members, rotation)
            chosen = _chosen(rng, drawn, views=views, rank=rank, standing_out=standing_out)
            if chosen is None:
                continue
            shown = [drawn[number] for number in chosen]
            shown.insert(answer, shown.pop())
            labels = zip(KNOBS, (views, rotation, moved), strict=True)
            return Item(
                name=f"{NAME}-{seed}-{index}",
                images=(pictures := self._pictures(seed, index, attempt, shown)),
                clean_images=pictures,
                question=_QUESTION,
                options=tuple(f"the {_ORDINALS[k]} image" for k in range(views)),
                answer=answer,
                slices=(("family", style), *((knob.name, knob.label(v)) for knob, v in labels)),
            )
        raise AssertionError  # tries() ends in an error

    def _pictures(
        self, seed: int, index: int, attempt: int, shown: list[tuple[Scene, Camera]]
    ) -> tuple[Picture, ...]:
        size = self.canvas.size
        found = []
        for place, (scene, camera) in enumerate(shown):
            content = {
                "generator": f"{NAME} {VERSION}",
                "size": size,
                "key": [seed, index, attempt, place],
                "difficulty": self.spans,
            }
            picture = Picture(digest(content), (size, size), _View(scene, camera, size))
            found.append(cached(picture, self.canvas.cache))
        return tuple(found)


def _half(seed: int, index: int) -> float:
    """0 or .5: three views or four, one of each in every pair of items."""
    return balanced_index(2, NAME, "views", seed, index) / 2


def _members(rng: np.random.Generator, moved: int) -> tuple[Thing, Thing] | None:
    """An object and another of its family, alike but for ``moved`` parts."""
    from .scenes.drawn import one_of
    from .scenes.exact import any_turn
    from .scenes.gadgets import STYLES, family, places

    kin = family(rng, style=one_of(rng, STYLES), parts=PARTS)
    first = places(rng, PARTS)
    if len(first) < PARTS:
        return None
    second = places(rng, moved, like=first)
    if len(second) < PARTS:
        return None
    axes = any_turn(rng)
    one, other = (kin.member(where).moved((0.0, 0.0, 0.0), axes=axes) for where in (first, second))
    return one, other


def _views(
    rng: np.random.Generator, members: tuple[Thing, Thing], rotation: float
) -> tuple[str, list[tuple[Scene, Camera]]]:
    """The family's style, and ``POOL`` views of each member, all in one room."""
    from .scenes.drawn import around, between, light, room
    from .scenes.scene import Scene

    middle = between(rng, 0, 360)
    place = room(rng, low=(-6.0, -6.0, -1.3), high=(6.0, 6.0, 6.0), plain=True)
    drawn = []
    for member in members:
        for _ in range(POOL):
            aims = [between(rng, -_SHIFT, _SHIFT) for _ in range(3)]
            # Moved, nearer or farther, tilted and lit anew: to pixels as different as the objects.
            camera = around(
                rng,
                target=(aims[0], aims[1], aims[2]),
                distance=4.2,
                elevation=_ELEVATION,
                azimuth=(middle - rotation / 2, middle + rotation / 2),
                roll=_ROLL,
                focal=between(rng, *_FOCAL),
            )
            drawn.append(
                (Scene(room=place, things=(member,), light=light(rng, tint=_TINT)), camera)
            )
    return members[0].kind, drawn


def _chosen(
    rng: np.random.Generator,
    drawn: list[tuple[Scene, Camera]],
    *,
    views: int,
    rank: int,
    standing_out: bool,
) -> list[int] | None:
    """Which views are shown, the odd one last, so that no comparison of pixels finds it.

    Args:
        rng: random numbers.
        drawn: ``POOL`` views of each object.
        views: how many are shown.
        rank: by every measure, how many views are less unlike the others than the odd one.
        standing_out: where it is the least or the most unlike, whether it is also farther from
            the rest than the view at the other end, by the measures of pixels.
    """
    import numpy as np

    unlike, cut = _unlike(drawn)
    same = np.array(list(itertools.combinations(range(POOL), views - 1)))
    groups = np.concatenate(
        [np.repeat(same, POOL, axis=0), np.tile(np.arange(POOL, 2 * POOL), len(same))[:, None]], 1
    )
    # How unlike the others each of a group's views is: the sum over all of them, written out.
    oddness = np.zeros((len(unlike), *groups.shape))
    for other in range(views):
        oddness += unlike[:, groups, groups[:, other : other + 1]]
    # Of four numbers the two in the middle are equally far from the others: a tie is either rank.
    less = (oddness[..., -1:] > oddness[..., :-1]).sum(-1)
    equal = (oddness[..., -1:] == oddness[..., :-1]).sum(-1)
    right = ((less <= rank) & (rank <= less + equal))[_RANKED].all(0)
    if rank in {0, views - 1}:
        pixels = oddness[_PIXELS]
        total = pixels[..., 0]
        for view in range(1, views):
            total = total + pixels[..., view]
        apart = np.abs(pixels * views - total[..., None])
        right &= ((apart[..., -1:] > apart[..., :-1]).all(-1) == standing_out).all(0)
    fit = np.flatnonzero(right & ~cut[groups].any(1))
    if not len(fit):
        return None
    chosen: list[int] = groups[fit[min(len(fit) - 1, int(float(rng.random()) * len(fit)))]].tolist()
    return chosen


def _unlike(drawn: list[tuple[Scene, Camera]]) -> tuple[Any, Any]:
    """(measures, n, n) how unlike views are, and (n,) whether their object is cut off."""
    import numpy as np

    from .likeness import MEASURES, differences, sketch
    from .scenes.render import developed, light_of, truth

    masks = [truth(scene, camera, _COARSE).thing == 0 for scene, camera in drawn]
    sketches = [
        sketch(developed(light_of(scene, camera, _COARSE, smooth=False)), mask)
        for (scene, camera), mask in zip(drawn, masks, strict=True)
    ]
    unlike = np.zeros((len(MEASURES), len(drawn), len(drawn)))
    for first, second in itertools.combinations(range(len(drawn)), 2):
        found = differences(sketches[first], sketches[second])
        unlike[:, first, second] = unlike[:, second, first] = found
    # Distances, not their squares, so that one far pixel does not decide.
    unlike[_PIXELS] = np.sqrt(unlike[_PIXELS])
    cut = [mask[0].any() or mask[-1].any() or mask[:, [0, -1]].any() for mask in masks]
    return unlike, np.array(cut)
