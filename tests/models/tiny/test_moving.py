"""What is moved is where it is said to be."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.models.tiny.architecture import SIDE, SIZE
from pytest_vlmsight.models.tiny.lesson_store import MIX
from pytest_vlmsight.models.tiny.moving import Moving, inside

SORTS = list(MIX)


def moving(sort: str, *, seed: int = 0, lessons: int = 1) -> Moving:
    of = np.full(lessons, SORTS.index(sort))
    return Moving(of, torch.Generator().manual_seed(seed))


@given(
    sort=st.sampled_from(SORTS),
    seed=st.integers(0, 10_000),
    x=st.integers(2, SIDE - 3),
    y=st.integers(2, SIDE - 3),
)
def test_a_spot_is_where_its_place_has_gone(sort: str, seed: int, x: int, y: int) -> None:
    images = torch.zeros(2, 1, SIDE, SIDE)
    images[:, 0, y, x] = 1
    moved = moving(sort, seed=seed)
    shown = moved.pictures(images)
    place = (torch.tensor([[[x, y]]]) + 0.5) * (SIZE / SIDE)
    gone = moved.places(place.expand(2, 1, 2))
    for image, (at,) in zip(shown, gone, strict=True):
        if bool(inside(at)):
            column, row = (at * SIDE / SIZE).long().tolist()
            assert float(image[0, row, column]) == 1
            assert float(image.sum()) == 1
        else:
            assert float(image.sum()) == 0


def test_first_pictures_and_twins_stay() -> None:
    images = torch.rand(2 * 40, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    assert torch.equal(moving("rooms", lessons=40).pictures(images), images)
    shown = moving("scene", lessons=40).pictures(images)
    assert torch.equal(shown[::2], images[::2])
    assert not any(torch.equal(a, b) for a, b in zip(shown[1::2], images[1::2], strict=True))


def test_only_flat_pictures_are_turned() -> None:
    up = torch.tensor([[[SIZE / 2, SIZE / 2], [SIZE / 2, 0.0]]]).expand(80, -1, -1)
    turned = {}
    for sort in SORTS:
        middle, top = moving(sort, lessons=40).places(up).unbind(1)
        turned[sort] = bool(((top - middle)[:, 0].abs() > 1).any())
    assert turned == {sort: sort == "paintings" for sort in SORTS}
