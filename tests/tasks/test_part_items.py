"""What the tasks that ask for the same part on another thing have in common."""

from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from part_tasks import SEMANTIC, TASKS, both, known, maker, parts, point, some, view
from read_back import assert_is_read_back

from pytest_vlmsight.tasks import generated
from pytest_vlmsight.tasks.generated import Canvas, GenerationError, generator
from pytest_vlmsight.tasks.item import REFERENCE
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.part_items import poses
from pytest_vlmsight.tasks.part_views import MARGIN, SEPARATION
from pytest_vlmsight.tasks.scenes.assembly import Assembly, group
from pytest_vlmsight.tasks.scenes.catalogue import BLOB, NAMEABLE, TOOLS
from pytest_vlmsight.tasks.scenes.render import truth

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item, Task
    from pytest_vlmsight.tasks.part_items import Draft
    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.catalogue import Kind

VARIED = parse_markers(["vary"])


@both
def test_the_answer_alone_is_on_the_part_that_is_asked_for(name: str) -> None:
    for item in some(name):
        asked, offered = parts(item)
        assert offered[item.answer] == asked
        assert len(set(offered)) == 4


@both
def test_options_are_not_parts_that_are_told_apart_by_place_alone(name: str) -> None:
    for item in some(name):
        _, offered = parts(item)
        assert len({group(part) for part in offered}) == 4


@both
def test_both_things_have_all_options_in_view(name: str) -> None:
    """So that what is seen of the second picture alone says nothing."""
    for item in some(name)[:8]:
        _, offered = parts(item)
        first = known(item, 0)
        seen = {first.parts[number] for number in np.unique(first.part[first.thing == 0])}
        assert len(set(offered) - seen) <= 1  # one may have been moved out of the picture


@both
def test_points_are_labelled_apart_and_away_from_the_border(name: str) -> None:
    for item in some(name):
        assert [(p.label, p.image) for p in item.points] == [
            (REFERENCE, 0),
            *((label, 1) for label in "ABCD"),
        ]
        assert item.options == tuple(f"point {label}" for label in "ABCD")
        for mark in item.points[1:]:
            assert max(abs(mark.x / 224 - 0.5), abs(mark.y / 224 - 0.5)) <= 0.501 - MARGIN
        for one, other in combinations(item.points[1:], 2):
            assert np.hypot(one.x - other.x, one.y - other.y) >= SEPARATION * 224 - 0.01


@both
def test_the_reference_is_near_the_middle_with_most_of_its_thing_in_view(name: str) -> None:
    for item in some(name)[:8]:
        mark = point(item, REFERENCE)
        assert max(abs(mark.x / 224 - 0.5), abs(mark.y / 224 - 0.5)) < 0.19
        own = view(item, 0)
        wide = truth(own.scene(), replace(own.camera, focal=own.camera.focal / 2), 112)
        whole = 16 * (wide.thing == 0).sum()  # each of its samples stands for 4 × 4 px
        assert (known(item, 0).thing == 0).sum() > 0.7 * whole


@both
def test_the_second_thing_is_whole_and_in_the_middle(name: str) -> None:
    for item in some(name):
        rows, columns = np.nonzero(known(item, 1).thing == 0)
        edges = [rows.min(), 223 - rows.max(), columns.min(), 223 - columns.max()]
        assert min(edges) > 0
        assert abs(int(edges[0]) - int(edges[1])) < 50
        assert abs(int(edges[2]) - int(edges[3])) < 50


@both
def test_answers_are_balanced_in_every_block(name: str) -> None:
    answers = [item.answer for item in some(name)]
    assert [sorted(answers[at : at + 4]) for at in range(0, 20, 4)] == [[0, 1, 2, 3]] * 5


@both
def test_the_place_of_the_reference_does_not_tell_the_answer(name: str) -> None:
    """Its counterpart is about as often the nearest, the second nearest, … of the four places."""
    ranks = Counter[int]()
    for item in some(name):
        start = point(item, REFERENCE)
        away = [np.hypot(p.x - start.x, p.y - start.y) for p in item.points[1:]]
        ranks[int(sum(other < away[item.answer] for other in away))] += 1
    assert max(ranks.values()) <= 11, ranks


