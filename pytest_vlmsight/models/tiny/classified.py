"""What an eye learns that is told what a picture is of, as a classifier of ImageNet's is.

The largest thing's kind, its surface and the technique, where there are any: one class each for a
whole picture, by the mean of its patches' features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from . import labels
from .captions import SAID, present
from .objectives import Objective, pooled

if TYPE_CHECKING:
    from torch import Tensor

    from .lesson_store import Batch


class Classes(nn.Module):
    """Linear maps from a picture's mean feature to its classes.

    Args:
        width: of the features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(width, 1 + len(labels.CLASSES[one]())) for one in SAID)

    def forward(self, seen: Tensor, batch: Batch) -> Tensor:
        """The cross-entropies, summed; 0 where nothing is known.

        Args:
            seen: (2b, width) of both pictures of each lesson.
            batch: b lessons.
        """
        some = batch.classes.reshape(-1, *batch.classes.shape[2:])
        first = [[of[0] if of else 0 for of in present(one)] for one in some]
        right = torch.tensor(first, device=seen.device)
        losses = [
            functional.cross_entropy(head(seen[of > 0]), of[of > 0])
            for head, of in zip(self.heads, right.T, strict=True)
            if (of > 0).any()
        ]
        # Pictures of which nothing is known teach nothing.
        return torch.stack(losses).sum() if losses else seen.sum() * 0


class Classified(Objective):
    """Classes and nothing else.

    Args:
        width: of the features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classes = Classes(width)

    def loss(self, eye: Any, batch: Batch, _: torch.Generator) -> Tensor:
        """Of one step, in which nothing is drawn; see ``Objective``."""
        found: Tensor = self.classes(pooled(eye, batch.pixels), batch)
        return found
