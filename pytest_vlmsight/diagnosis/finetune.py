"""Part ``finetune``: which part of a model, tuned by equally many weights, makes it answer better.

Encoder, projector and LLM are tuned in turn by matrices of low rank, and the projector as a whole;
all on the same items in the same order. Where the LLM helps and the others do not, what is needed
comes to it and it does not use it; where none helps, it may not be there.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from pytest_vlmsight.models.base import MeasurementError, TunableVlm

from .helped import BEFORE, Tuned, concluded, tests_of
from .lessons import deal
from .letter_bias import LetterBias, letter_tests
from .result import Diagnosis, Estimate
from .retuning import BLIND, SIGHTED, Retuned, Retuning, answers_before, meet
from .shares import shares

if TYPE_CHECKING:
    import numpy as np

    from pytest_vlmsight.evaluation import Evaluation

    from .subject import Subject

READOUT = "readout"
"""Group of estimates, beside ``SIGHTED``, ``BLIND`` and ``LETTERS``."""


def diagnose(subject: Subject) -> Diagnosis:
    """Tune each part of a model in turn and ask it again.

    Raises:
        MeasurementError: the model cannot be tuned or asked, or there are too few items.
        ModelError: peft is not installed.
    """
    vlm, tuning = subject.vlm, subject.tuning
    if not isinstance(vlm, TunableVlm):
        raise MeasurementError(
            f"{vlm.name} cannot be tuned: an adapter of your own needs ways and tuned for it "
            "(docs/diagnosis.md)"
        )
    ways, missing = vlm.ways(rank=tuning.rank)
    lessons = deal(subject, learned=tuning.items, checked=tuning.checked, seed=tuning.seed)
    before = answers_before(subject)
    kind = next(iter(before.blind))
    meet(subject, lessons)
    work = Retuning(
        subject=subject,
        tuning=tuning,
        lessons=lessons,
        kind=kind,
        tuned=partial(vlm.tuned, rank=tuning.rank, seed=tuning.seed),
    )
    results: dict[str, Retuned] = {}
    notes = [f"The {part} is not tuned: {why}." for part, why in missing.items()]
    for way in ways:
        try:
            results[way.name] = work.result(way.name)
        except MeasurementError as error:
            notes.append(f"The {way.name} is not tuned: {error}.")
    if not results:
        raise MeasurementError(f"no part of {vlm.name} can be tuned: {' '.join(notes)}")
    results = {
        BEFORE: Retuned(sighted=before.sighted.choices, blind=before.blind[kind].choices, told={}),
        **results,
    }
    scored = lessons.scored
    gold = before.gold[scored]

    def scores(choices: np.ndarray) -> np.ndarray:
        right: np.ndarray = (choices[scored] == gold[:, None]).mean(axis=1)
        return right

    tuned = Tuned(
        sighted={name: scores(one.sighted) for name, one in results.items()},
        blind={name: scores(one.blind) for name, one in results.items()},
    )
    gate = subject.settings.gate_for(subject.task.name)
    tests = tests_of(tuned, alpha=gate.alpha)
    trained = {way.name: way for way in ways if way.name in results}
    conclusion, sentence = concluded(
        tuned, tests, gate=gate, budget=f"{tuning.steps} steps of {tuning.batch} items"
    )
    orders = before.orders[scored]
    biases = {name: LetterBias(one.sighted[scored], gold, orders) for name, one in results.items()}
    letters = [
        one.estimate(name, confidence=subject.confidence, seed=subject.settings.seed)
        for name, one in biases.items()
    ]
    learned, checked = len(lessons.learned), len(lessons.checked)
    notes += [
        f"Learned from {learned} {lessons.told}; rates are chosen on {checked} others.",
        "A part that does not help in this budget may in a larger one: --tune steps=… items=….",
    ]
    return Diagnosis(
        part="finetune",
        model=vlm.name,
        task=subject.task.name,
        n=int(scored.sum()),
        confidence=subject.confidence,
        conclusion=conclusion,
        sentence=sentence,
        estimates=(
            *shares(SIGHTED, tuned.sighted, confidence=subject.confidence),
            *shares(BLIND, tuned.blind, confidence=subject.confidence),
            *letters,
            *_readouts(before, scored, subject),
        ),
        tests=(*tests, *letter_tests(biases, letters, seed=subject.settings.seed)),
        notes=tuple(notes),
        details={
            "chance": float(before.chance[scored].mean()),
            "blind": kind,
            "tuning": {**asdict(tuning), "rates": list(tuning.rates)},
            "ways": {
                name: {"size": way.size, "told": way.told, **results[name].told}
                for name, way in trained.items()
            },
        },
    )


def _readouts(before: Evaluation, scored: np.ndarray, subject: Subject) -> list[Estimate]:
    """What is read from the encoder as it was before."""
    kinds = list(before.ceilings)[:1]
    scores = {kind: before.ceiling_scores(kind)[scored] for kind in kinds}
    return shares(READOUT, scores, confidence=subject.confidence)
