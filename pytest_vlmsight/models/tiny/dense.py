"""What an eye learns that is told what is where: depth, surfaces, names, and what is the same.

Of places drawn at random its features, interpolated between patches as readouts do it, are to say
by a linear map how far the place is, which way its surface faces, and what it is a part of, is for
and is made of; and by their mean over a picture, what its largest thing is, its surface and the
technique. And of places of one picture they are to be nearer to those of the same place, or of the
same part, of the other picture than to those of others.

What is hard is asked of an eye that knows the rest: where a thing is nearer in one of two rooms
that look the same, and the same places in pictures that are moved within their frames.
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
from .eye import at, look, normalised
from .finding import Finding
from .lesson_store import MIX
from .moving import Moving, inside
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

_WHOLE = 0.3
"""How much what a whole picture shows weighs."""

_TWINS = 4.0
"""How much it weighs that one thing is nearer or farther than in the other picture."""

_NEARER = 0.05
"""Least difference of logarithms of depths that counts as such."""

_SAME = 1.5
"""How much finding the same weighs, which half of the tasks need."""

_MARK, _KIND = CLASSES.index("mark"), CLASSES.index("kind")


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
        self.finding = Finding()

    def loss(self, eye: Any, batch: Batch, generator: torch.Generator) -> Tensor:
        """Of one step; see ``Objective``."""
        device = self.depth.weight.device
        moving = Moving(batch.sort, generator, device=device) if self.hard else None
        images = normalised(batch.pixels, device=device)
        features = look(eye, moving.pictures(images) if moving else images)
        losses = self(features, batch, generator, moving=moving)
        return torch.stack(list(losses.values())).sum()

    def forward(
        self,
        features: Tensor,
        batch: Batch,
        generator: torch.Generator,
        *,
        moving: Moving | None = None,
    ) -> dict[str, Tensor]:
        """The losses by name; their sum is what is to be small.

        Args:
            features: (2b, d, rows, columns) of both pictures of each lesson.
            batch: b lessons.
            generator: draws the places.
            moving: how the pictures were moved before they were looked at; not unless given.
        """
        losses = self._known(features, batch, generator, moving)
        losses["whole"] = _WHOLE * self.wholes(features.mean((2, 3)), batch)
        first, second = features.reshape(-1, 2, *features.shape[1:]).unbind(1)
        sites = torch.from_numpy(batch.sites).to(features.device)
        if moving:
            sites = moving.places(sites.flatten(0, 1)).reshape(sites.shape)
        there, _ = self.finding(first, second, batch, sites)
        back, _ = self.finding(second, first, batch.turned, sites.flip(1))
        losses["same"] = _SAME * (there + back) / 2
        twins = torch.from_numpy(batch.sort).to(features.device) == list(MIX).index("rooms")
        if self.hard and twins.any():
            losses["twins"] = _TWINS * self._twins(first[twins], second[twins], batch, twins)
        return losses

    def _twins(self, first: Tensor, second: Tensor, batch: Batch, twins: Tensor) -> Tensor:
        """How far off the difference in depth of a thing is that is all that differs.

        Nearly all of both pictures is at the same depth in both, and what is not is drawn at the
        same place and size: without a loss of its own it is hardly learnt.
        """
        depth = _on(first, batch.depth, np.float32)[twins].flatten(2)
        kind = _on(first, batch.classes[:, :, _KIND], np.int64)[twins].flatten(2)
        differ = depth[:, 0] - depth[:, 1]
        counted = (differ.abs() > _NEARER) & (kind[:, 0] == kind[:, 1]) & (kind[:, 0] > 0)
        cells = torch.arange(GRID * GRID, device=first.device)
        places = _pixels(cells).expand(len(first), -1, -1)
        one, other = (self.depth(at(features, places))[..., 0] for features in (first, second))
        told, right = (one - other)[counted], differ[counted]
        # A mean would be NaN where no thing is asked about.
        off = functional.smooth_l1_loss(told, right, beta=0.1, reduction="sum")
        return off / max(1, len(right))

    def _known(
        self, features: Tensor, batch: Batch, generator: torch.Generator, moving: Moving | None
    ) -> dict[str, Tensor]:
        classes = _flat(features, batch.classes, np.int64)  # (2b, 6, places)
        # Markers, then things, rather than walls, which are most of many pictures.
        weight = 0.15 + (classes.sum(1) > 0).float() + 2 * (classes[:, _MARK] > 0)
        # Drawn where the generator is, so that it is the same on all devices.
        places = torch.multinomial(weight.to(generator.device), _PLACES, generator=generator)
        places = places.to(features.device)
        where = moving.places(_pixels(places)) if moving else _pixels(places)
        seen, shown = at(features, where), inside(where)
        depth = _flat(features, batch.depth, np.float32)[:, None]
        facing = _flat(features, batch.facing, np.float32)
        depth, facing = (
            values.gather(2, places[:, None].expand(-1, values.shape[1], -1)).transpose(1, 2)
            for values in (depth, facing)
        )
        told = depth[..., 0].isfinite() & shown
        losses = {}
        if told.any():
            off = self.depth(seen)[..., 0] - (depth[..., 0].nan_to_num() - _MIDDLE)
            counts = told.sum(1, keepdim=True).clamp(min=1)
            common = (off * told).sum(1, keepdim=True) / counts
            off = (off - (1 - _TOGETHER) * common)[told]
            losses["depth"] = 2 * functional.smooth_l1_loss(off, torch.zeros_like(off), beta=0.1)
            losses["facing"] = functional.mse_loss(self.facing(seen)[told], facing[told])
        for number, head in enumerate(self.names):
            name = classes[:, number].gather(1, places) * shown
            if (name > 0).any():
                losses[f"name {number}"] = 0.3 * functional.cross_entropy(
                    head(seen[name > 0]), name[name > 0]
                )
        return losses


def _pixels(places: Tensor) -> Tensor:
    """(…, k, 2) x and y in px of the middles of the grid's cells (…, k)."""
    step = SIZE / GRID
    return torch.stack([(places % GRID + 0.5) * step, (places // GRID + 0.5) * step], -1)


def _flat(features: Tensor, values: Any, kind: Any) -> Tensor:
    """(b, 2, …, 28, 28) → (2b, …, 784) on the features' device."""
    return _on(features, values, kind).flatten(0, 1).flatten(-2)


def _on(features: Tensor, values: Any, kind: Any) -> Tensor:
    return torch.from_numpy(values.astype(kind)).to(features.device)
