"""Training an eye on lessons, by one of several objectives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .architecture import eye_config
from .training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from .lesson_store import LessonStore

BATCH = 16
"""Lessons of a step, two pictures each."""


def train_eye(
    store: LessonStore,
    *,
    objective: str,
    course: Course,
    seed: int,
    path: Path,
    told: Callable[[int, int, float], None],
) -> Any:
    """An eye that has learnt by one objective.

    Args:
        store: the lessons.
        objective: of ``objectives.OBJECTIVES``.
        course: how long and how fast.
        seed: of its first weights, the lessons' order, and all else that is drawn.
        path: where the training is written down, and gone on with.
        told: see ``training.train``.

    Returns:
        The vision tower.
    """
    import torch
    from torch import nn
    from transformers import CLIPVisionModel

    from .objectives import new_objective

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        eye = CLIPVisionModel(eye_config())
        wanted = new_objective(objective, eye)
    module = nn.ModuleDict({"eye": eye, "objective": wanted})

    def loss(step: int) -> Tensor:
        batch = store.batch(order(step, batch=BATCH, of=len(store), seed=seed))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        return wanted.loss(eye, batch, generator)

    train(
        module,
        loss,
        course=course,
        path=path,
        told=told,
        after=lambda: wanted.after(eye),
    )
    return eye
