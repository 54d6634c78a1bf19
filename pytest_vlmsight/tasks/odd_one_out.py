"""Generated task: which of three or four views shows another object.

All objects of an item are of one family: the same parts in the same materials, put together
differently (see ``scenes/gadgets.py``), each seen from another side and in other light. Many views
of two objects are made, and those are taken by which no comparison of pictures tells where the odd
one is, nor which of both objects that is: see ``interchanged.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .decoys import balanced_index
from .generated import DEFAULT_CANVAS, Canvas, Choice, generated_task, tried
from .item import Item, Task
from .knobs import Knob, spans_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from .portrait import Portrait
    from .scenes.scene import Thing

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
        span=(40, 100),
        limits=(10, 180),
        bands=(60, 80),
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
POOL = 10
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
_WEIGHTS = {
    "normalised thumbnail": 2.0,
    "thumbnail": 2.0,
    "sharpness": 0.5,
    "colour": 0.6,
    "histogram": 0.6,
}
"""Of measures of an impression that count more or less than others."""


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
class _OddItems:
    """Makes the items; picklable, so that tasks can travel to workers."""

    canvas: Canvas
    spans: tuple[tuple[str, tuple[float, float]], ...]

    def __call__(self, seed: int, index: int) -> Item:
        _, item = self.found(seed, index)
        return item

    def found(self, seed: int, index: int, choice: Choice | None = None) -> tuple[Choice, Item]:
        """See ``TrioItems.found``."""
        spans = dict(self.spans)
        views = int(KNOBS[0].value(_half(seed, index), spans["views"]))
        # Within the items of one number of views, so that each is balanced by itself.
        place = index // 2 if spans["views"][0] < spans["views"][1] else index
        answer = balanced_index(views, NAME, f"answer of {views}", seed, place)
        odd = balanced_index(2, NAME, f"odd object of {views}", seed, place)
        for attempt, rng in tried(NAME, VERSION, seed, index, choice):
            rotation, moved = (
                knob.value(float(rng.random()), spans[knob.name]) for knob in KNOBS[1:]
            )
            members = _members(rng, int(moved))
            if members is None:
                continue
            drawn = _views(rng, members, rotation)
            if drawn is None:
                continue
            picked = _picked(drawn, views) if choice is None else choice[1:]
            places = _places(rng, drawn, picked)
            shown = [pair[odd if k == answer else 1 - odd] for k, pair in enumerate(places)]
            pictures = tuple(
                one.picture(
                    size=self.canvas.size, cache=self.canvas.cache, task=NAME, version=VERSION
                )
                for one in shown
            )
            labels = zip(KNOBS, (views, rotation, moved), strict=True)
            item = Item(
                name=f"{NAME}-{seed}-{index}",
                images=pictures,
                clean_images=pictures,
                question=_QUESTION,
                options=tuple(f"the {_ORDINALS[k]} image" for k in range(views)),
                answer=answer,
                slices=(
                    ("family", members[0].kind),
                    *((knob.name, knob.label(value)) for knob, value in labels),
                ),
            )
            return (attempt, *picked), item
        raise AssertionError  # tried() ends in an error


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
) -> tuple[list[Portrait], list[Portrait]] | None:
    """``POOL`` views of each member, all in one room; None where too few show it whole."""
    from .portrait import Portrait
    from .scenes.drawn import around, between, light, room
    from .scenes.scene import Scene

    middle = between(rng, 0, 360)
    place = room(rng, low=(-6.0, -6.0, -1.3), high=(6.0, 6.0, 6.0), plain=True)
    found: tuple[list[Portrait], list[Portrait]] = ([], [])
    for member, whole in zip(members, found, strict=True):
        for _ in range(2 * POOL):
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
            lamp = light(rng, tint=_TINT)
            view = Portrait(Scene(room=place, things=(member,), light=lamp), camera)
            if len(whole) < POOL and view.whole:
                whole.append(view)
    return found if all(len(whole) == POOL for whole in found) else None


def _picked(drawn: tuple[list[Portrait], list[Portrait]], views: int) -> Choice:
    """Numbers of a view of either object, for each place."""
    from .impression import counted, unlikeness
    from .interchanged import interchanged

    first, second = ([view.impression(smooth=False) for view in some] for some in drawn)
    found = interchanged(first, second, views, unlikeness, counted(_WEIGHTS))
    return tuple(number for place in found for number in place)


def _places(
    rng: np.random.Generator, drawn: tuple[list[Portrait], list[Portrait]], picked: Choice
) -> list[tuple[Portrait, Portrait]]:
    """Of each place a view of either object."""
    from .scenes.drawn import shuffled

    ones, others = drawn
    found = list(zip(picked[::2], picked[1::2], strict=True))
    return [(ones[one], others[other]) for one, other in shuffled(rng, found)]
