"""Markers on lessons are at their sites, and leave alone what is about whole pictures."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_vlmsight.models.tiny import labels
from pytest_vlmsight.models.tiny.architecture import SIZE
from pytest_vlmsight.models.tiny.lessons import SITES, Lesson
from pytest_vlmsight.models.tiny.marking import marked
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID, Picture


def grey(sort: str, *, known: int = SITES) -> Lesson:
    """A lesson of grey pictures with sites on a line."""
    nothing = np.zeros((1, 1))
    picture = Picture(
        pixels=np.full((SIZE, SIZE, 3), 128, np.uint8),
        depth=nothing,
        facing=nothing,
        classes=np.zeros((len(CLASSES), GRID, GRID), np.uint8),
        own=nothing,
        code=nothing,
        name=nothing,
    )
    sites = np.stack([np.linspace(30, 190, SITES), np.full(SITES, 110.0)], 1)
    return Lesson(
        sort=sort,
        pictures=(picture, picture),
        sites=np.stack([sites, sites]).astype(np.float32),
        known=np.arange(SITES) < known,
    )


def painted(lesson: Lesson, seed: int) -> list[np.ndarray]:
    """Of each picture the rows of what is not grey."""
    found = marked(lesson, np.random.default_rng(seed))
    return [np.flatnonzero((p.pixels != 128).any((1, 2))) for p in found.pictures]


@pytest.mark.parametrize("sort", ["scene", "parts", "tools", "paintings"])
def test_sites_are_marked(sort: str) -> None:
    drawn = [rows for seed in range(20) for rows in painted(grey(sort), seed) if len(rows)]
    assert 15 < len(drawn) < 35  # of 40
    for rows in drawn:
        assert rows.min() < 112
        assert rows.max() > 104
        assert rows.max() - rows.min() < 110  # letters stand beside


def test_rooms_have_two_marks_anywhere() -> None:
    drawn = [rows for seed in range(20) for rows in painted(grey("rooms"), seed) if len(rows)]
    assert 15 < len(drawn) < 35
    assert len({int(rows.min()) for rows in drawn}) > 10


@pytest.mark.parametrize("sort", ["forms", "gadgets", "styles"])
def test_whole_pictures_are_left_alone(sort: str) -> None:
    assert not any(len(rows) for seed in range(10) for rows in painted(grey(sort), seed))


def test_a_lesson_without_sites_is_left_alone() -> None:
    assert not any(
        len(rows) for seed in range(10) for rows in painted(grey("parts", known=0), seed)
    )


def test_what_is_known_stays() -> None:
    lesson = grey("scene")
    found = marked(lesson, np.random.default_rng(0))
    assert found.sites is lesson.sites
    assert found.known is lesson.known
    for before, after in zip(lesson.pictures, found.pictures, strict=True):
        assert after.depth is before.depth
        assert np.array_equal(after.classes[:-1], before.classes[:-1])


def test_what_is_marked_is_told() -> None:
    lesson = grey("scene")
    names = {number: name for name, number in labels.marks().items()}
    met = set()
    for seed in range(10):
        found = marked(lesson, np.random.default_rng(seed))
        for picture in found.pictures:
            of = picture.classes[CLASSES.index("mark")]
            assert bool(of.any()) == bool((picture.pixels != 128).any())
            for number in set(of.ravel().tolist()) - {0}:
                rows, columns = np.nonzero(of == number)
                # A ring is drawn around the middle of what is told.
                y, x = (int(8 * (places.mean() + 0.5)) for places in (rows, columns))
                assert (picture.pixels[y - 14 : y + 15, x - 14 : x + 15] != 128).any()
                met.add(names[number])
    assert met == {"REF", "A", "B", "C", "D"}


def test_boxes_are_told_by_their_colours() -> None:
    from pytest_vlmsight.tasks.object_depth import COLOURS

    names = {number: name for name, number in labels.marks().items()}
    met = set()
    for seed in range(20):
        for picture in marked(grey("rooms"), np.random.default_rng(seed)).pictures:
            of = picture.classes[CLASSES.index("mark")]
            met |= {names[number] for number in set(of.ravel().tolist()) - {0}}
    assert met == {"A", "B", *COLOURS.values()}
