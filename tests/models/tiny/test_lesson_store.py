"""Lessons that were written are read back, and a run that was stopped goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.models.tiny import lesson_store
from pytest_vlmsight.models.tiny.lesson_store import MIX, LessonStore, write, write_part
from pytest_vlmsight.models.tiny.lessons import SORTS, Lesson, lesson

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_store, "PART", 3)


def quick(rng: np.random.Generator, sort: str) -> Lesson:
    """All lessons of the sort that is made quickest."""
    return lesson(rng, "gadgets")


def ignored(_: int, __: int) -> None:
    """Nobody is told."""


def test_lessons_are_read_in_the_order_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lesson_store, "lesson", quick)
    for number in range(2):
        write_part(tmp_path, 7, number)
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
        write_part(tmp_path / folder, seed, 0)
    one, again, other = (
        LessonStore(tmp_path / folder, lessons=1, seed=seed).batch([0]).pixels
        for folder, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_what_is_there_is_not_made_again_and_what_is_half_made_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def stopped(folder: Path, seed: int, number: int) -> None:
        made.append(number)
        (folder / f"lessons-{seed}-{number:04d}").mkdir()

    class Here:
        """Runs at once, in this process."""

        def __init__(self, *_: object, **__: object) -> None: ...

        def __enter__(self) -> Here:
            return self

        def __exit__(self, *_: object) -> None: ...

        def submit(self, call, *arguments):  # type: ignore[no-untyped-def]
            from concurrent.futures import Future

            future: Future[None] = Future()
            future.set_result(call(*arguments))
            return future

    monkeypatch.setattr(lesson_store, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(lesson_store, "write_part", stopped)
    (tmp_path / "lessons-0-0001").mkdir(parents=True)
    (tmp_path / "lessons-0-0002.partial").mkdir()
    told: list[tuple[int, int]] = []
    write(tmp_path, lessons=8, seed=0, jobs=1, told=lambda *done: told.append(done))
    assert made == [0, 2]
    assert told == [(1, 3), (2, 3), (3, 3)]
    write(tmp_path, lessons=9, seed=0, jobs=1, told=ignored)
    assert made == [0, 2]


def test_a_part_that_cannot_be_made_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(rng: np.random.Generator, sort: str) -> Lesson:
        raise RuntimeError("no room on the disk")

    monkeypatch.setattr(lesson_store, "lesson", broken)
    with pytest.raises(RuntimeError, match="no room"):
        write_part(tmp_path, 0, 0)
    with pytest.raises(FileNotFoundError, match="part of the lessons is missing"):
        LessonStore(tmp_path, lessons=1, seed=0)


def test_every_sort_of_lesson_is_given() -> None:
    assert set(MIX) == set(SORTS)
