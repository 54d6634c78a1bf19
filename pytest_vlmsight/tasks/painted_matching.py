"""Generated task: find the same point of a painting after a random warp and change of light.

Neither places nor colours alone can solve it. The right point is where a random homography takes
REF; each wrong one is where another homography, drawn from the same distribution, would have taken
it, so that given REF's place the four are exchangeable. Of all such places those are wrong options
that look as much like REF as the right one does, by colours and pixels around them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .decoys import balanced_index
from .generated import DEFAULT_CANVAS, Canvas, digest, generated_task, generator, tries
from .item import REFERENCE, Item, Picture, Point, Task, letter
from .knobs import Knob, spans_of
from .picture_cache import cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from PIL.Image import Image

    from .homography import Homography
    from .relight import Relight

NAME = "painted_matching"
VERSION = "1"
OPTIONS = 4
MARGIN = 0.1
"""Least distance of a point from the border, as a share of the side: room for ring and letter."""
SEPARATION = 0.15
"""Least distance between two candidates, likewise."""

KNOBS = (
    Knob(
        name="rotation",
        meaning="how far the second view is turned",
        span=(10, 30),
        limits=(5, 90),
        bands=(20,),
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
_MAPS = 1000
"""Homographies drawn for a point; about half of them keep it within the margins."""
_WITHIN = 0.5
"""Difference in likeness up to which two places are equals."""
_ALIKE = 0.35
"""Mean square of what two places differ by in looks, in units of what views differ by."""
_CONTRAST = 15
"""Least contrast around REF, of 255: there is something to be seen."""
_LEAST_DEPTH = 0.4
"""No corner of the second view is nearer than this share of its middle's distance."""

_NOISE = (
    *(8, 10, 8, 7, 7, 8.5),
    *(7, 8, 7, 5, 3, 7),
    *(7, 8, 7, 5, 2, 6.5),
)
"""By how much each figure of surroundings differs between two views of a place (measured)."""

_WEIGHTS = (
    *(0.0045, 0.0185, 0.0242, 0.0123),
    *(0, 0.0376, 0.153, 0.0047),
    *(0.0092, 0.1003, 0.3279, 0.0013),
    0.0205,
    0.0152,
)
"""Of the measures of unlikeness, by logistic regression of right against other places."""

_GROUPS = (0, 1, 1, 0, 0, 1, 1, 0, 0, 2, 2, 0, 3, 4, 5, 6, 7)
"""Which measures go together: colours, texture near and far, pixels, normalised pixels, places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """An item's painting and its second view.

    Attributes:
        painting: what its random numbers are made from.
        homography: first view → second view.
        light: of the second view.
    """

    painting: str
    homography: Homography
    light: Relight


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where an item's points are, in sides of the view with its middle at the origin.

    Attributes:
        views: what is seen.
        reference: REF in the first view.
        candidates: in the second view, by option.
        answer: index of the candidate that the homography takes REF to.
        settings: values of the knobs by name.
    """

    views: Views
    reference: tuple[float, float]
    candidates: tuple[tuple[float, float], ...]
    answer: int
    settings: Mapping[str, float]


