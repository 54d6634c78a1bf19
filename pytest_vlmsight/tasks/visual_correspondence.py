"""Generated task: find the same point of a scene from another camera or in other light.

Neither places nor colours alone can solve it. Every wrong option is where another camera, drawn
from the same distribution as the second view's, would have shown REF's point, and something else
is seen there; of all such places those are wrong options that look as much like REF as the right
one does, by colours and pixels around them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
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

    from .scenes.camera import Camera
    from .scenes.exact import Vec
    from .scenes.scene import Scene
    from .sight_lines import Lenses

NAME = "visual_correspondence"
VERSION = "1"
OPTIONS = 4
CHANGES = ("camera", "light", "both")
"""What differs between the views; where it is the light, the camera only turns in its place."""
MARGIN = 0.1
"""Least distance of a point from the border, as a share of the side: room for ring and letter."""
SEPARATION = 0.14
"""Least distance between two candidates, likewise."""
APART = 0.35
"""Least distance in the scene between REF's point and what a wrong option shows."""

KNOBS = (
    Knob(
        name="move",
        meaning="how far the camera goes around the scene",
        span=(10, 40),
        limits=(5, 60),
        bands=(25,),
        unit="degrees",
        why="beyond, hardly anything is seen from both places",
    ),
    Knob(
        name="roll",
        meaning="how far the second view is turned",
        span=(0, 20),
        limits=(0, 45),
        bands=(10,),
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
_CAMERAS = 2000
"""Other cameras that might have taken the second view."""
_REFS = 40
"""Points that are tried as REF in a pair of views."""
_FACING = 0.35
"""Least cosine between a surface and the way it is seen."""
_WITHIN = 0.7
"""Difference in likeness up to which two places are equals."""
_ALIKE = 1.0
"""Mean square of what two places differ by in looks, in units of what views differ by."""
_CONTRAST = 8
"""Least contrast around REF, of 255: there is something to be seen."""

_NOISE = (
    *(17, 17, 17, 10, 12.5, 8.5),
    *(14, 15, 14, 9, 6, 7),
    *(12, 12, 12, 7, 4, 6),
)
"""By how much each figure of surroundings differs between two views of a place (measured)."""

_WEIGHTS = (
    *(0.02, 0.0345, 0.0266, 0.0071),
    *(-0.0255, 0.0014, 0.0343, 0.0342),
    *(0.0185, 0.0035, 0.1552, 0.0181),
    *(0.0525, 0.009),
)
"""Of the measures of unlikeness, by logistic regression of right against other places."""


Place = tuple[float, float]


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
    drawn = generator(NAME, VERSION, seed, index, "knobs").random(len(KNOBS)).tolist()
    settings = {
        knob.name: knob.value(share, spans[knob.name])
        for knob, share in zip(KNOBS, drawn, strict=True)
    }
    answer, closer, central = (
        balanced_index(OPTIONS, NAME, what, seed, index) for what in ("answer", "rank", "middle")
    )
    change = CHANGES[balanced_index(len(CHANGES), NAME, "change", seed, index)]
    for rng in tries(NAME, VERSION, seed, index):
        found = _try(rng, change, settings, closer, central)
        if found is not None:
            shots, reference, right, wrong = found
            wrong.insert(answer, right)
            return Layout(
                shots=shots,
                reference=reference,
                candidates=tuple(wrong),
                answer=answer,
                change=change,
                settings=settings,
            )
    raise AssertionError  # tries() raises when it ends


def _try(
    rng: np.random.Generator, change: str, settings: Mapping[str, float], closer: int, central: int
) -> tuple[tuple[Shot, Shot], Place, Place, list[Place]] | None:
    """Two shots, REF, the right place and the wrong ones; None where they cannot be had."""
    import numpy as np

    from .scenes.drawn import light
    from .scenes.still_life import still_life
    from .sight_lines import Move, both_see

    scene = still_life(rng, things=int(settings["things"]))
    other = scene if change == "camera" else replace(scene, light=light(rng))
    move = Move(around=0.0 if change == "light" else settings["move"], roll=settings["roll"])
    stand = move.first(rng)
    lenses = move.seconds(rng, stand, _CAMERAS)
    shots = (
        Shot(scene=scene, camera=stand.camera(move.target)),
        Shot(scene=other, camera=lenses.camera(0)),
    )
    pair = _Pair(shots, lenses)
    shown = both_see(pair.sights[0], pair.sights[1], margin=MARGIN, facing=_FACING)
    rows, columns = np.nonzero(shown)
    for number in np.argsort(rng.random(len(rows)), kind="stable")[:_REFS].tolist():
        found = pair.places(rng, int(rows[number]), int(columns[number]), closer, central)
        if found is not None:
            return shots, *found
    return None


class _Pair:
    """Two shots, looked at coarsely, and all cameras that might have taken the second."""

    def __init__(self, shots: tuple[Shot, Shot], lenses: Lenses) -> None:
        import numpy as np

        from .rivals import Rivalry
        from .scenes.view import View
        from .sight_lines import Blockers, look
        from .surroundings import COARSE, Surroundings

        self._lenses = lenses
        self._blockers = Blockers(View(shots[0].scene, shots[0].camera).solids)
        self.sights = [look(shot.scene, shot.camera, COARSE) for shot in shots]
        self._first, self._second = (Surroundings(sight.picture) for sight in self.sights)
        self._usable = self.sights[1].usable(margin=MARGIN, facing=_FACING)
        self._looks = np.empty((len(_NOISE), *self._usable.shape))
        rows, columns = np.nonzero(self._usable)
        self._looks[:, self._usable] = self._second.looks(rows, columns, _NOISE)
        self._rivalry = Rivalry(weights=_WEIGHTS, within=_WITHIN, alike=_ALIKE, apart=SEPARATION)

    def places(
        self, rng: np.random.Generator, row: int, column: int, closer: int, central: int
    ) -> tuple[Place, Place, list[Place]] | None:
        """REF at a pixel of the first picture, the right place for it and wrong ones."""
        import numpy as np

        from .surroundings import COARSE

        at = np.array([row]), np.array([column])
        if self._first.figures(*at)[-3, 0] < _CONTRAST:
            return None
        start = (column + 0.5) / COARSE, (row + 0.5) / COARSE
        x, y, z = (float(axis[row, column]) for axis in self.sights[0].points)
        numbers, places = self._landings(row, column, (x, y, z))
        rows, columns = cells = _cells(places[1], places[0])
        if not self._usable[rows[0], columns[0]]:
            return None

        def keep(near: Any) -> Any:
            far = np.zeros(len(near))
            for axis, own in zip(self.sights[1].points, (x, y, z), strict=True):
                off = axis[rows[near], columns[near]] - own
                far = far + off * off
            near = near[far >= APART * APART]
            return near[self._lenses.unhidden(self._blockers, (x, y, z), numbers[near])]

        chosen = self._rivalry.choose(
            rng,
            (self._first, at, start),
            (self._second, cells, places),
            self._looks[:, rows, columns],
            closer=closer,
            central=central,
            keep=keep,
        )
        if chosen is None:
            return None
        found = [(float(p), float(q)) for p, q in places[:, chosen].T]
        return start, found[0], found[1:]

    def _landings(self, row: int, column: int, point: Vec) -> tuple[Any, Any]:
        """Numbers (n,) of cameras that might see a point, and the places (2, n) where.

        The first is the second shot's own; of the others those whose place shows a thing.
        """
        import numpy as np

        a, b, c = (float(axis[row, column]) for axis in self.sights[0].normals)
        across, down = self._lenses.project(point)
        seen = self._lenses.faced(point, (a, b, c), _FACING)
        seen &= (across > 0) & (across < 1) & (down > 0) & (down < 1)  # False for nan
        seen[0] = False
        numbers = np.flatnonzero(seen)
        numbers = numbers[self._usable[_cells(down[numbers], across[numbers])]]
        numbers = np.insert(numbers, 0, 0)
        return numbers, np.stack([across[numbers], down[numbers]])


def _cells(down: Any, across: Any) -> tuple[Any, Any]:
    """Rows and columns of places in the coarse pictures."""
    import numpy as np

    from .surroundings import COARSE

    return (down * COARSE).astype(np.intp), (across * COARSE).astype(np.intp)


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
            "scene": asdict(shot.scene),
            "camera": asdict(shot.camera),
        }
        picture = Picture(digest(content), (size, size), _Render(shot, size))
        return cached(picture, self.canvas.cache)


@dataclass(frozen=True, slots=True)
class _Render:
    """Renders a shot when called."""

    shot: Shot
    size: int

    def __call__(self) -> Image:
        from PIL import Image

        from .scenes.render import render

        return Image.fromarray(render(self.shot.scene, self.shot.camera, self.size))
