"""What tuning each part of a model says of it: which helps, in a few words and a sentence."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pytest_vlmsight.models.reach import PARTS
from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.phrases import limits, p_is, percent, points

from . import families

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from pytest_vlmsight.settings import GateSettings

    from .result import PairedTest

BEFORE = "before"
HELPS, SEES, DIFFER = "helps", "better than blind", "differ"
"""Claims of tests."""

NONE, SOME, CANNOT_TELL = "none helps", "some help", "cannot tell"
"""Conclusions; the others are "PART helps most"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """Scores of items, by what was tuned; ``BEFORE`` is the model as it is.

    Attributes:
        sighted: way → (n,) share of an item's rotations that is right.
        blind: way → (n,) the same without the image.
    """

    sighted: Mapping[str, np.ndarray]
    blind: Mapping[str, np.ndarray]

    @property
    def ways(self) -> list[str]:
        """All but ``BEFORE``."""
        return [way for way in self.sighted if way != BEFORE]


def tests_of(tuned: Tuned, *, alpha: float) -> list[PairedTest]:
    """Paired tests; each family by Holm.

    Whether each way helps and whether it is then better than blind are one-sided, and that two
    parts differ is two-sided: parts are compared as they are tuned by equally many weights.
    """
    family = partial(families.family, alpha=alpha)
    sighted = tuned.sighted
    helps = {f"{BEFORE} → {way}": Pairs(sighted[way], sighted[BEFORE]) for way in tuned.ways}
    sees = {f"{way}: blind → sighted": Pairs(sighted[way], tuned.blind[way]) for way in tuned.ways}
    parts = [way for way in tuned.ways if way in PARTS]
    differ = {
        f"{one} → {other}": Pairs(sighted[other], sighted[one])
        for one, other in itertools.combinations(parts, 2)
    }
    return [
        *family(HELPS, helps, [pair.p_better() for pair in helps.values()]),
        *family(SEES, sees, [pair.p_better() for pair in sees.values()]),
        *family(
            DIFFER,
            differ,
            [min(1.0, 2 * min(pair.p_better(), pair.p_worse())) for pair in differ.values()],
        ),
    ]


def concluded(
    tuned: Tuned, tests: Sequence[PairedTest], *, gate: GateSettings, budget: str
) -> tuple[str, str]:
    """A conclusion and its sentence.

    Args:
        tuned: scores.
        tests: see ``tests_of``.
        gate: alpha, and the gain that would be worth it.
        budget: of a tuning, in words.
    """
    by = {(test.name, test.claim): test for test in tests}
    helps = {way: by[f"{BEFORE} → {way}", HELPS] for way in tuned.ways}
    sees = {way: by[f"{way}: blind → sighted", SEES] for way in tuned.ways}
    start = f"{percent(tuned.sighted[BEFORE].mean())} before"

    def told(way: str) -> str:
        test = helps[way]
        return (
            f"{way} {percent(tuned.sighted[way].mean())} "
            f"({points(test.estimate)} {limits(test.interval)}, {p_is(test.adjusted)})"
        )

    helping = [
        way
        for way in tuned.ways
        if helps[way].adjusted <= gate.alpha and sees[way].adjusted <= gate.alpha
    ]
    if not helping:
        largest = max(tuned.ways, key=lambda way: helps[way].estimate)
        if all(test.interval.high < gate.min_gain for test in helps.values()):
            return NONE, (
                f"no part that is tuned ({budget}) answers better by {points(gate.min_gain)} or "
                f"more: {start}, at most {told(largest)}"
            )
        unseen = [way for way in tuned.ways if helps[way].adjusted <= gate.alpha]
        if unseen:
            return CANNOT_TELL, (
                f"{start}, {'; '.join(map(told, unseen))} (Holm); but not shown to be better than "
                "blind then: what is learned need not be seen"
            )
        return CANNOT_TELL, (
            f"neither that tuning a part ({budget}) helps is shown nor that it does not: {start}, "
            f"at most {told(largest)}; more items or steps would tell"
        )
    said = f"{start}; tuned ({budget}): {'; '.join(map(told, helping))} (Holm)"
    best = _best(tuned, by, alpha=gate.alpha)
    if best in helping:
        more = ", ".join(
            f"{other} {points(float((tuned.sighted[best] - tuned.sighted[other]).mean()))}"
            for other in tuned.ways
            if other in PARTS and other != best
        )
        return f"{best} helps most", (
            f"{said}; with equally many weights {best} is ahead of each other part ({more})"
        )
    return SOME, f"{said}; none is shown to help more than each other part"


def _best(tuned: Tuned, by: Mapping[tuple[str, str], PairedTest], *, alpha: float) -> str | None:
    """The part that is shown to be ahead of each other; None where none is, or it is alone."""
    parts = [way for way in tuned.ways if way in PARTS]
    if len(parts) < 2:
        return None
    for part in parts:
        ahead = []
        for other in parts:
            if other == part:
                continue
            forward = by.get((f"{other} → {part}", DIFFER))
            test = forward or by[f"{part} → {other}", DIFFER]
            gain = test.estimate if forward else -test.estimate
            ahead.append(gain > 0 and test.adjusted <= alpha)
        if all(ahead):
            return part
    return None
