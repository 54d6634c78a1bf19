"""Images of any size, number and mode, for families that resize, crop, pad, cut up or keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny_families
from asking import gap, noise, prompt
from squares import changed, hottest, nearest, texture, with_square

from pytest_vlmsight.models.base import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL.Image import Image

    from pytest_vlmsight.models.base import PatchGrid
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

KINDS = {
    "resized": "llava-siglip",
    "cropped": "llava-clip",
    "padded": "deepseek_vl",
    "tiles and a padded mosaic": "llava_next",
    "tiles": "internvl",
    "kept in shape": "qwen2_5_vl",
    "side by side": "blip2",
}
"""What a processor does to images, and a family whose processor does it."""

EYE, PROJECTED = Stage("encoder", 0), Stage("projector")


@pytest.fixture(scope="module", params=KINDS)
def vlm(request: pytest.FixtureRequest, families: Callable[[str], Path]) -> TransformersVlm:
    return tiny_families.loaded(families(KINDS[request.param]))


def stages(vlm: TransformersVlm) -> list[Stage]:
    """Those that have a map."""
    return [EYE] if vlm.provenance["model_type"] == "blip-2" else [EYE, PROJECTED]


def seen(vlm: TransformersVlm, images: list[Image], stage: Stage) -> tuple[PatchGrid, ...]:
    (answer,) = vlm.ask([prompt(*images)], stage=stage)
    return answer.grids


def test_a_square_in_each_of_three_images_is_found_in_its_own_grid(vlm: TransformersVlm) -> None:
    images = [texture(size, seed) for seed, size in enumerate([(240, 200), (150, 300), (90, 90)])]
    for stage in stages(vlm):
        before = seen(vlm, images, stage)
        for which, own in enumerate(before):
            row, column = len(own.ys) // 2, max(len(own.xs) - 2, 0)
            x, y = float(own.xs[column]), float(own.ys[row])
            # A good part of a patch, and no more: what else a patch shows differs in size.
            side = 0.8 * min(images[which].width / len(own.xs), images[which].height / len(own.ys))
            lit = [
                with_square(image, x, y, max(6, round(side))) if number == which else image
                for number, image in enumerate(images)
            ]
            change = [changed(b, a) for b, a in zip(before, seen(vlm, lit, stage), strict=True)]
            assert int(np.argmax([float(one.max()) for one in change])) == which
            assert hottest(change[which]) == (row, column)


@pytest.mark.parametrize("size", [(30, 40), (900, 500), (300, 80)], ids=str)
def test_small_large_and_long_pictures_are_seen_where_they_are(
    vlm: TransformersVlm, size: tuple[int, int]
) -> None:
    image = texture(size, 0)
    for stage in stages(vlm):
        (before,) = seen(vlm, [image], stage)
        assert 0 < before.xs[0] < before.xs[-1] < size[0]
        assert 0 < before.ys[0] <= before.ys[-1] < size[1]
        x, y = float(before.xs[1]), float(before.ys[-1])
        side = 0.8 * min(size[0] / len(before.xs), size[1] / len(before.ys))
        (after,) = seen(vlm, [with_square(image, x, y, max(3, round(side)))], stage)
        assert hottest(changed(before, after)) == nearest(before, x, y)


def test_pictures_of_other_modes_are_seen_as_colour(vlm: TransformersVlm) -> None:
    for mode in ("L", "P", "RGBA"):
        picture = noise(0).convert(mode)
        given = list(vlm.ask([prompt(picture)]))
        assert gap(given, list(vlm.ask([prompt(picture.convert("RGB"))]))) <= 1e-5


def test_grids_of_pictures_by_themselves_are_those_of_prompts(vlm: TransformersVlm) -> None:
    pictures = [texture((240, 200), 0), texture((240, 200), 1), texture((150, 300), 2)]
    looked = list(vlm.look(pictures, stage=EYE))
    for picture, one in zip(pictures, looked, strict=True):
        (grid,) = seen(vlm, [picture], EYE)
        assert one.xs == pytest.approx(grid.xs)
        assert float((one.features - grid.features).abs().max()) < 1e-4
