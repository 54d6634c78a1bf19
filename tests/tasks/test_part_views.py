from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.tasks import part_views as part_views_module
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.part_items import poses
from pytest_vlmsight.tasks.part_views import (
    MARGIN,
    SEPARATION,
    PartViews,
    Pose,
    part_views,
)
from pytest_vlmsight.tasks.scenes.assembly import group
from pytest_vlmsight.tasks.scenes.blobs import species, specimen
from pytest_vlmsight.tasks.scenes.catalogue import BLOB, NAMEABLE

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.scene import Thing

HORSE = NAMEABLE["animal"]["horse"]
POSE = Pose(azimuth=70.0, elevation=15.0, tilt=0.0)


def two(name: str, number: int) -> tuple[Thing, Thing]:
    rng = generator("two", name, number)
    if name == "horse":
        return HORSE.build(rng), HORSE.build(rng)
    own = species(rng)
    return specimen(own, rng), specimen(own, rng)


@cache
def some() -> list[PartViews]:
    """Those of ten pairs of things that can be used."""
    found = []
    for number in range(10):
        name, kind = ("horse", HORSE) if number % 2 else ("blob", BLOB)
        rng = generator("views", number)
        seen_from = poses(rng, (kind, kind), rotation=20, tilt=20, other_way=1.0)
        views = part_views(rng, two(name, number), seen_from)
        if views is not None:
            found.append(views)
    assert len(found) >= 5
    return found


def test_parts_can_be_marked_in_both_pictures() -> None:
    for views in some():
        for part in views.parts:
            for seen in views.sights:
                assert seen.places[part].clearance > 0.007
            place = views.sights[1].places[part]
            assert max(abs(place.x - 0.5), abs(place.y - 0.5)) <= 0.5 - MARGIN


def test_no_part_is_marked_near_the_border(monkeypatch: pytest.MonkeyPatch) -> None:
    thing, _ = two("horse", 2)
    free = part_views(generator("border"), (thing, thing), (POSE, POSE))
    monkeypatch.setattr(part_views_module, "MARGIN", 0.2)
    views = part_views(generator("border"), (thing, thing), (POSE, POSE))
    assert free is not None
    assert views is not None
    for part in free.parts:
        place = free.sights[1].places[part]
        inside = max(abs(place.x - 0.5), abs(place.y - 0.5)) <= 0.3
        assert inside == (part in views.parts)
    assert len(views.parts) < len(free.parts)


def test_of_parts_that_look_alike_only_one_is_offered() -> None:
    for views in some():
        groups = [group(part) for part in views.parts]
        assert len(set(groups)) == len(groups)


def test_sets_are_all_fours_of_parts_that_are_apart_in_the_second_picture() -> None:
    for views in some():
        places = [views.sights[1].places[part] for part in views.parts]
        gaps = [[np.hypot(a.x - b.x, a.y - b.y) for a in places] for b in places]
        wanted = [
            four
            for four in combinations(range(len(places)), 4)
            if all(gaps[one][other] >= SEPARATION for one, other in combinations(four, 2))
        ]
        assert sorted(map(tuple, views.sets.tolist())) == wanted


def test_the_things_are_in_the_middle_of_both_pictures() -> None:
    for views in some():
        for seen in views.sights:
            left, right, top, bottom = seen.box
            assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((0.5, 0.5), abs=0.1)


def test_a_part_is_nearest_to_itself_where_both_pictures_are_alike() -> None:
    thing, _ = two("horse", 0)
    views = part_views(generator("same"), (thing, thing), (POSE, POSE))
    assert views is not None
    unlike = views.nearness()
    assert unlike.shape == (len(views.parts),) * 2
    assert (unlike.argmin(1) == np.arange(len(views.parts))).all()
    # One is shown larger than the other, which makes no difference.
    assert np.diagonal(unlike).max() < 0.15


def test_nearness_is_a_sum_of_distances_in_extents_of_the_thing() -> None:
    for views in some():
        unlike = views.nearness()
        assert (unlike >= 0).all()
        assert unlike.max() < 2.5


def test_only_parts_that_are_allowed_are_marked() -> None:
    things = two("horse", 1)
    free = part_views(generator("free"), things, (POSE, POSE))
    assert free is not None
    allowed = frozenset(free.parts[number] for number in free.sets[0].tolist())
    views = part_views(generator("free"), things, (POSE, POSE), among=allowed)
    assert views is not None
    assert set(views.parts) == allowed
    assert len(views.sets) == 1
    for part in allowed:
        fewer = allowed - {part}
        assert part_views(generator("free"), things, (POSE, POSE), among=fewer) is None
