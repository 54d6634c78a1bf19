"""The sorts of lessons: what an eye is shown.

Scenes are drawn as those of the generated tasks are, without their questions: no options, no right
answer. Of every picture a grid of places is known exactly, and of every pair which place of the
one shows what a place of the other shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import labels
from .architecture import SIZE
from .lessons import Lesson, of_nothing, of_parts, of_places
from .pictures import CLASSES, GRID, Picture, seen, unseen
from .posing import posed

if TYPE_CHECKING:
    from collections.abc import Callable


def lesson(rng: np.random.Generator, sort: str) -> Lesson:
    """A lesson of a sort."""
    return _SORTS[sort](rng)


def _scene(rng: np.random.Generator) -> Lesson:
    """A scene of many things from two places, in two lights."""
    from dataclasses import replace

    from pytest_vlmsight.tasks.scenes.drawn import around, between, light
    from pytest_vlmsight.tasks.scenes.still_life import still_life

    scene = still_life(rng, things=int(between(rng, 14, 30)))
    start = between(rng, 0, 360)
    azimuths = (start, start + between(rng, -60, 60))
    pictures = []
    for azimuth in azimuths:
        camera = around(
            rng,
            target=(between(rng, -1.2, 1.2), between(rng, -1.2, 1.2), 0.3),
            distance=between(rng, 4.0, 5.5),
            elevation=(20, 50),
            azimuth=(azimuth, azimuth),
            roll=25,
            focal=between(rng, 1.0, 1.6),
        )
        pictures.append(seen(replace(scene, light=light(rng)), camera))
    return of_places(rng, "scene", *pictures, reach=0.12)


def _rooms(rng: np.random.Generator) -> Lesson:
    """Things that are held up in a large room, near and far."""
    from pytest_vlmsight.tasks.scenes.drawn import between
    from pytest_vlmsight.tasks.twins import Wanted, stage, strewn

    while True:
        wanted = Wanted(
            ratio=between(rng, 1.1, 1.7),
            size=between(rng, 0.16, 0.3),
            lift=between(rng, 0.05, 0.25),
            clutter=0,
        )
        twins = stage(rng, wanted)
        full = twins and strewn(rng, twins, int(between(rng, 0, 7)))
        if not full:
            continue
        first, second = (seen(full.scene(nearer), full.camera) for nearer in (0, 1))
        return of_places(rng, "rooms", first, second, reach=0.05)


def _kin(rng: np.random.Generator, groups: Any, sort: str) -> Lesson:
    """Two things of one category, or two builds of one kind."""
    from pytest_vlmsight.tasks.scenes.blobs import species, specimen
    from pytest_vlmsight.tasks.scenes.catalogue import BLOB
    from pytest_vlmsight.tasks.scenes.drawn import one_of
    from pytest_vlmsight.tasks.scenes.dress import COATS

    category = one_of(rng, (*groups, "blob") if sort == "parts" else tuple(groups))
    if category == "blob":
        own = species(rng)
        kinds, things = (BLOB, BLOB), (specimen(own, rng), specimen(own, rng))
    else:
        choices = tuple(groups[category].values())
        one = one_of(rng, choices)
        other = one if float(rng.random()) < 0.5 else one_of(rng, choices)
        kinds, things = (one, other), (one.build(rng), other.build(rng))
    pictures = []
    for kind, thing in zip(kinds, things, strict=True):
        scene, camera = posed(
            rng, kind, thing, coat=one_of(rng, COATS), tilt=25.0, share=(0.6, 1.0)
        )
        pictures.append(seen(scene, camera, category=category, purposes=sort == "tools"))
    return of_parts(rng, sort, *pictures)


def _parts(rng: np.random.Generator) -> Lesson:
    from pytest_vlmsight.tasks.scenes.catalogue import NAMEABLE

    return _kin(rng, NAMEABLE, "parts")


def _tools(rng: np.random.Generator) -> Lesson:
    from pytest_vlmsight.tasks.scenes.catalogue import TOOLS

    return _kin(rng, TOOLS, "tools")


def _forms(rng: np.random.Generator) -> Lesson:
    """Two portraits of one form in two surfaces, or of two forms in one surface."""
    from pytest_vlmsight.tasks.portrait import portrait, stage
    from pytest_vlmsight.tasks.scenes.drawn import between, one_of
    from pytest_vlmsight.tasks.scenes.forms import FORMS, any_view
    from pytest_vlmsight.tasks.scenes.surfaces import SURFACES, palette, skin

    name, surface = one_of(rng, tuple(FORMS)), one_of(rng, tuple(SURFACES))
    solids = FORMS[name].build(rng)
    pictures: list[Picture] = []
    while len(pictures) < 2:
        shot = portrait(
            stage(rng, clutter=int(between(rng, 0, 3))),
            kind=name,
            solids=solids,
            skin=skin(rng, surface, colours=palette(rng), scale=between(rng, 2.0, 5.0)),
            turn=any_view(rng, FORMS[name]),
            size=between(rng, 0.6, 0.9),
            shift=(between(rng, -1, 1), between(rng, -1, 1)),
        )
        if shot.whole:
            pictures.append(seen(shot.scene, shot.camera, surface=surface))
            if rng.random() < 0.5:
                surface = one_of(rng, tuple(SURFACES))
            else:
                name = one_of(rng, tuple(FORMS))
                solids = FORMS[name].build(rng)
    return of_nothing("forms", *pictures)


def _gadgets(rng: np.random.Generator) -> Lesson:
    """Two views of one unnameable object."""
    from pytest_vlmsight.tasks.scenes.drawn import around, between, light, one_of, room
    from pytest_vlmsight.tasks.scenes.exact import any_turn
    from pytest_vlmsight.tasks.scenes.gadgets import STYLES, family, places
    from pytest_vlmsight.tasks.scenes.scene import Scene

    kin = family(rng, style=one_of(rng, STYLES), parts=5)
    where = places(rng, 5)
    while len(where) < 5:
        where = places(rng, 5)
    thing = kin.member(where).moved((0.0, 0.0, 0.0), axes=any_turn(rng))
    hall = room(rng, low=(-6.0, -6.0, -1.3), high=(6.0, 6.0, 6.0), plain=True)
    start = between(rng, 0, 360)
    pictures = []
    for azimuth in (start, start + between(rng, -90, 90)):
        camera = around(
            rng,
            target=(
                between(rng, -0.15, 0.15),
                between(rng, -0.15, 0.15),
                between(rng, -0.15, 0.15),
            ),
            distance=4.2,
            elevation=(15, 35),
            azimuth=(azimuth, azimuth),
            roll=10,
            focal=between(rng, 1.4, 1.8),
        )
        pictures.append(seen(Scene(room=hall, things=(thing,), light=light(rng)), camera))
    return of_places(rng, "gadgets", *pictures, reach=0.08)


def _paintings(rng: np.random.Generator) -> Lesson:
    """A flat picture, and the same warped and in other light."""
    from pytest_vlmsight.tasks.grain import grained
    from pytest_vlmsight.tasks.homography import draw_homographies, inverse, moved
    from pytest_vlmsight.tasks.painted_views import Views, picture
    from pytest_vlmsight.tasks.relight import draw_relight
    from pytest_vlmsight.tasks.scenes.drawn import between

    (homography,) = draw_homographies(
        rng, 1, rotation=between(rng, 0, 60), scale=between(rng, 1.0, 1.6)
    ).T.tolist()
    views = Views(
        painting=f"lesson/{rng.random()}",
        offset=(0.0, 0.0),
        homography=tuple(homography),
        light=draw_relight(rng, between(rng, 0.2, 1.0)),
    )
    pixels = [grained(picture(views, second, SIZE), rng, most=16) for second in (False, True)]
    step = (np.arange(GRID) + 0.5) / GRID - 0.5
    x, y = np.tile(step, GRID), np.repeat(step, GRID)
    places = [(x, y), moved(inverse(views.homography), x, y)]
    pictures = [
        unseen(shown, own=np.stack([*own, 0 * x]).reshape(3, GRID, GRID))
        for shown, own in zip(pixels, places, strict=True)
    ]
    return of_places(rng, "paintings", *pictures, reach=0.03)


def _styles(rng: np.random.Generator) -> Lesson:
    """Two pictures in one style, or each in one of its own."""
    from pytest_vlmsight.tasks.art_style import _drawing
    from pytest_vlmsight.tasks.scenes.drawn import between
    from pytest_vlmsight.tasks.scenes.styles.rivalry import two_manners

    first, second, liveliness = two_manners(
        rng, difference=int(between(rng, 1, 4)), coarseness=between(rng, 0, 1)
    )
    pictures = []
    for manner in (first, second):
        drawing = _drawing(
            rng,
            f"lesson/{rng.random()}",
            manner,
            colours=float(rng.random()) < 0.6,
            liveliness=liveliness,
            size=SIZE,
        )
        picture = unseen(np.asarray(drawing()))
        picture.classes[CLASSES.index("technique")] = labels.techniques()[manner.family]
        pictures.append(picture)
    return of_nothing("styles", *pictures)


_SORTS: dict[str, Callable[[np.random.Generator], Lesson]] = {
    "scene": _scene,
    "rooms": _rooms,
    "parts": _parts,
    "tools": _tools,
    "forms": _forms,
    "gadgets": _gadgets,
    "paintings": _paintings,
    "styles": _styles,
}
SORTS = tuple(_SORTS)
"""Of lessons."""
