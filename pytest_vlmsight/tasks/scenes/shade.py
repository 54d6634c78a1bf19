"""The colour of what is seen: texture, light, highlight and shadow.

Samples are sorted by what they see, so that each solid and each texture works on one stretch of
contiguous memory, and light falls on all of them at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .exact import dot, into, out_of
from .solids import entry, normal
from .texture import paint, tilt
from .trace import ROOM, SIDES, inside, rays
from .view import FAR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .scene import Scene, Thing
    from .texture import Texture
    from .trace import Samples
    from .view import Placed, View

_TOUCHING = 1e-4  # closer than this a solid touches the point and does not shade it
_CHUNK = 8192
_OFF_LATTICE = 0.37  # where a flat side of the room cuts a pattern in space

Stretch = tuple[int, int, slice]
"""A thing's number or ROOM, its skin's number, and the samples that wear it."""


def shade(view: View, samples: Samples) -> Any:
    """(3, n) float32 light that reaches the camera from every sample, 0 to 1."""
    scene, camera = view.scene, view.camera
    order = np.argsort(samples.code, kind="stable")
    code = samples.code.take(order)
    # Single precision is enough for colours, and half the memory.
    depth = samples.depth.take(order).astype(np.float32)
    places = samples.across.take(order), samples.down.take(order)
    ray = np.empty((3, len(order)), dtype=np.float32)
    for axis, direction in enumerate(rays(camera, *places)):
        ray[axis] = direction
    point = ray * depth
    for axis, own in enumerate(camera.position):
        point[axis] += np.float32(own)
    across, place = np.zeros_like(point), point.copy()
    skins: list[Stretch] = []
    for number, here in _stretches(code):
        if number < 0:
            skins.append((ROOM, _room_skin(number), here))
            axis, high = divmod(number + SIDES, 2)
            across[axis, here] = -1 if high else 1
            place[axis, here] = _OFF_LATTICE
            continue
        one = view.solids[number]
        found, normals = surface(scene.things[one.thing], one, point[:, here])
        for axis in range(3):
            place[axis, here], across[axis, here] = found[axis], normals[axis]
        skins.append((one.thing, one.solid.skin, here))
    lit = dot(across, _lamp(scene)) > 0
    if scene.light.shadows:
        _cast_shadows(view, code, places, point, lit)
    colours = np.empty_like(across)
    for thing, skin, stretch in _joined(skins):
        texture = _texture(scene, thing, skin)
        for here in _chunks(stretch):
            paint(texture, place[:, here], out=colours[:, here])
            if texture.bump:
                off = tilt(texture, place[:, here])
                across[:, here] += (
                    off if thing == ROOM else np.stack(out_of(scene.things[thing].axes, off))
                )
            colours[:, here] *= _light(scene, across[:, here], lit[here])
            if texture.gloss:
                shine = _highlight(across[:, here], _lamp(scene), ray[:, here]) * lit[here]
                colours[:, here] += np.float32(texture.gloss * scene.light.strength) * shine
    np.clip(colours, 0, 1, out=colours)
    picture = np.empty_like(colours)
    for channel in range(3):
        picture[channel][order] = colours[channel]
    return picture


def _stretches(code: Any) -> Iterator[tuple[int, slice]]:
    """Each number in a sorted array, and where it stands."""
    ends = np.flatnonzero(code[1:] != code[:-1]) + 1
    starts = [0, *ends.tolist()]
    for start, end in zip(starts, [*starts[1:], len(code)], strict=True):
        yield int(code[start]), slice(start, end)


def _joined(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Neighbouring stretches of one skin as one."""
    last: Stretch | None = None
    for thing, skin, here in stretches:
        if last is not None and last[:2] == (thing, skin):
            last = thing, skin, slice(last[2].start, here.stop)
            continue
        if last is not None:
            yield last
        last = thing, skin, here
    if last is not None:
        yield last


def _chunks(here: slice) -> Iterator[slice]:
    """A stretch in pieces that stay in a processor's cache."""
    for start in range(here.start, here.stop, _CHUNK):
        yield slice(start, min(start + _CHUNK, here.stop))


def _room_skin(side: int) -> int:
    """Number of the room's skin that a side wears: floor 0, walls 1, ceiling 2."""
    return {-2: 0, -1: 2}.get(side, 1)


def _texture(scene: Scene, thing: int, skin: int) -> Texture:
    return scene.room.skins[skin] if thing == ROOM else scene.things[thing].skins[skin]


def surface(thing: Thing, one: Placed, point: Any) -> tuple[Any, Any]:
    """Points of the world on a solid → in its thing's coordinates, and normals of length 1."""
    across = normal(one.solid.kind, one.inside(point), top=one.solid.top)
    # Normals go by the inverse stretch.
    world = out_of(one.axes, tuple(n / half for n, half in zip(across, one.half, strict=True)))
    length = np.sqrt(dot(world, world))
    own = into(thing.axes, tuple(p - t for p, t in zip(point, thing.position, strict=True)))
    return tuple(value / thing.scale for value in own), tuple(n / length for n in world)


def _lamp(scene: Scene) -> list[np.float32]:
    return [np.float32(value) for value in scene.light.direction]


def _light(scene: Scene, across: Any, lit: Any) -> Any:
    """(3, n) by which light multiplies the colours of surfaces that face ``across``."""
    light = scene.light
    facing = np.maximum(dot(across, _lamp(scene)), np.float32(0)) * lit
    # Less light comes from below than from above.
    brightness = np.float32(light.ambient) * (np.float32(0.8) + np.float32(0.2) * across[2])
    brightness += np.float32(light.strength) * facing
    return np.array(light.tint, dtype=np.float32)[:, None] * brightness


def _highlight(across: Any, towards: Any, ray: Any) -> Any:
    """The mirror image of a broad lamp (Blinn 1977, to the power of 32)."""
    length = np.sqrt(dot(ray, ray))
    half = [own - value / length for value, own in zip(ray, towards, strict=True)]
    shine = np.maximum(dot(across, half), np.float32(0)) / np.sqrt(dot(half, half))
    for _ in range(5):
        shine *= shine
    return shine


def _cast_shadows(view: View, code: Any, places: Any, point: Any, lit: Any) -> None:
    """Set ``lit`` to False where something stands between a sample's point and the lamp."""
    towards = view.scene.light.direction
    for number, (one, bounds) in enumerate(zip(view.solids, view.shadows, strict=True)):
        if bounds is None:
            continue
        # A convex solid does not shade itself beyond facing away.
        asked = np.flatnonzero(lit & (code != number) & inside(bounds, *places))
        way = tuple(np.float32(value) for value in one.inward(towards))
        origin = one.inside([value.take(asked) for value in point])
        found = entry(one.solid.kind, origin, way, top=one.solid.top)
        lit[asked[(found > _TOUCHING) & (found < FAR)]] = False
