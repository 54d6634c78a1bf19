"""Part ``finetune``: which part of a model, tuned by equally many weights, makes it answer better.

Encoder, projector and LLM are tuned in turn by matrices of low rank, and the projector as a whole;
all on the same items in the same order. Where the LLM helps and the others do not, what is needed
comes to it and it does not use it; where none helps, it may not be there.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight import questions
from pytest_vlmsight.evaluation import evaluate
from pytest_vlmsight.models.base import MeasurementError, TunableVlm
from pytest_vlmsight.remembered import code
from pytest_vlmsight.stats.agreement import total_variation_p
from pytest_vlmsight.stats.interval import Interval
from pytest_vlmsight.stats.multiplicity import holm
from pytest_vlmsight.stats.proportion import accuracy_interval
from pytest_vlmsight.tasks.kept_files import TUNINGS

from .helped import BEFORE, Tuned, concluded, tests_of
from .kept_tunings import KeptTunings
from .lessons import deal
from .result import Diagnosis, Estimate, PairedTest
from .tuning import Trainer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.models.base import Way

    from .lessons import Lessons
    from .subject import Subject
    from .tuning import Trained

SIGHTED, BLIND, LETTERS, READOUT = "sighted", "blind", "letter bias", "readout"
"""Groups of estimates."""

UNLIKE = "letters unlike the right ones"
"""Claim of tests."""

_FORM = 1
"""Changes when trainings that were written down must not be gone on with."""

_DRAWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """What a model answers once it is tuned.

    Attributes:
        sighted: (n, R) the options chosen.
        blind: (n, R) the same without the image.
        told: of the training: rate, what rates were tried, losses.
    """

    sighted: np.ndarray
    blind: np.ndarray
    told: Mapping[str, Any]


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
    before = _before(subject)
    kind = next(iter(before.blind))
    _meet(subject, lessons)
    work = _Work(subject=subject, vlm=vlm, lessons=lessons, kind=kind)
    results: dict[str, _Result] = {}
    notes = [f"The {part} is not tuned: {why}." for part, why in missing.items()]
    for way in ways:
        try:
            results[way.name] = work.result(way)
        except MeasurementError as error:
            notes.append(f"The {way.name} is not tuned: {error}.")
    if not results:
        raise MeasurementError(f"no part of {vlm.name} can be tuned: {' '.join(notes)}")
    results = {
        BEFORE: _Result(sighted=before.sighted.choices, blind=before.blind[kind].choices, told={}),
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
    biases = {name: _Letters(one.sighted[scored], gold, orders) for name, one in results.items()}
    letters = [one.estimate(name, subject) for name, one in biases.items()]
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
            *_shares(SIGHTED, tuned.sighted, subject),
            *_shares(BLIND, tuned.blind, subject),
            *letters,
            *_readouts(before, scored, subject),
        ),
        tests=(*tests, *_letter_tests(biases, letters, subject)),
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


def _before(subject: Subject) -> Evaluation:
    """The answers by letters, as they are learned."""
    if subject.settings.scoring == "letters":
        return subject.evaluation
    return _asked(subject, blind=subject.settings.blind)


def _asked(subject: Subject, *, blind: tuple[str, ...]) -> Evaluation:
    """The answers of the model as it is now; none are kept."""
    settings = replace(subject.settings, blind=blind, ceiling=(), scoring="letters")
    return evaluate(subject.vlm, subject.task, settings=settings)


def _meet(subject: Subject, lessons: Lessons) -> None:
    """Ask about pictures of all sizes: where its tokens look is measured before it is tuned."""
    shown = [turns[0] for turns in subject.presentations]
    sizes = {tuple(picture.size for picture in one.images): one for one in shown}
    prompts = [question.make() for question in questions.sighted([[o] for o in sizes.values()])]
    others = {
        tuple(picture.size for picture in one.item.images): one
        for one in (*lessons.learned, *lessons.checked)
    }
    prompts += [one.prompt for size, one in others.items() if size not in sizes]
    for _ in subject.vlm.ask(prompts):
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Tunes a model and asks it.

    Attributes:
        subject: who is diagnosed.
        vlm: its model.
        lessons: what is learned from.
        kind: of blindness.
    """

    subject: Subject
    vlm: TunableVlm
    lessons: Lessons
    kind: str

    def result(self, way: Way) -> _Result:
        """What it answers, tuned in this way; or what was written down of that.

        Raises:
            MeasurementError: it cannot be tuned so.
        """
        import torch

        kept = self._kept()
        known = kept.read(way.name)
        if known is None:
            tuning = self.subject.tuning
            trainer = Trainer(
                vlm=self.vlm,
                lessons=self.lessons,
                tuning=tuning,
                kept=kept,
                told=self.subject.told,
            )
            rate, tried = trainer.best_rate(way.name)
            with self.vlm.tuned(way.name, rank=tuning.rank, seed=tuning.seed) as learner:
                trained = trainer.train(learner, way.name, rate=rate, steps=tuning.steps)
                found = _asked(self.subject, blind=(self.kind,))
            tensors = {
                SIGHTED: torch.from_numpy(found.sighted.choices.astype(np.int64)),
                BLIND: torch.from_numpy(found.blind[self.kind].choices.astype(np.int64)),
            }
            told = _told_of(trained, rate, tried)
            kept.write(way.name, tensors=tensors, told=told)
            trainer.forget(way.name)
        else:
            tensors, told = dict(known.tensors), dict(known.told)
        return _Result(sighted=tensors[SIGHTED].numpy(), blind=tensors[BLIND].numpy(), told=told)

    def _kept(self) -> KeptTunings:
        subject = self.subject
        folder, told = subject.settings.cache_folder(), dict(self.vlm.provenance)
        shown = subject.presentations
        lessons = [*self.lessons.learned, *self.lessons.checked]
        # As with answers: by the content of a model and not by its place, nor by what it only
        # says once it was asked.
        model = {
            name: value
            for name, value in told.items()
            if name not in {"source", "revision", "adapter", "primer", "batch"}
        }
        model["device"] = re.sub(r":\d+", "", str(told.get("device")))
        return KeptTunings(
            folder / TUNINGS if folder is not None and told.get("weights") else None,
            decided_by={
                "form": _FORM,
                "model": model,
                "code": code(),
                "peft": metadata.version("peft"),
                "task": subject.task.name,
                "tuning": asdict(subject.tuning),
                "blind": self.kind,
                "scored": [[turn.item.id, turn.order] for turns in shown for turn in turns],
                "lessons": [[one.item.id, one.right] for one in lessons],
                "learned": len(self.lessons.learned),
            },
        )


