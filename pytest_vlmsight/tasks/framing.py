"""Cameras that show a thing whole, or show one of its points at a chosen place of the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scenes.assembly import tips
from .scenes.camera import Camera
from .scenes.exact import add, cos_sin, cross, dot, mul, sub, unit

if TYPE_CHECKING:
    from .scenes.scene import Thing

_DISTANCE = 4.5
"""Of the camera from the thing's middle: far enough that parts keep their proportions."""

_STEPS = 8  # each makes what is left about a tenth; of wide cameras (focal .8) a third


def framed(thing: Thing, *, azimuth: float, elevation: float, tilt: float, share: float) -> Camera:
    """A camera that has a thing in the middle of its picture.

    Args:
        thing: at the origin of the world, within 1 of it.
        azimuth: degrees from the thing's x axis to the camera.
        elevation: degrees above it, not straight.
        tilt: degrees by which the picture is turned.
        share: of the picture's side that the thing takes up along its greater extent.
    """
    (ca, sa), (ce, se) = cos_sin(azimuth), cos_sin(elevation)
    position = (_DISTANCE * ce * ca, _DISTANCE * ce * sa, _DISTANCE * se)
    near = Camera.look_at(position, (0.0, 0.0, 0.0), roll=tilt, focal=1.0)
    xs, ys, _ = near.project(tips(thing.solids))
    left, right, top, bottom = (float(v) for v in (xs.min(), xs.max(), ys.min(), ys.max()))
    focal = share / max(right - left, bottom - top)
    middle = (0.5 + focal * ((left + right) / 2 - 0.5), 0.5 + focal * ((top + bottom) / 2 - 0.5))
    camera = Camera(position=position, axes=near.axes, focal=focal)
    return aimed(camera, middle, (0.5, 0.5))


def aimed(camera: Camera, source: tuple[float, float], target: tuple[float, float]) -> Camera:
    """The camera turned on the spot so that what is at one place of its picture is at another.

    Args:
        camera: to turn.
        source: place in its picture, in shares of the side.
        target: place in the new picture.
    """
    seen = add(camera.position, camera.ray(*source))
    x, y = source[0] - target[0] + 0.5, source[1] - target[1] + 0.5
    turned = camera
    for _ in range(_STEPS):
        forward = unit(camera.ray(x, y))
        right = unit(sub(camera.axes[0], mul(forward, dot(camera.axes[0], forward))))
        turned = Camera(
            position=camera.position,
            axes=(right, cross(forward, right), forward),
            focal=camera.focal,
        )
        found = turned.project(seen)
        x, y = x + (found[0] - target[0]), y + (found[1] - target[1])
    return turned
