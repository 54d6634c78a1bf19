"""Features are of the place that the grid says, at every stage and in every way of giving images.

The ground truth is drawn: a square on one of two otherwise equal pictures must change the feature
of the patch whose centre is nearest, whatever lies between the pixels and the grid.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from squares import asked, changed, hottest, nearest, texture, with_square
from tiny_vlms import loaded

from pytest_vlmsight.models.base import MeasurementError, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

STAGES = [
    Stage("encoder", 0),
    Stage("encoder", 1),
    Stage("encoder", 2),
    Stage("projector"),
    Stage("llm", 0),
]
SIZES = [(224, 224), (336, 160), (150, 300)]


@pytest.fixture(scope="module")
def vlms(eyes: Callable[[str], Path]) -> dict[str, TransformersVlm]:
    """One checkpoint, given several images in either way."""
    return {images: loaded(eyes("clip"), images=images) for images in ("separate", "composite")}


@pytest.mark.parametrize("images", ["separate", "composite"])
@pytest.mark.parametrize("stage", STAGES, ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_square_in_the_second_image_is_found_in_its_grid_at_its_place(
    vlms: dict[str, TransformersVlm], images: str, stage: Stage, size: tuple[int, int]
) -> None:
    vlm = vlms[images]
    pair = [texture((240, 200), 1), texture(size, 2)]
    before = asked(vlm, pair, stage)
    random = np.random.default_rng(3)
    for _ in range(3):
        grid = before[1]
        row, col = int(random.integers(len(grid.ys))), int(random.integers(len(grid.xs)))
        x, y = float(grid.xs[col]), float(grid.ys[row])
        after = asked(vlm, [pair[0], with_square(pair[1], x, y, 12)], stage)
        change = changed(grid, after[1])
        assert hottest(change) == nearest(grid, x, y) == (row, col)
        assert changed(before[0], after[0]).max() < 0.25 * change.max()


@pytest.mark.parametrize("images", ["separate", "composite"])
def test_a_square_in_the_first_image_is_not_seen_in_the_second(
    vlms: dict[str, TransformersVlm], images: str
) -> None:
    pair = [texture((240, 200), 1), texture((224, 224), 2)]
    stage = Stage("encoder", 0)
    before = asked(vlms[images], pair, stage)
    after = asked(vlms[images], [with_square(pair[0], 45, 132, 12), pair[1]], stage)
    assert hottest(changed(before[0], after[0])) == nearest(before[0], 45, 132)
    assert changed(before[1], after[1]).max() == 0


@pytest.mark.parametrize("stage", STAGES, ids=str)
def test_three_images_keep_their_grids(vlms: dict[str, TransformersVlm], stage: Stage) -> None:
    images = [texture(size, seed) for seed, size in enumerate(SIZES)]
    for vlm, which in itertools.product(vlms.values(), range(3)):
        before = asked(vlm, images, stage)
        x, y = float(before[which].xs[1]), float(before[which].ys[-2])
        lit = [
            with_square(image, x, y, 16) if k == which else image for k, image in enumerate(images)
        ]
        after = asked(vlm, lit, stage)
        change = [float(changed(b, a).max()) for b, a in zip(before, after, strict=True)]
        assert int(np.argmax(change)) == which
        assert hottest(changed(before[which], after[which])) == (len(before[which].ys) - 2, 1)


def test_centres_are_in_the_pixels_of_their_own_picture(vlms: dict[str, TransformersVlm]) -> None:
    images = [texture(size, seed) for seed, size in enumerate(SIZES)]
    for grids in (asked(vlm, images, Stage("projector")) for vlm in vlms.values()):
        for grid, (width, height) in zip(grids, SIZES, strict=True):
            assert 0 <= grid.xs[0] < grid.xs[-1] < width
            assert 0 <= grid.ys[0] < grid.ys[-1] < height
            assert grid.features.shape[:2] == (len(grid.ys), len(grid.xs))


def test_a_composite_shares_one_grid_out(vlms: dict[str, TransformersVlm]) -> None:
    images = [texture((224, 224), seed) for seed in range(2)]
    grids = asked(vlms["composite"], images, Stage("projector"))
    assert [len(grid.xs) for grid in grids] == [4, 4]  # eight columns on 458 px
    assert [len(grid.ys) for grid in grids] == [8, 8]
    (alone,) = asked(vlms["composite"], images[:1], Stage("projector"))
    assert alone.features.shape[:2] == (8, 8)


def test_a_picture_without_a_patch_in_a_composite_is_no_measurement(
    vlms: dict[str, TransformersVlm],
) -> None:
    images = [texture((600, 600), 0), texture((10, 10), 1)]
    with pytest.raises(
        MeasurementError, match="no patch of the model lies in a picture of 10×10 px"
    ):
        asked(vlms["composite"], images, Stage("projector"))


@pytest.mark.parametrize("images", ["separate", "composite"])
def test_the_llm_starts_from_what_the_projector_gave(
    vlms: dict[str, TransformersVlm], images: str
) -> None:
    pair = [texture((240, 200), 1), texture((100, 300), 2)]
    given = asked(vlms[images], pair, Stage("projector"))
    read = asked(vlms[images], pair, Stage("llm", 0))
    for one, other in zip(given, read, strict=True):
        assert torch.equal(one.features, other.features)
    later = asked(vlms[images], pair, Stage("llm", 1))
    assert not torch.equal(later[0].features, given[0].features)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_looking_finds_a_square(vlms: dict[str, TransformersVlm], size: tuple[int, int]) -> None:
    image = texture(size, 0)
    drawn = with_square(image, size[0] * 0.7, size[1] * 0.3, 14)
    for stage in STAGES[:4]:
        before, after = vlms["separate"].look([image, drawn], stage=stage)
        want = nearest(before, size[0] * 0.7, size[1] * 0.3)
        assert hottest(changed(before, after)) == want
