"""The start-up self-check: an adapter that reads the wrong features must not start.

The LLM's input at the image tokens must be the projected features, and those must come from the
encoder layer that the ceiling is read from. A wrong layer, a kept CLS token or a reordering shows
here and not as a mysteriously low ceiling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .base import ModelError

if TYPE_CHECKING:
    from torch import Tensor

TOLERANCE = {"float32": 1e-4}
"""Allowed gap as a share of the scale: float32 differs by the rounding of another batch shape."""

HALF_TOLERANCE = 3e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSamples:
    """The same image tokens as the stages of one forward hold them.

    Attributes:
        llm_input: (tokens, d) hidden states 0 of the LLM at the image tokens.
        projected: (tokens, d) what the projector gave.
        projected_again: (tokens, d) the features at ``fed_from`` put through the projector;
            None where the projector reads more than one layer.
        fed_from: the stage that the ceiling is read from.
    """

    llm_input: Tensor
    projected: Tensor
    projected_again: Tensor | None
    fed_from: str


def check_stages(samples: StageSamples, *, name: str, dtype: str) -> None:
    """Compare the stages.

    Raises:
        ModelError: they differ; the message names which and by how much.
    """
    _check_equal(
        samples.llm_input,
        samples.projected,
        what="the LLM's input differs from the projected features",
        name=name,
        dtype=dtype,
    )
    if samples.projected_again is not None:
        _check_equal(
            samples.projected_again,
            samples.projected,
            what=f"{samples.fed_from} through the projector differs from what the LLM is given",
            name=name,
            dtype=dtype,
        )


def _check_equal(a: Tensor, b: Tensor, *, what: str, name: str, dtype: str) -> None:
    if a.shape != b.shape:
        raise ModelError(
            f"{name}: self-check failed: {what} in shape, {tuple(a.shape)} against "
            f"{tuple(b.shape)}; this checkpoint is not laid out as its family is"
        )
    a, b = a.float(), b.float()
    scale = float(b.abs().max()) or 1.0
    gap = float((a - b).abs().max()) / scale
    allowed = TOLERANCE.get(dtype, HALF_TOLERANCE)
    if math.isnan(gap) or gap > allowed:
        raise ModelError(
            f"{name}: self-check failed: {what} by {gap:.1e} of its scale (allowed "
            f"{allowed:.0e}); readouts would not see what the LLM sees"
        )