def _told_of(trained: Trained, rate: float, tried: Mapping[float, float]) -> dict[str, Any]:
    few = max(1, len(trained.losses) // 10)
    return {
        "rate": rate,
        # JSON has no number that is infinite.
        "tried": {f"{one:g}": loss if np.isfinite(loss) else None for one, loss in tried.items()},
        "loss_first": float(np.mean(trained.losses[:few])),
        "loss_last": float(np.mean(trained.losses[-few:])),
        "loss_checked": trained.checked,
    }


class _Letters:
    """How far the letters that are answered are from the right ones.

    Args:
        choices: (n, R) of options.
        gold: (n,) right options.
        orders: (n, R, k) the option shown at each position.
    """

    def __init__(self, choices: np.ndarray, gold: np.ndarray, orders: np.ndarray) -> None:
        self.answered = (orders == choices[:, :, None]).argmax(-1)
        self.right = (orders == gold[:, None, None]).argmax(-1)
        self.options = orders.shape[-1]
        every = np.eye(self.options)
        # An item's share in what is answered more often than it is right, by letter.
        self._apart = (every[self.answered] - every[self.right]).mean(axis=1)

    @property
    def distance(self) -> float:
        """Total variation of both distributions."""
        return float(np.abs(self._apart.mean(axis=0)).sum() / 2)

    def interval(self, *, confidence: float, seed: int) -> Interval:
        """By the percentiles of a bootstrap over items; high where the distance is small."""
        n = len(self._apart)
        drawn = np.random.default_rng([seed, 6]).multinomial(n, np.full(n, 1 / n), _DRAWS)
        found = np.abs(drawn @ self._apart / n).sum(axis=1) / 2
        low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
        return Interval(float(low), float(high))

    def estimate(self, name: str, subject: Subject) -> Estimate:
        """As it is shown."""
        return Estimate(
            group=LETTERS,
            name=name,
            value=self.distance,
            interval=self.interval(confidence=subject.confidence, seed=subject.settings.seed),
            n=len(self._apart),
            unit="number",
        )

    def p(self, *, seed: int) -> float:
        """Of the first rotation: that answers are as the right letters, exchanged by item."""
        return total_variation_p(
            self.answered[:, 0], self.right[:, 0], options=self.options, seed=seed
        )


def _letter_tests(
    biases: Mapping[str, _Letters], letters: Sequence[Estimate], subject: Subject
) -> list[PairedTest]:
    ps = [one.p(seed=subject.settings.seed) for one in biases.values()]
    return [
        PairedTest(
            name=one.name,
            claim=UNLIKE,
            estimate=one.value,
            interval=one.interval,
            n=one.n,
            p=p,
            adjusted=adjusted,
        )
        for one, p, adjusted in zip(letters, ps, holm(ps), strict=True)
    ]


def _shares(group: str, scores: Mapping[str, np.ndarray], subject: Subject) -> list[Estimate]:
    return [
        Estimate(
            group=group,
            name=name,
            value=float(own.mean()),
            interval=accuracy_interval(own, confidence=subject.confidence),
            n=len(own),
        )
        for name, own in scores.items()
    ]


def _readouts(before: Evaluation, scored: np.ndarray, subject: Subject) -> list[Estimate]:
    """What is read from the encoder as it was before."""
    kinds = list(before.ceilings)[:1]
    return _shares(READOUT, {k: before.ceiling_scores(k)[scored] for k in kinds}, subject)
