"""What the tests along the way say of a model: a few words, and a sentence with the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.phrases import limits, p_is, percent, points
from pytest_vlmsight.stats.proportion import above_chance_p, accuracy_interval

from .way import ENCODER, KEPT, LAST, LOST, LOST_FITTED, POSITIONS, SELECTIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from pytest_vlmsight.settings import GateSettings

    from .result import PairedTest
    from .way import Way

NOT_ENCODED, PRESENT, CANNOT_TELL = "not encoded", "present to the last layer", "cannot tell"
LOST_AT, PARTLY_LOST_AT, RESHAPED_AT = "lost at ", "partly lost at ", "reshaped at "
"""Conclusions; the name of a stage comes behind the last three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluder:
    """Turns tests into words.

    Attributes:
        way: of the model.
        tests: along it.
        chance: (n,) of each item.
        gate: alpha, the margin within which something is kept, and the least gain over chance.
    """

    way: Way
    tests: Sequence[PairedTest]
    chance: np.ndarray
    gate: GateSettings

    def concluded(self) -> tuple[str, str]:
        """A conclusion and its sentence."""
        first = self.way.scores(ENCODER)
        if first is None:
            return CANNOT_TELL, (
                "the encoder layer that the projector reads cannot be read, so there is nothing "
                "to compare later stages with"
            )
        at = f"{self.way.named[ENCODER]} {self._share(first)}"
        p = self._p(first)
        guess = percent(self.chance.mean())
        if p > self.gate.alpha:
            return self._not_seen(
                first, f"the readout at {at} is not shown to be above chance ({guess}, {p_is(p)})"
            )
        seen = f"the readout at {at} is above chance ({guess}, {p_is(p)})"
        places = self._test(f"{POSITIONS} → {ENCODER}", SELECTIVE)
        if places is not None and places.adjusted > self.gate.alpha:
            return CANNOT_TELL, (
                f"{seen}, but not shown to be above what the positions of patches tell "
                f"({self._told(places)})"
            )
        return self._on_the_way(seen)

    def _not_seen(self, first: np.ndarray, said: str) -> tuple[str, str]:
        high = accuracy_interval(first, confidence=1 - 2 * self.gate.alpha).high
        if high >= float(self.chance.mean()) + self.gate.min_gain:
            return CANNOT_TELL, f"{said}; more items would tell"
        return NOT_ENCODED, (
            f"{said}, and shown to be less than {points(self.gate.min_gain)} above it: the eye "
            "does not encode what is asked in a form that this readout reads"
        )

    def _on_the_way(self, seen: str) -> tuple[str, str]:
        lost = [t for t in self.tests if t.claim == LOST and t.adjusted <= self.gate.alpha]
        kept = self._test(f"{ENCODER} → {LAST}", KEPT)
        last = self.way.scores(LAST)
        if kept is not None and last is not None and kept.p <= self.gate.alpha:
            between = ", ".join(f"{t.name} {self._told(t)}" for t in lost)
            dip = f", though less is read between ({between})" if lost else ""
            return PRESENT, (
                f"{seen}, and at {self.way.named[LAST]} {self._share(last)} it is shown to be "
                f"within {points(-self.gate.margin)} of that ({p_is(kept.p)}){dip}"
            )
        if lost:
            return self._lost(seen, lost)
        end = list(self.way.named)[-1]
        if kept is None:
            return CANNOT_TELL, (
                f"{seen}; no loss is shown up to {self.way.named[end]}, and later stages cannot "
                "be read"
            )
        return CANNOT_TELL, (
            f"{seen}; neither a loss on the way is shown nor that it is kept to "
            f"{self.way.named[end]} ({self._told(kept)}); more items would tell"
        )

    def _lost(self, seen: str, lost: Sequence[PairedTest]) -> tuple[str, str]:
        worst = min(lost, key=lambda one: one.estimate)
        name = worst.name.partition(" → ")[2]
        stage = self.way.named[name]
        after = self.way.found.scores[stage]
        steps = ", ".join(f"{t.name} {self._told(t)}" for t in lost)
        said = f"{seen}; from there on less is read: {steps} (Holm)"
        other = self._test(worst.name, LOST_FITTED)
        if other is not None and other.adjusted > self.gate.alpha:
            fitted = self.way.found.fitted[stage]
            if self._p(fitted) <= self.gate.alpha:
                return f"{RESHAPED_AT}{name}", (
                    f"{said}; but a readout fitted on other items still reads it at {stage} "
                    f"({self._share(fitted)}) and shows no such loss ({self._told(other)}): it "
                    "takes another form there"
                )
        rest = self._p(after)
        if rest <= self.gate.alpha:
            return f"{PARTLY_LOST_AT}{name}", (
                f"{said}; at {stage} {self._share(after)} it is still above chance ({p_is(rest)})"
            )
        return f"{LOST_AT}{name}", (
            f"{said}; at {stage} {self._share(after)} it is not shown to be above chance "
            f"({p_is(rest)})"
        )

    def _test(self, name: str, claim: str) -> PairedTest | None:
        return next((t for t in self.tests if (t.name, t.claim) == (name, claim)), None)

    def _p(self, scores: np.ndarray) -> float:
        return above_chance_p(scores, chance=self.chance)

    def _share(self, scores: np.ndarray) -> str:
        interval = accuracy_interval(scores, confidence=1 - 2 * self.gate.alpha)
        low, high = 100 * interval.low, 100 * interval.high
        return f"{percent(scores.mean())} [{low:.1f}, {high:.1f}]"

    def _told(self, test: PairedTest) -> str:
        return f"{points(test.estimate)} {limits(test.interval)}, {p_is(test.adjusted)}"
