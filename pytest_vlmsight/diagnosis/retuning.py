"""A model that is tuned in one way after the other and asked again, once for each."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight import questions
from pytest_vlmsight.evaluation import evaluate
from pytest_vlmsight.remembered import code
from pytest_vlmsight.tasks.kept_files import TUNINGS

from .kept_tunings import KeptTunings
from .tuning import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from pytest_vlmsight.evaluation import Evaluation
    from pytest_vlmsight.models.base import Learning

    from .lessons import Lessons
    from .subject import Subject
    from .tuning import Trained, Tuning

SIGHTED, BLIND = "sighted", "blind"
"""Groups of estimates."""

_FORM = 1
"""Changes when trainings that were written down must not be gone on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retuned:
    """What a model answers once it is tuned.

    Attributes:
        sighted: (n, R) the options chosen.
        blind: (n, R) the same without the image.
        told: of the training: rate, what rates were tried, losses.
    """

    sighted: np.ndarray
    blind: np.ndarray
    told: Mapping[str, Any]


def answers_before(subject: Subject) -> Evaluation:
    """The answers by letters, as they are learned."""
    if subject.settings.scoring == "letters":
        return subject.evaluation
    return _asked(subject, blind=subject.settings.blind)


def _asked(subject: Subject, *, blind: tuple[str, ...]) -> Evaluation:
    """The answers of the model as it is now; none are kept."""
    settings = replace(subject.settings, blind=blind, ceiling=(), scoring="letters")
    return evaluate(subject.vlm, subject.task, settings=settings)


def meet(subject: Subject, lessons: Lessons) -> None:
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
class Retuning:
    """Tunes a model and asks it.

    Attributes:
        subject: who is diagnosed.
        tuning: the budget.
        lessons: what is learned from.
        kind: of blindness.
        tuned: way → a context in which the model is tuned so, and what learns in it.
    """

    subject: Subject
    tuning: Tuning
    lessons: Lessons
    kind: str
    tuned: Callable[[str], AbstractContextManager[Learning]]

    def result(self, way: str) -> Retuned:
        """What it answers, tuned in this way; or what was written down of that.

        Raises:
            MeasurementError: it cannot be tuned so.
        """
        import torch

        kept = self._kept()
        known = kept.read(way)
        if known is None:
            trainer = Trainer(
                tuned=self.tuned,
                lessons=self.lessons,
                tuning=self.tuning,
                kept=kept,
                told=self.subject.told,
            )
            rate, tried = trainer.best_rate(way)
            with self.tuned(way) as learner:
                trained = trainer.train(learner, way, rate=rate, steps=self.tuning.steps)
                found = _asked(self.subject, blind=(self.kind,))
            tensors = {
                SIGHTED: torch.from_numpy(found.sighted.choices.astype(np.int64)),
                BLIND: torch.from_numpy(found.blind[self.kind].choices.astype(np.int64)),
            }
            told = _told_of(trained, rate, tried)
            kept.write(way, tensors=tensors, told=told)
            trainer.forget(way)
        else:
            tensors, told = dict(known.tensors), dict(known.told)
        return Retuned(sighted=tensors[SIGHTED].numpy(), blind=tensors[BLIND].numpy(), told=told)

    def _kept(self) -> KeptTunings:
        subject = self.subject
        folder, told = subject.settings.cache_folder(), dict(subject.vlm.provenance)
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
                "tuning": asdict(self.tuning),
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
