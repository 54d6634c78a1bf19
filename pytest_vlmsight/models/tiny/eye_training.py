"""Training an eye on lessons, by one of several objectives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .architecture import GRID, eye_config
from .training import Course, order, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from torch import Tensor

    from .lesson_store import LessonStore

_LOUD = 0.15
"""Of embeddings of places at first; a patch's own embedding is about 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EyeCourse:
    """One of the courses that an eye goes through, one after another.

    Attributes:
        course: how long and how fast.
        store: the lessons.
        batch: lessons of a step, two pictures each.
        hard: whether what an eye learns only once it knows the rest is asked as well.
    """

    course: Course
    store: LessonStore
    batch: int
    hard: bool


def train_eye(
    courses: Sequence[EyeCourse],
    *,
    objective: str,
    seed: int,
    path: Path,
    told: Callable[[int, int, float], None],
    device: str = "cpu",
) -> Any:
    """An eye that has learnt by one objective.

    Args:
        courses: at least one.
        objective: of ``objectives.OBJECTIVES``.
        seed: of its first weights, the lessons' order, and all else that is drawn.
        path: where the last course is written down, and gone on with; earlier ones are beside it.
        told: see ``training.train``.
        device: of the eye. Weights are begun with, and all else is drawn, as on any other.

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
    module = nn.ModuleDict({"eye": eye, "objective": wanted}).to(device)

    total = sum(one.course.steps for one in courses)

    def loss(step: int, *, now: EyeCourse, begun: int) -> Tensor:
        numbers = order(begun + step, batch=now.batch, of=len(now.store), seed=seed)
        generator = torch.Generator().manual_seed(seed * 1_000_003 + begun + step)
        return wanted.loss(eye, now.store.batch(numbers), generator)

    def onward(done: int, _: int, lost: float, *, begun: int) -> None:
        told(begun + done, total, lost)

    begun = 0
    for number, now in enumerate(courses, start=1):
        wanted.hard = now.hard
        train(
            module,
            partial(loss, now=now, begun=begun),
            course=now.course,
            path=path if number == len(courses) else path.with_stem(f"{path.stem}-{number}"),
            told=partial(onward, begun=begun),
            after=lambda: wanted.after(eye),
        )
        begun += now.course.steps
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
