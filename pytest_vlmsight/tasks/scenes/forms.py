"""Shapes that a person has a word for, and from where each can be told from the others.

A cone seen from below is a disc, and a ring from its side is a bar. So every form says which views
show what it is, and which other forms may be taken for it even then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .drawn import between
from .exact import Frame, Vec, any_turn, cos_sin, dot, into, out_of, turned, within
from .solids import Solid, limb

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

X: Vec = (1.0, 0.0, 0.0)
Y: Vec = (0.0, 1.0, 0.0)
Z: Vec = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A kind of shape.

    Attributes:
        family: round, angular or spiky, for slices.
        build: random numbers → solids within about 1 of the origin, its proportions drawn anew.
        views: (axis, low, high): the cosine between the axis and the direction to the camera,
            both in the shape's coordinates, is to be from low to high.
        alike: names of forms that may be taken for it.
    """

    family: str
    build: Callable[[np.random.Generator], tuple[Solid, ...]]
    views: tuple[tuple[Vec, float, float], ...] = ()
    alike: tuple[str, ...] = ()

    def shown(self, turn: Frame) -> bool:
        """Whether a camera sees what it is.

        Args:
            turn: the shape's axes in the camera's coordinates (right, down, forward).
        """
        towards = into(turn, (0.0, 0.0, -1.0))
        return all(low <= dot(axis, towards) <= high for axis, low, high in self.views)


def meet(first: str, second: str) -> bool:
    """Whether two forms are told apart at a glance."""
    return first != second and second not in FORMS[first].alike and first not in FORMS[second].alike


def any_view(rng: np.random.Generator, form: Form) -> Frame:
    """The shape's axes in the coordinates of a camera that sees what it is."""
    while True:  # the forms' views hold a fifth of all turns or more
        turn = any_turn(rng)
        if form.shown(turn):
            return turn


def other_view(
    rng: np.random.Generator, form: Form, turn: Frame, degrees: float, *, most: int = 60
) -> Frame | None:
    """Such axes after a turn by so many degrees about any axis; None where none was found."""
    for _ in range(most):
        about = any_turn(rng)
        spun = turned(yaw=degrees)
        rotation = tuple(out_of(about, out_of(spun, into(about, axis))) for axis in (X, Y, Z))
        found = within((rotation[0], rotation[1], rotation[2]), turn)
        if form.shown(found):
            return found
    return None


def _ball(_: np.random.Generator) -> tuple[Solid, ...]:
    return (Solid(kind="ball", centre=(0.0, 0.0, 0.0), half=(0.9, 0.9, 0.9)),)


def _cube(_: np.random.Generator) -> tuple[Solid, ...]:
    return (Solid(kind="block", centre=(0.0, 0.0, 0.0), half=(0.65, 0.65, 0.65)),)


def _can(rng: np.random.Generator) -> tuple[Solid, ...]:
    wide = between(rng, 0.5, 0.6)
    return (Solid(kind="rod", centre=(0.0, 0.0, 0.0), half=(wide, wide, 0.8)),)


def _cone(rng: np.random.Generator) -> tuple[Solid, ...]:
    wide = between(rng, 0.6, 0.75)
    return (Solid(kind="cone", centre=(0.0, 0.0, 0.0), half=(wide, wide, 0.8)),)


def _pill(rng: np.random.Generator) -> tuple[Solid, ...]:
    wide = between(rng, 0.32, 0.4)
    end = (wide, wide, wide)
    middle = 0.95 - wide
    return (
        Solid(kind="rod", centre=(0.0, 0.0, 0.0), half=(wide, wide, middle)),
        Solid(kind="ball", centre=(0.0, 0.0, middle), half=end),
        Solid(kind="ball", centre=(0.0, 0.0, -middle), half=end),
    )


def _ring(rng: np.random.Generator) -> tuple[Solid, ...]:
    thick = between(rng, 0.18, 0.25)
    radius, count = 0.95 - thick, 16
    # Each piece is a little longer than its share, so that no gap opens on the outside.
    half = (radius + thick) * cos_sin(180 / count)[1] + 0.01
    middle = radius * cos_sin(180 / count)[0]
    solids = []
    for k in range(count):
        c, s = cos_sin(360 * k / count)
        start = (middle * c - half * s, middle * s + half * c, 0.0)
        end = (middle * c + half * s, middle * s - half * c, 0.0)
        solids.append(limb(start, end, thick))
    return tuple(solids)


