"""An interval of plausible values, as every estimate of a report is shown with one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval from ``low`` to ``high``.

    >>> 0.1 in Interval(-0.05, 0.12)
    True

    Raises:
        ValueError: low is above high, or one of them is not a number.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"expected low <= high, but got low={self.low!r}, high={self.high!r}")

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high
