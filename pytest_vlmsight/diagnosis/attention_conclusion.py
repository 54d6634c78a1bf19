"""What the tests of part ``attention`` show together, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_vlmsight.phrases import limits, p_is, percent, points

from .attended import IMAGES, MARKED, OTHER, TEXT_IMAGES, TEXT_MARKED, TEXT_OTHERS
from .attention_tests import BLIND, CHANGES, LOOKS, MEAN, NO_MORE, SIGHTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .attended import Attended
    from .result import PairedTest

THERE, IN_VAIN, ELSEWHERE = "looks there", "looks there without effect", "looks elsewhere"
AT_IMAGES, NOT, CANNOT = "looks at the images", "does not look", "cannot tell"
"""Conclusions."""


def concluded(
    found: Attended, tests: Sequence[PairedTest], *, alpha: float, margin: float
) -> tuple[str, str]:
    """The conclusion and the sentence.

    Args:
        found: of a model.
        tests: of ``attention_tests``.
        alpha: at which a claim is shown.
        margin: share of answers that counts as none.
    """

    def shown(claim: str) -> PairedTest | None:
        """The test of this claim that shows it best, if any does."""
        own = [one for one in tests if one.claim == claim and one.adjusted <= alpha]
        return min(own, key=lambda one: one.adjusted, default=None)

    # What goes round the layers that attend cannot be cut off: no effect then shows nothing.
    blind = None if found.others else shown(BLIND)
    sighted = shown(SIGHTED)
    whole = f"without attention to the images {_changed(found, TEXT_IMAGES)} of answers change"
    if blind:
        whole += f", shown to be less than {percent(margin)} ({p_is(blind.adjusted)})"
    elif sighted:
        whole += f", shown to be more than {percent(margin)} ({p_is(sighted.adjusted)})"
    else:
        whole += f", shown to be neither less nor more than {percent(margin)}"
    if not found.pointed:
        share = percent(float(found.shares[IMAGES].mean()))
        said = f"{share} of the answer position's attention is on the images; {whole}"
        return (NOT if blind else AT_IMAGES if sighted else CANNOT), said
    looks, causal = shown(LOOKS), shown(CHANGES)
    same = None if found.others else shown(NO_MORE)
    effect = (
        f"where all text is cut off from the marked patches "
        f"{_changed(found, TEXT_MARKED)} of answers change, from as many others "
        f"{_changed(found, TEXT_OTHERS)}"
    )
    if causal:
        effect += (
            f" ({causal.name}: {points(causal.estimate)} {limits(causal.interval)}, "
            f"{p_is(causal.adjusted)})"
        )
    elif same:
        effect += f", shown to be no more within {percent(margin)} ({p_is(same.adjusted)})"
    else:
        effect += ", shown to be neither more nor no more"
    said = f"{_looks(found, looks)}; {effect}; {whole}"
    if causal:
        return THERE, said
    if blind:
        return NOT, said
    if same and (looks or sighted):
        return (IN_VAIN if looks else ELSEWHERE), said
    return CANNOT, said


def _changed(found: Attended, name: str) -> str:
    return percent(float(found.changed(name).mean()))


def _looks(found: Attended, looks: PairedTest | None) -> str:
    on, other = (percent(float(found.shares[name].mean())) for name in (MARKED, OTHER))
    said = (
        f"{on} of the answer position's attention is on the marked patches, {other} on as many "
        "where another item has its own"
    )
    if looks is None:
        return f"{said}, which is not shown to be less"
    which = "" if looks.name == MEAN else f"{looks.name}: "
    return (
        f"{said} ({which}{points(looks.estimate)} {limits(looks.interval)}, {p_is(looks.adjusted)})"
    )
