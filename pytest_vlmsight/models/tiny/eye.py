"""Training an eye on lessons, by one of several objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .architecture import MEAN, PATCH, SIZE, STD, WIDTH, eye_config
from .training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from .lesson_store import LessonStore

BATCH = 32
"""Lessons of a step, two pictures each."""


def train_eye(
    store: LessonStore,
    *,
    course: Course,
    seed: int,
    path: Path,
    told: Callable[[int, int, float], None],
) -> Any:
    """An eye that was told what is where.

    Args:
        store: the lessons.
        course: how long and how fast.
        seed: of its first weights, the lessons' order, and the places that are asked about.
        path: where the training is written down, and gone on with.
        told: see ``training.train``.

    Returns:
        The vision tower.
    """
    import torch
    from torch import nn
    from transformers import CLIPVisionModel

    from .dense import Dense

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = nn.ModuleDict({"eye": CLIPVisionModel(eye_config()), "objective": Dense(WIDTH)})

    def loss(step: int) -> Tensor:
        batch = store.batch(order(step, batch=BATCH, of=len(store), seed=seed))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        features = look(module["eye"], normalised(batch.pixels))
        losses = module["objective"](features, batch, generator)
        return torch.stack(list(losses.values())).sum()

    train(module, loss, course=course, path=path, told=told)
    return module["eye"]


def normalised(pixels: Any) -> Tensor:
    """(…, 224, 224, 3) uint8 → (n, 3, 224, 224) as an eye is given them."""
    import torch

    values = torch.from_numpy(pixels).reshape(-1, SIZE, SIZE, 3).permute(0, 3, 1, 2) / 255
    mean, spread = (torch.tensor(three).view(1, 3, 1, 1) for three in (MEAN, STD))
    return (values - mean) / spread


def look(eye: Any, images: Tensor) -> Tensor:
    """(n, d, rows, columns) features of what the projector reads.

    Args:
        eye: the vision tower.
        images: (n, 3, 224, 224), normalised.
    """
    states = eye(pixel_values=images, output_hidden_states=True).hidden_states[-1]
    side = SIZE // PATCH
    features: Tensor = states[:, 1:].transpose(1, 2).reshape(len(images), -1, side, side)
    return features
