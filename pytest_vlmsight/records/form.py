"""Evaluations as plain values and back: item by item, so that runs can be compared in pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_vlmsight.ceiling import Ceiling
from pytest_vlmsight.evaluation import Answers, Asked, Evaluation
from pytest_vlmsight.sequence import Sequential, whole_scenes

from .errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DECIMALS = 6
"""Of log-probabilities: a float32 of their size has no more."""


def items_plain(evaluation: Evaluation) -> dict[str, Any]:
    """What is the same for all models: the items, and how they were asked.

    Texts that many items share stand once: ``question`` and ``option`` are indices.
    """
    questions = _Once()
    options = _Once()
    return {
        "ids": list(evaluation.ids),
        "names": [one.name for one in evaluation.asked],
        "question": [questions(one.question) for one in evaluation.asked],
        "option": [options(one.options) for one in evaluation.asked],
        "questions": questions.found,
        "options": [list(some) for some in options.found],
        "gold": evaluation.gold.tolist(),
        "orders": [
            [turn[:count] for turn in turns]
            for turns, count in zip(
                evaluation.orders.tolist(), evaluation.options.tolist(), strict=True
            )
        ],
        "slices": _columns(evaluation.slices),
    }


def answers_plain(evaluation: Evaluation) -> dict[str, Any]:
    """What one model answered, and what its eye did."""
    counts = evaluation.options.tolist()
    return {
        "model": evaluation.model,
        "task": evaluation.task,
        "provenance": dict(evaluation.provenance),
        "sighted": _plain(evaluation.sighted, counts),
        "blind": {kind: _plain(answers, counts) for kind, answers in evaluation.blind.items()},
        "ceilings": {
            kind: {
                "stage": one.stage,
                "choices": one.choices.tolist(),
                "trained_on": one.trained_on,
            }
            for kind, one in evaluation.ceilings.items()
        },
        "unmeasured": dict(evaluation.unmeasured),
        **_sequential_plain(evaluation.sequential),
    }


def _sequential_plain(sequential: Sequential | None) -> dict[str, Any]:
    """Nothing of an evaluation that was to ask all items, as records had it before."""
    if sequential is None:
        return {}
    return {
        "sequential": {
            "planned": sequential.planned,
            "looks": list(sequential.looks),
            "scenes": list(sequential.scenes),
            "largest": sequential.largest,
            "chance": sequential.chance,
            "key": sequential.key,
            "foretold": {kind: one.tolist() for kind, one in sequential.foretold.items()},
        }
    }


def items_of_all(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """The items of a task that several models were asked, as ``items_plain`` has them.

    Models whose asking could be stopped early have asked different numbers of items, in one order:
    these are the items of the one that was asked most.

    Args:
        evaluations: of the task, one of each model.

    Raises:
        RecordError: they were asked different items.
    """
    items = items_plain(max(evaluations, key=lambda one: one.n))
    for one in evaluations:
        n = len(items["ids"]) if one.sequential is None else one.n
        if first_items(items, n) != items_plain(one):
            raise RecordError(f"task {one.task}: models were asked different items of it")
    return items


def first_items(items: Mapping[str, Any], n: int) -> dict[str, Any]:
    """The first n of items, as ``items_plain`` has them of an evaluation that has no others."""
    if n == len(items["ids"]):
        return dict(items)
    first = {
        name: items[name][:n] for name in ("ids", "names", "question", "option", "gold", "orders")
    }
    columns = []
    for column in items["slices"]:
        of = column["of"][:n]
        values = column["values"][: max(of) + 1]
        if values:
            columns.append({"name": column["name"], "values": values, "of": of})
    return {
        **first,
        "questions": items["questions"][: max(first["question"]) + 1],
        "options": items["options"][: max(first["option"]) + 1],
        "slices": columns,
    }


def evaluation_of(items: Mapping[str, Any], answers: Mapping[str, Any]) -> Evaluation:
    """The evaluation that both were made from, log-probabilities rounded.

    Raises:
        RecordError: something is missing or does not fit the rest; the message says which.
    """
    told = f"{answers.get('model')}, {answers.get('task')}"
    try:
        sequential = _sequential(answers.get("sequential"))
        if sequential is not None:
            items = first_items(items, sequential.asked)
        return _evaluation(items, answers, sequential)
    except KeyError as error:
        raise RecordError(f"evaluation of {told}: {error} is missing") from error
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise RecordError(f"evaluation of {told}: {error}") from error


def _sequential(plain: Mapping[str, Any] | None) -> Sequential | None:
    if plain is None:
        return None
    looks, scenes = (tuple(plain[name]) for name in ("looks", "scenes"))
    numbers = (*looks, *scenes, plain["planned"], plain["largest"])
    if not looks or not scenes or any(type(one) is not int or one < 1 for one in numbers):
        raise ValueError("sequential: expected whole numbers from 1")
    n = looks[-1]
    if list(looks) != sorted(set(looks)) or n > plain["planned"] or max(scenes) > plain["largest"]:
        raise ValueError("sequential: looks, scenes and the plan do not fit each other")
    if whole_scenes(scenes, n) != scenes:
        raise ValueError(f"sequential: scenes are not of the {n} items asked")
    for look in looks:
        whole_scenes(scenes, look)
    chance, key = float(plain["chance"]), float(plain["key"])
    if not 0 < chance < 1 or not 0 < key <= 1:
        raise ValueError("sequential: expected shares")
    foretold = {
        _text(kind): _whole(choices, (n,), f"{kind} readout, foretold")
        for kind, choices in plain["foretold"].items()
    }
    return Sequential(
        planned=plain["planned"],
        looks=looks,
        scenes=scenes,
        largest=plain["largest"],
        chance=chance,
        key=key,
        foretold=foretold,
    )


def _evaluation(
    items: Mapping[str, Any], answers: Mapping[str, Any], sequential: Sequential | None
) -> Evaluation:
    ids = tuple(_text(one) for one in items["ids"])
    n = len(ids)
    if not n:
        raise ValueError("it has no items")
    asked = tuple(
        Asked(
            name=_text(name),
            question=_text(items["questions"][question]),
            options=tuple(_text(text) for text in items["options"][option]),
        )
        for name, question, option in zip(
            items["names"], items["question"], items["option"], strict=True
        )
    )
    counts = np.array([len(one.options) for one in asked])
    gold = _whole(items["gold"], (n,), "gold")
    if len(asked) != n or (gold < 0).any() or (gold >= counts).any():
        raise ValueError("ids, names and right options do not fit each other")
    orders = _orders(items["orders"], counts)
    turns = orders.shape[1]
    return Evaluation(
        model=_text(answers["model"]),
        task=_text(answers["task"]),
        ids=ids,
        gold=gold,
        options=counts,
        orders=orders,
        sighted=_answers(answers["sighted"], counts, turns, "sighted"),
        blind={
            _text(kind): _answers(one, counts, turns, f"blind {kind}")
            for kind, one in answers["blind"].items()
        },
        ceilings={
            _text(kind): Ceiling(
                kind=kind,
                stage=_text(one["stage"]),
                choices=_within(_whole(one["choices"], (n,), f"{kind} ceiling"), counts, kind),
                trained_on=one["trained_on"],
            )
            for kind, one in answers["ceilings"].items()
        },
        unmeasured={_text(kind): _text(why) for kind, why in answers["unmeasured"].items()},
        provenance=dict(answers["provenance"]),
        slices=_rows(items["slices"], n),
        asked=asked,
        sequential=sequential,
    )


class _Once:
    """Numbers for values, the same number for the same value."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}

    def __call__(self, value: Any) -> int:
        return self._known.setdefault(value, len(self._known))

    @property
    def found(self) -> list[Any]:
        """All values, by their numbers."""
        return list(self._known)


