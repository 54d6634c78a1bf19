"""What a part of diagnosis found: numbers with n and interval, tests with p, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.stats.interval import Interval

VERDICT = "verdict"
"""Name of a diagnosis that says what all others of its (model, task) show together."""

UNITS = ("share", "number")
"""Of an estimate: a share of items, shown in per cent, or a plain number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number.

    Attributes:
        group: what it is one of, as in "readout" or "position only"; a figure draws it as a line.
        name: what it is of, as in "llm[3]".
        value: the number.
        interval: at the confidence of its diagnosis.
        n: items.
        unit: one of ``UNITS``.
    """

    group: str
    name: str
    value: float
    interval: Interval
    n: int
    unit: str = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """One paired test.

    Attributes:
        name: of what is compared, as in "encoder[5] → projector".
        claim: what a small p shows, as in "lost".
        estimate: the difference.
        interval: at the confidence of its diagnosis.
        n: items.
        p: of this test alone.
        adjusted: p within its family, after Holm; ``p`` where it is the only one.
    """

    name: str
    claim: str
    estimate: float
    interval: Interval
    n: int
    p: float
    adjusted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What a part found of one (model, task), or why it found nothing.

    Attributes:
        part: its name.
        model: as shown.
        task: its name.
        n: items.
        confidence: of all intervals, two-sided.
        conclusion: in a word or two, one of those that the part documents; what others build on.
        sentence: what was found, with its evidence.
        estimates: in the order to be shown.
        tests: what the conclusion rests on.
        notes: what could not be measured and why, and what is to be kept in mind; a sentence each.
        details: anything else, plain values as JSON has them.
        seconds: that it took.
        error: why there is nothing of all this; empty where there is.
    """

    part: str
    model: str
    task: str
    n: int = 0
    confidence: float = 0.9
    conclusion: str = ""
    sentence: str = ""
    estimates: tuple[Estimate, ...] = ()
    tests: tuple[PairedTest, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""

    def of(self, group: str) -> tuple[Estimate, ...]:
        """The estimates of a group, in order."""
        return tuple(one for one in self.estimates if one.group == group)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of all groups, each once."""
        return tuple(dict.fromkeys(one.group for one in self.estimates))
