"""Generated task: find the same point of a painting after a random warp and change of light.

The painting has no end, and the first view is moved so that REF is where it was drawn to be
beforehand: where the options are says nothing about which is the right one. Nor do colours and
pixels around them, see ``matches.py``: marked places are plain and much alike, and it takes the
shapes around them, and how these lie to each other, to tell one from another.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from .decoys import balanced_index
from .generated import DEFAULT_CANVAS, Canvas, digest, generated_task, generator, tries
from .item import REFERENCE, Item, Picture, Point, Task, letter
from .knobs import Knob, spans_of
from .option_sets import OPTIONS, Weights
from .painted_views import Place, Views
from .picture_cache import cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from PIL.Image import Image

    from .matches import Cells
    from .surroundings import Surroundings

NAME = "low_level_matching"
VERSION = "2"
MARGIN = 0.1
"""Least distance of a point from the border, as a share of the side: room for ring and letter."""
SEPARATION = 0.15
"""Least distance between two candidates, likewise."""
GRAIN = 9
"""See ``grain.grained``."""

KNOBS = (
    Knob(
        name="rotation",
        meaning="how far the second view is turned",
        span=(8, 25),
        limits=(5, 90),
        bands=(15,),
        unit="degrees",
        why="below, pixels can be compared one by one; above, up is down",
    ),
    Knob(
        name="scale",
        meaning="by how much one view is larger",
        span=(1.0, 1.2),
        limits=(1.0, 2.0),
        bands=(1.1,),
        why="beyond, little of one view is left in the other",
    ),
    Knob(
        name="light",
        meaning="strength of the change of light, 1 being strong",
        span=(0.3, 0.9),
        limits=(0.2, 1.0),
        bands=(0.6,),
        why="below, colours stay as they are; above, they are lost",
    ),
)

_QUESTION = (
    "A point is marked REF on the first image. The second image shows the same picture, warped "
    "and in other light. Which marked point on the second image is the same point of the picture?"
)
_POOL = 4000
"""Places of the second view that are looked at."""
_PLACES = 8
"""Places of the second view that are compared, at most."""
_NEAR, _WIDE = 9, 15  # contrast in the middle and the largest window, see ``figures``
_PLAIN, _CONTRAST = 3.0, 15.0
"""Most contrast at a place, of 255, and least around it: a marked place is plain in itself, so that
it is told by the shapes beside it and not by its own pixels."""
_LEAST_DEPTH = 0.4
"""No corner of the second view is nearer than this share of its middle's distance."""

_NOISE = (
    *(8, 10, 8, 7, 7, 8.5),
    *(7, 8, 7, 5, 3, 7),
    *(7, 8, 7, 5, 2, 6.5),
)
"""By how much each figure of surroundings differs between two views of a place (measured)."""

_MEASURES = (
    *(0.0035, 0.0, 0.0, 0.0),
    *(0.0, 0.118, 0.161, 0.0058),
    *(0.0092, 0.1624, 0.78, 0.0096),
    *(0.05, 0.0031),
    *(0.0, 0.0, 0.2),
)
"""Of the measures of unlikeness, by logistic regression of right against other places."""

_WEIGHTS = Weights(likeness=(0.0546, 0.248, 1.05, 5.52))
"""See ``option_sets.py``; both found by ``benchmarks/option_weights.py``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where an item's points are, in sides of the view with its middle at the origin.

    Attributes:
        views: what is seen.
        reference: REF in the first view.
        candidates: in the second view, by option.
        answer: index of the candidate that shows what REF shows.
        settings: values of the knobs by name.
    """

    views: Views
    reference: Place
    candidates: tuple[Place, ...]
    answer: int
    settings: Mapping[str, float]


def low_level_matching(
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
        source="paintings and their warps by random homographies, in other light",
        make=_Maker(canvas, tuple(spans.items())),
        settings={"size": canvas.size, "spans": spans},
        knobs=KNOBS,
    )


