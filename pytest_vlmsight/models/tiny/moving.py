"""Pictures moved within their frames, so that where something is says little about what it is.

The second picture of a pair is moved by whole pixels, what comes in from outside being the border
over and over, and flat ones are turned by quarters. What is known of it is asked for at its new
places. Where depth is asked of twins, nothing is moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from .architecture import SIDE, SIZE
from .lesson_store import MIX

if TYPE_CHECKING:
    from torch import Tensor

_MOVED = ("scene", "parts", "tools", "gadgets", "paintings")
"""Sorts of lessons of which the second picture is moved."""

_TURNED = ("paintings",)
"""Sorts of lessons of which it is turned, too: flat ones, that have no up."""

_MOST = 80
"""Of what a picture is moved by either way, in px of an eye."""


class Moving:
    """How each of 2b pictures is moved.

    Args:
        sort: (b,) numbers in ``MIX`` of lessons.
        generator: draws it.
        device: of the pictures and places.
    """

    def __init__(
        self, sort: Any, generator: torch.Generator, *, device: torch.device | str = "cpu"
    ) -> None:
        of = torch.from_numpy(sort).long()
        moved, turned = (
            torch.isin(of, torch.tensor([list(MIX).index(name) for name in some]))
            for some in (_MOVED, _TURNED)
        )
        by = torch.randint(-_MOST, _MOST + 1, (len(of), 2), generator=generator) * moved[:, None]
        quarters = torch.randint(0, 4, (len(of),), generator=generator) * turned
        still = torch.zeros_like(by)
        self._by = torch.stack([still, by], 1).flatten(0, 1).to(device)  # across and down
        self._quarters = torch.stack([still[:, 0], quarters], 1).flatten(0, 1).to(device)

    def pictures(self, images: Tensor) -> Tensor:
        """(2b, 3, 192, 192) images, moved."""
        shown = images.clone()
        for number, ((x, y), turns) in enumerate(
            zip(self._by.tolist(), self._quarters.tolist(), strict=True)
        ):
            if x or y or turns:
                turned = torch.rot90(images[number], turns, (1, 2))
                border = (_MOST, _MOST, _MOST, _MOST)
                wide = functional.pad(turned[None], border, mode="replicate")[0]
                rows, columns = (slice(_MOST - d, _MOST - d + SIDE) for d in (y, x))
                shown[number] = wide[:, rows, columns]
        return shown

    def places(self, places: Tensor) -> Tensor:
        """(2b, k, 2) x and y, in px of a drawn picture, where places (2b, k, 2) are now."""
        x, y = places.unbind(-1)
        for turn in range(1, 4):
            # A quarter turn against the clock, as torch.rot90 does it.
            again = (self._quarters >= turn)[:, None]
            x, y = torch.where(again, y, x), torch.where(again, SIZE - x, y)
        return torch.stack([x, y], -1) + (self._by * (SIZE / SIDE))[:, None]


def inside(places: Tensor) -> Tensor:
    """(…) whether places (…, 2) are in the picture."""
    return ((places > 0) & (places < SIZE)).all(-1)
