"""What two views of a scene offer to be marked, and how it is preferred."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from visual_items import (
    MIDDLE,
    an_offer,
    each,
    gap,
    hit,
    layouts,
    maker,
    some,
)

from pytest_vlmsight.tasks import visual_offers as module
from pytest_vlmsight.tasks.even_sets import PLAIN
from pytest_vlmsight.tasks.generated import (
    generator,
)
from pytest_vlmsight.tasks.option_sets import ranks
from pytest_vlmsight.tasks.sight_lines import look
from pytest_vlmsight.tasks.surroundings import FINE, REACH
from pytest_vlmsight.tasks.visual_offers import (
    APART,
    CHANGES,
    MARGIN,
    Shot,
    cut,
    offer,
)

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.scenes.exact import Vec


@each
def test_an_offer_holds_points_that_both_pictures_show(change: str) -> None:
    found = an_offer(change)
    count = len(found.places)
    assert found.measures.shape == (len(PLAIN), count, count)
    assert np.isfinite(found.measures).all()
    points = [hit(found.shots[1], *place) for place in found.places]
    for camera, point in zip(found.cameras, points, strict=True):
        assert gap(hit(replace(found.shots[0], camera=camera), *found.reference), point) < 0.15
        assert camera.project(point)[:2] == pytest.approx(found.reference, abs=1e-4)
    assert found.sets.tolist() == far(points, APART)


def far(points: list[Vec], apart: float) -> list[list[int]]:
    """All sets of four points of which any two are so far from each other."""
    return [
        list(four)
        for four in combinations(range(len(points)), 4)
        if all(gap(points[a], points[b]) >= apart for a, b in combinations(four, 2))
    ]


def test_sets_hold_no_points_that_are_close_in_the_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their distance in the picture, which keeps most of them apart."""
    usual = an_offer("camera")
    points = [hit(usual.shots[1], *place) for place in usual.places]
    monkeypatch.setattr(module, "APART", 0.8)
    drawn = (offer(generator("offer", "camera", k), "camera", MIDDLE) for k in range(20))
    found = next(one for one in drawn if one)
    assert found.places == usual.places
    assert found.sets.tolist() == far(points, 0.8)
    assert 0 < len(found.sets) < len(usual.sets)


@each
def test_offered_places_face_both_cameras(change: str) -> None:
    found, side = an_offer(change), module._SIDE
    points = np.array([hit(found.shots[1], *place) for place in found.places])
    across, down, _ = found.shots[0].camera.project(tuple(points.T))
    sources = list(zip(across.tolist(), down.tolist(), strict=True))
    for shot, places in zip(found.shots, (sources, found.places), strict=True):
        seen = look(shot.scene, shot.camera, side)
        rows, columns = (np.array(places)[:, ::-1].T * side).astype(int)
        assert seen.usable(margin=MARGIN, facing=module._FACING)[rows, columns].mean() > 0.9
        assert seen.facing[rows, columns].min() >= module._FACING


def test_a_place_is_less_unlike_itself_than_others() -> None:
    """Pixels do tell something; it is the options that are chosen so that they do not."""
    measures = [an_offer(change).measures for change in CHANGES]
    own = np.mean([np.diagonal(one, axis1=1, axis2=2).mean(1) for one in measures], 0)
    every = np.mean([one.mean((1, 2)) for one in measures], 0)
    assert (own < every).all()


@each
def test_windows_are_what_finished_pictures_show(change: str) -> None:
    """Around each place of the second, and around REF of the first turned to each of them."""
    found, make = an_offer(change), maker()
    first, second = found.shots

    def shown(shot: Shot, x: float, y: float) -> np.ndarray:
        whole = np.asarray(make._picture(shot).load())  # type: ignore[attr-defined]
        row, column = int(y * FINE), int(x * FINE)
        return whole[row - REACH : row + REACH + 1, column - REACH : column + REACH + 1]

    x, y = np.array(found.places).T
    for one, place in zip(cut(second, x, y), found.places, strict=True):
        assert np.array_equal(one, shown(second, *place))
    some = found.cameras[:3]
    x, y = (np.full(len(some), value) for value in found.reference)
    for one, camera in zip(cut(first, x, y, some), some, strict=True):
        # A ray may be rounded across an edge, as the same is reached by other sums.
        off = one != shown(replace(first, camera=camera), *found.reference)
        assert off.mean() < 0.01


def test_windows_are_those_that_an_audit_cuts_out() -> None:
    """Points are rounded to what a record holds, but not across the border of a pixel."""
    for item, found in zip(some(), layouts(), strict=False):
        for mark, at in zip(item.points, (found.reference, *found.candidates), strict=True):
            assert [int(mark.x), int(mark.y)] == [int(value * FINE) for value in at]


@pytest.mark.parametrize(
    "change",
    ["both", *(pytest.param(one, marks=pytest.mark.slow) for one in CHANGES if one != "both")],
)
def test_preferred_sets_are_less_telling_than_others(change: str) -> None:
    """The right one is less often the least unlike in what tells most, pixels and histograms."""
    plain, fair = [], []
    for k in range(6):
        found = offer(generator("preferred", change, k), change, MIDDLE)
        if found is None:
            continue
        weight = found.weights()
        assert (weight > 0).all()
        unlike = sum(one / one.mean() for one in found.measures)
        first = (ranks(unlike, found.sets) == 0).mean(1)
        plain.append(first.mean())
        fair.append((weight * first).sum() / weight.sum())
    assert np.mean(fair) < 0.8 * np.mean(plain)