def layout(seed: int, index: int, spans: Mapping[str, tuple[float, float]]) -> Layout:
    """The layout of item ``index``; depends on nothing else.

    Raises:
        GenerationError: none meets the conditions within the bounded tries.
    """
    from .matches import match

    drawn = generator(NAME, VERSION, seed, index, "knobs").random(len(KNOBS)).tolist()
    settings = {
        k.name: k.value(share, spans[k.name]) for k, share in zip(KNOBS, drawn, strict=True)
    }
    answer = balanced_index(OPTIONS, NAME, "answer", seed, index)
    for attempt, rng in enumerate(tries(NAME, VERSION, seed, index)):
        scene = offer(rng, f"{NAME}/{VERSION}/{seed}/{index}/{attempt}", settings)
        found = scene and match(rng, scene.unlike(), sets=scene.sets, weights=_WEIGHTS)
        if not scene or not found:
            continue
        x, y = ((value - 0.5) * (1 - 2 * MARGIN) for value in rng.random(2).tolist())
        (across, down), *_ = (scene.sources[number] for number in found)
        right, *wrong = (scene.places[number] for number in found)
        return Layout(
            views=replace(scene.views, offset=(across - x, down - y)),
            reference=(x, y),
            candidates=(*wrong[:answer], right, *wrong[answer:]),
            answer=answer,
            settings=settings,
        )
    raise AssertionError  # tries() raises when it ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Places that could be marked.

    Attributes:
        views: what is seen, but for the first view's offset.
        sources: (n, 2) of the places on the painting.
        places: of the places in the second view.
        measures: (m, n, n) how unlike they are.
        sets: (s, 4) of them that could be the options.
    """

    views: Views
    sources: tuple[Place, ...]
    places: tuple[Place, ...]
    measures: Any
    sets: Any

    def unlike(self) -> Any:
        """(n, n) all measures in one."""
        from .matches import combined

        return combined(self.measures, _MEASURES)


def offer(rng: np.random.Generator, key: str, settings: Mapping[str, float]) -> Offer | None:
    """A painting, a view of it and places; None where too few can be told from what is around.

    Args:
        rng: random numbers.
        key: of the painting.
        settings: values of the knobs by name.
    """
    import numpy as np

    from .grain import taken
    from .homography import draw_homographies, inverse, moved
    from .matches import alike, all_sets, measured, spread
    from .painted_views import lit, picture
    from .painting import Painting
    from .relight import draw_relight
    from .scenes.render import developed
    from .surroundings import COARSE, Surroundings, windows

    maps = draw_homographies(rng, 1, rotation=settings["rotation"], scale=settings["scale"])
    if not _usable(maps)[0]:
        return None
    a, b, c, d, e, f, g, h, i = maps[:, 0].tolist()
    views = Views(
        painting=key,
        offset=(0.0, 0.0),
        homography=(a, b, c, d, e, f, g, h, i),
        light=draw_relight(rng, settings["light"]),
    )
    x, y = rng.random((2, _POOL)) * (1 - 2 * MARGIN) - (0.5 - MARGIN)
    second = Surroundings(picture(views, True, COARSE, samples=1))
    there = _cells(y, x)
    across, down = moved(inverse(views.homography), x, y)
    painting = Painting(generator(key, "painting"))
    keep = np.flatnonzero(_marked(second, there))
    x, y, there = x[keep], y[keep], tuple(value[keep] for value in there)
    across, down = across[keep], down[keep]
    if len(x) < OPTIONS:
        return None
    order = alike(rng, second.looks(*there, _NOISE)[12:])
    some = order[spread(x[order], y[order], apart=SEPARATION, count=_PLACES)]
    if len(some) < OPTIONS:
        return None

    def plain(x: Any, y: Any) -> Any:
        return developed(painting.at(x, y)[:, None])[0]

    def changed(x: Any, y: Any) -> Any:
        return developed(lit(views, painting, x, y)[:, None])[0]

    return Offer(
        views=views,
        sources=tuple(zip(across[some].tolist(), down[some].tolist(), strict=True)),
        places=tuple(zip(x[some].tolist(), y[some].tolist(), strict=True)),
        measures=measured(
            *windows(taken(plain, rng, most=GRAIN), across[some], down[some]),
            *windows(taken(changed, rng, most=GRAIN), x[some], y[some]),
        ),
        sets=all_sets(len(some)),
    )


def _marked(seen: Surroundings, cells: Cells) -> Any:
    """(n,) whether places are plain in themselves, with something around them."""
    figures = seen.figures(*cells)
    return (figures[_NEAR] <= _PLAIN) & (figures[_WIDE] >= _CONTRAST)


def _usable(maps: Any) -> Any:
    """(n,) whether the second view of homographies (9, n) shows no horizon."""
    from .homography import inverse

    *_, across, down, middle = inverse(maps)
    usable = middle > 0
    for i in (-0.5, 0.5):
        for j in (-0.5, 0.5):
            usable &= middle + i * across + j * down >= _LEAST_DEPTH * middle
    return usable


def _cells(down: Any, across: Any) -> tuple[Any, Any]:
    """Rows and columns of places in the coarse view."""
    import numpy as np

    from .surroundings import COARSE

    row, column = (np.floor((value + 0.5) * COARSE).astype(np.intp) for value in (down, across))
    return row, column


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes an item."""

    canvas: Canvas
    spans: tuple[tuple[str, tuple[float, float]], ...]

    def __call__(self, seed: int, index: int) -> Item:
        found = layout(seed, index, dict(self.spans))
        points = (
            self._point(0, found.reference, REFERENCE),
            *(self._point(1, c, letter(i)) for i, c in enumerate(found.candidates)),
        )
        clean = tuple(self._picture(found.views, second) for second in (False, True))
        draw = self.canvas.markers.for_item(f"{NAME}-{seed}-{index}")
        return Item(
            name=f"{NAME}-{seed}-{index}",
            images=draw.paint_all(clean, points=points, boxes=()),
            clean_images=clean,
            question=_QUESTION,
            options=tuple(f"point {letter(i)}" for i in range(OPTIONS)),
            answer=found.answer,
            points=points,
            slices=(
                *((knob.name, knob.label(found.settings[knob.name])) for knob in KNOBS),
                *draw.slices,
            ),
            draw=draw,
        )

    def _point(self, image: int, at: Place, label: str) -> Point:
        # Rounded to what a record can hold exactly; 0.001 px is far below a pixel.
        x, y = (round((value + 0.5) * self.canvas.size, 3) for value in at)
        return Point(image=image, x=x, y=y, label=label)

    def _picture(self, views: Views, second: bool) -> Picture:
        size = self.canvas.size
        content: dict[str, object] = {
            "generator": f"{NAME} {VERSION}",
            "size": size,
            "grain": GRAIN,
            "painting": views.painting,
        }
        if second:
            content |= {"homography": views.homography, "light": asdict(views.light)}
        else:
            content["offset"] = views.offset
        key = digest(content)
        shot = _Shot(views, second, size, key)
        return cached(Picture(key, (size, size), shot), self.canvas.cache)


@dataclass(frozen=True, slots=True)
class _Shot:
    """Renders one of an item's two views when called."""

    views: Views
    second: bool
    size: int
    grain: str

    def __call__(self) -> Image:
        from PIL import Image

        from .grain import grained
        from .painted_views import picture

        clean = picture(self.views, self.second, self.size)
        return Image.fromarray(grained(clean, generator(NAME, "grain", self.grain), most=GRAIN))
