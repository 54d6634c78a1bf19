"""Axes of a picture with shares from 0 to 100 per cent, and what is drawn on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .drawing import Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.diagnosis.result import Estimate

TICKS = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """Where shares stand, in px.

    Attributes:
        left: of the area that is drawn on.
        right: of it.
        top: where 100 per cent are, or ``full``.
        bottom: where 0 per cent are.
        full: the share at the top, where that is less than all.
    """

    left: float
    right: float
    top: float
    bottom: float
    full: float = 1.0

    def y(self, share: float) -> float:
        """Where a share is; those beyond the axis are at its end."""
        inside = min(max(share / self.full, 0.0), 1.0)
        return round(self.bottom - inside * (self.bottom - self.top), 1)

    def grid(self) -> list[Shape]:
        """Lines and their per cents."""
        shapes = []
        for tick in TICKS:
            share = self.full * tick / 100
            y = self.y(share)
            shapes += [
                self.level(share, look="grid"),
                Shape(
                    tag="text",
                    at={"x": self.left - 8, "y": y + 4, "text-anchor": "end"},
                    look="tick",
                    text=f"{100 * share:g}",
                ),
            ]
        return shapes

    def level(self, share: float, *, look: str, title: str = "") -> Shape:
        """A line from left to right."""
        y = self.y(share)
        at = {"x1": self.left, "x2": self.right, "y1": y, "y2": y}
        return Shape(tag="line", at=at, look=look, title=title)

    def curve(self, xs: Sequence[float], found: Sequence[Estimate], *, look: str) -> Shape:
        """A line through estimates."""
        points = " ".join(f"{x},{self.y(one.value)}" for x, one in zip(xs, found, strict=True))
        return Shape(tag="polyline", at={"points": points}, look=f"curve {look}")

    def band(self, xs: Sequence[float], found: Sequence[Estimate], *, look: str) -> Shape:
        """The area of their intervals."""
        upper = [f"{x},{self.y(one.interval.high)}" for x, one in zip(xs, found, strict=True)]
        lower = [f"{x},{self.y(one.interval.low)}" for x, one in zip(xs, found, strict=True)]
        points = " ".join([*upper, *reversed(lower)])
        return Shape(tag="polygon", at={"points": points}, look=f"band {look}")
