"""How parts of a model are tuned for a diagnosis: budget, order, learning rates, and being stopped.

All that a step does is decided by its number, so that a training that is killed goes on where it
was last written down and ends with the same numbers.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.models.base import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from pytest_vlmsight.models.base import Learning, Prompt

    from .kept_tunings import KeptTunings
    from .lessons import Lesson, Lessons

WRITTEN_EVERY = 30.0
"""Seconds after which a training is written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Budget of a tuning; the same for all ways of a part.

    Attributes:
        rank: of LoRA in the part that has most weights then; the others have as many weights.
        steps: of a training.
        batch: items of a step.
        items: to learn from.
        checked: items on which a learning rate is chosen.
        rates: learning rates that are tried.
        search: share of the steps that each rate is tried for; of one rate none is.
        seed: of items, order and whatever starts at random.
        prefixes: numbers of embeddings that are learned in front of prompts.
        prefix_rates: learning rates that are tried for these.
        prefix_steps: of a training of these.

    Raises:
        ValueError: one of them cannot be used.
    """

    rank: int = 8
    steps: int = 100
    batch: int = 8
    items: int = 320
    checked: int = 80
    rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3)
    search: float = 0.25
    seed: int = 0
    prefixes: tuple[int, ...] = (1, 5, 10)
    prefix_rates: tuple[float, ...] = (1e-3, 1e-2, 1e-1)
    prefix_steps: int = 200

    def __post_init__(self) -> None:
        for name in ("rank", "steps", "batch", "items", "checked", "prefix_steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"tuning: {name}={getattr(self, name)}: expected at least 1")
        if self.seed < 0:
            raise ValueError(f"tuning: seed={self.seed}: expected at least 0")
        for name in ("rates", "prefix_rates"):
            rates = getattr(self, name)
            if not rates or not all(0 < rate < 1 for rate in rates):
                raise ValueError(f"tuning: {name}={rates}: expected numbers between 0 and 1")
        counts = self.prefixes
        if not counts or min(counts) < 1 or len(set(counts)) < len(counts):
            raise ValueError(f"tuning: prefixes={counts}: expected different numbers from 1 on")
        if not 0 < self.search <= 1:
            raise ValueError(f"tuning: search={self.search}: expected a share above 0, at most 1")


def read_tuning(words: Sequence[str]) -> Tuning:
    """A budget from words such as ``steps=200`` and ``rates=1e-4,1e-3``.

    Raises:
        ValueError: one of them cannot be used.
    """
    usual = asdict(Tuning())
    given: dict[str, Any] = {}
    for word in words:
        name, _, text = word.partition("=")
        if name not in usual:
            raise ValueError(f"tuning: got {word!a}; expected NAME=VALUE, of {', '.join(usual)}")
        try:
            if isinstance(usual[name], tuple):
                given[name] = tuple(map(type(usual[name][0]), text.split(",")))
            else:
                given[name] = type(usual[name])(text)
        except ValueError as error:
            raise ValueError(f"tuning: {word!a}: expected a number after =") from error
    return Tuning(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of a training.

    Attributes:
        losses: mean cross-entropy of each step.
        checked: that of the items on which rates are chosen, after the last step.
    """

    losses: tuple[float, ...]
    checked: float


