"""Lessons that were written are read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.models.tiny import lesson_store
from pytest_vlmsight.models.tiny.lesson_store import MIX, NAME, LessonStore, make
from pytest_vlmsight.models.tiny.parts import write_parts
from pytest_vlmsight.models.tiny.sorts import SORTS, lesson

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.models.tiny.lessons import Lesson


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_store, "PART", 3)


def quick(rng: np.random.Generator, sort: str) -> Lesson:
    """All lessons of the sort that is made quickest."""
    return lesson(rng, "gadgets")


def written(folder: Path, count: int, *, seed: int) -> None:
    write_parts(folder, name=NAME, seed=seed, count=count, make=make, jobs=1, told=lambda *_: None)


def test_lessons_are_read_in_the_order_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_store, "lesson", quick)
    written(tmp_path, 2, seed=7)
    store = LessonStore(tmp_path, lessons=5, seed=7)
    assert len(store) == 5
    whole, some = store.batch(range(5)), store.batch([4, 0])
    assert whole.pixels.shape == (5, 2, 224, 224, 3)
    for name in lesson_store.FIELDS:
        values, chosen = getattr(whole, name), getattr(some, name)
        assert np.array_equal(chosen, values[[4, 0]], equal_nan=values.dtype.kind == "f"), name
    assert len({pixels.tobytes() for pixels in whole.pixels}) == 5


def test_a_part_is_decided_by_its_seed_and_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_store, "lesson", quick)
    monkeypatch.setattr(lesson_store, "PART", 1)
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        written(tmp_path / folder, 1, seed=seed)
    one, again, other = (
        LessonStore(tmp_path / folder, lessons=1, seed=seed).batch([0]).pixels
        for folder, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_later_lessons_are_others_than_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_store, "lesson", quick)
    monkeypatch.setattr(lesson_store, "PART", 2)
    written(tmp_path, 3, seed=0)
    every = LessonStore(tmp_path, lessons=6, seed=0).batch(range(6)).pixels
    first = lesson_store.parts_of(3)
    later = LessonStore(tmp_path, lessons=2, seed=0, first=first)
    assert len(later) == 2
    assert np.array_equal(later.batch([0, 1]).pixels, every[4:])


def test_lessons_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="lessons-0-0000: this part is missing"):
        LessonStore(tmp_path, lessons=1, seed=0)


def test_every_sort_of_lesson_is_given() -> None:
    assert set(MIX) == set(SORTS)
