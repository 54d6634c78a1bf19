"""What other prompts say of a model: whether they help, in a few words and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.phrases import limits, p_is, percent, points

from . import families

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from pytest_vlmsight.settings import GateSettings

    from .result import PairedTest

BEFORE, BEST_OF = "default", "best of wordings"
"""Prompts: as gates are measured, and the wording that is best on the other half of the items."""

HELPS, SEES = "helps", "better than blind"
"""Claims of tests."""

HELP, NO_HELP, CANNOT_TELL = "prompts help", "prompts do not help", "cannot tell"
"""Conclusions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """Scores of items by the prompt; ``BEFORE`` is among them.

    Attributes:
        sighted: prompt → (n,) share of an item's rotations that is right.
        blind: prompt → (n,) the same without the image.
    """

    sighted: Mapping[str, np.ndarray]
    blind: Mapping[str, np.ndarray]

    @property
    def others(self) -> list[str]:
        """All but ``BEFORE``."""
        return [prompt for prompt in self.sighted if prompt != BEFORE]


def tests_of(found: Prompted, *, alpha: float) -> list[PairedTest]:
    """Paired tests, one-sided: each prompt helps, and is then better than blind.

    Both families by Holm over all prompts, so that a conclusion which one of them is enough for
    keeps its error rate.
    """

    def family(claim: str, named: Mapping[str, Pairs]) -> list[PairedTest]:
        ps = [pair.p_better() for pair in named.values()]
        return families.family(claim, named, ps, alpha=alpha)

    sighted, blind = found.sighted, found.blind
    return [
        *family(HELPS, {_helps(o): Pairs(sighted[o], sighted[BEFORE]) for o in found.others}),
        *family(SEES, {_sees(o): Pairs(sighted[o], blind[o]) for o in found.others}),
    ]


def concluded(
    found: Prompted, tests: Sequence[PairedTest], *, gate: GateSettings, lacking: str
) -> tuple[str, str]:
    """A conclusion and its sentence.

    Args:
        found: scores.
        tests: see ``tests_of``.
        gate: alpha, and the gain that would be worth it.
        lacking: what was not measured, as the end of a sentence; empty where all was.
    """
    by = {(test.name, test.claim): test for test in tests}
    helps = {other: by[_helps(other), HELPS] for other in found.others}
    shown = [other for other in found.others if helps[other].adjusted <= gate.alpha]
    seen = [other for other in shown if by[_sees(other), SEES].adjusted <= gate.alpha]
    start = f"{percent(found.sighted[BEFORE].mean())} by default"
    lacking = f"; {lacking}" if lacking else ""

    def told(other: str) -> str:
        test = helps[other]
        return (
            f"{other} {percent(found.sighted[other].mean())} "
            f"({points(test.estimate)} {limits(test.interval)}, {p_is(test.adjusted)})"
        )

    if seen:
        return HELP, f"{start}; {'; '.join(map(told, seen))} (Holm){lacking}"
    if shown:
        return CANNOT_TELL, (
            f"{start}; {'; '.join(map(told, shown))} (Holm); but not shown to be better than blind "
            f"then: what helps need not be seen{lacking}"
        )
    largest = max(found.others, key=lambda other: helps[other].estimate)
    if all(test.interval.high < gate.min_gain for test in helps.values()):
        return NO_HELP, (
            f"no other prompt answers better by {points(gate.min_gain)} or more: {start}, at most "
            f"{told(largest)}{lacking}"
        )
    return CANNOT_TELL, (
        f"neither that another prompt helps is shown nor that none does: {start}, at most "
        f"{told(largest)}; more items or steps would tell{lacking}"
    )


def _helps(other: str) -> str:
    return f"{BEFORE} → {other}"


def _sees(other: str) -> str:
    return f"{other}: blind → sighted"
