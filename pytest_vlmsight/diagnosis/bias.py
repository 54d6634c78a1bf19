"""Part ``bias``: whether answers come from the image, or from letters and places of options.

Letters sighted and in each way of not seeing, how far the answers agree, and what becomes of them
when options are rotated and when markers look otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.models.base import MeasurementError, ModelError
from pytest_vlmsight.stats.agreement import cohen_kappa
from pytest_vlmsight.stats.interval import Interval
from pytest_vlmsight.tasks.item import letter

from .answered import SIGHTED, ask_blind, ask_remarked, ask_rotated
from .leaning import concluded, tests_of
from .letter_bias import UNLIKE, LetterBias, letter_tests
from .result import Diagnosis, Estimate
from .shares import shares

if TYPE_CHECKING:
    from .answered import Answered, Remarked, Rotated
    from .result import PairedTest
    from .subject import Subject

ACCURACY, AGREEMENT, KAPPA = "accuracy", "sighted and blind agree", "kappa of sighted and blind"
DISTANCE, LETTERS, KEY = "total variation of letters", "letters, ", "right"
ROTATION, RIGHT_AT = "rotations", "sighted, where the right option is at"
KEPT, MARKERS = "what stays when options are rotated", "markers"
"""Groups of estimates; of letters one for each run, and one for the right ones."""

APART = "letters unlike those of the blind"
"""Claim of tests."""


def diagnose(subject: Subject) -> Diagnosis:
    """Ask a model sighted, blind in each way, with rotated options and with other markers.

    Raises:
        MeasurementError: the model cannot be asked, or its answers name no letters.
    """
    answered, notes = ask_blind(subject)
    rotated: Rotated | None = None
    remarked: Remarked | None = None
    try:
        rotated = ask_rotated(subject, answered)
    except (MeasurementError, ModelError) as error:
        notes.append(f"Rotated options were not asked: {error}.")
    try:
        remarked = ask_remarked(subject, answered)
    except (MeasurementError, ModelError) as error:
        notes.append(f"Other markers were not asked: {error}.")
    else:
        notes.append(
            "No markers are drawn on the pictures of this task."
            if remarked is None
            else f"Other markers: {remarked.style}; n={len(remarked.gold)}."
        )
    if not answered.free:
        notes.append("There are too few items to take a prior of letters away.")
    gate = subject.settings.gate_for(subject.task.name)
    tests = tests_of(answered, rotated=rotated, remarked=remarked, gate=gate)
    conclusion, sentence = concluded(answered, tests, gate=gate)
    distances, apart = _distances(answered, subject)
    agreements, lacking = _agreements(answered, confidence=subject.confidence)
    return Diagnosis(
        part="bias",
        model=subject.vlm.name,
        task=subject.task.name,
        n=len(answered.gold),
        confidence=subject.confidence,
        conclusion=conclusion,
        sentence=sentence,
        estimates=(
            *_accuracies(answered, confidence=subject.confidence),
            *_letters(answered, confidence=subject.confidence),
            *distances,
            *agreements,
            *(_rotations(rotated, confidence=subject.confidence) if rotated else ()),
            *(_markers(remarked, confidence=subject.confidence) if remarked else ()),
        ),
        tests=(*tests, *apart),
        notes=(*notes, *lacking),
        details={
            "chance": float(answered.chance.mean()),
            "blind": answered.kinds,
            "commonest_key": letter(answered.majority),
            "markers": None if remarked is None else remarked.style,
        },
    )


def _accuracies(answered: Answered, *, confidence: float) -> list[Estimate]:
    """Of each run, and of always naming one letter."""
    rows = {name: answered.scores(name) for name in answered.choices}
    rows |= {f"{name}, no prior of letters": answered.free_scores(name) for name in answered.free}
    for name, place in (("always A", 0), ("commonest key", answered.majority)):
        rows[name] = (answered.right == place).astype(float)
    return shares(ACCURACY, rows, confidence=confidence)


def _letters(answered: Answered, *, confidence: float) -> list[Estimate]:
    """How often each letter is right, and answered."""
    runs = {KEY: answered.right, **{name: answered.places(name) for name in answered.choices}}
    return [
        row
        for name, places in runs.items()
        for row in shares(
            f"{LETTERS}{name}",
            {letter(k): (places == k).astype(float) for k in range(answered.orders.shape[1])},
            confidence=confidence,
        )
    ]


def _distances(answered: Answered, subject: Subject) -> tuple[list[Estimate], list[PairedTest]]:
    """How far letters are from the right ones, and from those answered blind."""
    seed = subject.settings.seed
    orders, sighted = answered.orders[:, None], answered.choices[SIGHTED][:, None]
    runs = {
        f"{SIGHTED} and {KEY}": LetterBias(sighted, answered.gold, orders),
        **{
            f"{SIGHTED} and {kind}": LetterBias(sighted, answered.choices[kind], orders)
            for kind in answered.kinds
        },
    }
    rows = [
        one.estimate(name, confidence=subject.confidence, seed=seed, group=DISTANCE)
        for name, one in runs.items()
    ]
    first, *others = runs
    return rows, [
        *letter_tests({first: runs[first]}, rows[:1], seed=seed, claim=UNLIKE),
        *letter_tests({name: runs[name] for name in others}, rows[1:], seed=seed, claim=APART),
    ]


def _agreements(answered: Answered, *, confidence: float) -> tuple[list[Estimate], list[str]]:
    """Share of items answered alike sighted and blind, and kappa; notes on what is not defined."""
    agree = {
        kind: (answered.choices[kind] == answered.choices[SIGHTED]).astype(float)
        for kind in answered.kinds
    }
    rows = shares(AGREEMENT, agree, confidence=confidence)
    kappas, notes = [], []
    for share in rows:
        found = _kappa(answered, share, confidence=confidence)
        if found is None:
            notes.append(
                f"Kappa of {SIGHTED} and {share.name} is not defined: both always answer one and "
                "the same letter."
            )
        else:
            kappas.append(found)
    return [*rows, *kappas], notes


def _kappa(answered: Answered, share: Estimate, *, confidence: float) -> Estimate | None:
    """Cohen's kappa of letters; by coincidence all answers would agree where it is None.

    Where all agree its standard error is 0, so the lower limit is that of the agreement, put into
    kappa with the agreement by coincidence as it is.
    """
    width = answered.orders.shape[1]
    table = np.zeros((width, width))
    np.add.at(table, (answered.places(SIGHTED), answered.places(share.name)), 1)
    found = cohen_kappa(table)
    if found is None:
        return None
    interval = found.interval(confidence=confidence)
    if share.value == 1:
        by_chance = float(table.sum(0) @ table.sum(1)) / table.sum() ** 2
        low = (share.interval.low - by_chance) / (1 - by_chance)
        interval = Interval(max(-1.0, low), 1.0)
    return Estimate(
        group=KAPPA,
        name=share.name,
        value=found.estimate,
        interval=interval,
        n=share.n,
        unit="number",
    )


def _rotations(rotated: Rotated, *, confidence: float) -> list[Estimate]:
    """Accuracy in each rotation and at each place of the right option, and what stays."""
    right = (rotated.places == rotated.right).astype(float)
    places = {letter(k): rotated.right == k for k in np.unique(rotated.right).tolist()}
    # An item has its right option at one place once at most.
    at = {
        name: right[where.any(axis=1)][where[where.any(axis=1)]] for name, where in places.items()
    }
    kept = {
        "option": rotated.same_option.mean(axis=1),
        "letter": rotated.same_letter.mean(axis=1),
        "option in all": rotated.same_option.min(axis=1),
    }
    return [
        *shares(
            ROTATION,
            {f"rotation {turn + 1}": right[:, turn] for turn in range(right.shape[1])},
            confidence=confidence,
        ),
        *shares(RIGHT_AT, at, confidence=confidence),
        *shares(KEPT, kept, confidence=confidence),
    ]


def _markers(remarked: Remarked, *, confidence: float) -> list[Estimate]:
    """Accuracy with markers as usual and with others, and whether the option stays."""
    rows = {
        "as usual": remarked.before == remarked.gold,
        "others": remarked.after == remarked.gold,
        "same option": remarked.after == remarked.before,
    }
    scores = {name: own.astype(float) for name, own in rows.items()}
    return shares(MARKERS, scores, confidence=confidence)