def _jack(rng: np.random.Generator) -> tuple[Solid, ...]:
    thick = between(rng, 0.16, 0.22)
    return (
        Solid(kind="block", centre=(0.0, 0.0, 0.0), half=(0.9, thick, thick)),
        Solid(kind="block", centre=(0.0, 0.0, 0.0), half=(thick, 0.9, thick)),
        Solid(kind="block", centre=(0.0, 0.0, 0.0), half=(thick, thick, 0.9)),
    )


def _corner(rng: np.random.Generator) -> tuple[Solid, ...]:
    thick = between(rng, 0.2, 0.27)
    deep = between(rng, 0.25, 0.35)
    return (
        Solid(kind="block", centre=(thick - 0.75, 0.0, 0.0), half=(thick, deep, 0.8)),
        Solid(kind="block", centre=(0.0, 0.0, thick - 0.8), half=(0.75, deep, thick)),
    )


def _mushroom(rng: np.random.Generator) -> tuple[Solid, ...]:
    stem = between(rng, 0.17, 0.24)
    cap = between(rng, 0.38, 0.46)
    return (
        Solid(kind="rod", centre=(0.0, 0.0, -0.3), half=(stem, stem, 0.6)),
        Solid(kind="ball", centre=(0.0, 0.0, 0.35), half=(0.8, 0.8, cap)),
    )


def _snowman(rng: np.random.Generator) -> tuple[Solid, ...]:
    low, middle, high = between(rng, 0.46, 0.5), between(rng, 0.34, 0.38), between(rng, 0.22, 0.27)
    at = low - 0.95
    solids = []
    for radius, following in ((low, middle), (middle, high), (high, 0.0)):
        solids.append(Solid(kind="ball", centre=(0.0, 0.0, at), half=(radius, radius, radius)))
        at += 0.85 * (radius + following)
    return tuple(solids)


def _arch(rng: np.random.Generator) -> tuple[Solid, ...]:
    thick, deep = between(rng, 0.17, 0.22), between(rng, 0.22, 0.3)
    return (
        Solid(kind="block", centre=(thick - 0.75, 0.0, 0.0), half=(thick, deep, 0.75)),
        Solid(kind="block", centre=(0.75 - thick, 0.0, 0.0), half=(thick, deep, 0.75)),
        Solid(kind="block", centre=(0.0, 0.0, 0.75 - thick), half=(0.75, deep, thick)),
    )


def _table(rng: np.random.Generator) -> tuple[Solid, ...]:
    leg, deep = between(rng, 0.08, 0.11), between(rng, 0.5, 0.65)
    legs = tuple(
        Solid(
            kind="block",
            centre=(a * (0.8 - leg), b * (deep - leg), -0.1),
            half=(leg, leg, 0.5),
        )
        for a in (-1, 1)
        for b in (-1, 1)
    )
    return (Solid(kind="block", centre=(0.0, 0.0, 0.45), half=(0.8, deep, 0.1)), *legs)


def _stairs(rng: np.random.Generator) -> tuple[Solid, ...]:
    deep = between(rng, 0.35, 0.5)
    return tuple(
        Solid(
            kind="block",
            centre=(0.4 * k - 0.6, 0.0, 0.175 * (k + 1) - 0.7),
            half=(0.2, deep, 0.175 * (k + 1)),
        )
        for k in range(4)
    )


def _dumbbell(rng: np.random.Generator) -> tuple[Solid, ...]:
    end, bar = between(rng, 0.33, 0.4), between(rng, 0.1, 0.14)
    at = 0.95 - end
    return (
        Solid(kind="ball", centre=(0.0, 0.0, at), half=(end, end, end)),
        Solid(kind="ball", centre=(0.0, 0.0, -at), half=(end, end, end)),
        Solid(kind="rod", centre=(0.0, 0.0, 0.0), half=(bar, bar, at)),
    )


def _fir(rng: np.random.Generator) -> tuple[Solid, ...]:
    wide = between(rng, 0.58, 0.68)
    stem = Solid(kind="rod", centre=(0.0, 0.0, -0.75), half=(0.13, 0.13, 0.2))
    tiers = tuple(
        Solid(
            kind="cone",
            centre=(0.0, 0.0, 0.46 * k - 0.35),
            half=(wide * (1 - 0.24 * k), wide * (1 - 0.24 * k), 0.32),
            top=0.15,
        )
        for k in range(3)
    )
    return (stem, *tiers)


def _hourglass(rng: np.random.Generator) -> tuple[Solid, ...]:
    wide, top = between(rng, 0.55, 0.65), between(rng, 0.14, 0.22)
    return (
        Solid(kind="cone", centre=(0.0, 0.0, -0.4), half=(wide, wide, 0.4), top=top),
        Solid(
            kind="cone",
            centre=(0.0, 0.0, 0.4),
            half=(wide, wide, 0.4),
            top=top,
            axes=turned(pitch=180),
        ),
    )


