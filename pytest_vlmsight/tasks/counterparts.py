"""Two pictures of different things, and the same part on both: what is marked, and where.

Position is of no use to find the part again, by construction:

- Which of the four marked parts is the right one is drawn from all four with equal chances, after
  both pictures are known: whatever can be said of the second picture alone says nothing.
- The first picture is aimed so that REF is where it is to be, at a place that is drawn without
  regard to the part. It is drawn from the places that would do for any of the four, so that REF's
  place says nothing either.
- The second thing mostly faces the other way, and among the sets of four parts those in which the
  counterpart is not the nearest (with both things laid on top of each other) are preferred just
  enough, so that each rank in nearness is about as frequent as any other.

Nor are colours, drawn anew for each thing. But a thin part has more of an edge around it than a
broad one on both pictures. So both are rendered coarsely, and sets of parts in which the
counterpart is not the one with the most similar contrast and sharpness are preferred, until each
rank in that, too, is about as frequent as any other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from .framing import aimed, framed
from .places import COUNT, Sight, sight
from .scenes.assembly import group
from .scenes.drawn import between, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from .scenes.camera import Camera
    from .scenes.scene import Scene, Thing

OPTIONS = 4
MARGIN = 0.09
"""Least distance of a marked point from the picture's border, as a share of its side."""
SEPARATION = 0.14
"""Least distance between two marked points of a picture, likewise."""

_CLEARANCE = (0.008, 0.008)  # least, of a part's place in the first and the second picture
_SHARES = ((0.56, 0.68), (0.78, 0.86))  # of the side that the two things take up
_AROUND = 0.18  # REF is this close to the picture's middle, across and down
_KEPT = 0.75  # least share of the first thing that stays in its picture
_LEAST = 0.03  # views are used at least this often, however little their sets weigh
_AIMS = 12  # places for REF that are tried

_CONTRAST, _SHARPNESS = 3, 4  # where ``Surroundings.figures`` has them
_UNITS = ((9.0, 13.5), (11.0, 11.0), (11.0, 7.5))
"""What they commonly differ by, by radius."""

Place2 = tuple[float, float]

Figures = tuple[float, ...]

