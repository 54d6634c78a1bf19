from __future__ import annotations

import pickle
from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from read_back import assert_is_read_back
from visual_items import (
    SPANS,
    VARIED,
    gap,
    hit,
    layouts,
    maker,
    offered,
    some,
)

from pytest_vlmsight.tasks import visual_correspondence as module
from pytest_vlmsight.tasks.generated import (
    DEFAULT_CANVAS,
    MOST_TRIES,
    Canvas,
    GenerationError,
)
from pytest_vlmsight.tasks.item import REFERENCE
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.scenes.exact import dot, sub, unit
from pytest_vlmsight.tasks.scenes.render import render
from pytest_vlmsight.tasks.sight_lines import _TARGET, look
from pytest_vlmsight.tasks.visual_correspondence import (
    KNOBS,
    Layout,
    layout,
    visual_correspondence,
)
from pytest_vlmsight.tasks.visual_offers import APART, CHANGES, GRAIN, MARGIN, NAME, SEPARATION

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.scenes.camera import Camera
    from pytest_vlmsight.tasks.scenes.exact import Vec


def test_the_answer_is_the_same_point_of_the_scene_and_the_others_are_not() -> None:
    for found in layouts():
        start, ends = offered(found)
        away = [gap(start, end) for end in ends]
        assert away.pop(found.answer) < 0.001
        assert min(away) >= APART - 0.001


def test_options_show_different_points() -> None:
    for found in layouts():
        for one, other in combinations(offered(found)[1], 2):
            assert gap(one, other) >= APART - 0.001


def test_every_option_is_seen_from_both_places() -> None:
    """So that what is seen of the second picture alone says nothing."""
    for found in layouts():
        first, _ = found.shots
        for point in offered(found)[1]:
            x, y, _ = first.camera.project(point)  # perhaps beside the picture, once it is turned
            assert gap(hit(first, x, y), point) < 0.15


def test_options_face_both_cameras() -> None:
    for found in layouts():
        sights = [look(shot.scene, shot.camera, 160) for shot in found.shots]
        places = [(sights[0], found.reference), *((sights[1], at) for at in found.candidates)]
        for seen, (x, y) in places:
            assert seen.facing[int(y * 160), int(x * 160)] > 0.2
        # And each as it would be seen from where the first picture was taken.
        for (x, y), point in zip(found.candidates, offered(found)[1], strict=True):
            normal = [axis[int(y * 160), int(x * 160)] for axis in sights[1].normals]
            way = unit(sub(found.shots[0].camera.position, point))
            assert dot(normal, way) > 0.2


def test_points_leave_room_for_their_markers() -> None:
    for found in layouts():
        for place in (found.reference, *found.candidates):
            assert min(place) >= MARGIN - 1e-9
            assert max(place) <= 1 - MARGIN + 1e-9
        for one, other in combinations(found.candidates, 2):
            assert np.hypot(*np.subtract(one, other)) >= SEPARATION - 1e-9


def test_points_of_items_are_where_the_layout_has_them() -> None:
    for item, found in zip(some(), layouts(), strict=False):
        assert [(p.label, p.image) for p in item.points] == [
            (REFERENCE, 0),
            *((label, 1) for label in "ABCD"),
        ]
        assert item.options == tuple(f"point {label}" for label in "ABCD")
        assert item.answer == found.answer
        for mark, at in zip(item.points, (found.reference, *found.candidates), strict=True):
            assert (mark.x / 224, mark.y / 224) == pytest.approx(at, abs=1e-5)


def test_answers_and_changes_are_balanced() -> None:
    answers = [found.answer for found in layouts()]
    changes = [found.change for found in layouts()]
    assert [sorted(answers[at : at + 4]) for at in range(0, 12, 4)] == [[0, 1, 2, 3]] * 3
    assert [sorted(changes[at : at + 3]) for at in range(0, 12, 3)] == [sorted(CHANGES)] * 4
    # In orders of their own, so that the change does not tell the answer.
    assert len({(found.answer, found.change) for found in layouts()}) > 6


def test_where_the_points_are_says_nothing() -> None:
    """Of four places the right one is as often the nearest, the second nearest, …"""
    ranks = Counter[int]()
    for found in layouts():
        away = [np.hypot(*np.subtract(at, found.reference)) for at in found.candidates]
        ranks[sum(other < away[found.answer] for other in away)] += 1
    assert max(ranks.values()) <= 7, ranks
    assert len({found.reference for found in layouts()}) == 12