@both
def test_items_depend_on_seed_and_index_alone(name: str) -> None:
    make = maker(name)
    assert [make(0, index).id for index in (7, 0, 3)] == [some(name)[k].id for k in (7, 0, 3)]
    digests = {picture.digest for item in some(name) for picture in item.clean_images}
    assert len(digests) == 2 * len(some(name))
    others = {p.digest for item in TASKS[name]().make_items(3, 1) for p in item.clean_images}
    assert not digests & others


@both
def test_tasks_and_items_survive_pickling(name: str) -> None:
    task: Task = pickle.loads(pickle.dumps(TASKS[name]()))  # noqa: S301 - its own bytes
    assert task.fingerprint == TASKS[name]().fingerprint
    item: Item = pickle.loads(pickle.dumps(task.make_items(1, 0)[0]))  # noqa: S301 - likewise
    own = some(name)[0]
    assert item.id == own.id
    assert [p.load().tobytes() for p in item.images] == [p.load().tobytes() for p in own.images]


@both
def test_pictures_have_the_size_asked_for_with_the_points_in_place(name: str) -> None:
    (large,), small = TASKS[name](canvas=Canvas(size=448)).make_items(1, 0), some(name)[0]
    assert (large.answer, large.question) == (small.answer, small.question)
    for one, other in zip(large.points, small.points, strict=True):
        assert (one.x, one.y) == pytest.approx((2 * other.x, 2 * other.y), abs=0.002)
    for wide, own in zip(large.clean_images, small.clean_images, strict=True):
        assert wide.digest != own.digest
        shown, shrunk = own.load(), wide.load()
        assert (wide.size, own.size) == (shrunk.size, shown.size) == ((448, 448), (224, 224))
        assert np.abs(np.asarray(shrunk.reduce(2), float) - np.asarray(shown)).mean() < 4
    assert parts(large) == parts(small)


@both
def test_markers_change_no_clean_picture(name: str) -> None:
    items = TASKS[name](canvas=Canvas(markers=VARIED)).make_items(3, 0)
    for item, own in zip(items, some(name), strict=False):
        assert item.clean_images == own.clean_images
        assert (item.points, item.answer, item.question) == (own.points, own.answer, own.question)
        added = dict(item.slices).keys() - dict(own.slices).keys()
        assert added == {"marker_colour", "marker_shape", "marker_size"}
    assert any(item.images != own.images for item, own in zip(items, some(name), strict=False))


@both
def test_marks_are_drawn_where_the_points_are(name: str) -> None:
    item = some(name)[1]
    for image in (0, 1):
        clean, marked = (
            np.asarray(of[image].load(), int) for of in (item.clean_images, item.images)
        )
        changed = (clean != marked).any(2)
        for mark in item.points:
            if mark.image == image:
                row, column = int(mark.y), int(mark.x)
                assert changed[row - 12 : row + 13, column - 12 : column + 13].any()
                assert not changed[row, column]  # a ring leaves the point itself to be seen
        assert 0 < changed.mean() < 0.1


@both
def test_a_cache_changes_no_picture(name: str, tmp_path: Path) -> None:
    task, own = TASKS[name](canvas=Canvas(cache=tmp_path)), some(name)[0]
    for item in (*task.make_items(1, 0), *task.make_items(1, 0)):
        assert item == own
        assert item.images[1].load().tobytes() == own.images[1].load().tobytes()
    assert len(list(tmp_path.rglob("*.png"))) == 1  # the clean one


@both
def test_a_folder_gives_the_same_items(name: str, tmp_path: Path) -> None:
    canvas = Canvas(markers=VARIED, cache=tmp_path / "cache")  # each picture is rendered once
    task = TASKS[name](canvas=canvas)
    assert_is_read_back(task, task.make_items(2, 0), tmp_path / "packed", markers=VARIED)


