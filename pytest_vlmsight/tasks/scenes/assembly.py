"""Putting a thing together from named parts."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .exact import WORLD, Frame, Vec, add, along, cos_sin, cross, dot, mul, sub, unit
from .scene import Thing
from .solids import Solid, limb
from .texture import Texture

if TYPE_CHECKING:
    from collections.abc import Sequence

APART = "/"
"""Ends the name of a group of parts that look alike, such as ``leg`` in ``leg/front``."""


LOOK = "|"
"""Begins the name of a part's detail that looks different, such as ``eye`` in ``head|eye``."""

BLANK = Texture()
"""Worn by every part until it is dressed."""

DARK = Texture(ground=(0.02, 0.02, 0.025), grain=0.1, gloss=0.4)
"""Worn by eyes and noses, which are dark on all."""

TRIM = Texture(ground=(0.3, 0.3, 0.3))
"""Worn by all other details until they are dressed."""

_PIECES = 8  # of a ring
_ALWAYS_DARK = ("eye", "nose")


def group(part: str) -> str:
    """The group that a part belongs to: parts of one group are told apart by place alone.

    >>> group("leg/front")
    'leg'
    """
    return part.split(APART, maxsplit=1)[0]


class Assembly:
    """Collects the solids of a thing; every part wears a skin of its own.

    Coordinates are free: ``thing`` moves and scales all of it. By custom x is forward, y to the
    left and z up. A part's name may end in a detail's (``head|eye``): the solid belongs to the
    part, but looks different.

    Args:
        kind: of the thing.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._solids: list[Solid] = []
        self._skins: dict[str, int] = {}

    def add(self, solid: Solid) -> None:
        """One more solid."""
        skin = self._skins.setdefault(solid.part, len(self._skins))
        part = solid.part.split(LOOK)[0]
        self._solids.append(replace(solid, skin=skin, part=part))

    def ball(self, part: str, centre: Vec, half: Vec, axes: Frame = WORLD) -> None:
        """An ellipsoid."""
        self.add(Solid(kind="ball", centre=centre, half=half, axes=axes, part=part))

    def block(self, part: str, centre: Vec, half: Vec, axes: Frame = WORLD) -> None:
        """A cuboid."""
        self.add(Solid(kind="block", centre=centre, half=half, axes=axes, part=part))

    def rod(self, part: str, centre: Vec, half: Vec, axes: Frame = WORLD) -> None:
        """A cylinder along the z of its axes."""
        self.add(Solid(kind="rod", centre=centre, half=half, axes=axes, part=part))

    def cone(
        self, part: str, centre: Vec, half: Vec, axes: Frame = WORLD, *, top: float = 0.0
    ) -> None:
        """A cone along the z of its axes, cut off where ``top`` of its radius is left."""
        self.add(Solid(kind="cone", centre=centre, half=half, axes=axes, top=top, part=part))

    def wing(
        self,
        part: str,
        start: Vec,
        end: Vec,
        chord: float,
        last: float,
        *,
        thin: float = 0.15,
        ahead: Vec = (1.0, 0.0, 0.0),
    ) -> None:
        """A flat blade.

        Args:
            part: its name.
            start: middle of its root.
            end: middle of its tip.
            chord: half its breadth at the root.
            last: half its breadth at the tip, not more than ``chord``.
            thin: its thickness as a share of its breadth.
            ahead: the direction of its breadth, at least roughly.
        """
        run = sub(end, start)
        self.add(
            Solid(
                kind="cone",
                centre=mul(add(start, end), 0.5),
                half=(chord, chord * thin, math.sqrt(dot(run, run)) / 2),
                axes=along(run, near=ahead),
                top=last / chord,
                part=part,
            )
        )

    def tube(
        self,
        part: str,
        start: Vec,
        end: Vec,
        width: float,
        last: float | None = None,
        *,
        flat: float = 1.0,
    ) -> None:
        """A cylinder, or where ``last`` is another radius at its end, a part of a cone."""
        if last is not None and last > width:
            start, end, width, last = end, start, last, width
        top = None if last is None or last == width else last / width
        self.add(limb(start, end, width, top=top, part=part, flat=flat))

    def slab(self, part: str, start: Vec, end: Vec, width: float, thick: float) -> None:
        """A plate from one edge's middle to the other's, its breadth along y.

        Args:
            part: its name.
            start: with the same y as ``end``.
            end: likewise.
            width: half its breadth.
            thick: half its thickness.
        """
        run = sub(end, start)
        across: Vec = (0.0, 1.0, 0.0)
        ahead = unit(run)
        self.add(
            Solid(
                kind="block",
                centre=mul(add(start, end), 0.5),
                half=(math.sqrt(dot(run, run)) / 2, width, thick),
                axes=(ahead, across, cross(ahead, across)),
                part=part,
            )
        )

    def chain(self, part: str, places: Sequence[Vec], widths: Sequence[float]) -> None:
        """Tubes from place to place, with balls as joints and ends."""
        for place, width in zip(places, widths, strict=True):
            self.ball(part, place, (width, width, width))
        for number in range(len(places) - 1):
            self.tube(part, places[number], places[number + 1], widths[number], widths[number + 1])

    def ring(self, part: str, centre: Vec, reach: tuple[float, float], width: float) -> None:
        """A closed ring in the xz-plane.

        Args:
            part: its name.
            centre: its middle.
            reach: half its extents along x and z.
            width: radius of what it is bent of.
        """
        places: list[Vec] = []
        for number in range(_PIECES):
            c, s = cos_sin(number * 360 / _PIECES)
            places.append((centre[0] + reach[0] * c, centre[1], centre[2] + reach[1] * s))
        for start, end in zip(places, [*places[1:], places[0]], strict=True):
            # A little longer at both ends, so that there is no gap at the bends.
            on = mul(unit(sub(end, start)), 0.4 * width)
            self.tube(part, sub(start, on), add(end, on), width)

    def twin(self, since: int = 0) -> None:
        """A mirror image, left for right, of the solids added since there were ``since``."""
        for solid in self._solids[since:]:
            a, b, c = solid.axes
            self._solids.append(
                replace(
                    solid,
                    centre=_mirrored(solid.centre),
                    axes=(_mirrored(a), _mirrored(b), _mirrored(c)),
                )
            )

    def __len__(self) -> int:
        return len(self._solids)

    def thing(self) -> Thing:
        """All of it, with its middle at the origin and its farthest point 1 from there.

        Parts wear ``BLANK``, details ``TRIM`` or ``DARK`` (see ``dress.py``).
        """
        x, y, z = tips(self._solids)
        middle = (
            (float(x.min()) + float(x.max())) / 2,
            (float(y.min()) + float(y.max())) / 2,
            (float(z.min()) + float(z.max())) / 2,
        )
        off = (x - middle[0], y - middle[1], z - middle[2])
        far = math.sqrt(float(dot(off, off).max()))
        return Thing(
            kind=self._kind,
            solids=tuple(
                replace(
                    solid,
                    centre=mul(sub(solid.centre, middle), 1 / far),
                    half=mul(solid.half, 1 / far),
                )
                for solid in self._solids
            ),
            skins=tuple(_skin(name) for name in self._skins),
        )


def _skin(name: str) -> Texture:
    _, detail, what = name.partition(LOOK)
    if not detail:
        return BLANK
    return DARK if what in _ALWAYS_DARK else TRIM


def tips_of(solid: Solid) -> list[Vec]:
    """Points that a solid reaches to: a ball's six poles, the corners of another's box."""
    x, y, z = tips([solid])
    return list(zip(x.tolist(), y.tolist(), z.tolist(), strict=True))


def tips(solids: Sequence[Solid]) -> tuple[Any, Any, Any]:
    """x, y and z (n,) of the points that solids reach to, see ``tips_of``."""
    balls = [solid for solid in solids if solid.kind == "ball"]
    boxes = [solid for solid in solids if solid.kind != "ball"]
    found = []
    if balls:
        centres, (a, b, c) = _arms(balls)
        found += [centres + arm * sign for arm in (a, b, c) for sign in (-1, 1)]
    if boxes:
        centres, (a, b, c) = _arms(boxes)
        found += [
            centres + (a * i + (b * j + c * k)) for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)
        ]
    x, y, z = np.concatenate(found).T
    return x, y, z


def _arms(solids: Sequence[Solid]) -> tuple[Any, Any]:
    """(n, 3) centres, and 3 × (n, 3) from there to the ends along each axis."""
    axes = np.array([solid.axes for solid in solids])
    half = np.array([solid.half for solid in solids])
    centres = np.array([solid.centre for solid in solids])
    return centres, [axes[:, number] * half[:, number, None] for number in range(3)]


def _mirrored(of: Vec) -> Vec:
    return of[0], -of[1], of[2]
