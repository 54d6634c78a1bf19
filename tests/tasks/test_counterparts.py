from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.tasks.counterparts import Counterparts, counterparts
from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.option_sets import Weights
from pytest_vlmsight.tasks.part_views import PartViews, Pose, part_views
from pytest_vlmsight.tasks.places import COUNT, sight
from pytest_vlmsight.tasks.scenes.catalogue import NAMEABLE

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.scene import Scene, Thing

EVEN = Weights()


@cache
def things() -> tuple[Thing, Thing]:
    horse = NAMEABLE["animal"]["horse"]
    return horse.build(generator("one")), horse.build(generator("other"))


@cache
def views() -> PartViews:
    found = part_views(
        generator("views"),
        things(),
        (
            Pose(azimuth=70.0, elevation=15.0, tilt=0.0),
            Pose(azimuth=-85.0, elevation=20.0, tilt=10.0),
        ),
    )
    assert found is not None
    return found


def unseen(image: int) -> Scene:
    raise AssertionError("likeness does not count, so nothing needs to be rendered")


def drawn(number: int, *, answer: int = 0, weights: Weights = EVEN) -> Counterparts | None:
    return counterparts(
        generator("drawn", number), views(), staged=unseen, answer=answer, weights=weights
    )


@cache
def many() -> list[Counterparts]:
    found = [drawn(number, answer=number % 4) for number in range(200)]
    return [one for one in found if one is not None]


def test_the_reference_is_on_the_part_of_the_right_option() -> None:
    for number in range(12):
        found = drawn(number, answer=number % 4)
        assert found is not None
        seen = sight(things()[0], found.cameras[0])
        place = seen.places[found.parts[number % 4]]
        x, y = found.reference
        # Still the place that is farthest from the edge, up to what turning the camera changes.
        assert np.hypot(place.x - x, place.y - y) < 0.05


def test_options_are_marked_where_their_parts_are_in_the_second_picture() -> None:
    for found in many():
        assert found.cameras[1] == views().cameras[1]
        assert len(set(found.parts)) == 4
        places = [views().sights[1].places[part] for part in found.parts]
        assert found.candidates == tuple((place.x, place.y) for place in places)


def test_only_sets_that_are_apart_are_offered() -> None:
    allowed = {frozenset(views().parts[k] for k in four) for four in views().sets.tolist()}
    offered = {frozenset(found.parts) for found in many()}
    assert offered <= allowed
    assert len(offered) > len(allowed) / 3


def test_the_reference_is_near_the_middle_wherever_its_part_is() -> None:
    places = np.array([found.reference for found in many()])
    assert np.abs(places - 0.5).max() < 0.185
    assert np.ptp(places, axis=0).min() > 0.25


def test_most_of_the_first_thing_stays_in_its_picture() -> None:
    seen = views().sights[0]
    rows, columns = np.nonzero(seen.mask)
    for number, found in enumerate(many()):
        place = seen.places[found.parts[number % 4]]
        x = (columns + 0.5) / COUNT + found.reference[0] - place.x
        y = (rows + 0.5) / COUNT + found.reference[1] - place.y
        assert ((np.minimum(x, y) > 0) & (np.maximum(x, y) < 1)).mean() > 0.73


def test_each_part_of_a_set_is_as_often_the_right_one() -> None:
    turns = Counter[int]()
    for number, found in enumerate(many()):
        turns[sorted(found.parts).index(found.parts[number % 4])] += 1
    assert len(many()) == 200  # so that the answer is the number's
    assert all(32 <= turns[rank] <= 68 for rank in range(4)), turns


def test_right_and_wrong_options_come_in_any_order() -> None:
    orders = Counter(
        tuple(np.argsort([x for x, _ in found.candidates]).tolist()) for found in many()
    )
    assert len(orders) > 18


def test_the_answer_changes_the_order_of_the_options_alone() -> None:
    one, other = drawn(3, answer=0), drawn(3, answer=2)
    assert one is not None
    assert other is not None
    assert one.parts[0] == other.parts[2]
    assert [p for p in one.parts if p != one.parts[0]] == [
        p for p in other.parts if p != one.parts[0]
    ]
    assert (one.reference, one.cameras) == (other.reference, other.cameras)


def test_views_that_weigh_little_are_seldom_used() -> None:
    """But now and then, so that tries end."""
    nothing = Weights(nearness=(0.0,) * 4)
    used = sum(drawn(number, weights=nothing) is not None for number in range(300))
    assert 3 <= used <= 30


@pytest.mark.parametrize("rank", [0, 3])
def test_ranks_that_weigh_more_are_more_frequent(rank: int) -> None:
    weights = Weights(nearness=tuple(1.0 if k == rank else 0.1 for k in range(4)))
    unlike, number_of = views().nearness(), {part: k for k, part in enumerate(views().parts)}

    def ranks(found: Counterparts) -> list[int]:
        four = [number_of[part] for part in found.parts]
        return [int((unlike[one, four] < unlike[one, one]).sum()) for one in four]

    preferred = [drawn(number, weights=weights) for number in range(150)]
    shares = [
        np.mean([r == rank for one in of if one is not None for r in ranks(one)])
        for of in (preferred, many())
    ]
    assert shares[0] > shares[1]
