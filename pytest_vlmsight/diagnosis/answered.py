"""What a model answers to the same items with and without the image, and in other orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.evaluation import Answers, marker_style
from pytest_vlmsight.models.base import MeasurementError, ModelError
from pytest_vlmsight.options import BLIND_KINDS
from pytest_vlmsight.tasks.presentation import present, rotations

from .letter_prior import without_prior
from .other_markers import marked_otherwise
from .retuning import answers_before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.evaluation import Evaluation

    from .subject import Subject

SIGHTED = "sighted"
"""Name of the answers with the image, among those that are blind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Answers by letters to n items, each shown in one order of its options.

    Attributes:
        gold: (n,) right options.
        orders: (n, k) ``orders[i, position]`` is the option shown there; -1 beyond the last.
        chance: (n,) accuracy of guessing.
        choices: ``SIGHTED`` and kinds of blindness → (n,) options chosen.
        free: the same without a prior of letters; empty where none can be taken away.
    """

    gold: np.ndarray
    orders: np.ndarray
    chance: np.ndarray
    choices: Mapping[str, np.ndarray]
    free: Mapping[str, np.ndarray]

    @property
    def kinds(self) -> list[str]:
        """Of blindness."""
        return [name for name in self.choices if name != SIGHTED]

    @property
    def right(self) -> np.ndarray:
        """(n,) positions of the right options."""
        found: np.ndarray = (self.orders == self.gold[:, None]).argmax(-1)
        return found

    @property
    def majority(self) -> int:
        """The commonest position of the right option."""
        return int(np.bincount(self.right).argmax())

    def places(self, name: str) -> np.ndarray:
        """(n,) positions that were chosen."""
        found: np.ndarray = (self.orders == self.choices[name][:, None]).argmax(-1)
        return found

    def scores(self, name: str) -> np.ndarray:
        """(n,) 1 where it is right."""
        score: np.ndarray = (self.choices[name] == self.gold).astype(float)
        return score

    def free_scores(self, name: str) -> np.ndarray:
        """(n,) 1 where it is right without a prior of letters."""
        score: np.ndarray = (self.free[name] == self.gold).astype(float)
        return score


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """Sighted answers to n items whose options are rotated R times, as first shown among them.

    Attributes:
        choices: (n, R) options chosen.
        places: (n, R) positions chosen.
        right: (n, R) positions of the right options.
    """

    choices: np.ndarray
    places: np.ndarray
    right: np.ndarray

    @property
    def same_option(self) -> np.ndarray:
        """(n, R - 1) 1 where the option is chosen that was first."""
        same: np.ndarray = (self.choices[:, 1:] == self.choices[:, :1]).astype(float)
        return same

    @property
    def same_letter(self) -> np.ndarray:
        """(n, R - 1) 1 where the position is chosen that was first; never both."""
        same: np.ndarray = (self.places[:, 1:] == self.places[:, :1]).astype(float)
        return same


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarked:
    """Answers to the m items on which markers are drawn, when these look otherwise.

    Attributes:
        before: (m,) options chosen with markers as usual.
        after: (m,) options chosen with others.
        gold: (m,) right options.
        style: of the others, in words; ``*`` what varies.
    """

    before: np.ndarray
    after: np.ndarray
    gold: np.ndarray
    style: str


def ask_blind(subject: Subject) -> tuple[Answered, list[str]]:
    """The answers sighted and in each way of not seeing, and notes on those that cannot be had.

    Raises:
        MeasurementError: the model cannot be asked, or an answer names no option.
    """
    before = answers_before(subject)
    shown = [turns[0] for turns in subject.presentations]
    runs: dict[str, Answers] = {SIGHTED: _turn(before.sighted, 0)}
    notes = []
    for kind in BLIND_KINDS:
        try:
            runs[kind] = (
                _turn(before.blind[kind], 0)
                if kind in before.blind
                else subject.letters(shown, what=kind, blind=kind)
            )
        except (MeasurementError, ModelError) as error:
            notes.append(f"Blind by {kind} was not asked: {error}.")
    if len(runs) == 1:
        raise MeasurementError(f"the model cannot be asked without the image: {' '.join(notes)}")
    for name, answers in runs.items():
        _answered(answers, name)
    return _compared(before, runs, seed=subject.settings.seed), notes


def ask_rotated(subject: Subject, answered: Answered) -> Rotated:
    """The sighted answers to all rotations that each item has.

    Raises:
        MeasurementError: the model cannot be asked.
    """
    before = answers_before(subject)
    first = [turns[0] for turns in subject.presentations]
    count = min(len(item.options) for item in subject.items)
    width = answered.orders.shape[1]
    choices, orders = [answered.choices[SIGHTED]], [answered.orders]
    for turn in range(1, count):
        what = f"sighted, rotation {turn + 1}"
        shown = [present(one.item, rotations(one.order, count)[turn]) for one in first]
        known = turn < before.sighted.choices.shape[1]
        answers = _turn(before.sighted, turn) if known else subject.letters(shown, what=what)
        choices.append(_answered(answers, what))
        orders.append(
            np.array([[*one.order, *[-1] * (width - len(one.order))] for one in shown], dtype=int)
        )
    chosen, shown_at = np.stack(choices, axis=1), np.stack(orders, axis=1)
    return Rotated(
        choices=chosen,
        places=(shown_at == chosen[..., None]).argmax(-1),
        right=(shown_at == answered.gold[:, None, None]).argmax(-1),
    )


def ask_remarked(subject: Subject, answered: Answered) -> Remarked | None:
    """The sighted answers when markers look otherwise; None where the plugin draws none.

    Raises:
        MeasurementError: the model cannot be asked.
    """
    others = [marked_otherwise(item) for item in subject.items]
    rows = [row for row, item in enumerate(others) if item is not None]
    if not rows:
        return None
    items = [item for item in others if item is not None]
    shown = [
        present(item, subject.presentations[row][0].order)
        for row, item in zip(rows, items, strict=True)
    ]
    what = "sighted, other markers"
    return Remarked(
        before=answered.choices[SIGHTED][rows],
        after=_answered(subject.letters(shown, what=what), what),
        gold=answered.gold[rows],
        style=str(marker_style(items)),
    )


def _turn(answers: Answers, turn: int) -> Answers:
    """Those of one rotation of each item."""
    one = slice(turn, turn + 1)
    return Answers(logprobs=answers.logprobs[:, one], choices=answers.choices[:, one])


def _answered(answers: Answers, name: str) -> np.ndarray:
    """(n,) options chosen; raises MeasurementError where there is none."""
    if answers.unanswered:
        raise MeasurementError(
            f"{answers.unanswered} of {answers.choices.size} {name} answers have no letter that "
            "is possible, so letters cannot be compared"
        )
    chosen: np.ndarray = answers.choices[:, 0]
    return chosen


def _compared(before: Evaluation, runs: Mapping[str, Answers], *, seed: int) -> Answered:
    orders = before.orders[:, :1]
    free = {name: without_prior(one, orders=orders, seed=seed) for name, one in runs.items()}
    known = {name: one[:, 0] for name, one in free.items() if one is not None}
    return Answered(
        gold=before.gold,
        orders=orders[:, 0],
        chance=before.chance,
        choices={name: one.choices[:, 0] for name, one in runs.items()},
        free=known if len(known) == len(runs) else {},
    )