def _star(rng: np.random.Generator) -> tuple[Solid, ...]:
    wide = between(rng, 0.27, 0.32)
    spikes = []
    for k in range(5):
        c, s = cos_sin(90 + 72 * k)
        spikes.append(limb((0.0, 0.0, 0.0), (0.97 * c, 0.97 * s, 0.0), wide, top=0.02, flat=0.6))
    middle = Solid(kind="ball", centre=(0.0, 0.0, 0.0), half=(wide, wide, 0.2))
    return (*spikes, middle)


def _burr(rng: np.random.Generator) -> tuple[Solid, ...]:
    core = between(rng, 0.46, 0.54)
    corner = 0.5773502691896258
    ways = [
        *((a, 0.0, 0.0) for a in (-1.0, 1.0)),
        *((0.0, a, 0.0) for a in (-1.0, 1.0)),
        *((0.0, 0.0, a) for a in (-1.0, 1.0)),
        *((a * corner, b * corner, c * corner) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)),
    ]
    spikes = tuple(
        limb((0.8 * core * x, 0.8 * core * y, 0.8 * core * z), (x, y, z), 0.17, top=0.02)
        for x, y, z in ways
    )
    return (Solid(kind="ball", centre=(0.0, 0.0, 0.0), half=(core, core, core)), *spikes)


def _hammer(rng: np.random.Generator) -> tuple[Solid, ...]:
    handle, head = between(rng, 0.1, 0.14), between(rng, 0.2, 0.26)
    return (
        Solid(kind="rod", centre=(0.0, 0.0, -0.1), half=(handle, handle, 0.8)),
        Solid(kind="block", centre=(0.0, 0.0, 0.6), half=(0.65, head, head)),
    )


FORMS: dict[str, Form] = {
    "ball": Form(family="round", build=_ball, alike=("pill", "burr")),
    "cube": Form(
        family="angular",
        build=_cube,
        views=((X, -0.85, 0.85), (Y, -0.85, 0.85), (Z, -0.85, 0.85)),
        alike=("can", "stairs"),
    ),
    "can": Form(family="round", build=_can, views=((Z, -0.75, 0.75),), alike=("pill", "hourglass")),
    "cone": Form(family="round", build=_cone, views=((Z, -0.3, 0.7),), alike=("fir", "hourglass")),
    "pill": Form(
        family="round", build=_pill, views=((Z, -0.7, 0.7),), alike=("snowman", "dumbbell")
    ),
    "ring": Form(family="round", build=_ring, views=((Z, 0.45, 1.0),)),
    "jack": Form(
        family="angular",
        build=_jack,
        views=((X, -0.88, 0.88), (Y, -0.88, 0.88), (Z, -0.88, 0.88)),
        alike=("star", "burr", "hammer"),
    ),
    "corner": Form(
        family="angular",
        build=_corner,
        views=((Y, 0.4, 0.95),),
        alike=("stairs", "arch", "hammer", "table"),
    ),
    "mushroom": Form(
        family="round", build=_mushroom, views=((Z, -0.5, 0.6),), alike=("hammer", "fir")
    ),
    "snowman": Form(family="round", build=_snowman, views=((Z, -0.5, 0.6),), alike=("dumbbell",)),
    "arch": Form(
        family="angular", build=_arch, views=((Y, 0.45, 0.97),), alike=("table", "stairs")
    ),
    "table": Form(
        family="angular", build=_table, views=((Z, -0.7, 0.6), (Y, -0.9, 0.9), (X, -0.9, 0.9))
    ),
    "stairs": Form(family="angular", build=_stairs, views=((Y, 0.3, 0.92),)),
    "dumbbell": Form(
        family="round", build=_dumbbell, views=((Z, -0.65, 0.65),), alike=("hourglass",)
    ),
    "fir": Form(family="round", build=_fir, views=((Z, -0.4, 0.6),)),
    "hourglass": Form(family="round", build=_hourglass, views=((Z, -0.55, 0.55),)),
    "star": Form(family="spiky", build=_star, views=((Z, 0.5, 1.0),), alike=("burr",)),
    "burr": Form(family="spiky", build=_burr),
    "hammer": Form(
        family="angular", build=_hammer, views=((Y, -0.95, 0.95), (Z, -0.6, 0.6), (X, -0.7, 0.7))
    ),
}
"""Name → form."""