def _columns(slices: Sequence[Sequence[tuple[str, str]]]) -> list[dict[str, Any]]:
    """A column per slice, in the order of the items' own labels: values, and which each has."""
    names = dict.fromkeys(name for labels in slices for name, _ in labels)
    rows = [dict(labels) for labels in slices]
    columns = []
    for name in names:
        values = _Once()
        of = [values(row[name]) if name in row else -1 for row in rows]
        columns.append({"name": name, "values": values.found, "of": of})
    return columns


def _rows(columns: Sequence[Mapping[str, Any]], n: int) -> tuple[tuple[tuple[str, str], ...], ...]:
    rows: list[list[tuple[str, str]]] = [[] for _ in range(n)]
    for column in columns:
        of = _whole(column["of"], (n,), f"slice {column['name']}").tolist()
        for row, value in zip(rows, of, strict=True):
            if value >= 0:
                row.append((_text(column["name"]), _text(column["values"][value])))
    return tuple(map(tuple, rows))


def _plain(answers: Answers, counts: Sequence[int]) -> dict[str, Any]:
    rounded = np.round(answers.logprobs, _DECIMALS)
    rows = rounded.tolist()
    if not np.isfinite(rounded).all():
        rows = [
            [[None if math.isinf(value) else value for value in turn[:count]] for turn in turns]
            for turns, count in zip(rows, counts, strict=True)
        ]
    return {"logprobs": rows, "choices": answers.choices.tolist()}


def _answers(plain: Mapping[str, Any], counts: np.ndarray, turns: int, what: str) -> Answers:
    rows = plain["logprobs"]
    shape = (len(counts), turns, int(counts.max()))
    try:
        logprobs = np.array(rows, dtype=float)
    except ValueError:  # not all items have so many options
        logprobs = np.full(shape, np.nan)
        for index, count in enumerate(counts.tolist()):
            logprobs[index, :, :count] = rows[index]
    if logprobs.shape != shape:
        raise ValueError(f"{what}: log-probabilities of {logprobs.shape}, expected {shape}")
    # null is read as NaN: where there is an option, nothing was said of it.
    there = np.arange(shape[2]) < counts[:, None, None]
    logprobs[np.isnan(logprobs) & there] = -np.inf
    choices = _whole(plain["choices"], shape[:2], what)
    return Answers(logprobs=logprobs, choices=_within(choices, counts, what, least=-1))


def _orders(rows: Sequence[Sequence[Sequence[int]]], counts: np.ndarray) -> np.ndarray:
    orders = np.full((len(counts), len(rows[0]), int(counts.max())), -1)
    for index, (turns, count) in enumerate(zip(rows, counts.tolist(), strict=True)):
        if any(sorted(turn) != list(range(count)) for turn in turns):
            raise ValueError(f"item {index}: its orders are not of its {count} options")
        orders[index, :, :count] = turns
    return orders


def _whole(values: Any, shape: tuple[int, ...], what: str) -> np.ndarray:
    found = np.array(values)
    if found.shape != shape or found.dtype.kind != "i":
        raise ValueError(f"{what}: expected whole numbers of {shape}, got {found.shape}")
    return found


def _within(choices: np.ndarray, counts: np.ndarray, what: str, *, least: int = 0) -> np.ndarray:
    most = counts.reshape(-1, *[1] * (choices.ndim - 1))
    if (choices < least).any() or (choices >= most).any():
        raise ValueError(f"{what}: an option was chosen that its item does not have")
    return choices


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r:.40}")
    return value