@both
def test_rotation_and_tilt_are_as_asked_for(name: str) -> None:
    for item in TASKS[name](difficulty={"rotation": "35", "tilt": "20"}).make_items(4, 0):
        slices = dict(item.slices)
        assert slices["rotation"] == "30 degrees and more"
        assert slices["tilt"] in {"15 to 30 degrees", "20 to 40 degrees"}
        first, second = (view(item, image).camera for image in (0, 1))
        assert abs(side(first) - side(second)) == pytest.approx(35, abs=1e-6)
        # Within some degrees, since the first camera is turned to where REF is to be.
        assert abs(lean(first) - lean(second)) == pytest.approx(20, abs=8)


def side(camera: Camera) -> float:
    """Degrees from what is ahead of the thing to the camera, whichever way it faces."""
    x, y, _ = camera.position
    return float(abs(np.degrees(np.arctan2(y, x))))


def lean(camera: Camera) -> float:
    """Degrees that the world's up is turned in the picture."""
    right, down, _ = camera.axes
    return float(np.degrees(np.arctan2(right[2], -down[2])))


@both
@pytest.mark.parametrize("given", [{"rotation": "0", "tilt": "180"}, {"rotation": "50..60"}])
def test_what_the_limits_allow_can_be_made(name: str, given: dict[str, str]) -> None:
    for item in TASKS[name](difficulty=given).make_items(2, 4):
        assert parts(item)[1][item.answer] == parts(item)[0]


@both
@pytest.mark.parametrize(
    ("knob", "span"), [("rotation", "80"), ("rotation", "50..0"), ("tilt", "0..200"), ("size", "1")]
)
def test_settings_that_cannot_be_had_are_refused_by_name(name: str, knob: str, span: str) -> None:
    with pytest.raises(KnobError, match=f"task {name}: .*{knob}"):
        TASKS[name](difficulty={knob: span})


def one_ball(*_: object) -> Draft:
    """A thing of a single part, of which no four can be marked."""
    made = Assembly("ball")
    made.ball("body", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    return replace(maker(SEMANTIC).draft(generator(0), 0, 0), things=(made.thing(),) * 2)


def test_tries_end_in_an_error_that_names_task_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated, "MOST_TRIES", 20)
    drawn = []
    made = one_ball()

    def counted(*_: object) -> Draft:
        drawn.append(1)
        return made

    expected = f"task {SEMANTIC}: item 5 of seed 7 .* 20 tries"
    with pytest.raises(GenerationError, match=expected):
        replace(maker(SEMANTIC), draft=counted)(7, 5)
    assert len(drawn) == 20


KINDS = [BLOB, *NAMEABLE["furniture"].values(), *TOOLS["handled"].values()]


@settings(max_examples=50)
@given(
    st.integers(0, 10_000),
    st.sampled_from(KINDS),
    st.floats(0, 60),
    st.floats(0, 180),
    st.sampled_from([0.0, 1.0]),
)
def test_poses_are_turned_by_what_is_asked_for_within_what_shows_the_kind(
    seed: int, kind: Kind, rotation: float, tilt: float, other_way: float
) -> None:
    first, second = poses(
        generator(seed),
        (kind, kind),
        rotation=rotation,
        tilt=tilt,
        other_way=other_way,
    )
    low, high = kind.azimuth
    for pose in (first, second):
        assert low - 1e-9 <= abs(pose.azimuth) <= high + 1e-9
        assert kind.elevation[0] <= pose.elevation <= kind.elevation[1]
    assert abs(abs(first.azimuth) - abs(second.azimuth)) == pytest.approx(rotation)
    assert abs(first.tilt - second.tilt) == pytest.approx(tilt)
    assert (first.azimuth * second.azimuth < 0) == (other_way == 1.0)


def test_either_pose_may_be_the_one_that_is_turned_further() -> None:
    signs = Counter[tuple[bool, bool, bool]]()
    sides = []
    for seed in range(400):
        one, other = poses(
            generator("either", seed), (BLOB, BLOB), rotation=20, tilt=20, other_way=0.5
        )
        further = abs(one.azimuth) > abs(other.azimuth)
        signs[further, one.tilt > other.tilt, one.azimuth > 0] += 1
        sides.append(abs(one.azimuth))
    assert len(signs) == 8
    assert min(signs.values()) > 25
    # And all sides that show the kind are among them.
    assert (min(sides), max(sides)) == pytest.approx(BLOB.azimuth, abs=5)
