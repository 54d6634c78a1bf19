from __future__ import annotations

import itertools
import pickle
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from trios import portrait_of

from pytest_vlmsight.tasks.generated import DEFAULT_CANVAS, generator, tries
from pytest_vlmsight.tasks.impression import MEASURES, unlikeness
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.odd_one_out import (
    KNOBS,
    NAME,
    PARTS,
    POOL,
    VERSION,
    _members,
    _picked,
    _places,
    _views,
    odd_one_out,
)
from pytest_vlmsight.tasks.scenes.exact import dot, unit
from pytest_vlmsight.tasks.scenes.gadgets import STYLES, family, places

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item
    from pytest_vlmsight.tasks.portrait import Portrait


@cache
def some(n: int = 12) -> list[Item]:
    return odd_one_out().make_items(n, 0)


def members(item: Item) -> list[tuple[tuple[float, float, float], ...]]:
    """Where the parts of each picture's object are, read from the scenes themselves."""
    found = []
    for picture in item.images:
        (thing,) = portrait_of(picture).scene.things
        found.append(tuple(unit(solid.centre) for solid in thing.solids[1:]))
    return found


def test_the_answer_alone_is_put_together_differently() -> None:
    for item in some():
        shown = members(item)
        same = {parts for number, parts in enumerate(shown) if number != item.answer}
        assert len(same) == 1
        assert shown[item.answer] not in same


def test_all_objects_of_an_item_have_the_same_parts_and_materials() -> None:
    for item in some():
        things = [portrait_of(picture).scene.things[0] for picture in item.images]
        assert len({thing.skins for thing in things}) == 1
        sizes = {tuple((s.kind, s.half, s.skin) for s in thing.solids) for thing in things}
        assert len(sizes) == 1


def test_views_and_answers_are_balanced() -> None:
    items = some()
    assert Counter(len(item.options) for item in items) == {3: 6, 4: 6}
    for views in (3, 4):
        answers = Counter(item.answer for item in items if len(item.options) == views)
        assert max(answers.values()) - min(answers[k] for k in range(views)) <= 1
    assert all(len(item.images) == len(item.options) for item in items)


def test_items_depend_on_seed_and_index_alone() -> None:
    task = odd_one_out()
    assert [i.id for i in task.make_items(3, 0)] == [i.id for i in some()[:3]]
    assert task.make_items(1, 1)[0].id != some()[0].id
    copied = pickle.loads(pickle.dumps(task))  # noqa: S301 - its own bytes
    again = copied.make_items(1, 0)[0]
    assert np.array_equal(
        np.asarray(again.images[0].load()), np.asarray(some()[0].images[0].load())
    )


def test_larger_pictures_show_the_same() -> None:
    large = odd_one_out(canvas=replace(DEFAULT_CANVAS, size=448)).make_items(1, 0)[0]
    assert large.images[0].size == (448, 448)
    assert large.images[0].digest != some()[0].images[0].digest
    pixels = np.asarray(large.images[0].load()).reshape(224, 2, 224, 2, 3).mean((1, 3))
    assert np.abs(pixels - np.asarray(some()[0].images[0].load())).mean() < 4


def told(places: list[tuple[Portrait, Portrait]]) -> Any:
    """(m,) by how much places are more unlike where they show one of each object, on average."""
    seen = [(one.impression(), other.impression()) for one, other in places]
    pairs = [
        np.array(unlikeness(a, d)) + unlikeness(b, c) - unlikeness(a, c) - unlikeness(b, d)
        for (a, b), (c, d) in itertools.combinations(seen, 2)
    ]
    return np.mean(pairs, axis=0)


@pytest.mark.slow
def test_of_all_views_those_are_shown_whose_likeness_says_nothing() -> None:
    """In finished pictures: views are compared before they are anti-aliased."""
    taken, any_others = [], []
    for seed in range(6):
        rng = generator("views", seed)
        objects = _members(rng, 4)
        assert objects is not None
        drawn = _views(rng, objects, 60.0)
        assert drawn is not None
        assert [len(some) for some in drawn] == [POOL, POOL]
        taken.append(told(_places(rng, drawn, _picked(drawn, 3))))
        any_others += [
            told(list(zip(*(some[k : k + 3] for some in drawn), strict=True))) for k in (0, 3, 6)
        ]
    left, before = np.abs(taken).mean(0), np.abs(any_others).mean(0)
    for measure, share in zip(MEASURES, left / before, strict=True):
        # Sharpness counts little, and changes where edges are smoothed.
        assert share < (0.7 if measure == "sharpness" else 0.5), measure


def test_either_object_is_the_odd_one_as_often() -> None:
    """Of both the first is drawn freely and the second to differ from it."""
    second = Counter[tuple[int, bool]]()
    for index, item in enumerate(some()):
        # The random numbers of its first try, by which most items are made.
        rng = next(tries(NAME, VERSION, 0, index))
        _, moved = (knob.value(float(rng.random()), knob.span) for knob in KNOBS[1:])
        objects = _members(rng, int(moved))
        if objects is None:
            continue
        one, other = (tuple(unit(solid.centre) for solid in o.solids[1:]) for o in objects)
        shown = members(item)[item.answer]
        assert shown in {one, other}
        second[len(item.options), shown == other] += 1
    assert sum(second.values()) >= 10
    for views in (3, 4):
        assert abs(second[views, True] - second[views, False]) <= 2


def test_knobs_are_slices_and_are_honoured() -> None:
    items = odd_one_out(difficulty={"views": "4", "moved": "2", "rotation": "62..70"}).make_items(
        4, 0
    )
    for item in items:
        slices = dict(item.slices)
        assert len(item.options) == 4
        assert slices["moved"] == "under 4 parts"
        assert slices["rotation"] == "60 to 80 degrees"
        assert slices["family"] in STYLES
        shown = members(item)
        odd, same = shown[item.answer], shown[item.answer - 1]
        assert sum(a != b for a, b in zip(odd, same, strict=True)) == 2


@pytest.mark.parametrize("given", [{"views": "5"}, {"moved": "0"}, {"rotation": "0..200"}])
def test_impossible_settings_are_refused_by_name(given: dict[str, str]) -> None:
    (name,) = given
    with pytest.raises(KnobError, match=f"task {NAME}: {name}: got"):
        odd_one_out(difficulty=given)


def test_items_carry_every_knob() -> None:
    assert {knob.name for knob in KNOBS} <= {name for name, _ in some()[0].slices}


def test_parts_of_a_member_are_apart_and_moved_ones_are_elsewhere() -> None:
    for seed in range(30):
        rng = generator("gadgets", seed)
        first = places(rng, PARTS)
        second = places(rng, 3, like=first)
        if len(second) < PARTS:
            continue  # it did not fit: the task draws again
        assert second[3:] == first[3:]
        assert all(dot(a, b) < 0.31 for a, b in zip(first[:3], second[:3], strict=True))
        pairs = [(a, b) for i, a in enumerate(second) for b in second[:i]]
        assert all(dot(a, b) < 0.73 for a, b in pairs)


def test_parts_touch_their_core() -> None:
    for seed in range(30):
        rng = generator("gadgets", seed)
        kin = family(rng, style=STYLES[seed % 3], parts=PARTS)
        for solid in kin.member(places(rng, PARTS)).solids[1:]:
            inner = dot(solid.centre, solid.centre) ** 0.5 - solid.half[2]
            assert inner < max(kin.core.half)


def test_the_first_item_is_pinned() -> None:
    assert some()[0].id == PINNED


PINNED = "8bc6e3f35d91bd969b41"