Table = dict[tuple[str, str], float]
"""How unlike a part of the first picture and one of the second are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """How a thing is looked at, in degrees: see ``framing.framed``."""

    azimuth: float
    elevation: float
    tilt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """By how much sets of parts are preferred: the product over their parts, by ranks.

    Attributes:
        nearness: (4,) for each part whose counterpart has the rank in nearness.
        likeness: (4,) for each part whose counterpart has the rank in contrast and sharpness.
    """

    nearness: tuple[float, ...] = (1.0,) * OPTIONS
    likeness: tuple[float, ...] = (1.0,) * OPTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparts:
    """What an item marks.

    Attributes:
        cameras: of the first and the second picture.
        reference: REF in the first, as shares of the side.
        candidates: in the second, by option; one is REF's counterpart.
        parts: their parts' names, by option.
    """

    cameras: tuple[Camera, Camera]
    reference: Place2
    candidates: tuple[Place2, ...]
    parts: tuple[str, ...]


def counterparts(
    rng: np.random.Generator,
    things: tuple[Thing, Thing],
    poses: tuple[Pose, Pose],
    *,
    staged: Callable[[int], Scene],
    answer: int,
    weights: Weights,
    among: frozenset[str] | None = None,
) -> Counterparts | None:
    """Parts to mark on two things, or None where these views have not enough of them.

    Args:
        rng: random numbers.
        things: the first and the second, at the origin of the world.
        poses: how each is looked at.
        staged: 0 or 1 → the first or second thing as it is shown.
        answer: option that is to be the right one.
        weights: by how much sets of parts are preferred.
        among: names of parts that may be marked; any by default.
    """
    cameras, sights = [], []
    for thing, pose, shares in zip(things, poses, _SHARES, strict=True):
        camera = framed(
            thing,
            azimuth=pose.azimuth,
            elevation=pose.elevation,
            tilt=pose.tilt,
            share=between(rng, *shares),
        )
        cameras.append(camera)
        sights.append(sight(thing, camera))
    first, second = sights
    shown = _shown(rng, first, second, among)
    sets = _sets(second, shown)
    if not sets:
        return None
    on_top = _table(_on_top(first, shown), _on_top(second, shown), shown)
    before, after = (
        _looks(staged(image), camera, seen, shown)
        for image, (camera, seen) in enumerate(zip(cameras, sights, strict=True))
    )
    tables = ((on_top, weights.nearness), (_table(before, after, shown), weights.likeness))
    found = _preferred(rng, sets, tables)
    if found is None:
        return None
    reference = _reference(rng, first, found)
    if reference is None:
        return None
    right = found[min(OPTIONS - 1, int(float(rng.random()) * OPTIONS))]
    others = shuffled(rng, [part for part in found if part != right])
    parts = (*others[:answer], right, *others[answer:])
    asked = first.places[right]
    camera = aimed(cameras[0], (asked.x, asked.y), reference)
    x, y, _ = camera.project(asked.point)
    return Counterparts(
        cameras=(camera, cameras[1]),
        reference=(x, y),
        candidates=tuple((second.places[part].x, second.places[part].y) for part in parts),
        parts=parts,
    )


def _shown(
    rng: np.random.Generator, first: Sight, second: Sight, among: frozenset[str] | None
) -> list[str]:
    """Parts that can be marked in both pictures, one of each group."""
    usable = []
    for part, place in second.places.items():
        other = first.places.get(part)
        if (
            other is not None
            and (among is None or part in among)
            and other.clearance >= _CLEARANCE[0]
            and place.clearance >= _CLEARANCE[1]
            and max(abs(place.x - 0.5), abs(place.y - 0.5)) <= 0.5 - MARGIN
        ):
            usable.append(part)
    groups: dict[str, str] = {}
    for part in shuffled(rng, usable):
        groups.setdefault(group(part), part)
    return list(groups.values())


def _sets(seen: Sight, shown: Sequence[str]) -> list[tuple[str, ...]]:
    """All sets of four parts whose places are apart."""
    apart = {
        pair: _distance(seen.places[pair[0]], seen.places[pair[1]]) >= SEPARATION
        for pair in combinations(shown, 2)
    }
    return [
        four
        for four in combinations(shown, OPTIONS)
        if all(apart[pair] for pair in combinations(four, 2))
    ]


def _preferred(
    rng: np.random.Generator,
    sets: Sequence[tuple[str, ...]],
    tables: Sequence[tuple[Table, tuple[float, ...]]],
) -> tuple[str, ...] | None:
    """One of the sets by weight, or none.

    Args:
        rng: random numbers.
        sets: of parts.
        tables: how unlike parts are, and what each rank in that weighs.
    """
    reach, total = [], 0.0
    for four in sets:
        weight = 1.0
        for table, weights in tables:
            for rank in ranks(table, four):
                weight *= weights[rank]
        total += weight
        reach.append(total)
    # That there is any set is as likely as their weight, where that is less than 1: as if the
    # lacking weight were that of no set.
    pick = float(rng.random()) * max(total, min(1.0, total / _LEAST))
    return next((four for four, end in zip(sets, reach, strict=True) if pick < end), None)


def _table(before: Sequence[Figures], after: Sequence[Figures], parts: Sequence[str]) -> Table:
    """City-block distances of figures of parts: first picture against second."""
    return {
        (one, other): sum(abs(a - b) for a, b in zip(own, its, strict=True))
        for one, own in zip(parts, before, strict=True)
        for other, its in zip(parts, after, strict=True)
    }


def ranks(table: Table, parts: Sequence[str]) -> list[int]:
    """By part, how many of the others in the second picture are less unlike it than itself."""
    return [sum(table[own, other] < table[own, own] for other in parts) for own in parts]


def _on_top(seen: Sight, parts: Sequence[str]) -> list[Figures]:
    """Where parts are from the middle of the thing, in its greater extent."""
    left, right, top, bottom = seen.box
    extent = max(right - left, bottom - top)
    places = [seen.places[part] for part in parts]
    return [
        ((place.x - (left + right) / 2) / extent, (place.y - (top + bottom) / 2) / extent)
        for place in places
    ]


def _looks(scene: Scene, camera: Camera, seen: Sight, parts: Sequence[str]) -> list[Figures]:
    """Contrast and sharpness around parts, in what they commonly differ by."""
    import numpy as np

    from .scenes.render import developed, light_of
    from .surroundings import COARSE, RADII, Surroundings

    picture = Surroundings(developed(light_of(scene, camera, COARSE, smooth=False)))
    places = [seen.places[part] for part in parts]
    rows, columns = (
        np.array([int(at * COARSE) for at in along])
        for along in ([place.y for place in places], [place.x for place in places])
    )
    figures = picture.figures(rows, columns).reshape(len(RADII), -1, len(parts))
    units = np.array(_UNITS)[:, :, None]
    found = (figures[:, _CONTRAST : _SHARPNESS + 1] / units).reshape(-1, len(parts))
    return [tuple(values) for values in found.T.tolist()]


def _distance(a: Any, b: Any) -> float:
    return math.sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y))


def _reference(rng: np.random.Generator, seen: Sight, parts: Sequence[str]) -> Place2 | None:
    """A place for REF that leaves enough of the thing in view whichever part is marked there."""
    import numpy as np

    total = np.zeros((COUNT + 1, COUNT + 1), dtype=np.int64)
    total[1:, 1:] = seen.mask.astype(np.int64).cumsum(0).cumsum(1)
    least = _KEPT * int(total[-1, -1])
    for _ in range(_AIMS):
        x, y = (between(rng, 0.5 - _AROUND, 0.5 + _AROUND) for _ in range(2))
        for part in parts:
            place = seen.places[part]
            # What is in view after the shift was in this window before it.
            left = min(COUNT, max(0, round((place.x - x) * COUNT)))
            right = min(COUNT, max(0, round((place.x - x + 1) * COUNT)))
            top = min(COUNT, max(0, round((place.y - y) * COUNT)))
            bottom = min(COUNT, max(0, round((place.y - y + 1) * COUNT)))
            kept = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
            if kept < least:
                break
        else:
            return x, y
    return None
