"""Pairs of pictures that an eye learns from: what is where in each, and what is the same in both.

Scenes are drawn as those of the generated tasks are, without their questions: no options, no right
answer. Of every picture a grid of places is known exactly: how far, which way the surface faces,
what it is a part of, what it is made of. And of every pair which place of the one shows what a
place of the other shows.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from . import labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.scene import Scene

SIZE = 224
"""Of a picture, in px."""

GRID = 28
"""Places along its side of which everything is known."""

SITES = 24
"""Pairs of places of a lesson that show the same."""

CLASSES = ("part", "purpose", "kind", "surface", "technique", "mark")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """A picture, and what is known of it.

    Attributes:
        pixels: (224, 224, 3) uint8.
        depth: (28, 28) float16 log; NaN where there is none to know.
        facing: (3, 28, 28) float16 normals in the camera's coordinates; NaN likewise.
        classes: (6, 28, 28) uint8 numbers by ``CLASSES``; 0 is unknown.
        own: (3, 28, 28) float64, places in the coordinates of what they are of.
        code: (28, 28) int64: equal in a pair for what is of one thing.
        name: (28, 28) int64: equal in a pair for parts of one name or purpose; 0 is none.
    """

    pixels: Any
    depth: Any
    facing: Any
    classes: Any
    own: Any
    code: Any
    name: Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """Two pictures.

    Attributes:
        sort: what kind of lesson it is.
        pictures: both.
        sites: (2, 24, 2) float32 x and y in px, of places in the first and the second picture
            that show the same.
        known: (24,) bool, which of these there are.
    """

    sort: str
    pictures: tuple[Picture, Picture]
    sites: Any
    known: Any


def lesson(rng: np.random.Generator, sort: str) -> Lesson:
    """A lesson of a sort."""
    return _SORTS[sort](rng)


def _seen(
    scene: Scene,
    camera: Camera,
    *,
    category: str = "",
    surface: str = "",
    purposes: bool = False,
) -> Picture:
    from pytest_vlmsight.tasks.scenes.assembly import group
    from pytest_vlmsight.tasks.scenes.catalogue import ROLES
    from pytest_vlmsight.tasks.scenes.render import render, truth

    known = truth(scene, camera, GRID)
    own, across = known.surfaces()
    facing = np.stack(
        [sum(a * n for a, n in zip(axis, across, strict=True)) for axis in camera.axes]
    )
    classes = np.zeros((len(CLASSES), GRID, GRID), np.uint8)
    names = [group(part.split("|")[0]) for part in known.parts]
    # Negative things are the room: nothing has a name there.
    thing = known.thing
    if category:
        part = np.array([labels.parts().get(f"{category}: {name}", 0) for name in names], np.uint8)
        role = np.array([labels.purposes().get(ROLES.get(name, ""), 0) for name in names], np.uint8)
        classes[0] = np.where(thing == 0, part[known.part], 0)
        classes[1] = np.where(thing == 0, role[known.part], 0)
    kind = np.array([*(labels.kinds().get(t.kind, 0) for t in scene.things), 0], np.uint8)
    classes[2] = kind[thing]
    called = [ROLES.get(name, "") if purposes else name for name in names]
    name = np.array([zlib.crc32(one.encode()) if one else 0 for one in called], np.int64)
    if surface:
        classes[3] = np.where(thing == 0, labels.surfaces()[surface], 0)
    return Picture(
        pixels=render(scene, camera, SIZE),
        depth=np.log(known.depth).astype(np.float16),
        facing=facing.astype(np.float16),
        classes=classes,
        own=own,
        code=thing.astype(np.int64),
        name=np.where(thing == 0, name[known.part], 0),
    )


def _paired(
    rng: np.random.Generator, sort: str, first: Picture, second: Picture, *, reach: float
) -> Lesson:
    """A lesson in which places of one thing that are within ``reach`` are the same."""
    one, other = (p.own.reshape(3, -1).T for p in (first, second))
    same = first.code.reshape(-1, 1) == second.code.reshape(1, -1)
    off = ((one[:, None] - other[None]) ** 2).sum(2)
    off[~same] = np.inf
    nearest = off.argmin(1)
    good = np.flatnonzero(off[np.arange(len(off)), nearest] < reach * reach)
    # Things rather than walls, where there is a choice.
    weight = np.where(first.code.reshape(-1)[good] >= 0, 4.0, 1.0) * rng.random(len(good)) ** 0.5
    taken = good[np.argsort(-weight)[:SITES]]
    return _lesson(sort, first, second, taken, nearest[taken])


def _lesson(sort: str, first: Picture, second: Picture, one: Any, other: Any) -> Lesson:
    sites = np.zeros((2, SITES, 2), np.float32)
    step = SIZE / GRID
    for picture, places in enumerate((one, other)):
        sites[picture, : len(places), 0] = (places % GRID + 0.5) * step
        sites[picture, : len(places), 1] = (places // GRID + 0.5) * step
    return Lesson(
        sort=sort, pictures=(first, second), sites=sites, known=np.arange(SITES) < len(one)
    )


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
        pictures.append(_seen(replace(scene, light=light(rng)), camera))
    return _paired(rng, "scene", pictures[0], pictures[1], reach=0.12)


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
        first, second = (_seen(full.scene(nearer), full.camera) for nearer in (0, 1))
        return _paired(rng, "rooms", first, second, reach=0.05)


def _kin(rng: np.random.Generator, groups: Any, sort: str) -> Lesson:
    """Two things of one category, or two builds of one kind."""
    from pytest_vlmsight.tasks.framing import framed
    from pytest_vlmsight.tasks.part_scene import staged
    from pytest_vlmsight.tasks.scenes.blobs import species, specimen
    from pytest_vlmsight.tasks.scenes.catalogue import BLOB
    from pytest_vlmsight.tasks.scenes.drawn import between, one_of
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
        azimuth = between(rng, *kind.azimuth) * (1 if rng.random() < 0.5 else -1)
        camera = framed(
            thing,
            azimuth=azimuth,
            elevation=between(rng, *kind.elevation),
            tilt=between(rng, -25, 25),
            share=between(rng, 0.6, 1.0),
        )
        scene = staged(rng, thing, coat=one_of(rng, COATS), azimuth=azimuth)
        pictures.append(_seen(scene, camera, category=category, purposes=sort == "tools"))
    return _same_parts(rng, sort, *pictures)


def _same_parts(rng: np.random.Generator, sort: str, first: Picture, second: Picture) -> Lesson:
    """Places of the same part: of each place of the first picture any such of the second."""
    one, other = (p.name.ravel() for p in (first, second))
    chosen: list[int] = []
    met: list[int] = []
    places = np.flatnonzero(one)
    # Small parts as often as large ones.
    _, inverse, counts = np.unique(one[places], return_inverse=True, return_counts=True)
    order = np.argsort(rng.random(len(places)) ** (1 / np.sqrt(counts)[inverse]))
    for place in places[order]:
        fit = np.flatnonzero(other == one[place])
        if len(fit) and len(chosen) < SITES:
            chosen.append(place)
            met.append(fit[int(rng.random() * len(fit))])
    return _lesson(sort, first, second, np.array(chosen, np.int64), np.array(met, np.int64))


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
            pictures.append(_seen(shot.scene, shot.camera, surface=surface))
            if rng.random() < 0.5:
                surface = one_of(rng, tuple(SURFACES))
            else:
                name = one_of(rng, tuple(FORMS))
                solids = FORMS[name].build(rng)
    return _lesson("forms", pictures[0], pictures[1], np.zeros(0, np.int64), np.zeros(0, np.int64))


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
    for azimuth in (start, start + between(rng, -60, 60)):
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
        pictures.append(_seen(Scene(room=hall, things=(thing,), light=light(rng)), camera))
    return _paired(rng, "gadgets", pictures[0], pictures[1], reach=0.08)


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
    nothing = np.full((GRID, GRID), np.nan, np.float16)
    step = (np.arange(GRID) + 0.5) / GRID - 0.5
    x, y = np.tile(step, GRID), np.repeat(step, GRID)
    own = [(x, y), moved(inverse(views.homography), x, y)]
    pictures = [
        Picture(
            pixels=shown,
            depth=nothing,
            facing=np.stack([nothing] * 3),
            classes=np.zeros((len(CLASSES), GRID, GRID), np.uint8),
            own=np.stack([*places, 0 * x]).reshape(3, GRID, GRID),
            code=np.zeros((GRID, GRID), np.int64),
            name=np.zeros((GRID, GRID), np.int64),
        )
        for shown, places in zip(pixels, own, strict=True)
    ]
    return _paired(rng, "paintings", pictures[0], pictures[1], reach=0.03)


def _styles(rng: np.random.Generator) -> Lesson:
    """Two pictures in one style, or each in one of its own."""
    from pytest_vlmsight.tasks.art_style import _drawing
    from pytest_vlmsight.tasks.scenes.drawn import between
    from pytest_vlmsight.tasks.scenes.styles.rivalry import two_manners

    first, second, liveliness = two_manners(
        rng, difference=int(between(rng, 1, 4)), coarseness=between(rng, 0, 1)
    )
    nothing = np.full((GRID, GRID), np.nan, np.float16)
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
        classes = np.zeros((len(CLASSES), GRID, GRID), np.uint8)
        classes[4] = labels.techniques()[manner.family]
        pictures.append(
            Picture(
                pixels=np.asarray(drawing()),
                depth=nothing,
                facing=np.stack([nothing] * 3),
                classes=classes,
                own=np.zeros((3, GRID, GRID)),
                code=np.full((GRID, GRID), -1),
                name=np.zeros((GRID, GRID), np.int64),
            )
        )
    return _lesson("styles", pictures[0], pictures[1], np.zeros(0, np.int64), np.zeros(0, np.int64))


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
