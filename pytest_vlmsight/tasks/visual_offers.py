"""What two views of a scene offer to be marked: places that both show, and how unlike they are.

See ``visual_correspondence.py`` for the task.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .generated import generator
from .option_sets import OPTIONS, option_sets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from .scenes.camera import Camera
    from .scenes.scene import Scene

NAME = "visual_correspondence"
"""Of the task, which decides the grain of its pictures."""
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

Place = tuple[float, float]

_AROUND = 0.3
"""REF is this close to the middle of the first picture, across and down."""
_SIDE = 64
"""Of the pictures on which places are looked for, in px."""
_RADII = (1, 2, 4)
"""Of the windows in these by which places are found that look alike, in px."""
_POOL = 1500
"""Places of the second picture that are looked at."""
_PLACES = 12
"""Of those the most that are compared."""
_FACING = 0.35
"""Least cosine between a surface and the way it is seen."""
_CONTRAST = 8
"""Least contrast around a place, of 255: there is something to be seen."""
_WIDE = 15  # contrast in the largest window, see ``Surroundings.figures``

_NOISE = (
    *(9, 9, 9, 10, 12.5, 8.5),
    *(9, 9, 9, 9, 6, 7),
    *(9, 9, 9, 7, 4, 6),
)
"""By how much each figure of surroundings differs between two views of a place (measured)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture of a scene.

    Attributes:
        scene: what is seen.
        camera: from where.
        grain: what decides the picture's grain, known before the first camera is turned.
    """

    scene: Scene
    camera: Camera
    grain: float

    def grains(self) -> np.random.Generator:
        """Random numbers of its grain, always the same."""
        return generator(NAME, "grain", self.grain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Places that could be marked.

    Attributes:
        change: what differs between the pictures.
        shots: the two pictures, the first not yet aimed.
        reference: REF in the first, whichever place it shows.
        cameras: the first camera turned so that REF shows each place.
        places: of the places in the second.
        measures: (m, n, n) how unlike they are, by ``even_sets.PLAIN``; None where they were not
            compared.
        sets: (s, 4) of them that could be the options.
    """

    change: str
    shots: tuple[Shot, Shot]
    reference: Place
    cameras: tuple[Camera, ...]
    places: tuple[Place, ...]
    measures: Any
    sets: Any

    def weights(self) -> Any:
        """(s,) what the sets weigh."""
        from .even_sets import weighed
        from .place_weights import place_weights

        return weighed(self.measures, self.sets, place_weights(self.change))


def offer(
    rng: np.random.Generator,
    change: str,
    settings: Mapping[str, float],
    *,
    compared: bool = True,
) -> Offer | None:
    """Two views of a scene, and places that both show; None where these are too few.

    Args:
        rng: random numbers.
        change: what differs between the views.
        settings: values of the knobs by name.
        compared: whether places are compared by what pixels around them show.
    """
    import numpy as np

    from .even_sets import grey_measures
    from .framing import aimed
    from .lamps import another, carried, exposed
    from .matches import alike, measured, spread
    from .scenes.drawn import between
    from .scenes.still_life import still_life
    from .sight_lines import both_see, look, two_cameras
    from .surroundings import Surroundings, stacked

    scene = still_life(rng, things=int(settings["things"]))
    around = 0.0 if change == "light" else settings["move"]
    cameras = two_cameras(rng, around=around, roll=settings["roll"])
    lamp = carried(scene.light, *cameras) if change == "camera" else another(rng, scene.light)
    other = replace(scene, light=exposed(rng, lamp))
    x0, y0 = reference = (
        between(rng, 0.5 - _AROUND, 0.5 + _AROUND),
        between(rng, 0.5 - _AROUND, 0.5 + _AROUND),
    )
    one, two = rng.random(2).tolist()
    shots = (
        Shot(scene=scene, camera=cameras[0], grain=one),
        Shot(scene=other, camera=cameras[1], grain=two),
    )
    before = look(scene, cameras[0], _SIDE, picture=False)
    after = look(other, cameras[1], _SIDE)
    rows, columns = np.nonzero(both_see(after, before, margin=MARGIN, facing=_FACING))
    if len(rows) < OPTIONS:
        return None
    some = np.argsort(rng.random(len(rows)), kind="stable")[:_POOL]
    rows, columns = rows[some], columns[some]
    coarse = Surroundings(after.picture, _RADII)
    keep = np.flatnonzero(coarse.figures(rows, columns)[_WIDE] >= _CONTRAST)
    if len(keep) < OPTIONS:
        return None
    order = keep[alike(rng, coarse.looks(rows[keep], columns[keep], _NOISE))]
    x, y = (columns + 0.5) / _SIDE, (rows + 0.5) / _SIDE
    some = order[spread(x[order], y[order], apart=SEPARATION, count=_PLACES)]
    points = np.stack([axis[rows[some], columns[some]] for axis in after.points])

    def apart(one: int, other: int) -> bool:
        a, b, c = (points[:, one] - points[:, other]).tolist()
        return bool(a * a + b * b + c * c >= APART * APART)

    sets = option_sets(len(some), apart)
    if not len(sets):
        return None
    across, down, _ = cameras[0].project(tuple(points))
    sources = zip(across.tolist(), down.tolist(), strict=True)
    turned = tuple(aimed(cameras[0], source, reference) for source in sources)
    measures = None
    if compared:
        first = cut(shots[0], np.full(len(some), x0), np.full(len(some), y0), turned)
        second = cut(shots[1], x[some], y[some])
        measures = np.concatenate(
            [measured(*stacked(first), *stacked(second)), grey_measures(first, second)]
        )
    return Offer(
        change=change,
        shots=shots,
        reference=reference,
        cameras=turned,
        places=tuple(zip(x[some].tolist(), y[some].tolist(), strict=True)),
        measures=measures,
        sets=sets,
    )


def cut(shot: Shot, x: Any, y: Any, turned: Sequence[Camera] | None = None) -> Any:
    """(k, s, s, 3) uint8, what a finished picture of ``FINE`` px shows around places.

    Args:
        shot: the picture.
        x: (k,) of the places, in shares of the side.
        y: likewise.
        turned: (k,) the cameras that each is seen by; by default that of the shot.
    """
    import numpy as np

    from .finished import finished
    from .grain import grain, with_grain
    from .scenes.view import View
    from .surroundings import FINE, REACH

    rows, columns = (np.floor(axis * FINE).astype(np.intp) for axis in (y, x))
    view = View(shot.scene, shot.camera)
    clean = finished(view, rows, columns, count=FINE, reach=REACH, turned=turned)
    noise = grain((FINE, FINE, 3), shot.grains(), most=GRAIN)
    reach = np.arange(-REACH, REACH + 1)
    around = rows[:, None, None] + reach[:, None], columns[:, None, None] + reach
    return with_grain(clean, noise[around])
