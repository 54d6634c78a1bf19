"""Part ``prompt``: whether a model answers better when it is asked otherwise.

Asked otherwise in words, by a set of wordings, and by embeddings in front of the prompt that are
learned while the model is frozen. Where neither helps, it is not the prompt that it fails by.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.models.base import MeasurementError, ModelError, PrefixableVlm
from pytest_vlmsight.models.wordings import WORDINGS
from pytest_vlmsight.phrases import points

from .lessons import deal
from .letter_bias import LetterBias, letter_tests
from .prompted import BEFORE, BEST_OF, Prompted, concluded, tests_of
from .result import Diagnosis
from .retuning import BLIND, SIGHTED, Retuned, Retuning, answers_before, meet
from .shares import shares
from .wordings_asked import ask_wordings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.models.base import Learning

    from .lessons import Lessons
    from .result import Estimate, PairedTest
    from .subject import Subject

WORDED, WORDED_BLIND = "wordings", "wordings, blind"
BEST, ANSWERED, READOUT = "best of wordings", "letters", "readout"
"""Groups of estimates, beside ``SIGHTED`` and ``BLIND`` of prefixes, spread and letter bias."""


def diagnose(subject: Subject) -> Diagnosis:
    """Ask a model in other words, and with prefixes that it has learned.

    Raises:
        MeasurementError: the model cannot be asked.
    """
    before = answers_before(subject)
    kind = next(iter(before.blind))
    worded = ask_wordings(subject, before, kind=kind)
    prefixes = _learned(subject, before, kind=kind)
    scored = prefixes.scored
    worded = replace(
        worded,
        sighted={name: own[scored] for name, own in worded.sighted.items()},
        blind={name: own[scored] for name, own in worded.blind.items()},
    )
    items = [item for item, own in zip(subject.items, scored.tolist(), strict=True) if own]
    seed, confidence = subject.settings.seed, subject.confidence
    chosen = worded.chosen(items, seed=seed)
    numbers = np.arange(len(items))
    best = {
        group: np.stack(list(scores.values()))[chosen, numbers]
        for group, scores in ((SIGHTED, worded.sighted), (BLIND, worded.blind))
    }
    gold = before.gold[scored]

    def scores(choices: np.ndarray) -> np.ndarray:
        right: np.ndarray = (choices[scored] == gold[:, None]).mean(axis=1)
        return right

    curve = {0: Retuned(sighted=before.sighted.choices, blind=before.blind[kind].choices, told={})}
    curve |= prefixes.results
    sighted = {count: scores(one.sighted) for count, one in curve.items()}
    blind = {count: scores(one.blind) for count, one in curve.items()}
    found = Prompted(
        sighted={
            BEFORE: sighted[0],
            BEST_OF: best[SIGHTED],
            **{_named(count): sighted[count] for count in prefixes.results},
        },
        blind={
            BEFORE: blind[0],
            BEST_OF: best[BLIND],
            **{_named(count): blind[count] for count in prefixes.results},
        },
    )
    gate = subject.settings.gate_for(subject.task.name)
    tests = tests_of(found, alpha=gate.alpha)
    conclusion, sentence = concluded(found, tests, gate=gate, lacking=prefixes.lacking)
    spread, differ, by_chance = worded.spread(confidence=confidence, seed=seed)
    letters = _letters(curve, before, scored, subject=subject)
    names = [wording.name for wording in WORDINGS]
    told = (
        "The wording that is best on one half of the items is scored on the other, both ways "
        f"round; wordings that are alike would range over {points(by_chance)[1:]} by chance."
    )
    notes = [told, *prefixes.notes]
    if worded.alike:
        notes.append(
            "All wordings were answered by the very same numbers: an adapter of your own needs to "
            "word its prompts by prompt.wording (docs/diagnosis.md)."
        )
    return Diagnosis(
        part="prompt",
        model=subject.vlm.name,
        task=subject.task.name,
        n=len(items),
        confidence=confidence,
        conclusion=conclusion,
        sentence=sentence,
        estimates=(
            *shares(WORDED, worded.sighted, confidence=confidence),
            *shares(WORDED_BLIND, worded.blind, confidence=confidence),
            *spread,
            *shares(BEST, best, confidence=confidence),
            *shares(SIGHTED, {_named(k): own for k, own in sighted.items()}, confidence=confidence),
            *shares(BLIND, {_named(k): own for k, own in blind.items()}, confidence=confidence),
            *letters.estimates,
            *_readouts(before, scored, subject),
        ),
        tests=(*tests, differ, *letters.tests),
        notes=tuple(notes),
        details={
            "chance": float(before.chance[scored].mean()),
            "blind": kind,
            "wordings": {wording.name: wording.form for wording in WORDINGS},
            "chosen": sorted({names[k] for k in chosen.tolist()}),
            "range_by_chance": by_chance,
            "prefixes": {str(count): dict(one.told) for count, one in prefixes.results.items()},
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prefixes:
    """What came of learning prefixes.

    Attributes:
        results: number of prefixes → what is answered with them.
        scored: (n,) bool, which items are scored.
        notes: what could not be done, and what is to be kept in mind.
        lacking: why none were learned, as the end of a sentence.
    """

    results: Mapping[int, Retuned]
    scored: np.ndarray
    notes: tuple[str, ...]
    lacking: str


def _learned(subject: Subject, before: Evaluation, *, kind: str) -> _Prefixes:
    """Learn prefixes of each number; what fails is told and keeps no wording from being scored."""
    vlm, tuning = subject.vlm, subject.tuning
    tuning = replace(tuning, rates=tuning.prefix_rates, steps=tuning.prefix_steps)
    results: dict[int, Retuned] = {}
    notes: list[str] = []
    scored = np.ones(before.n, dtype=bool)
    lessons: Lessons | None = None
    try:
        if not isinstance(vlm, PrefixableVlm):
            raise MeasurementError(  # noqa: TRY301 - told with all other reasons
                f"an adapter of your own needs prefixed for it, which {vlm.name} lacks "
                "(docs/diagnosis.md)"
            )
        lessons = deal(subject, learned=tuning.items, checked=tuning.checked, seed=tuning.seed)
        meet(subject, lessons)
    except (MeasurementError, ModelError) as error:
        notes.append(f"No prefixes are learned: {error}.")
    if lessons is not None and isinstance(vlm, PrefixableVlm):
        counts = {_named(count): count for count in tuning.prefixes}

        def tuned(way: str) -> AbstractContextManager[Learning]:
            return vlm.prefixed(counts[way], seed=tuning.seed)

        work = Retuning(subject=subject, tuning=tuning, lessons=lessons, kind=kind, tuned=tuned)
        for way, count in counts.items():
            try:
                results[count] = work.result(way)
            except (MeasurementError, ModelError) as error:
                notes.append(f"No {way} are learned: {error}.")
    if results and lessons is not None:
        scored = lessons.scored
        notes.append(
            f"Prefixes are learned from {len(lessons.learned)} {lessons.told}; rates are chosen on "
            f"{len(lessons.checked)} others. Those that do not help in this budget may in a larger "
            "one: --tune prefix_steps=… items=…."
        )
    return _Prefixes(
        results=results,
        scored=scored,
        notes=tuple(notes),
        lacking="" if results else "learned prefixes were not measured",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Letters:
    """Estimates and tests of letters."""

    estimates: tuple[Estimate, ...]
    tests: tuple[PairedTest, ...]


def _letters(
    curve: Mapping[int, Retuned], before: Evaluation, scored: np.ndarray, *, subject: Subject
) -> _Letters:
    """How often each letter is answered, and how far that is from the right ones."""
    orders, gold = before.orders[scored], before.gold[scored]
    seed, confidence = subject.settings.seed, subject.confidence
    biases = {
        _named(count): LetterBias(one.sighted[scored], gold, orders) for count, one in curve.items()
    }
    rows = [one.estimate(name, confidence=confidence, seed=seed) for name, one in biases.items()]
    every = {
        f"{name}: {chr(ord('A') + k)}": (one.answered == k).mean(axis=1)
        for name, one in biases.items()
        for k in range(one.options)
    }
    return _Letters(
        estimates=(*rows, *shares(ANSWERED, every, confidence=confidence)),
        tests=tuple(letter_tests(biases, rows, seed=seed)),
    )


def _readouts(before: Evaluation, scored: np.ndarray, subject: Subject) -> list[Estimate]:
    kinds = list(before.ceilings)[:1]
    scores = {kind: before.ceiling_scores(kind)[scored] for kind in kinds}
    return shares(READOUT, scores, confidence=subject.confidence)


def _named(count: int) -> str:
    return f"{count} prefix{'' if count == 1 else 'es'}"