def painted_matching(
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
    drawn = generator(NAME, VERSION, seed, index, "knobs").random(len(KNOBS)).tolist()
    settings = {
        k.name: k.value(share, spans[k.name]) for k, share in zip(KNOBS, drawn, strict=True)
    }
    answer = balanced_index(OPTIONS, NAME, "answer", seed, index)
    closer = balanced_index(OPTIONS, NAME, "rank", seed, index)
    central = balanced_index(OPTIONS, NAME, "middle", seed, index)
    for attempt, rng in enumerate(tries(NAME, VERSION, seed, index)):
        found = _try(rng, f"{NAME}/{VERSION}/{seed}/{index}/{attempt}", settings, closer, central)
        if found is not None:
            views, reference, right, wrong = found
            wrong.insert(answer, right)
            return Layout(
                views=views,
                reference=reference,
                candidates=tuple(wrong),
                answer=answer,
                settings=settings,
            )
    raise AssertionError  # tries() raises when it ends


Place = tuple[float, float]

_REFS = 16
"""Points that are tried as REF in a pair of views."""


def _try(
    rng: np.random.Generator, key: str, settings: Mapping[str, float], closer: int, central: int
) -> tuple[Views, Place, Place, list[Place]] | None:
    """Views, REF, the right place and the wrong ones; None where they cannot be had."""
    import numpy as np

    from .homography import draw_homographies, moved
    from .relight import draw_relight
    from .rivals import lookalikes, rivals
    from .surroundings import Surroundings, unlikeness

    views = None
    for _ in range(_REFS):
        x, y = ((value - 0.5) * (1 - 2 * MARGIN) for value in rng.random(2).tolist())
        maps = draw_homographies(rng, _MAPS, rotation=settings["rotation"], scale=settings["scale"])
        maps = maps[:, _usable(maps)]
        across, down = moved(maps, x, y)
        kept = np.flatnonzero(np.maximum(np.abs(across), np.abs(down)) <= 0.5 - MARGIN)
        if views is None:
            if not len(kept):
                return None
            a, b, c, d, e, f, g, h, i = maps[:, kept[0]].tolist()
            views = Views(
                painting=key,
                homography=(a, b, c, d, e, f, g, h, i),
                light=draw_relight(rng, settings["light"]),
            )
            first, second = (Surroundings(picture) for picture in _coarse(views))
            across, down = across[kept], down[kept]
        else:
            right = moved(views.homography, x, y)
            if max(abs(right[0]), abs(right[1])) > 0.5 - MARGIN:
                continue
            across, down = (
                np.concatenate([[own], values[kept]])
                for own, values in zip(right, (across, down), strict=True)
            )
        there = _cells(down, across)
        here = _cells(np.array([y]), np.array([x]))
        if first.figures(*here)[-3, 0] < _CONTRAST:
            continue
        places = np.stack([across, down])
        looks = second.looks(*there, _NOISE)
        near = np.insert(lookalikes(rng, looks, places, alike=_ALIKE, apart=SEPARATION), 0, 0)
        if len(near) < OPTIONS:
            continue
        places = places[:, near]
        likeness = np.zeros(len(near))
        unlike = unlikeness(first, here, second, tuple(value[near] for value in there))
        for weight, measure in zip(_WEIGHTS, unlike, strict=True):
            likeness = likeness - weight * measure
        chosen = rivals(
            rng,
            likeness,
            places,
            np.concatenate([unlike, _ways(places, (x, y))]),
            groups=_GROUPS,
            closer=closer,
            central=central,
            within=_WITHIN,
            apart=SEPARATION,
        )
        if chosen is not None:
            at = [(float(p), float(q)) for p, q in places[:, [0, *chosen]].T]
            return views, (x, y), at[0], at[1:]
    return None


def _ways(places: Any, start: Place) -> Any:
    """(3, n) distances of places (2, n) from another: across, down and the straight way."""
    import numpy as np

    across, down = (np.abs(values - own) for values, own in zip(places, start, strict=True))
    return np.stack([across, down, np.sqrt(across * across + down * down)])


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
    """Rows and columns of places in the coarse pictures."""
    import numpy as np

    from .surroundings import COARSE

    return tuple(np.floor((value + 0.5) * COARSE).astype(np.intp) for value in (down, across))


def _coarse(views: Views) -> tuple[Any, Any]:
    from .surroundings import COARSE

    return tuple(picture(views, second, COARSE, samples=1) for second in (False, True))


def picture(views: Views, second: bool, size: int, *, samples: int = 2) -> Any:
    """(size, size, 3) uint8 of one of the two views.

    Args:
        views: what is seen.
        second: which.
        size: in px.
        samples: along each side of a pixel.
    """
    import numpy as np

    from .homography import inverse, moved
    from .painting import Painting
    from .scenes.render import developed

    painting = Painting(generator(views.painting, "painting"))
    total = np.zeros((3, size * size), dtype=np.float32)
    for down in range(samples):
        for across in range(samples):
            steps = (np.arange(size) + (across + 0.5) / samples) / size - 0.5
            rows = (np.arange(size) + (down + 0.5) / samples) / size - 0.5
            x, y = np.tile(steps, size), np.repeat(rows, size)
            if second:
                light = painting.at(*moved(inverse(views.homography), x, y))
                total += views.light(light, x, y)
            else:
                total += painting.at(x, y)
    total *= np.float32(1 / (samples * samples))
    return developed(total.reshape(3, size, size))


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
        draw = self.canvas.markers.for_item(f"{NAME}/{seed}/{index}")
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
        content = {"generator": f"{NAME} {VERSION}", "size": size, "painting": views.painting}
        if second:
            content |= {"homography": views.homography, "light": asdict(views.light)}
        shot = _Shot(views, second, size)
        return cached(Picture(digest(content), (size, size), shot), self.canvas.cache)


@dataclass(frozen=True, slots=True)
class _Shot:
    """Renders one of an item's two views when called."""

    views: Views
    second: bool
    size: int

    def __call__(self) -> Image:
        from PIL import Image

        return Image.fromarray(picture(self.views, self.second, self.size))
