from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.portrait import MARGIN, Portrait, Stage, portrait, stage
from pytest_vlmsight.tasks.scenes.exact import any_turn, dot, into
from pytest_vlmsight.tasks.scenes.forms import FORMS
from pytest_vlmsight.tasks.scenes.outline import frame_of, reach
from pytest_vlmsight.tasks.scenes.render import truth
from pytest_vlmsight.tasks.scenes.texture import Texture

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Picture

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=25)


def any_portrait(
    seed: int,
    *,
    on: Stage | None = None,
    size: float = 0.7,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Portrait:
    rng = generator("portrait", seed)
    kind = list(FORMS)[seed % len(FORMS)]
    return portrait(
        on or stage(rng, clutter=2),
        kind=kind,
        solids=FORMS[kind].build(rng),
        skin=Texture(),
        turn=any_turn(rng),
        size=size,
        shift=shift,
    )


@FEW
@given(SEEDS)
def test_a_stage_is_decided_by_its_random_numbers(seed: int) -> None:
    assert stage(generator(seed), clutter=2) == stage(generator(seed), clutter=2)
    assert stage(generator(seed), clutter=2) != stage(generator(seed, "other"), clutter=2)


@FEW
@given(SEEDS, st.integers(0, 4))
def test_small_things_are_on_the_floor_behind_the_object(seed: int, clutter: int) -> None:
    made = any_portrait(seed, on=stage(generator(seed), clutter=clutter))
    object_, *around = made.scene.things
    assert len(around) == clutter
    eye = made.camera.position
    for thing in around:
        # Behind, seen from above: farther from the camera than the object is.
        assert np.hypot(*np.subtract(thing.position[:2], eye[:2])) > np.hypot(*eye[:2])
        assert reach(thing, (0.0, 0.0, -1.0)) == pytest.approx(thing.position[2])
        gap = np.hypot(*np.subtract(thing.position[:2], object_.position[:2]))
        assert gap > 1.5


@FEW
@given(SEEDS)
def test_camera_and_things_are_inside_of_the_room(seed: int) -> None:
    made = any_portrait(seed)
    low, high = made.scene.room.low, made.scene.room.high
    for place in (made.camera.position, *(thing.position for thing in made.scene.things)):
        assert all(a < value < b for a, value, b in zip(low, place, high, strict=True))


@FEW
@given(SEEDS)
def test_the_object_touches_the_floor(seed: int) -> None:
    thing = any_portrait(seed).scene.things[0]
    assert thing.position[2] == pytest.approx(reach(thing, (0.0, 0.0, -1.0)), abs=1e-9)


@FEW
@given(SEEDS, st.floats(0.4, 0.92))
def test_the_object_is_in_the_middle_and_as_large_as_asked_for(seed: int, size: float) -> None:
    made = any_portrait(seed, size=size)
    left, top, right, bottom = frame_of(made.scene.things[0], made.camera)
    # About, since turning the camera to it changes its frame a little.
    assert max(right - left, bottom - top) == pytest.approx(size, abs=0.1)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((0.5, 0.5), abs=0.07)


@FEW
@given(SEEDS, st.floats(0.4, 0.7), st.sampled_from([(1, 0), (-1, 0), (0, 1), (0, -1)]))
def test_the_object_is_moved_aside_as_far_as_there_is_room(
    seed: int, size: float, shift: tuple[int, int]
) -> None:
    made = any_portrait(seed, size=size, shift=shift)
    left, top, right, bottom = frame_of(made.scene.things[0], made.camera)
    gaps = {(1, 0): 1 - right, (-1, 0): left, (0, 1): 1 - bottom, (0, -1): top}
    assert gaps[shift] == pytest.approx(MARGIN, abs=0.17)  # likewise
    away = gaps[-shift[0], -shift[1]]
    assert away > gaps[shift]


@FEW
@given(SEEDS)
def test_a_round_object_is_turned_as_asked_for(seed: int) -> None:
    rng = generator("turn", seed)
    turn = any_turn(rng)
    made = portrait(
        stage(rng, clutter=0),
        kind="ball",
        solids=FORMS["ball"].build(rng),
        skin=Texture(),
        turn=turn,
        size=0.7,
        shift=(0.0, 0.0),
    )
    axes = made.scene.things[0].axes
    for axis, wanted in zip(axes, turn, strict=True):
        assert dot(into(made.camera.axes, axis), wanted) == pytest.approx(1)


def test_what_is_seen_of_two_objects_on_one_stage_differs_at_the_objects_alone() -> None:
    on = stage(generator("shared"), clutter=3)
    for made in (any_portrait(0, on=on), any_portrait(4, on=on, size=0.5)):
        assert made.scene.things[1:] == on.around
        assert (made.scene.room, made.scene.light) == (on.room, on.light)
        eye = np.subtract(made.camera.position, made.scene.things[0].position)
        assert np.linalg.norm(eye) == pytest.approx(on.distance)
        assert np.degrees(np.arcsin(eye[2] / on.distance)) == pytest.approx(on.elevation)


def test_the_object_is_seen_whole_where_its_frame_says() -> None:
    made = any_portrait(2, shift=(0.9, -0.9))
    seen = truth(made.scene, made.camera, 200)
    rows, columns = np.nonzero(seen.thing == 0)
    edges = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / 200
    assert edges == pytest.approx(frame_of(made.scene.things[0], made.camera), abs=0.03)
    assert edges[0] > 1 - edges[2]
    assert edges[1] < 1 - edges[3]


def picture(
    of: Portrait, *, size: int = 224, cache: Path | None = None, version: str = "1"
) -> Picture:
    return of.picture(size=size, cache=cache, task="any", version=version)


def test_a_picture_is_told_by_all_that_decides_it() -> None:
    same = picture(any_portrait(1)), picture(any_portrait(1))
    assert same[0] == same[1]
    others = (
        picture(any_portrait(2)),
        picture(any_portrait(1, shift=(0.1, 0.0))),
        picture(any_portrait(1), size=225),
        picture(any_portrait(1), version="2"),
    )
    assert len({one.digest for one in (same[0], *others)}) == 5


def test_a_picture_has_its_size_and_is_kept_in_a_cache(tmp_path: Path) -> None:
    plain, kept = (
        picture(any_portrait(1), size=240),
        picture(any_portrait(1), size=240, cache=tmp_path),
    )
    assert plain == kept
    shown = plain.load()
    assert shown.size == plain.size == (240, 240)
    assert [kept.load().tobytes() for _ in range(2)] == [shown.tobytes()] * 2
    assert len(list(tmp_path.rglob("*.png"))) == 1
