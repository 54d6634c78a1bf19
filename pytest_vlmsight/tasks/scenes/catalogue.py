"""Which things made of parts there are, and from where each shows what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from .blobs import species, specimen
from .creatures import CREATURES
from .furniture import FURNITURE
from .handled import HANDLED
from .jointed import JOINTED
from .powered import POWERED
from .vehicles import VEHICLES
from .vessels import VESSELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .scene import Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of thing.

    Attributes:
        build: random numbers → one of the kind, its proportions drawn anew, facing +x.
        azimuth: bounds in degrees of the side that it is seen from; 0 is its front, and the
            views from the other side are the same mirrored.
        elevation: bounds in degrees of the camera's height.
    """

    build: Callable[[np.random.Generator], Thing]
    azimuth: tuple[float, float] = (20.0, 160.0)
    elevation: tuple[float, float] = (5.0, 35.0)


def _kinds(
    builds: dict[str, Callable[[np.random.Generator], Thing]],
    *,
    azimuth: tuple[float, float] = (20.0, 160.0),
    elevation: tuple[float, float] = (5.0, 35.0),
) -> dict[str, Kind]:
    return {
        name: Kind(build=build, azimuth=azimuth, elevation=elevation)
        for name, build in builds.items()
    }


NAMEABLE: dict[str, dict[str, Kind]] = {
    "animal": _kinds(CREATURES),
    "vehicle": _kinds(VEHICLES, elevation=(8.0, 38.0)),
    # Nobody looks at furniture from behind.
    "furniture": _kinds(FURNITURE, azimuth=(12.0, 82.0), elevation=(8.0, 38.0)),
}
"""Category → name → kind of things whose parts have names."""

BLOB = Kind(build=lambda rng: specimen(species(rng), rng), elevation=(0.0, 35.0))
"""How blobs are looked at; each build is of another species."""

TOOLS: dict[str, dict[str, Kind]] = {
    "vessel": _kinds(VESSELS, azimuth=(45.0, 135.0)),
    "handled": _kinds(HANDLED, azimuth=(60.0, 120.0), elevation=(-10.0, 40.0)),
    "jointed": _kinds(JOINTED, azimuth=(60.0, 120.0), elevation=(-10.0, 40.0)),
    "powered": _kinds(POWERED, azimuth=(45.0, 135.0), elevation=(-5.0, 30.0)),
}
"""Family → name → kind of tools; the parts named in ``ROLES`` serve a purpose."""

ROLES: dict[str, str] = {
    "grip": "hold",
    "spout": "pour",
    "lid": "fill",
    "base": "stand",
    "body": "contain",
    "hang": "hang up",
    "collar": "join",
    "strike": "strike",
    "edge": "cut",
    "tip": "pierce",
    "scoop": "scoop",
    "sweep": "sweep",
    "hinge": "turn",
    "switch": "switch",
    "outlet": "let out",
    "supply": "supply",
}
"""Part of a tool → what it is for."""


def roles(thing: Thing) -> frozenset[str]:
    """The parts of a tool that serve a purpose."""
    return frozenset(part for part in thing.parts if part in ROLES)


@cache
def tool_pairs(family: str) -> tuple[tuple[str, str], ...]:
    """Names of two different tools of a family that share at least four purposes, both ways."""
    kinds = TOOLS[family]
    served = {name: roles(kind.build(np.random.default_rng(0))) for name, kind in kinds.items()}
    return tuple(
        (first, second)
        for first, second in permutations(kinds, 2)
        if len(served[first] & served[second]) >= 4
    )
