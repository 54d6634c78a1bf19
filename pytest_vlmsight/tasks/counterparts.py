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
broad one on both pictures, and what is below is dark on both. So the pixels around parts are
compared, and sets of parts in which the counterpart is not the one with the most similar
surroundings are preferred, until each rank in that, too, is about as frequent as any other (see
``option_sets.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .framing import aimed
from .matches import combined
from .option_sets import OPTIONS, Weights, picked, total, use, weighed
from .places import COUNT, Sight
from .scenes.drawn import between, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from .part_views import PartViews
    from .scenes.camera import Camera
    from .scenes.scene import Scene

_AROUND = 0.18  # REF is this close to the picture's middle, across and down
_KEPT = 0.75  # least share of the first thing that stays in its picture
_AIMS = 12  # places for REF that are tried

Place2 = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterparts:
    """What an item marks.

    Attributes:
        cameras: of the first and the second picture.
        reference: REF in the first, as shares of the side.
        candidates: in the second, by option; one is REF's counterpart.
        parts: their parts' names, by option.
        number: of the set of parts that was picked.
    """

    cameras: tuple[Camera, Camera]
    reference: Place2
    candidates: tuple[Place2, ...]
    parts: tuple[str, ...]
    number: int


def counterparts(
    rng: np.random.Generator,
    views: PartViews,
    *,
    staged: Callable[[int], Scene],
    answer: int,
    weights: Weights,
    known: int | None = None,
) -> Counterparts | None:
    """Parts to mark in two views, or None where these views are not to be used.

    Args:
        rng: random numbers.
        views: of both things.
        staged: 0 or 1 → the first or second thing as it is shown.
        answer: option that is to be the right one.
        weights: by how much sets of parts are preferred.
        known: the number of the set that is picked, where that is known.
    """
    chance, share = rng.random(2).tolist()
    if known is None:
        weight = weighed(views.nearness(), views.sets, weights.nearness)
        if weights.measures and chance < use(total(weight)):
            unlike = combined(views.measures(staged), weights.measures)
            weight = weight * weighed(unlike, views.sets, weights.likeness)
        if chance >= use(total(weight)):
            return None
        known = picked(weight, share)
    found = [views.parts[number] for number in views.sets[known].tolist()]
    first, second = views.sights
    reference = _reference(rng, first, found)
    if reference is None:
        return None
    right = found[min(OPTIONS - 1, int(float(rng.random()) * OPTIONS))]
    others = shuffled(rng, [part for part in found if part != right])
    parts = (*others[:answer], right, *others[answer:])
    asked = first.places[right]
    camera = aimed(views.cameras[0], (asked.x, asked.y), reference)
    x, y, _ = camera.project(asked.point)
    return Counterparts(
        cameras=(camera, views.cameras[1]),
        reference=(x, y),
        candidates=tuple((second.places[part].x, second.places[part].y) for part in parts),
        parts=parts,
        number=known,
    )


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
