from __future__ import annotations

import hashlib
import math
import pickle
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_vlmsight.tasks.depth_items import KNOBS, Shot
from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.markers import Markers, MarkerStyle
from pytest_vlmsight.tasks.relative_depth import CLEAR, MARGIN, SEPARATION, relative_depth
from pytest_vlmsight.tasks.scenes.render import truth
from pytest_vlmsight.tasks.scenes.trace import ROOM

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item
    from pytest_vlmsight.tasks.twins import Twins


@cache
def some(n: int = 40) -> list[Item]:
    return relative_depth().make_items(n, 0)


def shot(item: Item) -> Shot:
    return item.clean_images[0]._open.shot  # type: ignore[attr-defined, no-any-return]


def twins(item: Item) -> Twins:
    own = shot(item)
    return own.scenes.again(own.seed, own.index, own.attempt)


def at_points(values: Any, item: Item) -> list[float]:
    return [float(values[int(p.y), int(p.x)]) for p in item.points]


def test_the_right_point_is_closer_by_depth_and_by_distance() -> None:
    for item in some()[:8]:
        size = item.images[0].size[0]
        made = twins(item)
        seen = truth(made.scene(shot(item).nearer), made.camera, size)
        distance = np.sqrt(
            sum((a - b) ** 2 for a, b in zip(seen.points(), made.camera.position, strict=True))
        )
        for values in (seen.depth, distance, item.depth_maps[0].load()):
            both = at_points(values, item)
            assert int(np.argmin(both)) == item.answer
        ratio = max(both) / min(both)
        # A point is the corner of four pixels, whose centres are looked at.
        assert ratio == pytest.approx(made.far / made.near, rel=0.05)


def test_the_depth_map_is_of_the_things_alone() -> None:
    item = some()[0]
    made = twins(item)
    seen = truth(made.scene(shot(item).nearer), made.camera, 224)
    depth = item.depth_maps[0].load()
    assert depth.dtype == np.uint16
    assert depth.shape == item.depth_maps[0].size[::-1] == item.images[0].size[::-1]
    assert ((depth == 0) == (seen.thing == ROOM)).all()
    assert depth[depth > 0] == pytest.approx(seen.depth[depth > 0] * 1000, abs=0.51)


