"""Pictures of one object, large, in a plain room: what texture and shape are asked of.

A stage is everything but the object: room, light, small things on the floor, and where the camera
is. Two objects on one stage make two pictures that differ in nothing but the objects.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from .generated import digest
from .item import Picture
from .picture_cache import cached

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from PIL.Image import Image

    from .impression import Impression
    from .scenes.camera import Camera
    from .scenes.exact import Frame
    from .scenes.scene import Light, Room, Scene, Thing
    from .scenes.solids import Solid
    from .scenes.texture import Texture

MARGIN = 0.03
"""Least distance of the object from the border, as a share of the side."""

_ROOM = 0.01
"""Left free at the border where an object is whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where an object is shown.

    Attributes:
        room: around it.
        light: in the room.
        around: small things on the floor, behind where the object stands.
        azimuth: degrees, of the camera.
        elevation: degrees, of the camera above the object.
        distance: of the camera from the object.
        roll: degrees by which the camera is turned.
    """

    room: Room
    light: Light
    around: tuple[Thing, ...]
    azimuth: float
    elevation: float
    distance: float
    roll: float


@dataclass(frozen=True, slots=True)
class Portrait:
    """An object on a stage and how it is looked at; thing 0 is the object."""

    scene: Scene
    camera: Camera

    @property
    def whole(self) -> bool:
        """Whether all of the object is in the picture."""
        from .scenes.outline import frame_of

        left, top, right, bottom = frame_of(self.scene.things[0], self.camera)
        return min(left, top) > _ROOM and max(right, bottom) < 1 - _ROOM

    def impression(self, *, smooth: bool = True) -> Impression:
        """What it is like to whoever does not see what it shows.

        Args:
            smooth: whether it is looked at anti-aliased, which takes twice as long.
        """
        from .impression import SIDE, impression
        from .scenes.render import render

        return impression(render(self.scene, self.camera, SIDE, smooth=smooth))

    def picture(self, *, size: int, cache: Path | None, task: str, version: str) -> Picture:
        """The picture of ``size`` × ``size`` px, rendered when it is loaded."""
        content = {
            "generator": f"{task} {version}",
            "size": size,
            "scene": asdict(self.scene),
            "camera": asdict(self.camera),
        }
        return cached(Picture(digest(content), (size, size), _Shot(self, size)), cache)


@dataclass(frozen=True, slots=True)
class _Shot:
    """Renders a portrait when called."""

    portrait: Portrait
    size: int

    def __call__(self) -> Image:
        from PIL import Image

        from .scenes.render import render

        return Image.fromarray(render(self.portrait.scene, self.portrait.camera, self.size))


def stage(rng: np.random.Generator, *, clutter: int) -> Stage:
    """Draws a stage.

    Args:
        rng: random numbers.
        clutter: how many small things are on the floor.
    """
    from .scenes.drawn import between, light, room

    walls = [between(rng, 5.2, 8.0) for _ in range(5)]  # the camera is never outside
    low, high = (-walls[0], -walls[1], 0.0), (walls[2], walls[3], walls[4])
    azimuth = between(rng, 0, 360)
    plain = room(rng, low=low, high=high, plain=True)
    floor, walls_of, ceiling = (_weathered(rng, skin) for skin in plain.skins)
    return Stage(
        room=replace(plain, skins=(floor, walls_of, ceiling)),
        light=light(rng),
        around=tuple(_small(rng, azimuth, number) for number in range(clutter)),
        azimuth=azimuth,
        elevation=between(rng, 12, 40),
        distance=between(rng, 3.6, 4.8),
        roll=between(rng, -8, 8),
    )


def portrait(
    on: Stage,
    *,
    kind: str,
    solids: tuple[Solid, ...],
    skin: Texture,
    turn: Frame,
    size: float,
    shift: tuple[float, float],
) -> Portrait:
    """An object on a stage, touching the floor.

    Args:
        on: the stage.
        kind: of the object.
        solids: its parts, within about 1 of its origin.
        skin: what all parts wear.
        turn: its axes in the camera's coordinates (right, down, forward).
        size: the longer side of the box around it, as a share of the picture's side.
        shift: where in the picture it is, from (−1, −1), upper left, to (1, 1), as far as
            ``MARGIN`` allows. Size and place are those seen from the middle: towards a corner
            perspective makes the object larger, and at ±1 it may reach the border.
    """
    from .framing import aimed
    from .scenes.camera import Camera
    from .scenes.exact import add, cos_sin, mul, within
    from .scenes.outline import frame_of, reach
    from .scenes.scene import Scene, Thing

    (ca, sa), (ce, se) = cos_sin(on.azimuth), cos_sin(on.elevation)
    eye = mul((ce * ca, ce * sa, se), on.distance)
    camera = Camera.look_at(eye, (0.0, 0.0, 0.0), roll=on.roll, focal=1.0)
    thing = Thing(kind=kind, solids=solids, skins=(skin,), axes=within(camera.axes, turn))
    left, top, right, bottom = frame_of(thing, camera)
    zoom = size / max(right - left, bottom - top)
    free = [max(0.0, 1 - 2 * MARGIN - zoom * side) / 2 for side in (right - left, bottom - top)]
    middle = (0.5 + zoom * ((left + right) / 2 - 0.5), 0.5 + zoom * ((top + bottom) / 2 - 0.5))
    target = (0.5 + shift[0] * free[0], 0.5 + shift[1] * free[1])
    camera = aimed(Camera(position=eye, axes=camera.axes, focal=zoom), middle, target)
    up = (0.0, 0.0, reach(thing, (0.0, 0.0, -1.0)))
    scene = Scene(room=on.room, things=(thing.moved(up), *on.around), light=on.light)
    return Portrait(scene, Camera(position=add(eye, up), axes=camera.axes, focal=camera.focal))


def _weathered(rng: np.random.Generator, skin: Texture) -> Texture:
    """The skin, smooth or rough: so that a picture's sharpness is not its object's."""
    from .scenes.drawn import between

    rough = float(rng.random())
    return replace(
        skin,
        scale=between(rng, 1.0, 8.0),
        grain=0.08 + 0.8 * rough * rough,
        bump=1.6 * rough * rough,
    )


def _small(rng: np.random.Generator, azimuth: float, number: int) -> Thing:
    """A small plain thing on the floor, behind where the object stands and to one side."""
    from .scenes.drawn import between, one_of, texture
    from .scenes.exact import cos_sin, turned
    from .scenes.scene import Thing
    from .scenes.solids import KINDS, Solid

    side = -1 if (float(rng.random()) < 0.5) == (number % 2 == 0) else 1
    c, s = cos_sin(azimuth + 180 + side * between(rng, 25, 80))
    away, half = between(rng, 1.7, 2.6), between(rng, 0.16, 0.3)
    return Thing(
        kind="clutter",
        solids=(Solid(kind=one_of(rng, KINDS), centre=(0.0, 0.0, 0.0), half=(half, half, half)),),
        skins=(replace(texture(rng, pattern="plain"), bump=0.0),),
        position=(away * c, away * s, half),
        axes=turned(yaw=between(rng, 0, 360)),
    )
