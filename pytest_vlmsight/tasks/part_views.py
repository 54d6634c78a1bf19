"""Two things as two cameras see them: which parts can be marked on both, and how alike they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .framing import framed
from .option_sets import option_sets, unlike
from .places import Place, Sight, sight
from .scenes.assembly import group
from .scenes.drawn import between, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from .scenes.camera import Camera
    from .scenes.scene import Scene, Thing

MARGIN = 0.09
"""Least distance of a marked point from the picture's border, as a share of its side."""
SEPARATION = 0.14
"""Least distance between two marked points of a picture, likewise."""

_CLEARANCE = 0.008  # least, of a part's place in either picture
_SHARES = ((0.56, 0.68), (0.78, 0.86))  # of the side that the two things take up


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How a thing is looked at, in degrees: see ``framing.framed``."""

    azimuth: float
    elevation: float
    tilt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartViews:
    """Two views with at least one set of four parts that could be marked.

    Attributes:
        cameras: of the first and the second picture; both have their thing in the middle.
        sights: what they see.
        parts: that can be marked in both.
        sets: (s, 4) numbers of parts whose places in the second picture are apart.
    """

    cameras: tuple[Camera, Camera]
    sights: tuple[Sight, Sight]
    parts: tuple[str, ...]
    sets: Any

    def nearness(self) -> Any:
        """(n, n) how far apart parts are, both things in one size and on top of each other."""
        first, second = (_on_top(seen, self.parts) for seen in self.sights)
        return unlike(first, second)

    def measures(self, staged: Callable[[int], Scene]) -> Any:
        """(m, n, n) how unlike colours and pixels around parts are, see ``surroundings.MEASURES``.

        Args:
            staged: 0 or 1 → the first or second thing as it is shown.
        """
        import numpy as np

        from .matches import measured
        from .sight_lines import seen_by
        from .surroundings import windows

        found: list[Any] = []
        for image, (camera, seen) in enumerate(zip(self.cameras, self.sights, strict=True)):
            places = [seen.places[part] for part in self.parts]
            x, y = np.array([(place.x, place.y) for place in places]).T
            found += windows(seen_by(staged(image), camera), x, y)
        first, here, second, there = found
        return measured(first, here, second, there)


def part_views(
    rng: np.random.Generator,
    things: tuple[Thing, Thing],
    poses: tuple[Pose, Pose],
    *,
    among: frozenset[str] | None = None,
) -> PartViews | None:
    """What two things have to mark from these sides; None where that is not enough.

    Args:
        rng: random numbers.
        things: the first and the second, at the origin of the world.
        poses: how each is looked at.
        among: names of parts that may be marked; any by default.
    """
    one, other = (
        framed(
            thing,
            azimuth=pose.azimuth,
            elevation=pose.elevation,
            tilt=pose.tilt,
            share=between(rng, *shares),
        )
        for thing, pose, shares in zip(things, poses, _SHARES, strict=True)
    )
    # The second, which has more to meet, comes first: views without use are given up early.
    second = sight(things[1], other)
    shown = _shown(rng, second, among)
    if not len(_sets(second, shown)):
        return None
    first = sight(things[0], one)
    parts = tuple(part for part in shown if _is_clear(first, part))
    sets = _sets(second, parts)
    if not len(sets):
        return None
    return PartViews(cameras=(one, other), sights=(first, second), parts=parts, sets=sets)


def _sets(seen: Sight, parts: Sequence[str]) -> Any:
    """(s, 4) numbers of parts of which any two are apart."""
    places = [seen.places[part] for part in parts]
    return option_sets(len(parts), lambda a, b: _apart(places[a], places[b]))


def _shown(rng: np.random.Generator, seen: Sight, among: frozenset[str] | None) -> list[str]:
    """Parts that can be marked in the second picture, one of each group."""
    groups: dict[str, str] = {}
    for part in shuffled(rng, list(seen.places)):
        place = seen.places[part]
        if (
            (among is None or part in among)
            and _is_clear(seen, part)
            and max(abs(place.x - 0.5), abs(place.y - 0.5)) <= 0.5 - MARGIN
        ):
            groups.setdefault(group(part), part)
    return list(groups.values())


def _is_clear(seen: Sight, part: str) -> bool:
    return part in seen.places and seen.places[part].clearance >= _CLEARANCE


def _apart(a: Place, b: Place) -> bool:
    x, y = a.x - b.x, a.y - b.y
    return x * x + y * y >= SEPARATION * SEPARATION


def _on_top(seen: Sight, parts: Sequence[str]) -> Any:
    """(2, n) where parts are from the middle of the thing, in its greater extent."""
    import numpy as np

    left, right, top, bottom = seen.box
    extent = max(right - left, bottom - top)
    places = [seen.places[part] for part in parts]
    across = np.array([place.x for place in places]) - (left + right) / 2
    down = np.array([place.y for place in places]) - (top + bottom) / 2
    return np.stack([across, down]) / extent
