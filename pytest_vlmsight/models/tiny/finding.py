"""Finding the places of one picture in another, by what is there and not by where it is.

In most pairs of pictures what is the same is also at about the same place, and an eye that learns
to find it learns to tell places of the picture instead. So how likely a pair is by its
displacement alone is counted, and given to it: what is left to learn is what displacement does
not tell (Clark et al., arXiv 1909.03683; He et al., arXiv 1908.10763).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional

from .architecture import SIZE
from .eye import at
from .lesson_store import MIX
from .lessons import SITES
from .moving import inside
from .pictures import CLASSES, GRID

if TYPE_CHECKING:
    from torch import Tensor

    from .lesson_store import Batch

_TEMPERATURE = 0.1
"""By which similarities are divided."""

_APART = 20.0
"""Places of one picture that are nearer than this, in px, are no others to each other."""

_STEP = 16
"""Of displacements that are counted as one, in px."""

_FARTHEST = SIZE // _STEP
"""Steps of the longest displacement along a side."""

_MARKED = 2.0
"""By how much a pair of which a place is marked weighs more: these are what items ask of."""

_MARK = CLASSES.index("mark")

_BY_NAME = ("parts", "tools")
"""Sorts of lessons in which places of one name are the same."""


class Finding(nn.Module):
    """How well places find the same of the other picture; counts displacements, learns nothing."""

    counts: Tensor

    def __init__(self) -> None:
        super().__init__()
        side = 2 * _FARTHEST + 1
        # Of others and of the same, by sort of lesson, across and down.
        self.register_buffer("counts", torch.ones(2, len(MIX), side, side))

    def forward(
        self, first: Tensor, second: Tensor, batch: Batch, sites: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The loss from the first pictures to the second ones.

        Args:
            first: (b, d, rows, columns) features of the first pictures.
            second: of the second ones.
            batch: the lessons.
            sites: (b, 2, 64, 2) where the lessons' sites are in the pictures as they were seen.

        Returns:
            The mean cross-entropy, 0 where nothing is known, and (b, 64) which places find theirs
            by their features alone, NaN where that is not known.
        """
        pairs = _Pairs(batch, sites)
        one, other = (
            functional.normalize(at(features, pairs.sites[:, k]), dim=-1)
            for k, features in enumerate((first, second))
        )
        alike = one @ other.transpose(1, 2) / _TEMPERATURE
        rows = pairs.known & (pairs.known.sum(1, keepdim=True) > 3)
        likelihood = alike + self._likely(pairs, rows)
        likelihood = likelihood.masked_fill(~pairs.asked, -1e4).log_softmax(-1)
        found = likelihood.masked_fill(~(pairs.right & pairs.asked), -1e4).logsumexp(-1)
        weight = rows * (1 + _MARKED * pairs.marked)
        chosen = alike.masked_fill(~pairs.asked, -torch.inf).argmax(-1, keepdim=True)
        hits = pairs.right.gather(2, chosen)[..., 0].float().masked_fill(~rows, torch.nan)
        return -(found * weight).sum() / weight.sum().clamp(min=1), hits

    def _likely(self, pairs: _Pairs, rows: Tensor) -> Tensor:
        """(b, 64, 64) log odds of pairs by their displacement, after these have been counted."""
        steps = (pairs.sites[:, 1, None] - pairs.sites[:, 0, :, None]) / _STEP
        # Places outside of the picture are not asked about.
        steps = steps.round().long().clamp(-_FARTHEST, _FARTHEST)
        x, y = (steps + _FARTHEST).unbind(-1)
        sort = pairs.sort[:, None, None].expand_as(x)
        for number, which in enumerate((~pairs.right, pairs.right)):
            counted = which & pairs.asked & rows[..., None]
            cells = (sort[counted], y[counted], x[counted])
            one = torch.ones((), device=self.counts.device)
            self.counts[number].index_put_(cells, one, accumulate=True)
        near = functional.avg_pool2d(self.counts, 3, stride=1, padding=1, count_include_pad=False)
        share = near / near.sum((2, 3), keepdim=True)
        return (share[1] / share[0]).log()[sort, y, x]


class _Pairs:
    """Which of the pairs of places are asked about, which are right, and where they are."""

    def __init__(self, batch: Batch, sites: Tensor) -> None:
        self.sites = sites
        device = sites.device
        self.known = torch.from_numpy(batch.known).to(device) & inside(sites).all(1)
        self.sort = torch.from_numpy(batch.sort).long().to(device)
        named = torch.tensor([list(MIX).index(one) for one in _BY_NAME], device=device)
        by_name = torch.isin(self.sort, named)
        apart = (self.sites[:, 1, :, None] - self.sites[:, 1, None]).norm(dim=-1) > _APART
        name = _at(batch, 1, batch.name).to(device)
        shared = (name[:, :, None] == name[:, None]) & by_name[:, None, None]
        self.right = torch.eye(SITES, dtype=torch.bool, device=device) | shared
        self.asked = self.known[:, None] & (self.right | apart | by_name[:, None, None])
        mark = batch.classes[:, :, _MARK]
        self.marked = ((_at(batch, 0, mark) > 0) | (_at(batch, 1, mark) > 0)).to(device)


def _at(batch: Batch, picture: int, values: Any) -> Tensor:
    """(b, 64) values (b, 2, 28, 28) of the cells in which the sites of a picture are."""
    cell = torch.from_numpy(batch.sites[:, picture] // (SIZE // GRID)).long().clamp(0, GRID - 1)
    flat = torch.from_numpy(values[:, picture].reshape(len(cell), -1).astype(int))
    return flat.gather(1, cell[..., 1] * GRID + cell[..., 0])
