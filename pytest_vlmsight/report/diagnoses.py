"""Diagnoses as text, at most 80 columns wide."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pytest_vlmsight.phrases import limits, p_is, percent, points, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_vlmsight.diagnosis.result import Diagnosis, Estimate

WIDTH = 80


def in_brief(diagnoses: Iterable[Diagnosis]) -> list[str]:
    """What each says in a sentence, for the summary of a run."""
    return [
        line
        for one in diagnoses
        for line in _wrapped(
            f"diagnosis of {one.model} on {one.task}, {one.part}: {_said(one)}", further=2
        )
    ]


def in_full(diagnosis: Diagnosis) -> list[str]:
    """A diagnosis with all its numbers."""
    lines = _wrapped(f"{diagnosis.part}: {_said(diagnosis)}", further=2)
    if diagnosis.error:
        return lines
    level = f"{diagnosis.confidence:.0%} intervals"
    for group in diagnosis.groups:
        lines += ["", *_wrapped(f"{group} ({level})")]
        own = diagnosis.of(group)
        width = max(len(printable(one.name)) for one in own)
        lines += [f"  {printable(one.name):<{width}}  {value_of(one)}  n={one.n}" for one in own]
    if diagnosis.tests:
        lines += ["", "paired tests (p after Holm within a family)"]
    for test in diagnosis.tests:
        lines += _wrapped(
            f"  {test.name}: {points(test.estimate)} {limits(test.interval)}, n={test.n}; "
            f"{test.claim}: {p_is(test.adjusted)}",
            further=4,
        )
    lines += [line for note in diagnosis.notes for line in ("", *_wrapped(f"note: {note}"))]
    return [*lines, "", f"{diagnosis.n} items, {diagnosis.seconds:.1f} s"]


def value_of(estimate: Estimate) -> str:
    """A number with its interval, as in "61.7% [55.0, 68.0]"."""
    low, high = estimate.interval.low, estimate.interval.high
    if estimate.unit == "share":
        return f"{percent(estimate.value):>6} [{100 * low:.1f}, {100 * high:.1f}]"
    return f"{estimate.value:.3f} [{low:.3f}, {high:.3f}]"


def _said(one: Diagnosis) -> str:
    if one.error:
        return f"could not be made: {one.error}"
    return f"{one.conclusion}: {one.sentence}" if one.conclusion else one.sentence


def _wrapped(text: str, *, further: int = 0) -> list[str]:
    """In lines, later ones further in; not broken at hyphens, so that options can be copied."""
    first = text[: len(text) - len(text.lstrip())]
    return textwrap.wrap(
        printable(text.lstrip()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * max(further, len(first)),
        break_on_hyphens=False,
    )
