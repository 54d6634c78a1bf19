"""What an eye learns from itself alone, as DINO's does (Caron et al., arXiv 2104.14294).

A student sees one crop of a picture and is to say of it what a teacher, its own average over
earlier steps, says of another crop. What the teacher says is centred and sharpened, so that it is
not the same of all pictures.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from .architecture import SIDE
from .eye import look, normalised
from .objectives import Objective

if TYPE_CHECKING:
    from torch import Tensor

    from .lesson_store import Batch

_PROTOTYPES = 256
_STUDENT, _TEACHER = 0.1, 0.04  # temperatures
_KEPT = 0.99  # of the teacher in a step
_CENTRE_KEPT = 0.9
_LEAST = 0.4  # of a picture's area that a crop shows
_LIGHT = 0.3  # most that brightness and each colour are changed, as a share


class Distilled(Objective):
    """A head, and a teacher of both.

    Args:
        eye: that will learn.
    """

    centre: Tensor

    def __init__(self, eye: Any) -> None:
        super().__init__()
        width = eye.config.hidden_size
        self.head = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width // 2)
        )
        self.prototypes = nn.Linear(width // 2, _PROTOTYPES, bias=False)
        own = nn.ModuleList([eye, self.head, self.prototypes])
        self.teacher = copy.deepcopy(own).requires_grad_(requires_grad=False)
        self.register_buffer("centre", torch.zeros(_PROTOTYPES))

    def loss(self, eye: Any, batch: Batch, generator: torch.Generator) -> Tensor:
        """Of one step, by the first picture of each lesson; see ``Objective``."""
        images = normalised(batch.pixels[:, 0], device=eye.device)
        crops = [cropped(images, generator) for _ in range(2)]
        with torch.no_grad():
            eye_before, head, prototypes = self.teacher
            taught = [self._says(eye_before, head, prototypes, crop) for crop in crops]
            sure = [((one - self.centre) / _TEACHER).softmax(-1) for one in taught]
            self.centre.lerp_(torch.cat(taught).mean(0), 1 - _CENTRE_KEPT)
        said = [self._says(eye, self.head, self.prototypes, crop) / _STUDENT for crop in crops]
        return (
            functional.cross_entropy(said[0], sure[1]) + functional.cross_entropy(said[1], sure[0])
        ) / 2

    def after(self, eye: Any) -> None:
        """The teacher follows; see ``Objective``."""
        own = nn.ModuleList([eye, self.head, self.prototypes])
        with torch.no_grad():
            for mine, its in zip(own.parameters(), self.teacher.parameters(), strict=True):
                its.lerp_(mine, 1 - _KEPT)

    @staticmethod
    def _says(eye: Any, head: Any, prototypes: Any, images: Tensor) -> Tensor:
        """(n, prototypes) cosines."""
        seen = functional.normalize(head(look(eye, images).mean((2, 3))), dim=-1)
        return functional.linear(seen, functional.normalize(prototypes.weight, dim=-1))


def cropped(images: Tensor, generator: torch.Generator) -> Tensor:
    """(n, 3, 192, 192): each image's own crop, at times mirrored, in other light and colours.

    Args:
        images: (n, 3, 192, 192).
        generator: draws them, the same for images on any device.
    """
    n = len(images)
    share = (_LEAST + (1 - _LEAST) * torch.rand(n, generator=generator)).sqrt()
    middle = (2 * torch.rand(n, 2, generator=generator) - 1) * (1 - share)[:, None]
    mirror = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    nothing = torch.zeros(n)
    rows = [
        torch.stack([share * mirror, nothing, middle[:, 0]], -1),
        torch.stack([nothing, share, middle[:, 1]], -1),
    ]
    theta = torch.stack(rows, 1).to(images.device)
    grid = functional.affine_grid(theta, [n, images.shape[1], SIDE, SIDE], align_corners=False)
    shown = functional.grid_sample(images, grid, align_corners=False, padding_mode="border")
    light = 1 + _LIGHT * (2 * torch.rand(n, 3, 1, 1, generator=generator) - 1)
    bright = _LIGHT * (2 * torch.rand(n, 1, 1, 1, generator=generator) - 1)
    return shown * light.to(images.device) + bright.to(images.device)
