"""The audit of a task: how often each shortcut is right, and by which means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.stats.proportion import accuracy_interval
from pytest_vlmsight.tasks.groups import group_items
from pytest_vlmsight.tasks.item import letter
from pytest_vlmsight.tasks.presentation import balanced_orders, present

from .fitted import fitted_guesses, fitted_position, require_sklearn
from .guesses import Guess, best, deal
from .observe import observe_all
from .rows import Clues, stack
from .rules import best_rule
from .words import bags, word_clues

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_vlmsight.stats.interval import Interval
    from pytest_vlmsight.tasks.item import Item, Task

    from .observe import Observation
    from .rows import IntArray, Rows

MARGIN = 0.05
"""What a shortcut may exceed chance by."""

LEAST = 20
"""Items below which nothing can be said."""

SHORTCUTS = ("majority key", "positions", "pixels", "markers", "words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """What one kind of shortcut achieves on a task.

    Attributes:
        name: one of ``SHORTCUTS``.
        share: of the items that it gets right; None where there is nothing to go by.
        interval: of the share, 95 %, two-sided.
        chance: what guessing achieves.
        how: which rule or classifier it was, or why there is none.
    """

    name: str
    share: float | None
    interval: Interval | None
    chance: float
    how: str

    @property
    def exceeds(self) -> bool:
        """Whether it is above chance by more than ``MARGIN``."""
        # Not caught by what only rounding puts above the margin.
        return self.share is not None and self.share > self.chance + MARGIN + 1e-9

    @property
    def doubtful(self) -> bool:
        """Whether it exceeds, but on so few items that it may be no better than chance."""
        return self.exceeds and self.interval is not None and self.interval.low <= self.chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A task's shortcuts.

    Attributes:
        task: its name.
        version: of the task.
        n: how many items were looked at.
        seed: of the items and their orders.
        chance: what guessing achieves.
        groups: how many independent sources the items have.
        shortcuts: in the order of ``SHORTCUTS``.
    """

    task: str
    version: str
    n: int
    seed: int
    chance: float
    groups: int
    shortcuts: tuple[Shortcut, ...]

    @property
    def exceeded(self) -> bool:
        """Whether any shortcut does better than it may."""
        return any(shortcut.exceeds for shortcut in self.shortcuts)


