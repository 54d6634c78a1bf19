from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.object_depth import marked_boxes, object_depth
from pytest_vlmsight.tasks.relative_depth import marked_points, relative_depth
from pytest_vlmsight.tasks.scenes.render import render, truth
from pytest_vlmsight.tasks.twin_views import Mark, agree, alike, outline
from pytest_vlmsight.tasks.twins import Wanted, stage, strewn

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.depth_items import DepthScenes, Found
    from pytest_vlmsight.tasks.item import Task

SIDE = 168


def scenes(task: Task) -> DepthScenes:
    return task.make_items.make.scenes  # type: ignore[attr-defined, no-any-return]


@cache
def found(name: str, count: int = 4) -> list[Found]:
    task = {"relative_depth": relative_depth, "object_depth": object_depth}[name]()
    return [scenes(task).find(3, index) for index in range(count)]


def eroded(mask: Any) -> Any:
    core = mask.copy()
    core[1:-1, 1:-1] &= mask[2:, 1:-1] & mask[:-2, 1:-1] & mask[1:-1, 2:] & mask[1:-1, :-2]
    return core


@pytest.mark.parametrize("name", ["relative_depth", "object_depth"])
def test_both_twins_show_the_marked_things_alike(name: str) -> None:
    for one in found(name):
        twins = one.twins
        pictures = [render(twins.scene(k), twins.camera, SIDE).astype(int) for k in (0, 1)]
        truths = [truth(twins.scene(k), twins.camera, SIDE) for k in (0, 1)]
        for number in (0, 1):
            first, second = (seen.thing == number for seen in truths)
            assert np.count_nonzero(first != second) <= 2
            differ = np.abs(pictures[0] - pictures[1]).max(2)[eroded(first & second)] > 8
            assert differ.mean() < 0.02
        # They are not the same picture: depth is to be seen somewhere.
        assert (np.abs(pictures[0] - pictures[1]).max(2) > 8).mean() > 0.005


@pytest.mark.parametrize("name", ["relative_depth", "object_depth"])
def test_only_the_depths_are_exchanged(name: str) -> None:
    for one in found(name):
        twins, ratio = one.twins, one.twins.far / one.twins.near
        truths = [truth(twins.scene(k), twins.camera, SIDE) for k in (0, 1)]
        for number, other in ((0, 1), (1, 0)):
            here = eroded((truths[0].thing == number) & (truths[1].thing == number))
            near, far = truths[number].depth[here], truths[other].depth[here]
            assert far / near == pytest.approx(np.full(len(near), ratio), rel=1e-9)


@pytest.mark.parametrize("name", ["relative_depth", "object_depth"])
def test_nothing_else_moves(name: str) -> None:
    for one in found(name):
        first, second = (one.twins.scene(k) for k in (0, 1))
        assert (first.room, first.light, first.things[4:]) == (
            second.room,
            second.light,
            second.things[4:],
        )


def wanted(**changes: Any) -> Wanted:
    values = {"ratio": 1.5, "size": 0.24, "lift": 0.08, "clutter": 3}
    return Wanted(**(values | changes))


def staged(want: Wanted) -> Any:
    for attempt in range(100):
        twins = stage(generator("staged", attempt), want)
        if twins is not None:
            return twins
    raise AssertionError("no stage")


def test_a_stage_holds_what_is_wanted() -> None:
    twins = staged(wanted())
    assert twins.fits
    assert twins.far / twins.near == pytest.approx(1.5)
    assert all(0.24 * 0.87 <= held.size <= 0.24 * 1.15 for held in twins.held)
    first, second = (held.thing.kind for held in twins.held)
    assert first != second


def test_clutter_is_of_other_kinds_than_the_marked_things() -> None:
    twins = strewn(generator("strewn"), staged(wanted()), 5)
    assert twins is not None
    assert len(twins.clutter) == 5
    assert not {t.kind for t in twins.clutter} & {held.thing.kind for held in twins.held}


def test_twins_are_refused_where_something_hides_a_marked_thing_in_one_of_them() -> None:
    twins = staged(wanted(clutter=0))
    outlines = [outline(twins, number) for number in (0, 1)]
    marks = marked_boxes(generator(0), twins, outlines)
    assert alike(twins, outlines, marks)
    held = twins.held[0]
    # In front of where the first thing is when it is the farther one, behind where it is nearer.
    between = held.thing.moved(
        twins.camera.at(held.x, held.y, (twins.near + twins.far) / 2), scale=0.1
    )
    assert not alike(replace(twins, clutter=(between,)), outlines, marks)


def test_twins_are_refused_where_the_foot_of_a_support_is_hidden() -> None:
    twins = staged(wanted(clutter=0))
    outlines = [outline(twins, number) for number in (0, 1)]
    marks = marked_boxes(generator(0), twins, outlines)
    x, y = twins.held[1].foot(twins.camera, twins.near)
    ahead = twins.held[1].thing.moved(twins.camera.at(x, y, twins.near * 0.6), scale=0.15)
    assert not alike(replace(twins, clutter=(ahead,)), outlines, marks)


def mark(*extents: float) -> Mark:
    none = np.zeros(0, dtype=np.intp)
    return Mark(place=(0.5, 0.5), own=1.0, extents=extents, rows=none, cols=none)


def test_every_extent_must_tell_the_nearer_thing_by_half_of_the_ratio() -> None:
    assert agree([mark(1.0), mark(1.1)], 1.3)  # 1.3 / 1.1 > 1.15
    assert not agree([mark(1.0), mark(1.14)], 1.3)
    assert not agree([mark(1.14), mark(1.0)], 1.3)  # whichever is the farther one
    assert not agree([mark(1.0, 1.0), mark(1.0, 1.2)], 1.3)


def test_points_are_marked_on_things_and_on_supports() -> None:
    on_thing = []
    for number in range(20):
        twins = staged(wanted(lift=0.15))
        outlines = [outline(twins, k) for k in (0, 1)]
        marks = marked_points(generator("points", number), twins, outlines)
        if marks is None:
            continue
        for own, point in zip(outlines, marks, strict=True):
            row, col = (int(value * len(own.thing)) for value in reversed(point.place))
            assert own.thing[row, col] != own.support[row, col]
            on_thing.append(bool(own.thing[row, col]))
    assert 0.1 < np.mean(on_thing) < 0.95
