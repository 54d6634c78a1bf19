"""What an eye can be trained for: to know what is where, or as other encoders are."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from torch import nn

from .eye import look, normalised

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from .lesson_store import Batch

OBJECTIVES = ("dense", "contrastive", "distilled", "classified")
"""Names of objectives: told what is where, as CLIP, as DINO, as a classifier of ImageNet."""


class Objective(nn.Module):
    """What is to be small, and what it needs besides the eye.

    Attributes:
        hard: whether what an eye learns only once it knows the rest is asked as well.
    """

    hard = False

    @abstractmethod
    def loss(self, eye: Any, batch: Batch, generator: torch.Generator, /) -> Tensor:
        """Of one step.

        Args:
            eye: the vision tower that learns.
            batch: lessons, both pictures of which it may look at.
            generator: of whatever is drawn.
        """

    def after(self, eye: Any) -> None:
        """Called after each step; by default nothing is done.

        Args:
            eye: as it is after it.
        """


def new_objective(name: str, eye: Any) -> Objective:
    """An objective with weights of its own, drawn from torch's random numbers.

    Args:
        name: of ``OBJECTIVES``.
        eye: that will learn by it.

    Raises:
        ValueError: there is none of this name.
    """
    width = eye.config.hidden_size
    if name == "dense":
        from .dense import Dense

        return Dense(width)
    if name == "contrastive":
        from .contrastive import Contrastive

        return Contrastive(width)
    if name == "distilled":
        from .distilled import Distilled

        return Distilled(eye)
    if name == "classified":
        from .classified import Classified

        return Classified(width)
    raise ValueError(f"objective {name!r}: expected one of {', '.join(OBJECTIVES)}")


def pooled(eye: Any, pixels: Any) -> Tensor:
    """(n, d) mean features of the patches of pictures (…, 224, 224, 3) uint8."""
    return look(eye, normalised(pixels, device=eye.device)).mean((2, 3))