def audit(
    task: Task,
    *,
    n: int = 2000,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> Audit:
    """Measure the shortcuts of a task on its own items.

    Options are presented in the balanced orders in which a model is asked. Classifiers are
    cross-fitted by group, rules picked on the other folds; of both the better is reported, which
    is slightly optimistic, as an auditor wants to be.

    Args:
        task: where the items come from.
        n: items; all of a task that has fewer.
        seed: of the items and their orders.
        jobs: processes that read pictures.
        progress: told of what is being done, how many of how many are done.

    Raises:
        ValueError: fewer than ``LEAST`` items, or less than one job.
        ImportError: scikit-learn is missing.
    """
    require_sklearn()
    if jobs < 1:
        raise ValueError(f"--jobs: got {jobs}; expected at least 1")
    items = task.make_items(n, seed) if n >= LEAST else []
    if len(items) < LEAST:
        given = f"n={n}" if n < LEAST else f"{len(items)} items"
        raise ValueError(f"audit of {task.name}: got {given}; expected at least {LEAST} items")
    told = progress or _silent
    orders = balanced_orders(items, seed=seed)
    observed = observe_all(
        list(zip(items, orders, strict=True)),
        jobs=jobs,
        told=lambda done, total: told(f"{task.name}: items", done, total),
    )
    groups = group_items(items)
    examiner = _Examiner(items, orders, groups)
    found = []
    for done, name in enumerate(SHORTCUTS):
        told(f"{task.name}: shortcuts", done, len(SHORTCUTS))
        found.append(examiner.examine(name, observed))
    told(f"{task.name}: shortcuts", len(SHORTCUTS), len(SHORTCUTS))
    return Audit(
        task=task.name,
        version=task.version,
        n=len(items),
        seed=seed,
        chance=examiner.chance,
        groups=len(set(groups)),
        shortcuts=tuple(found),
    )


class _Examiner:
    """Knows how a task's items are asked and in which folds they are."""

    def __init__(
        self,
        items: Sequence[Item],
        orders: Sequence[tuple[int, ...]],
        groups: Sequence[str],
    ) -> None:
        self._asked = [present(item, order) for item, order in zip(items, orders, strict=True)]
        self._counts = np.array([len(item.options) for item in items])
        self._answers = np.array([p.answer for p in self._asked])
        self._sources = np.array([item.answer for item in items])
        self.chance = float((1 / self._counts).mean())
        self._folds = deal(groups)
        # A rule that is picked, not fitted, cannot know a group by heart: items are dealt singly.
        self._rule_folds: IntArray = np.arange(len(items)) % 5

    def examine(self, name: str, observed: Sequence[Observation | None]) -> Shortcut:
        if name == "majority key":
            return self._shortcut(name, [self._majority()])
        if name == "words":
            return self._shortcut(name, self._words())
        clues: dict[str, Callable[[Observation], Clues | None]] = {
            "positions": lambda o: o.positions,
            "pixels": lambda o: o.pixels,
            "markers": lambda o: o.marks,
        }
        read = [None if o is None else clues[name](o) for o in observed]
        if all(c is None for c in read):
            why = "no markers are drawn" if name == "markers" else "options are about no place"
            return Shortcut(name=name, share=None, interval=None, chance=self.chance, how=why)
        known = [
            Clues(scalars={"nothing": np.zeros(count)}) if c is None else c
            for c, count in zip(read, self._counts, strict=True)
        ]
        return self._shortcut(name, self._guesses(stack(known, self._answers.tolist())))

    def _shortcut(self, name: str, guesses: Sequence[Guess]) -> Shortcut:
        found = best(guesses)
        return Shortcut(
            name=name,
            share=found.share,
            interval=accuracy_interval(found.scores),
            chance=self.chance,
            how=_means(guesses) + self._unfitted(name),
        )

    def _unfitted(self, name: str) -> str:
        if self._folds is not None or name == SHORTCUTS[0]:
            return ""
        return "; nothing fitted, as most items are of one source"

    def _guesses(self, rows: Rows) -> list[Guess]:
        from threadpoolctl import threadpool_limits

        guesses = [best_rule(rows, self._rule_folds)]
        if self._folds is not None:
            # Threads that wait for each other on shared cores take many times as long as one.
            with threadpool_limits(1):
                guesses += fitted_guesses(rows, self._folds)
        return guesses

    def _majority(self) -> Guess:
        """The commonest position as presented, or index in the source."""
        guesses = []
        for what, given in (("position", self._answers), ("source index", self._sources)):
            right, named = np.zeros(len(given)), []
            for count in np.unique(self._counts):
                of = self._counts == count
                commonest = int(np.bincount(given[of]).argmax())
                right[of] = given[of] == commonest
                named.append(letter(commonest))
            guesses.append(Guess(f"always {what} {' or '.join(dict.fromkeys(named))}", right))
        return best(guesses)

    def _words(self) -> list[Guess]:
        questions = [p.item.question for p in self._asked]
        options = [p.options for p in self._asked]
        rows = stack(word_clues(questions, options), self._answers.tolist())
        guesses = self._guesses(rows)
        if self._folds is not None:
            whole = bags([" ".join((q, *o)) for q, o in zip(questions, options, strict=True)])
            if whole.shape[1]:
                guesses.append(fitted_position(whole, rows, self._folds))
        return guesses


def _means(guesses: Sequence[Guess]) -> str:
    """The best means; where it is a rule also the best fit, and the other way round."""
    found = best(guesses)
    others = [g for g in guesses if g.fitted != found.fitted]
    if not others:
        return found.how
    other = best(others)
    return f"{found.how}; {100 * other.share:.1f} by {other.how}"


def _silent(_: str, __: int, ___: int) -> None:
    """No one watches."""
