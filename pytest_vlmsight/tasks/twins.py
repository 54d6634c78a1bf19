"""Twin scenes: two marked things of which either may be the nearer one, with nothing else changed.

Where the two are in the picture and how large they look is drawn first. Moving a thing along its
ray from the camera and scaling it by as much leaves its picture as it is, so the same two
silhouettes stand for two scenes, in one of which the first is nearer and in the other the second.
A layout is accepted only if both scenes are possible and show both things alike, so given places,
sizes, looks and names the answer is a fair coin, exactly. What differs between the twins is what
depth is seen by: where supports meet the floor, what hides what, shadows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .scenes.camera import Camera
from .scenes.drawn import between, light, one_of, room, shuffled
from .scenes.exact import cos_sin, turned
from .scenes.held import Held, row
from .scenes.ornaments import ORNAMENTS, ornament, reach, width
from .scenes.scene import Scene
from .scenes.supports import KINDS, LEAST, support

if TYPE_CHECKING:
    import numpy as np

    from .scenes.scene import Light, Room, Thing

NEAREST, NEAR, FARTHEST = 2.3, 4.2, 8.5
"""In metres: least and greatest depth of the nearer thing, greatest of the farther one."""

_USED = 0.87  # of the picture's height
_APART = 0.04  # least room between two marked things, in shares of the side
_PLACES = 12  # tries at a thing's place
_SPOTS = 30  # tries at a bystander's place


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a layout is to be like.

    Attributes:
        ratio: depth of the farther thing for a depth of the nearer one of 1.
        size: of the marked things, in shares of the side.
        lift: how far they are held off the floor at the farther depth, likewise.
        clutter: how many other things there are.
    """

    ratio: float
    size: float
    lift: float
    clutter: int

    @property
    def tall(self) -> float:
        """Most of the picture's height that a thing and its support take at the farther depth."""
        return 1.15 * self.size + 1.33 * self.lift


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Two scenes that differ in which of two things is nearer.

    Attributes:
        room: of both.
        camera: of both.
        light: of both.
        held: the two things.
        near: depth of the nearer one.
        far: depth of the farther one.
        clutter: other things, the same in both.
    """

    room: Room
    camera: Camera
    light: Light
    held: tuple[Held, Held]
    near: float
    far: float
    clutter: tuple[Thing, ...] = ()

    def scene(self, nearer: int) -> Scene:
        """The scene in which a thing is the nearer one.

        Args:
            nearer: 0 or 1.

        Returns:
            things 0 and 1 are the two, 2 and 3 their supports, the others clutter.
        """
        things = [self.placed(number, number == nearer) for number in (0, 1)]
        supports = [
            held.support.holding(thing) for held, thing in zip(self.held, things, strict=True)
        ]
        return Scene(room=self.room, things=(*things, *supports, *self.clutter), light=self.light)

    def alone(self, number: int) -> Scene:
        """The room with one of the two things on its support and nothing else."""
        thing = self.placed(number, near=True)
        support = self.held[number].support.holding(thing)
        return Scene(room=self.room, things=(thing, support), light=self.light)

    def placed(self, number: int, near: bool) -> Thing:
        """One of the two things at one of the two depths."""
        return self.held[number].at(self.camera, self.near if near else self.far)

    @property
    def fits(self) -> bool:
        """Whether both things can be at both depths."""
        return all(
            held.fits(self.camera, depth, self.room)
            for held in self.held
            for depth in (self.near, self.far)
        )

    def measured(self, own: tuple[float, float]) -> Twins:
        """The same, where the depths are those of other places in the things.

        Args:
            own: of each thing, see ``Held``.
        """
        first, second = (replace(h, own=o) for h, o in zip(self.held, own, strict=True))
        return replace(self, held=(first, second))


def stage(rng: np.random.Generator, wanted: Wanted) -> Twins | None:
    """A room with two marked things, without clutter; None where they found no place."""
    near = between(rng, NEAREST, min(NEAR, FARTHEST / wanted.ratio))
    far = near * wanted.ratio
    hall, camera = _hall(rng, near, far, wanted)
    held: list[Held] = []
    for name in shuffled(rng, tuple(ORNAMENTS))[:2]:
        found = _held(rng, name, wanted)
        for _ in range(_PLACES):
            one = _moved(rng, found, camera, far, wanted)
            if all(_apart(one, other) for other in held) and all(
                one.fits(camera, depth, hall) for depth in (near, far)
            ):
                held.append(one)
                break
        else:
            return None
    first, second = held
    return Twins(
        room=hall, camera=camera, light=light(rng), held=(first, second), near=near, far=far
    )


def _hall(rng: np.random.Generator, near: float, far: float, wanted: Wanted) -> tuple[Room, Camera]:
    """A room and a camera that looks into it, down to the floor."""
    eye, focal = between(rng, 1.2, 1.8), between(rng, 0.85, 1.05)
    # From its foot at the nearer depth to its top at the farther one a thing has to find room in
    # the picture, and at the farther one between floor and ceiling.
    room_left = max(0.1, _USED - wanted.tall)
    eye = min(eye, near * room_left / (focal * (1 - 1 / wanted.ratio)))
    high = max(eye + between(rng, 1.3, 2.8), wanted.tall * far / focal + between(rng, 0.1, 0.6))
    # The camera is tilted by the angle between the ray to a foot at the nearer depth and where
    # that is to be seen; all as tangents.
    steep, seen = eye / near, between(rng, 0.22, 0.44) / focal
    tilt = (steep - seen) / (1 + steep * seen)
    c, s = cos_sin(between(rng, -15, 15))
    camera = Camera.look_at(
        (0.0, 0.0, eye), (s, c, eye - tilt), roll=between(rng, -3, 3), focal=focal
    )
    aside = [0.6 + far * between(rng, 0.3, 0.6) for _ in range(2)]
    hall = room(
        rng,
        low=(-aside[0], -between(rng, 0.8, 2), 0.0),
        high=(aside[1], 1.25 * far + between(rng, 0.3, 3.5), high),
    )
    return hall, camera


def _held(rng: np.random.Generator, name: str, wanted: Wanted) -> Held:
    thing = replace(ornament(rng, name), axes=turned(yaw=between(rng, 0, 360)))
    size = wanted.size * between(rng, 0.87, 1.15)
    # What is seen of a thing is nearer than its origin; by how much is known later.
    own = 1 - 0.3 * size
    kept = support(rng, thing, one_of(rng, KINDS))
    return Held(thing=thing, support=kept, x=0.5, y=0.5, size=size, own=own)


def _moved(
    rng: np.random.Generator, held: Held, camera: Camera, far: float, wanted: Wanted
) -> Held:
    """The thing at a place where it is held off by about what is wanted."""
    x = between(rng, held.size / 2 + 0.02, 1 - held.size / 2 - 0.02)
    shortest = 0.65 * LEAST * held.size
    lift = max(shortest, wanted.lift * between(rng, 0.75, 1.33))
    down = reach(held.thing)[1] * held.size / 2
    return replace(held, x=x, y=row(camera, x, far / held.own, 0.0) - lift - down)


def _apart(one: Held, other: Held) -> bool:
    across, down = one.x - other.x, one.y - other.y
    least = (one.size + other.size) / 2 + _APART
    return across * across + down * down >= least * least


def strewn(rng: np.random.Generator, twins: Twins, count: int) -> Twins | None:
    """The twins with other things on the floor; None where these found no place."""
    taken, feet = [], []
    for held in twins.held:
        for depth in (twins.near, twins.far):
            thing = held.at(twins.camera, depth)
            wide = max(width(thing), held.support.plate * 1.4) * thing.scale
            taken.append((thing.position[0], thing.position[1], wide))
            feet.append(held.foot(twins.camera, depth))
    marked = {held.thing.kind for held in twins.held}
    names = [name for name in ORNAMENTS if name not in marked]
    clutter: list[Thing] = []
    for _ in range(count):
        thing = ornament(rng, one_of(rng, names))
        thing = replace(thing, axes=turned(yaw=between(rng, 0, 360)))
        for _ in range(_SPOTS):
            one = _dropped(rng, thing, twins)
            if _free(one, twins, taken, feet):
                taken.append((one.position[0], one.position[1], one.scale))
                clutter.append(one)
                break
        else:
            return None
    return replace(twins, clutter=tuple(clutter))


def _dropped(rng: np.random.Generator, thing: Thing, twins: Twins) -> Thing:
    """A thing anywhere on the floor in front of the camera."""
    scale = between(rng, 0.12, 0.38)
    depth = between(rng, 1.9, twins.room.high[1] - 0.5)
    x, y, _ = twins.camera.at(between(rng, 0.04, 0.96), 0.5, depth)
    return thing.moved((x, y, reach(thing)[1] * scale), scale=scale)


def _free(
    one: Thing,
    twins: Twins,
    taken: list[tuple[float, float, float]],
    feet: list[tuple[float, float]],
) -> bool:
    """Whether a thing is seen, in nobody's way, and hides no marked thing and no foot of one."""
    (x, y, _), scale, hall = one.position, one.scale, twins.room
    if not (hall.low[0] + scale < x < hall.high[0] - scale and y < hall.high[1] - scale):
        return False
    for a, b, radius in taken:
        least = scale + radius + 0.03
        if (x - a) * (x - a) + (y - b) * (y - b) < least * least:
            return False
    across, down, depth = twins.camera.project(one.position)
    wide = twins.camera.focal * scale / depth
    if down + wide > 1.03:
        return False
    if any(abs(across - a) < wide + 0.02 and abs(down - b) < wide + 0.03 for a, b in feet):
        return False
    return depth > twins.far or not any(
        abs(across - held.x) < wide + held.size / 2 and abs(down - held.y) < wide + held.size / 2
        for held in twins.held
    )