def test_answers_are_balanced_and_places_say_nothing() -> None:
    items = some()
    answers = np.array([item.answer for item in items])
    assert answers.reshape(-1, 2).sum(1).tolist() == [1] * (len(items) // 2)
    places = np.array([[(p.x / 224, p.y / 224) for p in item.points] for item in items])
    for chosen in (
        places[:, :, 0].argmax(1),
        places[:, :, 1].argmax(1),
        np.abs(places - 0.5).sum(2).argmin(1),
    ):
        assert abs((chosen == answers).mean() - 0.5) < 0.2


def test_points_leave_room_for_their_markers() -> None:
    for item in some():
        (a, b) = ((p.x / 224, p.y / 224) for p in item.points)
        assert all(MARGIN <= value <= 1 - MARGIN for value in (*a, *b))
        assert math.dist(a, b) >= SEPARATION - 1e-4


def test_points_are_clear_of_the_farther_foot() -> None:
    for item in some()[:12]:
        made = twins(item)
        for point, held in zip(item.points, made.held, strict=True):
            _, foot = held.foot(made.camera, made.far)
            # Placed by an estimate, and then by the depth that was measured.
            assert foot - point.y / 224 >= CLEAR - 0.02


def test_an_item_depends_on_seed_and_index_only() -> None:
    task = relative_depth()
    assert [i.id for i in task.make_items(3, 0)] == [i.id for i in some()[:3]]
    assert task.make_items.make(0, 2).id == some()[2].id  # type: ignore[attr-defined]
    assert task.make_items(1, 1)[0].id != some()[0].id


def test_items_survive_pickling() -> None:
    item = some()[1]
    copy = pickle.loads(pickle.dumps(item))  # noqa: S301 - own bytes
    assert copy.id == item.id
    assert copy.images[0].load().tobytes() == item.images[0].load().tobytes()
    assert (copy.depth_maps[0].load() == item.depth_maps[0].load()).all()


def test_another_size_shows_the_same_scene() -> None:
    small, large = some()[0], relative_depth(canvas=Canvas(size=448)).make_items(1, 0)[0]
    assert large.answer == small.answer
    for one, other in zip(small.points, large.points, strict=True):
        assert (other.x, other.y) == pytest.approx((2 * one.x, 2 * one.y), abs=0.002)
    assert large.clean_images[0].digest != small.clean_images[0].digest
    assert large.depth_maps[0].digest != small.depth_maps[0].digest
    shrunk = np.asarray(large.clean_images[0].load().reduce(2), dtype=int)
    assert np.abs(shrunk - np.asarray(small.clean_images[0].load())).mean() < 4
    assert large.depth_maps[0].load().shape == (448, 448)


def test_pictures_are_kept_where_the_canvas_says(tmp_path: Any) -> None:
    (item,) = relative_depth(canvas=Canvas(cache=tmp_path)).make_items(1, 0)
    assert item.id == some()[0].id
    item.clean_images[0].load()
    assert len(list(tmp_path.rglob("*.png"))) == 1


def test_slices_tell_the_knobs_and_the_rows() -> None:
    expected = {knob.name for knob in KNOBS} | {"rows"}
    assert all({name for name, _ in item.slices} == expected for item in some())
    for item in some():
        lower = item.points[item.answer].y - item.points[1 - item.answer].y
        rows = dict(item.slices)["rows"]
        if rows != "level":
            assert rows == ("lower is closer" if lower > 0 else "lower is farther")


def test_the_canvas_markers_are_drawn() -> None:
    markers = Markers(MarkerStyle(), varied=True)
    (item,) = relative_depth(canvas=Canvas(markers=markers)).make_items(1, 0)
    assert {"marker_colour", "marker_shape", "marker_size"} <= dict(item.slices).keys()
    assert item.images[0].digest != some()[0].images[0].digest
    assert item.clean_images[0].digest == some()[0].clean_images[0].digest


def test_narrowed_knobs_hold_for_every_item() -> None:
    given = {"ratio": "1.5", "clutter": "4", "size": "0.2..0.22", "lift": "0.1"}
    for item in relative_depth(difficulty=given).make_items(6, 0):
        made = twins(item)
        assert made.far / made.near == pytest.approx(1.5)
        assert len(made.clutter) == 4
        assert all(0.2 * 0.87 <= held.size <= 0.22 * 1.15 for held in made.held)
        slices = dict(item.slices)
        assert slices["ratio"] == "1.3 to 1.6"
        assert slices["clutter"] == "3 to 5"
        assert slices["size"] == "under 0.22"


@pytest.mark.parametrize(
    ("ratio", "size", "lift"),
    [("3", "0.34", "0.25"), ("3", "0.34", "0.02"), ("1.05", "0.14", "0.02")],
)
def test_the_limits_of_the_knobs_can_be_had(ratio: str, size: str, lift: str) -> None:
    given = {"ratio": ratio, "clutter": "12", "size": size, "lift": lift}
    assert len(relative_depth(difficulty=given).make_items(2, 0)) == 2


@pytest.mark.parametrize(
    ("name", "span"), [("ratio", "1..2"), ("clutter", "13"), ("size", "0.5"), ("lift", "0")]
)
def test_what_cannot_be_had_is_refused_by_name(name: str, span: str) -> None:
    with pytest.raises(KnobError, match=f"task relative_depth: {name}: got"):
        relative_depth(difficulty={name: span})
    with pytest.raises(KnobError, match="unknown setting 'blur'"):
        relative_depth(difficulty={"blur": "1"})


def test_items_and_pixels_are_the_same_on_every_machine() -> None:
    item = some()[0]
    pixels = hashlib.sha256(item.clean_images[0].load().tobytes()).hexdigest()[:16]
    depths = hashlib.sha256(item.depth_maps[0].load().tobytes()).hexdigest()[:16]
    assert (item.id, pixels, depths) == (
        "2d91bc3389a1b8f6a8d6",
        "5add50191a5d7c6a",
        "50817d230ffcc540",
    )
