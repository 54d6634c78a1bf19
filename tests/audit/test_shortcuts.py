"""Planted faults are found by the shortcut that they open, and by no other."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import leaky_items as leaky
import pytest
from made_items import task

from pytest_vlmsight.audit import fitted
from pytest_vlmsight.audit.shortcuts import SHORTCUTS, Audit, audit

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item

N, FEW = 200, 120


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without trees, whose fits take most of the time."""
    monkeypatch.setattr(fitted, "_fit_trees", fitted._fit_linear)


def found(items: list[Item]) -> Audit:
    return audit(task(items), n=len(items))


def open_ones(result: Audit) -> set[str]:
    """The shortcuts that exceed beyond doubt."""
    return {s.name for s in result.shortcuts if s.exceeds and not s.doubtful}


def means(result: Audit, name: str) -> str:
    return next(s.how for s in result.shortcuts if s.name == name)


def share(result: Audit, name: str) -> float:
    (value,) = (s.share for s in result.shortcuts if s.name == name)
    assert value is not None
    return value


def test_row_of_a_point_gives_it_away() -> None:
    result = found(leaky.depth_items(N, lower=0.8))
    assert open_ones(result) == {"positions"}
    assert "largest y" in means(result, "positions")
    assert share(result, "positions") == pytest.approx(0.8, abs=0.08)


def test_size_of_a_box_gives_it_away() -> None:
    result = found(leaky.box_items(N, larger=0.85))
    assert open_ones(result) == {"positions"}
    assert share(result, "positions") == pytest.approx(0.85, abs=0.08)


def test_mean_colour_of_a_picture_gives_it_away() -> None:
    result = found(leaky.picture_items(FEW, tinted=True))
    assert open_ones(result) == {"pixels"}
    assert share(result, "pixels") > 0.9


def test_colour_of_the_odd_one_among_three_or_four_gives_it_away() -> None:
    result = found(leaky.odd_items(FEW, tinted=True))
    assert result.chance == pytest.approx((1 / 3 + 1 / 4) / 2)
    assert open_ones(result) == {"pixels"}
    assert "to the others" in means(result, "pixels")


def test_pixels_around_a_point_give_it_away() -> None:
    result = found(leaky.matching_items(N, copied=True))
    assert open_ones(result) == {"pixels"}
    assert "to the reference" in means(result, "pixels")
    assert share(result, "pixels") > 0.9


def test_side_of_a_label_gives_it_away() -> None:
    result = found(leaky.marked_items(N, told=True))
    assert open_ones(result) == {"markers"}
    assert share(result, "markers") > 0.9


def test_word_of_the_question_gives_it_away() -> None:
    result = found(leaky.worded_items(N, told=0.6))
    assert open_ones(result) == {"words"}
    assert "words in the question" in means(result, "words")
    assert share(result, "words") == pytest.approx(0.7, abs=0.08)


@pytest.mark.usefixtures("quick")
def test_commonest_option_of_the_source_gives_it_away() -> None:
    items = [
        dataclasses.replace(item, answer=0 if index % 3 else item.answer)
        for index, item in enumerate(leaky.depth_items(60))
    ]
    result = found(items)
    assert "majority key" in open_ones(result)
    assert means(result, "majority key") == "always source index A"
    assert share(result, "majority key") == pytest.approx(5 / 6, abs=0.1)


@pytest.mark.parametrize(
    "items",
    [
        leaky.matching_items(N),
        pytest.param(leaky.odd_items(FEW, tinted=False), marks=pytest.mark.slow),
        leaky.marked_items(N, told=False),
    ],
    ids=["matching", "odd", "marked"],
)
def test_task_without_shortcuts_passes(items: list[Item]) -> None:
    result = found(items)
    assert not open_ones(result)
    assert [s.name for s in result.shortcuts] == list(SHORTCUTS)
    for shortcut in result.shortcuts:
        if shortcut.share is not None:
            assert shortcut.interval is not None
            assert shortcut.share in shortcut.interval


@pytest.mark.usefixtures("quick")
def test_without_markers_their_look_has_no_number() -> None:
    result = found(leaky.matching_items(30))
    (markers,) = (s for s in result.shortcuts if s.name == "markers")
    assert markers.share is None
    assert markers.how == "no markers are drawn"
    assert not markers.exceeds


@pytest.mark.usefixtures("quick")
def test_options_about_no_place_have_words_and_a_key_only() -> None:
    items = [
        dataclasses.replace(item, points=(), options=("yes", "no", "both"))
        for item in leaky.depth_items(30)
    ]
    result = found(items)
    assert [s.name for s in result.shortcuts if s.share is not None] == ["majority key", "words"]


@pytest.mark.usefixtures("quick")
def test_markers_in_some_of_the_items_count() -> None:
    items = leaky.depth_items(30) + leaky.marked_items(90, told=True)[30:]
    assert share(found(items), "markers") == pytest.approx((30 * 0.5 + 60) / 90, abs=0.1)


@pytest.mark.usefixtures("quick")
def test_items_of_one_source_are_not_fitted() -> None:
    items = [
        dataclasses.replace(item, slices=(("scene", "only"),))
        for item in leaky.depth_items(60, lower=0.9)
    ]
    result = found(items)
    assert result.groups == 1
    assert "positions" in open_ones(result)
    assert "nothing fitted" in means(result, "positions")


def test_audit_is_the_same_when_repeated() -> None:
    items = leaky.depth_items(30, lower=0.7)
    assert found(items) == found(items)


@pytest.mark.usefixtures("quick")
def test_items_are_those_of_the_seed() -> None:
    asked = []

    def make_items(n: int, seed: int) -> list[Item]:
        asked.append((n, seed))
        return leaky.depth_items(25)

    seeded = dataclasses.replace(task([]), make_items=make_items)
    result = audit(seeded, n=30, seed=5)
    assert asked == [(30, 5)]
    assert (result.n, result.seed) == (25, 5)


@pytest.mark.parametrize(
    ("n", "available", "words"), [(3, 100, "n=3"), (100, 7, "7 items"), (-1, 100, "n=-1")]
)
def test_too_few_items_are_refused(n: int, available: int, words: str) -> None:
    with pytest.raises(ValueError, match=f"audit of made: got {words}; expected at least 20"):
        audit(task(leaky.depth_items(available)), n=n)


def test_no_job_is_refused() -> None:
    with pytest.raises(ValueError, match="--jobs: got 0; expected at least 1"):
        audit(task(leaky.depth_items(30)), n=30, jobs=0)


def test_missing_library_is_told_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"pytest-vlmsight\[audit\]"):
        audit(task(leaky.depth_items(30)), n=30)
