"""Which place of its pictures each token of a model shows, found by taking the layers out.

Attention mixes what is seen all over a picture. But with every layer of a vision encoder replaced
by one that does nothing, what is left (patches, the order that they are put in, merging,
projector) lets each token depend on nothing but its own place. How much it changes where the
input is changed a little, and how much where it is changed in proportion to x, gives its x: no
order of tiles, windows or blocks has to be known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from torch import Tensor

    from .source_fields import Field, SourceFields

_STEP = 1e-3
"""Of the input, whose own numbers are about 1, to either side."""

_BLIND = 1e-4
"""Tokens that change by less than this share of what the most change show nothing."""

_COARSE_STEP, _COARSE_BLIND = 0.06, 0.02
"""The same in 16 bits, where a smaller step would be rounded away. With a larger one what comes
out no longer goes with it, and places are off: by half a patch at 0.25."""

_DRAWS, _NUMBERS = 2, 160
"""Least draws of changes at random, each of sixteen runs; and numbers that they must give for a
token: what is measured is off by the inverse of that number's root."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenPlaces:
    """Where tokens look; NaN of those that show nothing (classes, words, ends of rows).

    Attributes:
        x: (n,) middle of what a token shows, from 0 to 1 from left to right in its picture.
        y: (n,) the same from top to bottom.
        width: (n,) of what it shows, as a share of its picture's.
        height: (n,) likewise.
        picture: (n,) number of its picture.
        grain: (n,) see ``source_fields.Field``.
        share: (n,) of what it shows that is picture and not padding, from 0 to 1.
    """

    x: np.ndarray
    y: np.ndarray
    width: np.ndarray
    height: np.ndarray
    picture: np.ndarray
    grain: np.ndarray
    share: np.ndarray


def token_places(
    source: SourceFields,
    run: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]],
    *,
    coarse: bool = False,
) -> dict[str, TokenPlaces]:
    """Measure where the tokens of each stage look.

    Args:
        source: of the input.
        run: inputs that replace those given → stage → (n, d) tokens, through a model whose
            encoder has no layers.
        coarse: whether the model computes in 16 bits.
    """
    import torch

    generator = torch.Generator().manual_seed(0)
    weights: dict[str, Callable[[Field], Tensor]] = {
        "all": lambda f: torch.ones_like(f.inside),
        "inside": lambda f: f.inside,
        "x": lambda f: f.inside * f.x,
        "y": lambda f: f.inside * f.y,
        "xx": lambda f: f.inside * f.x**2,
        "yy": lambda f: f.inside * f.y**2,
        # Changes stay below 1, however many pictures there are.
        "picture": lambda f: f.inside * f.picture / (1 + f.picture.max()),
        "grain": lambda f: f.inside * f.grain,
    }
    pictures = 1 + max(float(field.picture.max()) for field in source.fields.values())
    sums: dict[str, dict[str, Tensor]] = {}
    width = 1
    step, blind = (_COARSE_STEP, _COARSE_BLIND) if coarse else (_STEP, _BLIND)
    draws = 0
    while not sums or draws < max(_DRAWS, -(-_NUMBERS // width)):
        draws += 1
        noise = {
            key: torch.randn(field.x.shape, generator=generator, dtype=torch.double)
            for key, field in source.fields.items()
        }
        of: dict[str, Mapping[str, Tensor]] = {}
        for name, weight in weights.items():
            sides = []
            for sign in (1, -1):
                changed = {}
                for key, field in source.fields.items():
                    start = source.given[key]
                    change = sign * step * noise[key] * weight(field)
                    changed[key] = (start.double() + change).float()
                sides.append(run(changed))
            of[name] = {
                stage: (sides[0][stage].double() - sides[1][stage].double()).cpu()
                for stage in sides[0]
            }
        width = min(own.shape[-1] for own in of["inside"].values())
        for stage, own in of["inside"].items():
            found = {name: (of[name][stage] * own).sum(-1) for name in weights}
            found["whole"] = (of["all"][stage] ** 2).sum(-1)
            before = sums.setdefault(stage, dict.fromkeys(found, torch.zeros(())))
            sums[stage] = {name: before[name] + value for name, value in found.items()}
    return {stage: _places(one, pictures=pictures, blind=blind) for stage, one in sums.items()}


def _places(sums: Mapping[str, Tensor], *, pictures: float, blind: float) -> TokenPlaces:
    import torch

    length = sums["inside"]
    sees = length > blind**2 * length.max()
    mean = {name: sums[name] / length for name in ("x", "y", "xx", "yy", "picture", "grain")}
    values: dict[str, Any] = {
        "x": mean["x"],
        "y": mean["y"],
        "width": math.sqrt(12) * (mean["xx"] - mean["x"] ** 2).clamp(min=0).sqrt(),
        "height": math.sqrt(12) * (mean["yy"] - mean["y"] ** 2).clamp(min=0).sqrt(),
        "picture": pictures * mean["picture"],
        "grain": mean["grain"],
        "share": sums["all"] / sums["whole"],
    }
    return TokenPlaces(
        **{name: torch.where(sees, one, torch.nan).numpy() for name, one in values.items()}
    )
