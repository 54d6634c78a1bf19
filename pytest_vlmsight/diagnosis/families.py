"""Paired tests of one question, corrected together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.stats.multiplicity import holm

from .result import PairedTest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.pairs import Pairs


def paired_test(
    name: str, claim: str, pair: Pairs, p: float, adjusted: float, *, alpha: float
) -> PairedTest:
    """One test; its interval is two-sided at 1 - 2 alpha."""
    return PairedTest(
        name=name,
        claim=claim,
        estimate=pair.estimate,
        interval=pair.interval(error=alpha),
        n=len(pair.v),
        p=p,
        adjusted=adjusted,
    )


def family(
    claim: str, named: Mapping[str, Pairs], ps: Sequence[float], *, alpha: float
) -> list[PairedTest]:
    """Tests of a claim, corrected by Holm.

    Args:
        claim: what a small p shows.
        named: what is compared → the scores.
        ps: of each, in the same order.
        alpha: of intervals.
    """
    return [
        paired_test(name, claim, pair, p, adjusted, alpha=alpha)
        for (name, pair), p, adjusted in zip(named.items(), ps, holm(ps), strict=True)
    ]