def azimuth(direction: Vec) -> float:
    return float(np.degrees(np.arctan2(direction[1], direction[0])))


def between(one: float, other: float) -> float:
    """Degrees from one direction to another, -180 to 180."""
    return (other - one + 180) % 360 - 180


def lean(camera: Camera) -> float:
    """Degrees that a camera is turned clockwise from upright."""
    right, down, _ = camera.axes
    return float(np.degrees(np.arctan2(right[2], -down[2])))


def of(change: str) -> list[Layout]:
    return [found for found in layouts() if found.change == change]


def test_a_camera_that_does_not_go_around_stays_on_its_side() -> None:
    for found in of("light"):
        first, second = (unit(sub(shot.camera.position, _TARGET)) for shot in found.shots)
        assert first == pytest.approx(second, abs=1e-9)
        assert found.shots[0].camera.axes != found.shots[1].camera.axes


@pytest.mark.parametrize("change", ["camera", "both"])
def test_a_camera_goes_around_by_what_is_asked_for(change: str) -> None:
    for found in of(change):
        first, second = (sub(shot.camera.position, _TARGET) for shot in found.shots)
        moved = abs(between(azimuth(first), azimuth(second)))
        assert moved == pytest.approx(found.settings["move"], abs=1e-6)


def test_the_second_picture_is_turned_by_what_is_asked_for() -> None:
    for found in layouts():
        turned = abs(lean(found.shots[1].camera))
        assert turned == pytest.approx(found.settings["roll"], abs=1e-6)


def test_a_lamp_goes_around_with_the_camera_where_the_light_does_not_change() -> None:
    """Before the first camera is turned to have REF in its place it looks at the target."""
    for found in of("camera"):
        first, second = found.shots
        lamps = [shot.scene.light for shot in found.shots]
        ahead = (azimuth(sub(_TARGET, first.camera.position)), azimuth(second.camera.axes[2]))
        sides = [
            between(way, azimuth(lamp.direction)) for way, lamp in zip(ahead, lamps, strict=True)
        ]
        assert between(*sides) == pytest.approx(0, abs=1e-6)
        assert lamps[1].direction[2] == pytest.approx(lamps[0].direction[2])
        # Taken brighter or darker, but in shadow by the same share.
        shares = [lamp.ambient / lamp.strength for lamp in lamps]
        assert shares[1] == pytest.approx(shares[0])


@pytest.mark.parametrize("change", ["light", "both"])
def test_another_lamp_shines_from_another_side(change: str) -> None:
    for found in of(change):
        one, other = (shot.scene.light.direction for shot in found.shots)
        assert abs(between(azimuth(one), azimuth(other))) >= 70 - 1e-6
        assert dot(other, other) == pytest.approx(1)
        assert other[2] > 0


def test_only_light_and_camera_change() -> None:
    for found in layouts():
        first, second = (shot.scene for shot in found.shots)
        assert replace(first, light=second.light) == second
        assert first.light != second.light  # exposure at least
        assert len(first.things) >= found.settings["things"]


def test_items_depend_on_seed_and_index_alone() -> None:
    make = maker()
    assert [make(0, index).id for index in (2, 0)] == [some()[index].id for index in (2, 0)]
    digests = {picture.digest for item in some() for picture in item.clean_images}
    assert len(digests) == 2 * len(some())
    other = make(1, 0)
    assert not digests & {picture.digest for picture in other.clean_images}


def test_pictures_are_told_apart_by_all_that_they_show() -> None:
    shot, make = layouts()[0].shots[0], maker()
    lamp = replace(shot.scene.light, strength=0.5)
    different = [
        shot,
        replace(shot, camera=replace(shot.camera, focal=1.3)),
        replace(shot, grain=shot.grain / 2),
        replace(shot, scene=replace(shot.scene, light=lamp)),
        replace(shot, scene=replace(shot.scene, things=shot.scene.things[1:])),
    ]
    assert len({make._picture(one).digest for one in different}) == 5  # type: ignore[attr-defined]


def test_every_picture_has_grain_of_its_own() -> None:
    first, second = (
        np.asarray(shown.load()).astype(int) - render(shot.scene, shot.camera, 224)
        for shown, shot in zip(some()[0].clean_images, layouts()[0].shots, strict=True)
    )
    assert np.abs([first, second]).max() == GRAIN
    assert np.median(np.abs([first, second])) > 1
    assert (first == second).mean() < 0.2


