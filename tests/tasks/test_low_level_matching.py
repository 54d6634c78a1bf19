from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.tasks.generated import DEFAULT_CANVAS
from pytest_vlmsight.tasks.homography import inverse, moved
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.low_level_matching import (
    KNOBS,
    MARGIN,
    NAME,
    SEPARATION,
    Layout,
    layout,
    low_level_matching,
)

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item

SPANS = {knob.name: knob.span for knob in KNOBS}


@cache
def layouts() -> list[Layout]:
    return [layout(0, index, SPANS) for index in range(12)]


@cache
def some() -> list[Item]:
    return low_level_matching().make_items(4, 0)


def test_the_answer_is_where_the_homography_takes_ref() -> None:
    for found in layouts():
        x, y = moved(found.views.homography, *found.reference)
        assert found.candidates[found.answer] == pytest.approx((x, y))
        back = moved(inverse(found.views.homography), x, y)
        assert back == pytest.approx(found.reference)


def test_the_same_place_of_the_painting_is_seen_at_both_points() -> None:
    """Around REF and the right point, warped back, pixels agree but for the light."""
    for index in range(2):
        found, item = layouts()[index], some()[index]
        first, second = (np.asarray(p.load()).astype(float) for p in item.clean_images)
        steps = np.arange(-16, 17) / 224
        x, y = np.meshgrid(found.reference[0] + steps, found.reference[1] + steps)

        def patch(picture: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
            rows, columns = (((v + 0.5) * 224).astype(int).clip(0, 223) for v in (down, across))
            grey: np.ndarray = picture[rows, columns].mean(-1)
            found: np.ndarray = (grey - grey.mean()) / max(grey.std(), 1e-9)
            return found

        own = patch(first, x, y)
        right = patch(second, *moved(found.views.homography, x, y))
        assert (own * right).mean() > 0.8
        for place, (p, q) in enumerate(found.candidates):
            if place != found.answer:
                # The same window turned likewise, but about a wrong point.
                a, b = moved(found.views.homography, x, y)
                c, d = moved(found.views.homography, *found.reference)
                assert (own * patch(second, a - c + p, b - d + q)).mean() < 0.6


def test_points_leave_room_for_their_markers() -> None:
    for found in layouts():
        for x, y in (found.reference, *found.candidates):
            assert max(abs(x), abs(y)) <= 0.5 - MARGIN + 1e-9
        for one, other in combinations(found.candidates, 2):
            assert np.hypot(one[0] - other[0], one[1] - other[1]) >= SEPARATION - 1e-9


def test_answers_are_balanced_and_places_say_nothing() -> None:
    assert Counter(found.answer for found in layouts()) == dict.fromkeys(range(4), 3)
    ranks = Counter[int]()
    for found in layouts():
        away = [
            np.hypot(x - found.reference[0], y - found.reference[1]) for x, y in found.candidates
        ]
        ranks[int(sum(other < away[found.answer] for other in away))] += 1
    assert max(ranks.values()) <= 7, ranks


def test_items_depend_on_seed_and_index_alone() -> None:
    task = low_level_matching()
    copied = pickle.loads(pickle.dumps(task))  # noqa: S301 - its own bytes
    again = copied.make_items(1, 0)[0]
    assert again.id == some()[0].id
    assert again.images[1].load().tobytes() == some()[0].images[1].load().tobytes()
    assert task.make_items(1, 1)[0].id != again.id


def test_larger_pictures_show_the_same_with_the_points_in_place() -> None:
    large = low_level_matching(canvas=replace(DEFAULT_CANVAS, size=448)).make_items(1, 0)[0]
    for one, other in zip(large.points, some()[0].points, strict=True):
        assert one.x == pytest.approx(2 * other.x, abs=0.002)
        assert one.y == pytest.approx(2 * other.y, abs=0.002)
    shrunk = np.asarray(large.clean_images[1].load()).reshape(224, 2, 224, 2, 3).mean((1, 3))
    assert np.abs(shrunk - np.asarray(some()[0].clean_images[1].load())).mean() < 6


def test_knobs_are_honoured() -> None:
    given = {"rotation": "20", "scale": "1.0..1.1", "light": "0.3"}
    for item in low_level_matching(difficulty=given).make_items(2, 0):
        slices = dict(item.slices)
        for knob, value in zip(KNOBS, (20, 1.05, 0.3), strict=True):
            assert slices[knob.name] == knob.label(value)


@pytest.mark.parametrize("given", [{"rotation": "120"}, {"scale": "9"}, {"light": "0"}])
def test_impossible_settings_are_refused_by_name(given: dict[str, str]) -> None:
    (name,) = given
    with pytest.raises(KnobError, match=f"task {NAME}: {name}: got"):
        low_level_matching(difficulty=given)
