"""What lessons say of their pictures is true of them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from pytest_vlmsight.models.tiny import labels
from pytest_vlmsight.models.tiny.architecture import SIZE
from pytest_vlmsight.models.tiny.lessons import SITES, Lesson
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID, Picture
from pytest_vlmsight.models.tiny.sorts import SORTS, lesson

every_sort = pytest.mark.parametrize("sort", SORTS)


@cache
def made(sort: str, seed: int = 0) -> Lesson:
    return lesson(np.random.default_rng(seed), sort)


def cells(found: Lesson, picture: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the sites."""
    x, y = (found.sites[picture][found.known] // (SIZE // GRID)).astype(int).T
    return y, x


@every_sort
def test_lessons_are_decided_by_their_random_numbers(sort: str) -> None:
    again = lesson(np.random.default_rng(0), sort)
    other = lesson(np.random.default_rng(1), sort)
    for one, same, another in zip(made(sort).pictures, again.pictures, other.pictures, strict=True):
        assert np.array_equal(one.pixels, same.pixels)
        assert not np.array_equal(one.pixels, another.pixels)


@every_sort
def test_everything_has_its_shape(sort: str) -> None:
    found = made(sort)
    assert found.sort == sort
    assert found.sites.shape == (2, SITES, 2)
    assert found.known.shape == (SITES,)
    for picture in found.pictures:
        assert picture.pixels.shape == (SIZE, SIZE, 3)
        assert picture.pixels.dtype == np.uint8
        assert picture.depth.shape == (GRID, GRID)
        assert picture.facing.shape == (3, GRID, GRID)
        assert picture.classes.shape == (len(CLASSES), GRID, GRID)


@pytest.mark.parametrize("sort", ["scene", "rooms", "parts", "tools", "forms", "gadgets"])
def test_surfaces_that_are_seen_face_the_camera(sort: str) -> None:
    for picture in made(sort).pictures:
        length = np.sqrt((picture.facing.astype(float) ** 2).sum(0))
        assert np.allclose(length, 1, atol=0.01)
        # Right, down, forward: what faces the camera looks back. At the border rays are oblique.
        assert (picture.facing[2][4:-4, 4:-4] < 0.5).all()
        assert np.isfinite(picture.depth).all()


@pytest.mark.parametrize("sort", ["scene", "rooms", "gadgets", "paintings"])
def test_sites_show_the_same_place(sort: str) -> None:
    found = made(sort)
    assert found.known.sum() > SITES / 2
    one, other = (
        picture.own[:, rows, columns]
        for picture, (rows, columns) in zip(
            found.pictures, (cells(found, 0), cells(found, 1)), strict=True
        )
    )
    assert np.sqrt(((one - other) ** 2).sum(0)).max() < 0.2
    codes = [picture.code[cells(found, number)] for number, picture in enumerate(found.pictures)]
    assert np.array_equal(*codes)


def colours(picture: Picture, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(n, 3) of 8 × 8 px."""
    step = SIZE // GRID
    blocks = picture.pixels.reshape(GRID, step, GRID, step, 3).mean((1, 3))
    return np.asarray(blocks[rows, columns])


def test_sites_look_the_same_where_light_is_the_same() -> None:
    """In pixels, which nothing that is said of them was taken from."""
    near, far = [], []
    for seed in range(4):
        found = made("rooms", seed)
        one, other = (colours(p, *cells(found, k)) for k, p in enumerate(found.pictures))
        near.append(np.abs(one - other).mean())
        far.append(np.abs(one - np.roll(other, 1, 0)).mean())
    assert np.mean(near) < 0.4 * np.mean(far)


@pytest.mark.parametrize("sort", ["parts", "tools"])
def test_sites_are_on_parts_of_one_name(sort: str) -> None:
    seen = 0
    for seed in range(4):
        found = made(sort, seed)
        one, other = (p.name[cells(found, k)] for k, p in enumerate(found.pictures))
        assert np.array_equal(one, other)
        assert (one != 0).all()
        seen += len(set(one.tolist()))
    assert seen > 8


def test_names_have_numbers_of_their_own() -> None:
    assert set(labels.CLASSES) == set(CLASSES)
    for names in labels.CLASSES.values():
        known = names()
        assert sorted(known.values()) == list(range(1, len(known) + 1))
        assert max(known.values()) < 256
    assert "animal: leg" in labels.parts()
    assert not any("/" in part for part in labels.parts())


@pytest.mark.parametrize(
    ("sort", "named"),
    [("parts", "kind"), ("tools", "purpose"), ("forms", "surface"), ("styles", "technique")],
)
def test_what_has_a_name_is_named(sort: str, named: str) -> None:
    for seed in range(3):
        if any((p.classes[CLASSES.index(named)] > 0).any() for p in made(sort, seed).pictures):
            return
    pytest.fail(f"no {named} in three lessons")
