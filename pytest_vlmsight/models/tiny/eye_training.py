"""Training an eye on lessons, by one of several objectives."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .architecture import GRID, eye_config
from .training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from .lesson_store import LessonStore

BATCH = 16
"""Lessons of a step, two pictures each."""

_LOUD = 0.15
"""Of embeddings of places at first; a patch's own embedding is about 0.5."""


def train_eye(
    store: LessonStore,
    *,
    objective: str,
    courses: Sequence[Course],
    seed: int,
    path: Path,
    told: Callable[[int, int, float], None],
) -> Any:
    """An eye that has learnt by one objective.

    Args:
        store: the lessons.
        objective: of ``objectives.OBJECTIVES``.
        courses: how long and how fast, one after another; what is hard is asked after the first.
        seed: of its first weights, the lessons' order, and all else that is drawn.
        path: where the last course is written down, and gone on with; earlier ones are beside it.
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
        _placed(eye)
        wanted = new_objective(objective, eye)
    module = nn.ModuleDict({"eye": eye, "objective": wanted})

    total = sum(course.steps for course in courses)

    def loss(step: int, *, begun: int) -> Tensor:
        batch = store.batch(order(begun + step, batch=BATCH, of=len(store), seed=seed))
        generator = torch.Generator().manual_seed(seed * 1_000_003 + begun + step)
        return wanted.loss(eye, batch, generator)

    def onward(done: int, _: int, lost: float, *, begun: int) -> None:
        told(begun + done, total, lost)

    for number, course in enumerate(courses):
        wanted.hard = number > 0
        last = number == len(courses) - 1
        begun = sum(earlier.steps for earlier in courses[:number])
        train(
            module,
            partial(loss, begun=begun),
            course=course,
            path=path if last else path.with_stem(f"{path.stem}-{number + 1}"),
            told=partial(onward, begun=begun),
            after=lambda: wanted.after(eye),
        )
    return eye


def _placed(eye: Any) -> None:
    """Begin with embeddings of places that are near where places are (sines and cosines).

    Beyer et al., arXiv 2205.01580: a plain ViT learns faster from these than from random ones.
    """
    import torch

    table = eye.embeddings.position_embedding.weight
    across = torch.arange(GRID).repeat(GRID)
    down = torch.arange(GRID).repeat_interleave(GRID)
    waves = 100.0 ** -torch.linspace(0, 1, table.shape[1] // 4)
    angles = [place[:, None] * waves for place in (across, down)]
    with torch.no_grad():
        table[0] = 0
        table[1:] = _LOUD * torch.cat([f(one) for one in angles for f in (torch.sin, torch.cos)], 1)
