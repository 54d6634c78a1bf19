"""Shares of items, with the interval that all parts give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.stats.proportion import accuracy_interval

from .result import Estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


def shares(group: str, scores: Mapping[str, np.ndarray], *, confidence: float) -> list[Estimate]:
    """Means of items' scores.

    Args:
        group: that they belong to.
        scores: name → (n,) from 0 to 1.
        confidence: of the intervals.
    """
    return [
        Estimate(
            group=group,
            name=name,
            value=float(own.mean()),
            interval=accuracy_interval(own, confidence=confidence),
            n=len(own),
        )
        for name, own in scores.items()
    ]
