"""What the tasks ``texture`` and ``shape`` have in common."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from read_back import assert_is_read_back
from trios import TASKS, both, conflicting, maker, portrait_of, skin_of, some, telling, trio

from pytest_vlmsight.tasks import generated
from pytest_vlmsight.tasks import trio as trio_module
from pytest_vlmsight.tasks.decoys import balanced_index
from pytest_vlmsight.tasks.generated import Canvas, GenerationError, generator
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.portrait import Portrait
from pytest_vlmsight.tasks.scenes.exact import dot, into
from pytest_vlmsight.tasks.scenes.forms import FORMS, meet
from pytest_vlmsight.tasks.scenes.render import truth

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item, Task
    from pytest_vlmsight.tasks.trio import TrioItems


def in_pairs(values: Sequence[int]) -> list[list[int]]:
    return [sorted(values[at : at + 2]) for at in range(0, len(values), 2)]


@both
def test_options_differ_in_nothing_but_the_object(name: str) -> None:
    def rest(portrait: Portrait) -> object:
        skin = skin_of(portrait)
        scene = replace(portrait.scene, things=portrait.scene.things[1:])
        return scene, skin.ground, skin.figure

    for item in some(name):
        reference, right, wrong = trio(item)
        assert rest(right) == rest(wrong)
        assert right.scene.room != reference.scene.room
        assert right.scene.light != reference.scene.light
        assert skin_of(right).ground != skin_of(reference).ground


@both
def test_forms_that_look_alike_do_not_meet(name: str) -> None:
    for item in some(name):
        kinds = {portrait.scene.things[0].kind for portrait in trio(item)}
        assert len(kinds) == 2
        assert meet(*kinds)


@both
def test_every_object_shows_its_form(name: str) -> None:
    for item in some(name):
        for portrait in trio(item):
            thing = portrait.scene.things[0]
            towards = into(thing.axes, tuple(-a for a in portrait.camera.axes[2]))
            # Within some degrees, since the camera is turned to the place of the object.
            for axis, low, high in FORMS[thing.kind].views:
                assert low - 0.25 <= dot(axis, towards) <= high + 0.25


@both
def test_objects_are_whole_as_large_as_asked_for_and_on_the_floor(name: str) -> None:
    for item in TASKS[name](difficulty={"size": "0.85"}).make_items(3, 3):
        assert dict(item.slices)["size"] == "0.8 and more"
        for portrait in trio(item):
            seen = truth(portrait.scene, portrait.camera, 224)
            rows, columns = np.nonzero(seen.thing == 0)
            assert min(rows.min(), columns.min()) >= 2
            assert max(rows.max(), columns.max()) <= 221
            extent = max(np.ptp(rows), np.ptp(columns)) / 224
            assert extent == pytest.approx(0.85, abs=0.06)
            assert seen.points()[2][rows, columns].min() > -1e-6


@both
def test_answers_and_conflicts_are_balanced_in_every_block(name: str) -> None:
    items = some(name)
    assert in_pairs([item.answer for item in items]) == [[0, 1]] * 6
    assert in_pairs([conflicting(item) for item in items]) == [[False, True]] * 6


def values_of(make: TrioItems) -> dict[str, float]:
    return {knob.name: knob.value(0.5, knob.span) for knob in make.knobs}


def told(name: str, index: int) -> float:
    make, rng = maker(name), generator("test", index)
    values = values_of(make)
    shots: list[list[Portrait]] = [[]]
    while not all(shots):
        cast = make.casting(rng, values, conflicting=index % 2 == 0)
        shots = make._shots(rng, cast, values)
    picked = zip(shots, make._picked(shots), strict=True)
    one, other, first, second = (some[number].impression() for some, number in picked)
    return telling((one, other), (first, second))


@pytest.mark.slow
@both
def test_likeness_says_less_than_among_pictures_made_at_random(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [told(name, index) for index in range(6)]
    monkeypatch.setattr(trio_module, "REFERENCES", 1)
    monkeypatch.setattr(trio_module, "CANDIDATES", 1)
    random = [told(name, index) for index in range(6)]
    assert np.mean(chosen) < 0.7 * np.mean(random)


@both
def test_either_option_could_be_the_right_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_kind(options: int, task: str, what: str, seed: int, index: int) -> int:
        drawn = balanced_index(options, task, what, seed, index)
        return 1 - drawn if what == "kind" else drawn

    (item,) = some(name)[:1]
    monkeypatch.setattr(trio_module, "balanced_index", other_kind)
    (crossed,) = TASKS[name]().make_items(1, 0)
    assert set(crossed.images[1:]) == set(item.images[1:])
    assert crossed.images[0] != item.images[0]
    # The answer's place stays, so the other option is there now.
    assert crossed.answer == item.answer
    assert crossed.images[1] == item.images[2]
    _, right, wrong = trio(item)
    _, other_right, other_wrong = trio(crossed)
    assert (other_right, other_wrong) == (wrong, right)
    assert conflicting(crossed) == conflicting(item)


@both
def test_items_depend_on_seed_and_index_alone(name: str) -> None:
    make = maker(name)
    assert [make(0, index).id for index in (2, 0, 1)] == [some(name)[k].id for k in (2, 0, 1)]
    digests = {picture.digest for item in some(name) for picture in item.images}
    assert len(digests) == 3 * len(some(name))
    others = {p.digest for item in TASKS[name]().make_items(2, 1) for p in item.images}
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
def test_pictures_have_the_size_asked_for_and_show_the_same_in_any(name: str) -> None:
    (large,) = TASKS[name](canvas=Canvas(size=448)).make_items(1, 0)
    small = some(name)[0]
    for one, other in zip(large.images, small.images, strict=True):
        assert portrait_of(one) == portrait_of(other)
        assert one.digest != other.digest
        assert (one.size, other.size) == ((448, 448), (224, 224))
    shown, shrunk = small.images[0].load(), large.images[0].load()
    assert (shown.size, shrunk.size) == ((224, 224), (448, 448))
    assert np.abs(np.asarray(shrunk.reduce(2), float) - np.asarray(shown)).mean() < 5


@both
def test_nothing_is_marked(name: str) -> None:
    varied = Canvas(markers=parse_markers(["vary"]))
    assert TASKS[name](canvas=varied).make_items(1, 0) == some(name)[:1]
    for item in some(name):
        assert item.images == item.clean_images
        assert not item.points
        assert not item.boxes
        assert item.draw is None


@both
def test_a_cache_changes_no_picture(name: str, tmp_path: Path) -> None:
    task, own = TASKS[name](canvas=Canvas(cache=tmp_path)), some(name)[0]
    for item in (*task.make_items(1, 0), *task.make_items(1, 0)):
        assert item == own
        assert item.images[1].load().tobytes() == own.images[1].load().tobytes()
    assert len(list(tmp_path.rglob("*.png"))) == 1


@both
def test_a_folder_gives_the_same_items(name: str, tmp_path: Path) -> None:
    assert_is_read_back(TASKS[name](), some(name)[:2], tmp_path / "packed")


@both
@pytest.mark.parametrize("side", [0, 1])
def test_clutter_and_conflict_are_as_asked_for(name: str, side: int) -> None:
    task = TASKS[name](difficulty={"clutter": "3", "conflict": str(side)})
    for item in task.make_items(3, 0):
        assert conflicting(item) == bool(side)
        assert dict(item.slices)["clutter"] == "2 and more"
        assert all(len(portrait.scene.things) == 4 for portrait in trio(item))


@both
def test_items_have_all_slices(name: str) -> None:
    names = {"size", "clutter", "conflict", "surface"}
    names |= {"texture": {"scale"}, "shape": {"rotation", "shape"}}[name]
    for item in some(name):
        assert {key for key, _ in item.slices} == names
        assert len(item.slices) == len(names)


@both
@pytest.mark.parametrize(
    ("knob", "span"),
    [("size", "0.95"), ("clutter", "0..5"), ("clutter", "0.5"), ("conflict", "2"), ("turn", "3")],
)
def test_settings_that_cannot_be_had_are_refused_by_name(name: str, knob: str, span: str) -> None:
    with pytest.raises(KnobError, match=f"task {name}: .*{knob}"):
        TASKS[name](difficulty={knob: span})


@both
def test_difficulty_changes_the_fingerprint(name: str) -> None:
    prints = [
        TASKS[name](difficulty=given).fingerprint
        for given in ({}, {"size": "0.8"}, {"size": "0.9"})
    ]
    assert all(one != other for one, other in pairwise(prints))


def test_tries_end_in_an_error_that_names_task_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def cut_off(portrait: Portrait) -> bool:
        seen.append(portrait)
        return False

    monkeypatch.setattr(Portrait, "whole", property(cut_off))
    monkeypatch.setattr(generated, "MOST_TRIES", 20)
    with pytest.raises(GenerationError, match=r"task shape: item 5 of seed 7 .* 20 tries"):
        maker("shape")(7, 5)
    assert len(seen) >= 20
