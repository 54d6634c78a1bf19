"""Generated task: find the same point of a scene from another camera or in other light.

The camera of the first picture is turned so that REF is where it was drawn to be beforehand: where
the options are says nothing about which is the right one. All things share one colour, and colours
and pixels around the options say no more, see ``matches.py``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from .decoys import balanced_index
from .generated import DEFAULT_CANVAS, Canvas, digest, generated_task, generator, tries
from .item import REFERENCE, Item, Picture, Point, Task, letter
from .knobs import Knob, spans_of
from .option_sets import OPTIONS, Weights, option_sets
from .picture_cache import cached

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from PIL.Image import Image

    from .scenes.camera import Camera
    from .scenes.scene import Scene

NAME = "visual_correspondence"
VERSION = "1"
CHANGES = ("camera", "light", "both")
"""What differs between the views; where it is the light, the camera only turns in its place."""
MARGIN = 0.1
"""Least distance of a point from the border, as a share of the side: room for ring and letter."""
SEPARATION = 0.14
"""Least distance between two candidates, likewise."""
GRAIN = 16
"""See ``grain.grained``."""
APART = 0.35
"""Least distance in the scene between REF's point and what a wrong option shows."""

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
Place = tuple[float, float]

_AROUND = 0.3
"""REF is this close to the middle of the first picture, across and down."""
_SIDE = 80
"""Of the pictures on which places are looked for, in px."""
_POOL = 1500
"""Places of the second picture that are looked at."""
_PLACES = 10
"""Of those the most that are compared."""
_FACING = 0.35
"""Least cosine between a surface and the way it is seen."""
_CONTRAST = 8
"""Least contrast around a place in both pictures, of 255: there is something to be seen."""
_WIDE = 15  # contrast in the largest window, see ``Surroundings.figures``

_NOISE = (
    *(9, 9, 9, 10, 12.5, 8.5),
    *(9, 9, 9, 9, 6, 7),
    *(9, 9, 9, 7, 4, 6),
)
"""By how much each figure of surroundings differs between two views of a place (measured)."""

_MEASURES = {
    "camera": (
        *(0.0358, 0.126, 0.0273, 0.0112),
        *(0.0, 0.0298, 0.0892, 0.0108),
        *(0.001, 0.012, 0.2856, 0.0192),
        *(0.0178, 0.0094),
        *(0.0, 0.0, 2.9069),
    ),
    "light": (
        *(0.0, 0.067, 0.0064, 0.0131),
        *(0.0029, 0.0, 0.1571, 0.0045),
        *(0.0122, 0.0, 0.3121, 0.0267),
        *(0.023, 0.0117),
        *(0.0, 0.0, 1.229),
    ),
    "both": (
        *(0.0127, 0.0651, 0.0452, 0.0064),
        *(0.0, 0.0, 0.0889, 0.0012),
        *(0.0028, 0.0, 0.2988, 0.0327),
        *(0.0155, 0.0068),
        *(0.0, 0.0, 1.2338),
    ),
}
"""Of the measures of unlikeness, by logistic regression of right against other places."""

_WEIGHTS = {
    "camera": Weights(likeness=(0.0342, 0.179, 0.69, 2.93)),
    "light": Weights(likeness=(0.0268, 0.156, 0.725, 3.47)),
    "both": Weights(likeness=(0.0422, 0.258, 1.21, 6.89)),
}
"""See ``option_sets.py``; both found by ``benchmarks/option_weights.py``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture of a scene."""

    scene: Scene
    camera: Camera


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
    """

    shots: tuple[Shot, Shot]
    reference: Place
    candidates: tuple[Place, ...]
    answer: int
    change: str
    settings: Mapping[str, float]


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


def layout(seed: int, index: int, spans: Mapping[str, tuple[float, float]]) -> Layout:
    """The layout of item ``index``; depends on nothing else.

    Raises:
        GenerationError: none meets the conditions within the bounded tries.
    """
    from .framing import aimed
    from .matches import match
    from .scenes.drawn import between

    drawn = generator(NAME, VERSION, seed, index, "knobs").random(len(KNOBS)).tolist()
    settings = {
        knob.name: knob.value(share, spans[knob.name])
        for knob, share in zip(KNOBS, drawn, strict=True)
    }
    answer = balanced_index(OPTIONS, NAME, "answer", seed, index)
    change = CHANGES[balanced_index(len(CHANGES), NAME, "change", seed, index)]
    for rng in tries(NAME, VERSION, seed, index):
        views = offer(rng, change, settings)
        found = views and match(rng, views.unlike(), sets=views.sets, weights=_WEIGHTS[change])
        if not views or not found:
            continue
        x, y = (between(rng, 0.5 - _AROUND, 0.5 + _AROUND) for _ in range(2))
        right, *wrong = (views.places[number] for number in found)
        first, second = views.shots
        camera = aimed(first.camera, views.sources[found[0]], (x, y))
        return Layout(
            shots=(replace(first, camera=camera), second),
            reference=(x, y),
            candidates=(*wrong[:answer], right, *wrong[answer:]),
            answer=answer,
            change=change,
            settings=settings,
        )
    raise AssertionError  # tries() raises when it ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Places that could be marked.

    Attributes:
        change: what differs between the pictures.
        shots: the two pictures, the first not yet aimed.
        sources: of the places in the first.
        places: of the places in the second.
        measures: (m, n, n) how unlike they are.
        sets: (s, 4) of them that could be the options.
    """

    change: str
    shots: tuple[Shot, Shot]
    sources: tuple[Place, ...]
    places: tuple[Place, ...]
    measures: Any
    sets: Any

    def unlike(self) -> Any:
        """(n, n) all measures in one."""
        from .matches import combined

        return combined(self.measures, _MEASURES[self.change])


