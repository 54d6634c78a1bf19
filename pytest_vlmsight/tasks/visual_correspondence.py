"""Generated task: find the same point of a scene from another camera or in other light.

The camera of the first picture is turned so that REF is where it was drawn to be beforehand: where
the options are says nothing about which is the right one. All things share one colour, and colours
and pixels around the options say no more, see ``even_sets.py``: they are compared in windows that
are what finished pictures of 224 px show, to the pixel.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from .decoys import balanced_index
from .generated import DEFAULT_CANVAS, Canvas, Choice, digest, generated_task, generator, tried
from .item import REFERENCE, Item, Picture, Point, Task, letter
from .knobs import Knob, spans_of
from .option_sets import OPTIONS
from .picture_cache import cached
from .visual_offers import CHANGES, GRAIN, NAME, offer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

    from .visual_offers import Place, Shot

VERSION = "1"
KNOBS = (
    Knob(
        name="move",
        meaning="how far the camera goes around the scene",
        span=(25, 55),
        limits=(15, 60),
        bands=(40,),
        unit="degrees",
        why="below, pixels can be compared one by one; beyond, little is seen from both places",
    ),
    Knob(
        name="roll",
        meaning="how far the second view is turned",
        span=(15, 50),
        limits=(0, 90),
        bands=(30,),
        unit="degrees",
        why="beyond, up is hardly up",
    ),
    Knob(
        name="things",
        meaning="how many things there are",
        span=(20, 28),
        limits=(14, 36),
        bands=(24,),
        whole=True,
        why="with fewer, places say too much; there is room for 36",
    ),
)

_QUESTION = (
    "The two images show the same scene, from another place or in other light. A point is marked "
    "REF on the first image. Which marked point on the second image is the same point of the scene?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """An item before its pictures are rendered.

    Attributes:
        shots: the two pictures.
        reference: REF in the first, in shares of the side.
        candidates: in the second, by option.
        answer: index of the candidate that shows REF's point.
        change: one of ``CHANGES``.
        settings: values of the knobs by name.
        choice: what was found.
    """

    shots: tuple[Shot, Shot]
    reference: Place
    candidates: tuple[Place, ...]
    answer: int
    change: str
    settings: Mapping[str, float]
    choice: Choice


def visual_correspondence(
    *, canvas: Canvas = DEFAULT_CANVAS, difficulty: Mapping[str, str] = {}
) -> Task:
    """The task.

    Args:
        canvas: how pictures are made.
        difficulty: knob → span.

    Raises:
        KnobError: there is no such knob, or not the span asked for.
    """
    spans = spans_of(KNOBS, difficulty, task=NAME)
    return generated_task(
        name=NAME,
        version=VERSION,
        readout="nearest_patch",
        source="still lifes from two cameras or in two lights",
        make=_Maker(canvas, tuple(spans.items())),
        settings={"size": canvas.size, "spans": spans},
        knobs=KNOBS,
    )


def layout(
    seed: int,
    index: int,
    spans: Mapping[str, tuple[float, float]],
    choice: Choice | None = None,
) -> Layout:
    """The layout of item ``index``; depends on nothing else.

    Args:
        seed: of the item.
        index: its number.
        spans: of the knobs by name.
        choice: what is to be found, where that is known.

    Raises:
        GenerationError: none meets the conditions within the bounded tries.
    """
    from .even_sets import chosen

    drawn = generator(NAME, VERSION, seed, index, "knobs").random(len(KNOBS)).tolist()
    settings = {
        knob.name: knob.value(share, spans[knob.name])
        for knob, share in zip(KNOBS, drawn, strict=True)
    }
    answer = balanced_index(OPTIONS, NAME, "answer", seed, index)
    change = CHANGES[balanced_index(len(CHANGES), NAME, "change", seed, index)]
    for attempt, rng in tried(NAME, VERSION, seed, index, choice):
        views = offer(rng, change, settings, compared=choice is None)
        if not views:
            continue
        found = choice[1:] if choice else chosen(rng, views.weights(), views.sets)
        if not found:
            continue
        right, *wrong = (views.places[number] for number in found)
        first, second = views.shots
        return Layout(
            shots=(replace(first, camera=views.cameras[found[0]]), second),
            reference=views.reference,
            candidates=(*wrong[:answer], right, *wrong[answer:]),
            answer=answer,
            change=change,
            settings=settings,
            choice=(attempt, *found),
        )
    raise AssertionError  # tried() raises when it ends


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes an item."""

    canvas: Canvas
    spans: tuple[tuple[str, tuple[float, float]], ...]

    def __call__(self, seed: int, index: int) -> Item:
        _, item = self.found(seed, index)
        return item

    def found(self, seed: int, index: int, choice: Choice | None = None) -> tuple[Choice, Item]:
        """See ``TrioItems.found``."""
        found = layout(seed, index, dict(self.spans), choice)
        points = (
            self._point(0, found.reference, REFERENCE),
            *(self._point(1, c, letter(i)) for i, c in enumerate(found.candidates)),
        )
        clean = tuple(self._picture(shot) for shot in found.shots)
        draw = self.canvas.markers.for_item(f"{NAME}-{seed}-{index}")
        item = Item(
            name=f"{NAME}-{seed}-{index}",
            images=draw.paint_all(clean, points=points, boxes=()),
            clean_images=clean,
            question=_QUESTION,
            options=tuple(f"point {letter(i)}" for i in range(OPTIONS)),
            answer=found.answer,
            points=points,
            slices=(
                ("change", found.change),
                *(
                    (knob.name, knob.label(found.settings[knob.name]))
                    for knob in KNOBS
                    if knob.name != "move" or found.change != "light"
                ),
                *draw.slices,
            ),
            draw=draw,
        )
        return found.choice, item

    def _point(self, image: int, at: Place, label: str) -> Point:
        # Rounded to what a record can hold exactly; 0.001 px is far below a pixel.
        x, y = (round(value * self.canvas.size, 3) for value in at)
        return Point(image=image, x=x, y=y, label=label)

    def _picture(self, shot: Shot) -> Picture:
        size = self.canvas.size
        content = {
            "generator": f"{NAME} {VERSION}",
            "size": size,
            "grain": GRAIN,
            "scene": asdict(shot.scene),
            "camera": asdict(shot.camera),
            "grains": shot.grain,
        }
        key = digest(content)
        picture = Picture(key, (size, size), _Render(shot, size))
        return cached(picture, self.canvas.cache)


@dataclass(frozen=True, slots=True)
class _Render:
    """Renders a shot when called."""

    shot: Shot
    size: int

    def __call__(self) -> Image:
        from PIL import Image

        from .grain import grained
        from .scenes.render import render

        picture = render(self.shot.scene, self.shot.camera, self.size)
        return Image.fromarray(grained(picture, self.shot.grains(), most=GRAIN))
