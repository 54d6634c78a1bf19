"""Part ``attention``: what the answer position attends to, and what answers lose without it.

Weights of attention alone prove little (Jain & Wallace, NAACL 2019, 1902.10186), so the conclusion
rests on answers: what becomes of them when attention to the marked patches is cut off, against as
many other patches, and when that to all of the images is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.models.base import AttentiveVlm, MeasurementError
from pytest_vlmsight.phrases import limits, p_is, points
from pytest_vlmsight.stats.contrast import scaled_items
from pytest_vlmsight.stats.interval import Interval

from .attended import (
    IMAGES,
    MARKED,
    OTHER,
    REST,
    RIGHT,
    TEXT,
    Attended,
    attend,
)
from .attention_conclusion import concluded
from .attention_maps import kept_maps
from .attention_tests import (
    attention_tests,
    chosen_head,
    differing,
)
from .result import Diagnosis, Estimate
from .shares import shares

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .subject import Subject

SUMMARY, UNIFORM, ROLLED = "share of attention", "attending to all tokens alike", "rollout"
CUT, ACCURACY = "answers that change", "accuracy"
"""Groups of estimates, beside those named by what attention falls on, of each layer."""

_CARRIED = (
    "Other image tokens may carry on what a patch shows: answers that do not change are no proof "
    "that it is not used."
)
_LAYERED = (MARKED, RIGHT, REST, IMAGES, TEXT, OTHER)


def diagnose(subject: Subject) -> Diagnosis:
    """Ask a task's items, and see what answers are made from.

    Raises:
        MeasurementError: attention cannot be read or cut off, or images have no tokens of their
            own in the LLM.
    """
    vlm = subject.vlm
    if not isinstance(vlm, AttentiveVlm):
        raise MeasurementError(
            f"{vlm.name} does not tell what it attends to: an adapter of your own needs attend and "
            "knocked_out for it (docs/diagnosis.md)"
        )
    shown = [turns[0] for turns in subject.presentations]
    n, seed = len(shown), subject.settings.seed
    if n < 2:
        raise MeasurementError("one item is too few to compare with another: ask at least 2")
    found = attend(
        vlm,
        shown,
        seed=seed,
        rollout=subject.rollout,
        told=lambda what, done: subject.told(what, done, n),
    )
    gate = subject.settings.gate_for(subject.task.name)
    tests = attention_tests(found, subject.items, alpha=gate.alpha, margin=gate.margin, seed=seed)
    conclusion, sentence = concluded(found, tests, alpha=gate.alpha, margin=gate.margin)
    heads = chosen_head(found, subject.items, seed=seed)
    return Diagnosis(
        part="attention",
        model=vlm.name,
        task=subject.task.name,
        n=n,
        confidence=subject.confidence,
        conclusion=conclusion,
        sentence=sentence,
        estimates=tuple(_estimates(found, confidence=subject.confidence)),
        tests=tuple(tests),
        notes=tuple(_notes(found)),
        details={
            "layers": list(found.layers),
            "heads": int(found.shares[TEXT].shape[2]),
            "items": {
                "ids": [item.id for item in subject.items],
                **{
                    name: [round(float(one), 6) for one in found.shares[name].mean((1, 2))]
                    for name in _LAYERED
                    if name in found.shares and name != OTHER
                },
            },
            "maps": kept_maps(found, shown, heads),
        },
    )


def against(found: Diagnosis, other: Diagnosis) -> Diagnosis:
    """A diagnosis with what its model attends to otherwise than another, on the same items.

    Args:
        found: of one model.
        other: of the other, as before it was tuned. Where it failed, the first is as it was, with
            a note.

    Raises:
        ValueError: they are not of the same items.
    """
    if found.error:
        return found
    if other.error:
        note = f"It is not compared with {other.model}: {other.error}"
        return replace(found, notes=(*found.notes, note))
    mine, theirs = found.details["items"], other.details["items"]
    if mine["ids"] != theirs["ids"]:
        raise ValueError(
            f"{found.model} and {other.model} were not asked the same items of {found.task}: "
            "give both the same --n and --seed"
        )
    named = {
        name: np.array(mine[name]) - np.array(theirs[name])
        for name in mine
        if name != "ids" and name in theirs
    }
    tests = [
        replace(test, name=f"{other.model} → {found.model}: {test.name}")
        for test in differing(named, alpha=(1 - found.confidence) / 2)
    ]
    told = "; ".join(
        f"{name} {points(test.estimate)} {limits(test.interval)}, {p_is(test.adjusted)}"
        for name, test in zip(named, tests, strict=True)
    )
    return replace(
        found,
        sentence=f"{found.sentence}. Against {other.model}, its share of attention on {told}",
        tests=(*found.tests, *tests),
        details={**found.details, "against": other.model},
    )


def _notes(found: Attended) -> list[str]:
    notes = [_CARRIED]
    if found.others:
        notes.append(
            f"Layers {', '.join(map(str, found.others))} of the LLM hand out no attention, and "
            "what goes through them is not cut off: answers that do not change show nothing."
        )
    if found.placeless:
        notes.append(
            "Marked points are not told apart, since tokens have no place in the images: "
            f"{found.placeless}."
        )
    elif not found.pointed:
        notes.append("The items have no points or boxes: images are taken as a whole.")
    return notes


def _estimates(found: Attended, *, confidence: float) -> list[Estimate]:
    def rows(group: str, named: Mapping[str, np.ndarray]) -> list[Estimate]:
        return [
            Estimate(
                group=group,
                name=name,
                value=float(own.mean()),
                interval=_interval(own, confidence=confidence),
                n=len(own),
            )
            for name, own in named.items()
        ]

    estimates = rows(SUMMARY, {name: own.mean((1, 2)) for name, own in found.shares.items()})
    estimates += rows(UNIFORM, found.uniform)
    estimates += rows(ROLLED, found.rollout)
    for name in _LAYERED:
        if name in found.shares:
            own = found.shares[name].mean(2)
            estimates += rows(
                name, {f"llm[{layer}]": own[:, k] for k, layer in enumerate(found.layers)}
            )
    changed = {name: found.changed(name) for name in found.cut}
    right = {"as it is": found.right(), **{name: found.right(name) for name in found.cut}}
    return [
        *estimates,
        *shares(CUT, changed, confidence=confidence),
        *shares(ACCURACY, right, confidence=confidence),
    ]


def _interval(own: np.ndarray, *, confidence: float) -> Interval:
    """Of the mean of shares, which may be small."""
    mean = float(own.mean())
    around = scaled_items(own - mean).interval(confidence=confidence)
    # The mean itself is within, whatever is lost in rounding where all shares are alike.
    return Interval(min(mean, max(0.0, mean + around.low)), max(mean, min(1.0, mean + around.high)))