def rate_at(step: int, *, steps: int, rate: float) -> float:
    """A straight rise in a tenth of the steps, then half a cosine (Loshchilov and Hutter 2017)."""
    risen = max(1, steps // 10)
    if step < risen:
        return rate * (step + 1) / risen
    share = (step - risen) / max(1, steps - risen)
    return rate * 0.5 * (1 + math.cos(math.pi * share))


def met(step: int, *, batch: int, of: int, seed: int) -> list[int]:
    """The numbers of a step's items: all are met once before any is met again."""
    batch = min(batch, of)
    epoch, place = divmod(step, of // batch)
    shuffled = np.random.default_rng([seed, epoch]).permutation(of)
    return [int(one) for one in shuffled[place * batch : (place + 1) * batch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainer:
    """Trains a model in one way after the other.

    Attributes:
        tuned: way → a context in which the model is tuned so, and what learns in it.
        lessons: what it learns from, and what rates are chosen on.
        tuning: the budget.
        kept: where trainings are written down.
        told: of how many steps of a training are done.
    """

    tuned: Callable[[str], AbstractContextManager[Learning]]
    lessons: Lessons
    tuning: Tuning
    kept: KeptTunings
    told: Callable[[str, int, int], None]

    def best_rate(self, way: str) -> tuple[float, dict[float, float]]:
        """The learning rate after whose short training least is lost on items not learned from.

        Returns:
            The rate, and rate → that loss; infinite where a training failed, empty of one rate.

        Raises:
            MeasurementError: all of them failed.
        """
        rates, steps = self.tuning.rates, self._search_steps
        if len(rates) == 1:
            return rates[0], {}
        found: dict[float, float] = {}
        why = ""
        for rate in rates:
            try:
                with self.tuned(way) as learner:
                    found[rate] = self.train(learner, way, rate=rate, steps=steps).checked
            except MeasurementError as error:
                found[rate], why = math.inf, str(error)
        best = min(found, key=lambda rate: (found[rate], rate))
        if math.isinf(found[best]):
            raise MeasurementError(why)
        return best, found

    def train(self, learner: Learning, way: str, *, rate: float, steps: int) -> Trained:
        """Train, or go on with a training that was written down.

        Args:
            learner: of the way, untrained.
            way: its name.
            rate: the highest learning rate.
            steps: how many.

        Raises:
            MeasurementError: it cannot be trained.
        """
        name = _name(way, rate, steps)
        losses: list[float] = []
        known = self.kept.read(name)
        if known is not None:
            learner.restore(known.tensors)
            losses = list(known.told["losses"])
            if "checked" in known.told:
                return Trained(losses=tuple(losses), checked=known.told["checked"])
        tuning, written = self.tuning, time.monotonic()
        for step in range(len(losses), steps):
            numbers = met(step, batch=tuning.batch, of=len(self.lessons.learned), seed=tuning.seed)
            losses.append(learner.loss(*_asked(self.lessons.learned, numbers), learn=True))
            learner.step(rate_at(step, steps=steps, rate=rate))
            if time.monotonic() - written >= WRITTEN_EVERY:
                self.kept.write(name, tensors=learner.state(), told={"losses": losses})
                written = time.monotonic()
            self.told(f"tuning of {way}, rate {rate:g}", step + 1, steps)
        checked = self._checked(learner)
        told = {"losses": losses, "checked": checked}
        self.kept.write(name, tensors=learner.state(), told=told)
        return Trained(losses=tuple(losses), checked=checked)

    def forget(self, way: str) -> None:
        """Remove what was written down of a way's trainings."""
        for rate in self.tuning.rates:
            for steps in (self._search_steps, self.tuning.steps):
                self.kept.forget(_name(way, rate, steps))

    @property
    def _search_steps(self) -> int:
        return max(1, round(self.tuning.search * self.tuning.steps))

    def _checked(self, learner: Learning) -> float:
        lessons, total = self.lessons.checked, 0.0
        for start in range(0, len(lessons), self.tuning.batch):
            numbers = range(start, min(start + self.tuning.batch, len(lessons)))
            total += len(numbers) * learner.loss(*_asked(lessons, numbers), learn=False)
        return total / len(lessons)


def _name(way: str, rate: float, steps: int) -> str:
    """Of a training, in what is kept."""
    return f"{way}, rate {rate}, {steps} steps"


def _asked(lessons: Sequence[Lesson], numbers: Sequence[int]) -> tuple[list[Prompt], list[int]]:
    return [lessons[k].prompt for k in numbers], [lessons[k].right for k in numbers]
