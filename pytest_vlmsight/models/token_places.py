"""Which place of its pictures each token of a model shows, found by taking the layers out.

Attention mixes what is seen all over a picture. But with every layer of a vision encoder replaced
by one that does nothing, what is left (patches, the order that they are put in, merging,
projector) lets each token depend on nothing but its own place. How much it changes where the
input is changed a little, and how much where it is changed in proportion to x, gives its x: no
order of tiles, windows or blocks has to be known.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from torch import Tensor, nn

    from .source_fields import SourceFields

_CHANGE = 0.1
"""Of the input, at most; its own numbers are about 1."""

_STEP = 1e-2
"""Of a change, to either side."""

_BLIND = 1e-4
"""Tokens that change by less than this, compared with others, show nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenPlaces:
    """Where tokens look; NaN of those that show nothing (classes, ends of rows).

    Attributes:
        x: (n,) middle of what a token shows, from 0 to 1 from left to right in its picture.
        y: (n,) the same from top to bottom.
        width: (n,) of what it shows, as a share of its picture's.
        height: (n,) likewise.
        picture: (n,) number of its picture.
        area: (n,) see ``SourceFields``.
        share: (n,) of what it shows that is picture and not padding, from 0 to 1.
    """

    x: np.ndarray
    y: np.ndarray
    width: np.ndarray
    height: np.ndarray
    picture: np.ndarray
    area: np.ndarray
    share: np.ndarray


def token_places(
    fields: SourceFields, run: Callable[[Tensor], Mapping[str, Tensor]], *, dtype: Any
) -> dict[str, TokenPlaces]:
    """Measure where the tokens of each stage look.

    Args:
        fields: of the input.
        run: an input → stage → (n, d) tokens, through a model without layers.
        dtype: of the input.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(fields.x.shape, generator=generator, dtype=torch.double)
    start = fields.given[fields.key].double()

    def response(field: Tensor) -> dict[str, Tensor]:
        """How much tokens change for each bit that the input is changed by a field."""
        change = _STEP * _CHANGE * noise * field
        more, less = (run((start + sign * change).to(dtype)) for sign in (1, -1))
        return {stage: (more[stage].double() - less[stage].double()) for stage in more}

    inside = fields.inside
    of = {
        "all": response(torch.ones_like(inside)),
        "inside": response(inside),
        "x": response(inside * fields.x),
        "y": response(inside * fields.y),
        "xx": response(inside * fields.x**2),
        "yy": response(inside * fields.y**2),
        "picture": response(inside * fields.picture),
        "area": response(inside * fields.area),
    }
    found = {}
    for stage, own in of["inside"].items():
        length = (own * own).sum(-1)
        sees = length > _BLIND * length.max()

        def mean(field: str, stage: str = stage, own: Tensor = own, length: Tensor = length) -> Any:
            return (of[field][stage] * own).sum(-1) / length

        whole = of["all"][stage]
        values = {
            "x": mean("x"),
            "y": mean("y"),
            "width": math.sqrt(12) * (mean("xx") - mean("x") ** 2).clamp(min=0).sqrt(),
            "height": math.sqrt(12) * (mean("yy") - mean("y") ** 2).clamp(min=0).sqrt(),
            "picture": mean("picture"),
            "area": mean("area"),
            "share": (own * whole).sum(-1) / (whole * whole).sum(-1),
        }
        found[stage] = TokenPlaces(
            **{name: torch.where(sees, one, torch.nan).numpy() for name, one in values.items()}
        )
    return found


def layers_of(encoder: nn.Module) -> nn.ModuleList | None:
    """The layers of a vision encoder: the longest list of blocks of one kind with attention."""
    from torch import nn

    longest = None
    for module in encoder.modules():
        if (
            isinstance(module, nn.ModuleList)
            and len({type(one) for one in module}) == 1
            and any("att" in name for name, _ in module[0].named_children())
            and (longest is None or len(module) > len(longest))
        ):
            longest = module
    return longest


@contextlib.contextmanager
def without_layers(layers: nn.ModuleList) -> Iterator[None]:
    """Have layers return what they are given."""
    handles = [one.register_forward_hook(_returned, with_kwargs=True, prepend=True) for one in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _returned(_: Any, positional: tuple[Any, ...], named: dict[str, Any], result: Any) -> Any:
    given = positional[0] if positional else named["hidden_states"]
    return (given, *result[1:]) if isinstance(result, tuple) else given
