"""The way of what is seen through a model: stages fixed beforehand, and tests between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_vlmsight.models.base import Stage
from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.stats.interval import Interval

from . import families

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from pytest_vlmsight.models.base import LayeredVlm

    from .result import PairedTest
    from .stage_readouts import StageReadouts

LOST, LOST_FITTED = "lost", "lost to a fitted readout, too"
KEPT, UNUSED, SELECTIVE = "kept", "unused", "more than the control"
KEPT_FITTED, UNUSED_FITTED = "kept for a fitted readout", "unused, by a fitted readout"
MORE_UNUSED = "more is lost behind the last layer than up to it"
"""Claims of tests."""

POSITIONS, TWIN = "position only", "untrained twin"
"""Controls."""

ENCODER, LAST = "encoder", "LLM last"
"""The stages at both ends, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The stages that are compared, as far as they can be read.

    Attributes:
        named: what each is called → where it is, from the eye on.
        found: what was read there.
    """

    named: Mapping[str, Stage]
    found: StageReadouts

    def scores(self, name: str) -> np.ndarray | None:
        """(n,) right or wrong at a stage by its name; None where it cannot be read."""
        return self.found.scores[self.named[name]] if name in self.named else None


def way_of(vlm: LayeredVlm, found: StageReadouts) -> Way:
    """The encoder layer that the projector reads, the projector, the LLM's first and last layer."""
    mouth = [stage for stage in vlm.stages if stage.part == "llm"]
    named = {"projector": Stage("projector"), "LLM first": mouth[0], LAST: mouth[-1]}
    if vlm.fed_from.part == "encoder":
        named = {ENCODER: vlm.fed_from, **named}
    return Way(
        named={name: stage for name, stage in named.items() if stage in found.scores},
        found=found,
    )


def tests_of(
    way: Way, twin: Mapping[Stage, np.ndarray], *, alpha: float, margin: float
) -> list[PairedTest]:
    """Paired tests along the way; each family by Holm.

    Args:
        way: of the model.
        twin: stage → (n,) right or wrong in its untrained twin; empty where there is none.
        alpha: intervals are two-sided at 1 - 2 alpha.
        margin: within which what is read at the end counts as kept.
    """
    family = partial(families.family, alpha=alpha)

    def steps(scores: Mapping[Stage, np.ndarray]) -> dict[str, Pairs]:
        return {
            f"{one} → {other}": Pairs(scores[way.named[other]], scores[way.named[one]])
            for one, other in pairwise(way.named)
        }

    found = steps(way.found.scores)
    tests = family(LOST, found, [pair.p_worse() for pair in found.values()])
    if way.found.fitted:
        found = steps(way.found.fitted)
        tests += family(LOST_FITTED, found, [pair.p_worse() for pair in found.values()])
    first, last = way.scores(ENCODER), way.scores(LAST)
    if first is not None and last is not None:
        pair = Pairs(last, first)
        tests += family(KEPT, {f"{ENCODER} → {LAST}": pair}, [pair.p_above(margin)])
    if last is not None:
        pair = Pairs(way.found.sighted, last)
        tests += family(UNUSED, {f"{LAST} → answers": pair}, [pair.p_worse()])
    if first is not None and last is not None:
        # (last - answers) - (encoder - last), the difference of both losses, is twice this one.
        pair = Pairs(last, (way.found.sighted + first) / 2)
        name = f"{LAST} → answers against {ENCODER} → {LAST}"
        (half,) = family(MORE_UNUSED, {name: pair}, [pair.p_better()])
        interval = Interval(2 * half.interval.low, 2 * half.interval.high)
        tests.append(replace(half, estimate=2 * half.estimate, interval=interval))
    if way.found.fitted and LAST in way.named:
        last_fitted = way.found.fitted[way.named[LAST]]
        if ENCODER in way.named:
            pair = Pairs(last_fitted, way.found.fitted[way.named[ENCODER]])
            tests += family(KEPT_FITTED, {f"{ENCODER} → {LAST}": pair}, [pair.p_above(margin)])
        pair = Pairs(way.found.sighted, last_fitted)
        tests += family(UNUSED_FITTED, {f"{LAST} → answers": pair}, [pair.p_worse()])
    controls: dict[str, Pairs] = {}
    if first is not None and way.found.positions is not None:
        controls[f"{POSITIONS} → {ENCODER}"] = Pairs(first, way.found.positions)
    if first is not None and way.named[ENCODER] in twin:
        controls[f"{TWIN} → {ENCODER}"] = Pairs(first, twin[way.named[ENCODER]])
    return tests + family(SELECTIVE, controls, [pair.p_better() for pair in controls.values()])
