"""Lessons and features of which is known what is to be found in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from pytest_vlmsight.models.tiny.lesson_store import MIX, Batch
from pytest_vlmsight.models.tiny.lessons import SITES
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID

PATCHES = 14


def known_batch(sort: str = "scene", *, lessons: int = 2, **given: Any) -> Batch:
    """Lessons whose sites are all over their pictures, the same in both."""
    rng = np.random.default_rng(0)
    cell = rng.permutation(GRID * GRID)[: lessons * SITES].reshape(lessons, SITES)
    sites = np.stack([cell % GRID, cell // GRID], -1) * 8.0 + 4
    fields = {
        "pixels": np.zeros((lessons, 2, 1, 1, 3), np.uint8),
        "depth": np.ones((lessons, 2, GRID, GRID), np.float16),
        "facing": np.zeros((lessons, 2, 3, GRID, GRID), np.float16),
        "classes": np.zeros((lessons, 2, len(CLASSES), GRID, GRID), np.uint8),
        "name": np.zeros((lessons, 2, GRID, GRID), np.int64),
        "sites": np.stack([sites, sites], 1).astype(np.float32),
        "known": np.ones((lessons, SITES), bool),
        "sort": np.full(lessons, list(MIX).index(sort)),
    }
    return Batch(**(fields | given))


def own_features(lessons: int, *, seed: int = 0) -> torch.Tensor:
    """Features of which every patch has its own."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 32, PATCHES, PATCHES, generator=generator).expand(lessons, -1, -1, -1)
