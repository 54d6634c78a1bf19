"""Pictures with a square, and where in their grids it is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from pytest_vlmsight.models.base import Prompt

if TYPE_CHECKING:
    from pytest_vlmsight.models.base import PatchGrid, Stage
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm


def texture(size: tuple[int, int], seed: int) -> Image.Image:
    random = np.random.default_rng(seed)
    coarse = random.integers(90, 150, (12, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BILINEAR)


def with_square(image: Image.Image, x: float, y: float, side: int) -> Image.Image:
    """A copy with a white square around (x, y)."""
    drawn = image.copy()
    drawn.paste(
        (255, 255, 255),
        (int(x - side / 2), int(y - side / 2), int(x + side / 2), int(y + side / 2)),
    )
    return drawn


def changed(before: PatchGrid, after: PatchGrid) -> torch.Tensor:
    """(rows, cols): how far each feature moved."""
    assert np.array_equal(before.xs, after.xs)
    assert np.array_equal(before.ys, after.ys)
    moved: torch.Tensor = torch.linalg.vector_norm(after.features - before.features, dim=-1)
    return moved


def hottest(change: torch.Tensor) -> tuple[int, int]:
    row, col = np.unravel_index(int(change.argmax()), tuple(change.shape))
    return int(row), int(col)


def nearest(grid: PatchGrid, x: float, y: float) -> tuple[int, int]:
    return int(np.abs(grid.ys - y).argmin()), int(np.abs(grid.xs - x).argmin())


def asked(vlm: TransformersVlm, images: list[Image.Image], stage: Stage) -> tuple[PatchGrid, ...]:
    """The grids of a prompt that stands between others of other lengths in its batch."""
    others = [texture((200, 120), seed) for seed in range(len(images))]
    prompts = [
        Prompt(images=tuple(pictures), question=question, options=("a", "b"))
        for pictures, question in ((others, "?"), (images, "Which of these?"), (others, "So" * 9))
    ]
    return list(vlm.ask(prompts, stage=stage))[1].grids