def test_tasks_and_items_survive_pickling() -> None:
    task = visual_correspondence()
    copied = pickle.loads(pickle.dumps(task))  # noqa: S301 - its own bytes
    assert copied.fingerprint == task.fingerprint
    again = pickle.loads(pickle.dumps(copied.make_items(1, 0)[0]))  # noqa: S301 - likewise
    assert again.id == some()[0].id
    assert again.images[1].load().tobytes() == some()[0].images[1].load().tobytes()


def test_larger_pictures_show_the_same_with_the_points_in_place() -> None:
    canvas = replace(DEFAULT_CANVAS, size=448)
    (large,), small = visual_correspondence(canvas=canvas).make_items(1, 0), some()[0]
    assert (large.answer, large.slices) == (small.answer, small.slices)
    for one, other in zip(large.points, small.points, strict=True):
        assert (one.x, one.y) == pytest.approx((2 * other.x, 2 * other.y), abs=0.002)
    wide, own = large.clean_images[1], small.clean_images[1]
    assert (wide.size, own.size) == ((448, 448), (224, 224))
    assert wide.digest != own.digest
    shrunk = np.asarray(wide.load()).reshape(224, 2, 224, 2, 3).mean((1, 3))
    assert np.abs(shrunk - np.asarray(own.load())).mean() < GRAIN


def test_knobs_are_honoured() -> None:
    given = {"move": "30", "roll": "20", "things": "22..23"}
    for item in visual_correspondence(difficulty=given).make_items(3, 0):
        slices = dict(item.slices)
        assert slices.keys() - {"move"} == {"change", "roll", "things"}
        assert ("move" in slices) == (slices["change"] != "light")
        for knob, value in zip(KNOBS, (30, 20, 22), strict=True):
            assert slices.get(knob.name, knob.label(value)) == knob.label(value)


@pytest.mark.parametrize("share", [0, 1])
def test_what_the_limits_allow_can_be_made(share: int) -> None:
    given = {knob.name: (knob.limits[share],) * 2 for knob in KNOBS}
    found = layout(1, share, given)
    assert found.settings == {knob.name: knob.limits[share] for knob in KNOBS}


@pytest.mark.parametrize(
    ("knob", "span"),
    [("things", "99"), ("things", "20.5"), ("move", "1"), ("roll", "0..200"), ("turn", "3")],
)
def test_settings_that_cannot_be_had_are_refused_by_name(knob: str, span: str) -> None:
    with pytest.raises(KnobError, match=f"task {NAME}: .*{knob}"):
        visual_correspondence(difficulty={knob: span})


def test_difficulty_and_size_change_the_fingerprint() -> None:
    prints = {
        visual_correspondence().fingerprint,
        visual_correspondence(difficulty={"move": "30"}).fingerprint,
        visual_correspondence(canvas=Canvas(size=448)).fingerprint,
    }
    assert len(prints) == 3


def test_tries_end_in_an_error_that_names_task_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(module, "offer", lambda *_, **__: tried.append(1))
    with pytest.raises(
        GenerationError, match=f"task {NAME}: item 5 of seed 7 .* {MOST_TRIES} tries"
    ):
        layout(7, 5, SPANS)
    assert len(tried) == MOST_TRIES


def test_markers_change_no_clean_picture() -> None:
    items = visual_correspondence(canvas=Canvas(markers=VARIED)).make_items(2, 0)
    for item, own in zip(items, some(), strict=False):
        assert item.clean_images == own.clean_images
        assert (item.points, item.answer, item.question) == (own.points, own.answer, own.question)
        added = dict(item.slices).keys() - dict(own.slices).keys()
        assert added == {"marker_colour", "marker_shape", "marker_size"}
    assert any(item.images != own.images for item, own in zip(items, some(), strict=False))


def test_a_cache_changes_no_picture(tmp_path: Path) -> None:
    task, own = visual_correspondence(canvas=Canvas(cache=tmp_path)), some()[0]
    (item,) = task.make_items(1, 0)
    assert item == own
    for _ in range(2):  # rendered, then read
        assert item.images[1].load().tobytes() == own.images[1].load().tobytes()
    assert len(list(tmp_path.rglob("*.png"))) == 1  # the clean one


def test_a_folder_gives_the_same_items(tmp_path: Path) -> None:
    canvas = Canvas(markers=VARIED, cache=tmp_path / "cache")  # each picture is rendered once
    task = visual_correspondence(canvas=canvas)
    assert_is_read_back(task, task.make_items(1, 0), tmp_path / "packed", markers=VARIED)


def test_the_first_item_is_pinned() -> None:
    assert some()[0].id == PINNED


PINNED = "dd43f73be075052ef94b"