def offer(rng: np.random.Generator, change: str, settings: Mapping[str, float]) -> Offer | None:
    """Two views of a scene, and places that both show; None where these are too few.

    Args:
        rng: random numbers.
        change: what differs between the views.
        settings: values of the knobs by name.
    """
    import numpy as np

    from .grain import taken
    from .lamps import another, carried, exposed
    from .matches import alike, measured, spread
    from .scenes.still_life import still_life
    from .sight_lines import both_see, look, seen_by, two_cameras
    from .surroundings import Surroundings, windows

    scene = still_life(rng, things=int(settings["things"]))
    around = 0.0 if change == "light" else settings["move"]
    cameras = two_cameras(rng, around=around, roll=settings["roll"])
    lamp = carried(scene.light, *cameras) if change == "camera" else another(rng, scene.light)
    other = replace(scene, light=exposed(rng, lamp))
    shots = Shot(scene=scene, camera=cameras[0]), Shot(scene=other, camera=cameras[1])
    before, after = (look(shot.scene, shot.camera, _SIDE) for shot in shots)
    rows, columns = np.nonzero(both_see(after, before, margin=MARGIN, facing=_FACING))
    if len(rows) < OPTIONS:
        return None
    some = np.argsort(rng.random(len(rows)), kind="stable")[:_POOL]
    rows, columns = rows[some], columns[some]
    points = np.stack([axis[rows, columns] for axis in after.points])
    across, down, _ = cameras[0].project(tuple(points))
    here = (down * _SIDE).astype(np.intp), (across * _SIDE).astype(np.intp)
    x, y = (columns + 0.5) / _SIDE, (rows + 0.5) / _SIDE
    first, second = Surroundings(before.picture), Surroundings(after.picture)
    keep = np.flatnonzero(
        (first.figures(*here)[_WIDE] >= _CONTRAST)
        & (second.figures(rows, columns)[_WIDE] >= _CONTRAST)
    )
    if len(keep) < OPTIONS:
        return None
    order = keep[alike(rng, second.looks(rows[keep], columns[keep], _NOISE))]
    some = order[spread(x[order], y[order], apart=SEPARATION, count=_PLACES)]

    def apart(one: int, other: int) -> bool:
        a, b, c = (points[:, some[one]] - points[:, some[other]]).tolist()
        return bool(a * a + b * b + c * c >= APART * APART)

    sets = option_sets(len(some), apart)
    if not len(sets):
        return None
    return Offer(
        change=change,
        shots=shots,
        sources=tuple(zip(across[some].tolist(), down[some].tolist(), strict=True)),
        places=tuple(zip(x[some].tolist(), y[some].tolist(), strict=True)),
        measures=measured(
            *windows(taken(seen_by(scene, cameras[0]), rng, most=GRAIN), across[some], down[some]),
            *windows(taken(seen_by(other, cameras[1]), rng, most=GRAIN), x[some], y[some]),
        ),
        sets=sets,
    )


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
        clean = tuple(self._picture(shot) for shot in found.shots)
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
        }
        key = digest(content)
        picture = Picture(key, (size, size), _Render(shot, size, key))
        return cached(picture, self.canvas.cache)


@dataclass(frozen=True, slots=True)
class _Render:
    """Renders a shot when called."""

    shot: Shot
    size: int
    grain: str

    def __call__(self) -> Image:
        from PIL import Image

        from .grain import grained
        from .scenes.render import render

        picture = render(self.shot.scene, self.shot.camera, self.size)
        return Image.fromarray(grained(picture, generator(NAME, "grain", self.grain), most=GRAIN))
