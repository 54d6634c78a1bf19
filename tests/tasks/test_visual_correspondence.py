from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from pytest_vlmsight.tasks.generated import DEFAULT_CANVAS
from pytest_vlmsight.tasks.item import REFERENCE, Item, Point
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.scenes.render import truth
from pytest_vlmsight.tasks.visual_correspondence import (
    CHANGES,
    MARGIN,
    NAME,
    SEPARATION,
    visual_correspondence,
)


@cache
def some() -> list[Item]:
    return visual_correspondence().make_items(12, 0)


def point(item: Item, label: str) -> Point:
    (found,) = (p for p in item.points if p.label == label)
    return found


def seen(item: Item, mark: Point) -> np.ndarray:
    """The point of the scene under a mark, by the full ground truth of its picture."""
    shot = item.clean_images[mark.image]._open.shot  # type: ignore[attr-defined]
    known = truth(shot.scene, shot.camera, 224)
    row, column = known.at(mark.x / 224, mark.y / 224)
    return np.array([axis[row, column] for axis in known.points()])


def test_the_answer_is_the_same_point_of_the_scene_and_the_others_are_not() -> None:
    for item in some():
        start = seen(item, point(item, REFERENCE))
        gaps = [float(np.linalg.norm(seen(item, point(item, c)) - start)) for c in "ABCD"]
        right = gaps.pop(item.answer)
        assert right < 0.12  # a pixel is some hundredths of a unit, more where seen askew
        assert min(gaps) > 0.3


def test_points_leave_room_for_their_markers() -> None:
    for item in some():
        for mark in item.points:
            assert MARGIN - 0.01 <= mark.x / 224 <= 1.01 - MARGIN
            assert MARGIN - 0.01 <= mark.y / 224 <= 1.01 - MARGIN
        for one, other in combinations(item.points[1:], 2):
            assert np.hypot(one.x - other.x, one.y - other.y) >= SEPARATION * 224 - 0.01


def test_answers_and_changes_are_balanced() -> None:
    assert Counter(item.answer for item in some()) == dict.fromkeys(range(4), 3)
    assert Counter(dict(item.slices)["change"] for item in some()) == dict.fromkeys(CHANGES, 4)


def test_what_changes_is_what_the_slice_says() -> None:
    for item in some():
        first, second = (picture._open.shot for picture in item.clean_images)  # type: ignore[attr-defined]
        moved = float(np.abs(np.subtract(first.camera.position, second.camera.position)).max())
        change = dict(item.slices)["change"]
        assert (moved > 0.1) == (change in {"camera", "both"})
        assert (first.scene.light != second.scene.light) == (change in {"light", "both"})
        assert first.scene.things == second.scene.things


def test_where_the_points_are_says_nothing() -> None:
    """Of four places the right one is as often the nearest, the second nearest, …"""
    ranks = Counter[int]()
    for item in some():
        start = point(item, REFERENCE)
        away = [np.hypot(m.x - start.x, m.y - start.y) for m in item.points[1:]]
        ranks[int(sum(other < away[item.answer] for other in away))] += 1
    assert max(ranks.values()) <= 7, ranks


def test_items_depend_on_seed_and_index_alone() -> None:
    task = visual_correspondence()
    copied = pickle.loads(pickle.dumps(task))  # noqa: S301 - its own bytes
    again = copied.make_items(1, 0)[0]
    assert again.id == some()[0].id
    assert again.images[0].load().tobytes() == some()[0].images[0].load().tobytes()
    assert task.make_items(1, 1)[0].id != again.id


def test_larger_pictures_show_the_same_with_the_points_in_place() -> None:
    large = visual_correspondence(canvas=replace(DEFAULT_CANVAS, size=448)).make_items(1, 0)[0]
    small = some()[0]
    for one, other in zip(large.points, small.points, strict=True):
        assert one.x == pytest.approx(2 * other.x, abs=0.002)
        assert one.y == pytest.approx(2 * other.y, abs=0.002)
    shrunk = np.asarray(large.clean_images[1].load()).reshape(224, 2, 224, 2, 3).mean((1, 3))
    assert np.abs(shrunk - np.asarray(small.clean_images[1].load())).mean() < 4


def test_knobs_are_honoured_and_markers_vary() -> None:
    task = visual_correspondence(
        canvas=replace(DEFAULT_CANVAS, markers=parse_markers(["vary"])),
        difficulty={"move": "10", "roll": "0"},
    )
    for item in task.make_items(3, 0):
        slices = dict(item.slices)
        assert slices["roll"] == "under 10 degrees"
        assert "things" in slices
        assert slices.get("move", "under 25 degrees") == "under 25 degrees"
        assert ("move" in slices) == (slices["change"] != "light")
        assert "marker_colour" in slices


@pytest.mark.parametrize("given", [{"things": "99"}, {"move": "1"}, {"roll": "0..200"}])
def test_impossible_settings_are_refused_by_name(given: dict[str, str]) -> None:
    (name,) = given
    with pytest.raises(KnobError, match=f"task {NAME}: {name}: got"):
        visual_correspondence(difficulty=given)


def test_the_first_item_is_pinned() -> None:
    assert some()[0].id == PINNED


PINNED = "2628e58aeba0fe96b935"
