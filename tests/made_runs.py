"""Evaluations and runs made up, for tests of what is done with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.ceiling import Ceiling
from pytest_vlmsight.evaluation import Answers, Asked, Evaluation
from pytest_vlmsight.gates import Outcome, Verdict
from pytest_vlmsight.records.run import Case, Run
from pytest_vlmsight.stats.interval import Interval
from pytest_vlmsight.tasks.presentation import balanced_orders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.tasks.item import Task

PROVENANCE = {"source": "tests", "task_version": "1", "items_hash": "0", "scoring": "letters"}


def answered(choices: np.ndarray, counts: np.ndarray) -> Answers:
    """Answers that choose these options: 0 of log-probability for them, -2 for others."""
    width = int(counts.max())
    logprobs = np.where(np.arange(width) == choices[..., None], 0.0, -2.0)
    logprobs[np.arange(width) >= np.broadcast_to(counts[:, None, None], logprobs.shape)] = np.nan
    return Answers(logprobs=logprobs, choices=choices)


def evaluation(
    *,
    model: str = "a",
    task: str = "one",
    n: int = 40,
    options: Sequence[int] = (2,),
    turns: int = 1,
    sighted: float = 0.8,
    blind: float = 0.5,
    ceiling: float = 0.9,
    seed: int = 0,
    provenance: Mapping[str, Any] | None = None,
) -> Evaluation:
    """An evaluation whose shares of right answers are about as given.

    Args:
        options: numbers of options, item by item in turns.
        turns: rotations.
        seed: of which items are right; items themselves are the same for all.
    """
    counts = np.array([options[index % len(options)] for index in range(n)])
    gold = np.arange(n) % counts
    rng = np.random.default_rng(seed)

    def choices(share: float, times: int) -> np.ndarray:
        right = rng.random((n, times)) < share
        chosen: np.ndarray = np.where(right, gold[:, None], (gold[:, None] + 1) % counts[:, None])
        return chosen

    orders = np.full((n, turns, int(counts.max())), -1)
    for index, count in enumerate(counts.tolist()):
        orders[index, :, :count] = [
            np.roll(np.arange(count), index // count + r) for r in range(turns)
        ]
    return Evaluation(
        model=model,
        task=task,
        ids=tuple(f"{task}{index:04}" for index in range(n)),
        gold=gold,
        options=counts,
        orders=orders,
        sighted=answered(choices(sighted, turns), counts),
        blind={"blank": answered(choices(blind, turns), counts)},
        ceilings={
            "matched": Ceiling(
                kind="matched",
                stage="encoder[2]",
                choices=choices(ceiling, 1)[:, 0],
                trained_on=None,
            )
        },
        unmeasured={"native": "there was no time"},
        provenance={**PROVENANCE, **(provenance or {})},
        slices=tuple(
            (("half", "first" if index < n // 2 else "second"), *((("odd", "yes"),) * (index % 2)))
            for index in range(n)
        ),
        asked=tuple(
            Asked(
                name=f"item {index}",
                question="Which one?",
                options=tuple(f"option {j}" for j in range(count)),
            )
            for index, count in enumerate(counts.tolist())
        ),
    )


def of_task(task: Task, *, n: int, model: str = "a", seed: int = 0) -> Evaluation:
    """An evaluation of a task's own items: the eye solves all of them, the mouth none."""
    items = task.make_items(n, seed)
    counts = np.array([len(item.options) for item in items])
    gold = np.array([item.answer for item in items])
    orders = np.full((n, 1, int(counts.max())), -1)
    for index, order in enumerate(balanced_orders(items, seed=seed)):
        orders[index, 0, : len(order)] = order
    wrong = ((gold + 1) % counts)[:, None]
    return Evaluation(
        model=model,
        task=task.name,
        ids=tuple(item.id for item in items),
        gold=gold,
        options=counts,
        orders=orders,
        sighted=answered(wrong, counts),
        blind={"blank": answered(wrong, counts)},
        ceilings={
            "matched": Ceiling(kind="matched", stage="encoder[2]", choices=gold, trained_on=None)
        },
        unmeasured={},
        provenance={**PROVENANCE, "markers": "ring" if items[0].draw else None},
        slices=tuple(item.slices for item in items),
        asked=tuple(
            Asked(name=item.name, question=item.question, options=item.options) for item in items
        ),
    )


def old_and_new(
    *, n: int, b: int, c: int, task: str = "one", turns: int = 1
) -> tuple[Evaluation, Evaluation]:
    """Evaluations of which b items are right in the new one only, and c in the old one only.

    Of the others every second is right in both. Where there are rotations, one answer of each of
    these b and c items changes, and all answers of the others are the same.
    """
    old = evaluation(n=n, task=task, turns=turns)
    right = np.repeat(np.arange(n)[:, None] % 2 == 0, turns, axis=1)
    before, after = right.copy(), right.copy()
    before[:b], after[:b] = True, True
    before[:b, 0] = False
    before[b : b + c], after[b : b + c] = True, True
    after[b : b + c, 0] = False

    def choosing(right: np.ndarray, model: str) -> Evaluation:
        gold, counts = old.gold[:, None], old.options[:, None]
        choices = np.where(right, gold, (gold + 1) % counts)
        return replace(old, model=model, sighted=answered(choices, old.options))

    return choosing(before, "old"), choosing(after, "new")


def case(one: Evaluation, gate: str, outcome: Outcome | None = Outcome.PASS) -> Case:
    """A case of an evaluation; an error where there is no outcome."""
    verdict = None
    if outcome is not None:
        verdict = Verdict(
            gate=gate,
            outcome=outcome,
            estimate=-0.1,
            interval=Interval(-0.2, 0.05),
            p=0.01,
            n=one.n,
            reason=f"{gate} is {outcome.value}",
        )
    results = {Outcome.PASS: "passed", None: "error"}
    return Case(
        id=f"vlmsight::{one.model}::{one.task}::{gate}",
        model=one.model,
        task=one.task,
        gate=gate,
        result=results.get(outcome, "failed"),
        verdict=verdict,
        told="" if verdict else "it could not be measured",
    )


def run(*evaluations: Evaluation, cases: Sequence[Case] | None = None) -> Run:
    """A run of these evaluations, whose cases have passed unless others are given."""
    if cases is None:
        cases = [case(one, gate) for one in evaluations for gate in ("ceiling", "blind")]
    return Run(
        version="0.1.0",
        started="2026-11-26T10:00:00+00:00",
        seconds=12.5,
        command=("pytest", "--vlm=a", "--vlm-tasks=my tasks/*"),
        settings={"items": 40, "seed": 0},
        environment={"python": "3.13.0", "packages": {"torch": "2.13.0"}, "git": None},
        evaluations=evaluations,
        cases=tuple(cases),
    )
