"""What an eye learns that is told what is where: depth, surfaces, names, and what is the same.

Of places drawn at random its features, interpolated between patches as readouts do it, are to say
by a linear map how far the place is, which way its surface faces, and what it is a part of, is for
and is made of; and by their mean over a picture, what its largest thing is, its surface and the
technique. And of places of one picture they are to be nearer to those of the same place, or of the
same part, of the other picture than to those of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from . import labels
from .architecture import SIZE
from .classified import Classes
from .eye import look, normalised
from .lesson_store import MIX
from .lessons import SITES
from .objectives import Objective
from .pictures import CLASSES, GRID

if TYPE_CHECKING:
    from torch import Tensor

    from .lesson_store import Batch

_PLACES = 256
"""Places of a picture that are asked about in a step."""

_MIDDLE = 1.4
"""Of the logarithms of depths."""

_TOGETHER = 0.4
"""How much of being too near or too far by one factor in all of a picture counts: which of two
places is nearer does not depend on it (Eigen et al., arXiv 1406.2283)."""

_TEMPERATURE = 0.1
"""By which similarities are divided."""

_WHOLE = 0.3
"""How much what a whole picture shows weighs."""

_SAME = 1.5
"""How much finding the same weighs, which half of the tasks need."""

_APART = 20.0
"""Places of one picture that are nearer than this, in px, are no others to each other."""

_MARK = CLASSES.index("mark")

_BY_NAME = ("parts", "tools")
"""Sorts of lessons in which places of one name are the same."""


class Dense(Objective):
    """Linear maps from an eye's features to what is known, and the losses of both.

    Args:
        width: of the features.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depth = nn.Linear(width, 1)
        self.facing = nn.Linear(width, 3)
        self.names = nn.ModuleList(
            nn.Linear(width, 1 + len(names())) for names in labels.CLASSES.values()
        )
        self.wholes = Classes(width)

    def loss(self, eye: Any, batch: Batch, generator: torch.Generator) -> Tensor:
        """Of one step; see ``Objective``."""
        losses = self(look(eye, normalised(batch.pixels)), batch, generator)
        return torch.stack(list(losses.values())).sum()

    def forward(
        self, features: Tensor, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The losses by name; their sum is what is to be small.

        Args:
            features: (2b, d, rows, columns) of both pictures of each lesson.
            batch: b lessons.
            generator: draws the places.
        """
        losses = self._known(features, batch, generator)
        losses["whole"] = _WHOLE * self.wholes(features.mean((2, 3)), batch)
        first, second = features.reshape(-1, 2, *features.shape[1:]).unbind(1)
        both = same(first, second, batch)[0] + same(second, first, batch.turned)[0]
        losses["same"] = _SAME * both / 2
        return losses

    def _known(
        self, features: Tensor, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        classes = _flat(batch.classes, np.int64)  # (2b, 6, places)
        # Markers, then things, rather than walls, which are most of many pictures.
        weight = 0.15 + (classes.sum(1) > 0).float() + 2 * (classes[:, _MARK] > 0)
        places = torch.multinomial(weight, _PLACES, generator=generator)
        seen = at(features, _pixels(places))
        depth = _flat(batch.depth, np.float32)[:, None]
        facing = _flat(batch.facing, np.float32)
        depth, facing = (
            values.gather(2, places[:, None].expand(-1, values.shape[1], -1)).transpose(1, 2)
            for values in (depth, facing)
        )
        told = depth[..., 0].isfinite()
        losses = {}
        if told.any():
            off = self.depth(seen)[..., 0] - (depth[..., 0].nan_to_num() - _MIDDLE)
            counts = told.sum(1, keepdim=True).clamp(min=1)
            common = (off * told).sum(1, keepdim=True) / counts
            off = (off - (1 - _TOGETHER) * common)[told]
            losses["depth"] = 2 * functional.smooth_l1_loss(off, torch.zeros_like(off), beta=0.1)
            losses["facing"] = functional.mse_loss(self.facing(seen)[told], facing[told])
        for number, head in enumerate(self.names):
            name = classes[:, number].gather(1, places)
            if (name > 0).any():
                losses[f"name {number}"] = 0.3 * functional.cross_entropy(
                    head(seen[name > 0]), name[name > 0]
                )
        return losses


def same(first: Tensor, second: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """How well places find the same place of the other picture.

    Args:
        first: (b, d, rows, columns) features of the first pictures.
        second: of the second ones.
        batch: the lessons.

    Returns:
        The mean cross-entropy, 0 where nothing is known, and (b, 64) which places find theirs,
        NaN where that is not known.
    """
    sites, known = torch.from_numpy(batch.sites), torch.from_numpy(batch.known)
    one, other = (
        functional.normalize(at(features, sites[:, k]), dim=-1)
        for k, features in enumerate((first, second))
    )
    alike = one @ other.transpose(1, 2) / _TEMPERATURE
    apart = (sites[:, 1, :, None] - sites[:, 1, None]).norm(dim=-1) > _APART
    cell = (sites[:, 1] // (SIZE // GRID)).long().clamp(0, GRID - 1)
    names = torch.from_numpy(batch.name[:, 1].reshape(len(known), -1))
    name = names.gather(1, cell[..., 1] * GRID + cell[..., 0])
    sort = torch.from_numpy(batch.sort).long()
    by_name = torch.isin(sort, torch.tensor([list(MIX).index(one) for one in _BY_NAME]))
    shared = (name[:, :, None] == name[:, None]) & by_name[:, None, None]
    right = torch.eye(SITES, dtype=torch.bool) | shared
    asked = known[:, None] & (right | apart | by_name[:, None, None])
    likelihood = alike.masked_fill(~asked, -1e4).log_softmax(-1)
    found = likelihood.masked_fill(~(right & asked), -1e4).logsumexp(-1)
    rows = known & (known.sum(1, keepdim=True) > 3)
    chosen = likelihood.argmax(-1, keepdim=True)
    hits = right.gather(2, chosen)[..., 0].float().masked_fill(~rows, torch.nan)
    return -found[rows].sum() / rows.sum().clamp(min=1), hits


def at(features: Tensor, places: Tensor) -> Tensor:
    """(n, k, d) features at places, bilinear between the middles of patches.

    Args:
        features: (n, d, rows, columns).
        places: (n, k, 2) x and y in px.
    """
    grid = (2 * places / SIZE - 1)[:, :, None]
    seen = functional.grid_sample(features, grid, align_corners=False, padding_mode="border")
    return seen[..., 0].transpose(1, 2)


def _pixels(places: Tensor) -> Tensor:
    """(n, k, 2) x and y in px of the middles of the grid's cells (n, k)."""
    step = SIZE / GRID
    return torch.stack([(places % GRID + 0.5) * step, (places // GRID + 0.5) * step], -1)


def _flat(values: Any, kind: Any) -> Tensor:
    """(b, 2, …, 28, 28) → (2b, …, 784)."""
    return torch.from_numpy(values.astype(kind)).flatten(0, 1).flatten(-2)
