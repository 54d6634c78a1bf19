"""Knobs: what makes the items of a generated task easier or harder.

A knob has a span. Every item draws its own value from the span and carries it as a slice, so that
one run shows how accuracy depends on it; narrowing the span (``--vlm-difficulty``) makes a suite
that is only easy or only hard.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class KnobError(ValueError):
    """A knob that is unknown, or a span that the task cannot have; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """One setting of a generated task.

    Attributes:
        name: as typed, and the slice's name.
        meaning: in a few words.
        span: lowest and highest value drawn where nothing else is asked for.
        limits: beyond these the task cannot be made.
        bands: values at which one slice ends and the next begins.
        unit: behind a number, such as "degrees".
        whole: whether values are whole numbers.
        why: what happens beyond the limits, for the error.
    """

    name: str
    meaning: str
    span: tuple[float, float]
    limits: tuple[float, float]
    bands: tuple[float, ...]
    unit: str = ""
    whole: bool = False
    why: str = ""

    def value(self, share: float, span: tuple[float, float]) -> float:
        """The value at a share of the span, 0 ≤ share < 1."""
        low, high = span
        value = (
            math.floor(low + share * (high - low + 1)) if self.whole else low + share * (high - low)
        )
        return float(min(high, value))  # which rounding could exceed

    def label(self, value: float) -> str:
        """The slice that a value falls into.

        >>> Knob(name="ratio", meaning="", span=(1, 2), limits=(1, 4), bands=(1.3,)).label(1.2)
        'under 1.3'
        """
        unit = f" {self.unit}" if self.unit else ""
        below = [band for band in self.bands if value >= band]
        above = [band for band in self.bands if value < band]
        if not below:
            return f"under {above[0]:g}{unit}"
        if not above:
            return f"{below[-1]:g}{unit} and more"
        if self.whole and above[0] - 1 > below[-1]:
            return f"{below[-1]:g} to {above[0] - 1:g}{unit}"
        return f"{below[-1]:g}{unit}" if self.whole else f"{below[-1]:g} to {above[0]:g}{unit}"

    def read(self, text: str, *, task: str) -> tuple[float, float]:
        """The span that ``1.1..1.3`` or ``6`` describes.

        Raises:
            KnobError: no such span, or one beyond the limits.
        """
        low_text, dots, high_text = text.partition("..")
        kind = "whole numbers" if self.whole else "numbers"
        expected = (
            f"a value or LOW..HIGH, {kind} from {self.limits[0]:g} to {self.limits[1]:g}"
            f"{' ' + self.unit if self.unit else ''}"
        )
        try:
            low = float(low_text)
            high = float(high_text) if dots else low
        except ValueError:
            raise KnobError(
                f"task {task}: {self.name}: got {text!a}; expected {expected}"
            ) from None
        right = self.limits[0] <= low <= high <= self.limits[1]  # False for NaN as well
        if not right or (self.whole and not (low.is_integer() and high.is_integer())):
            because = f" ({self.why})" if self.why else ""
            raise KnobError(f"task {task}: {self.name}: got {text}; expected {expected}{because}")
        return low, high


def spans_of(
    knobs: Sequence[Knob], given: Mapping[str, str], *, task: str
) -> dict[str, tuple[float, float]]:
    """Every knob's span: what is given, else its own.

    Args:
        knobs: of the task.
        given: knob name → text such as ``1.1..1.3``.
        task: its name, for errors.

    Raises:
        KnobError: a name is unknown or a span cannot be had.
    """
    known = {knob.name: knob for knob in knobs}
    for name in given:
        if name not in known:
            listed = ", ".join(f"{k.name} ({k.meaning})" for k in knobs) or "none"
            raise KnobError(f"task {task}: got an unknown setting {name!a}; expected {listed}")
    return {
        name: knob.read(given[name], task=task) if name in given else knob.span
        for name, knob in known.items()
    }
