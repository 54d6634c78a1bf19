"""A prior of letters is taken away, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from made_runs import evaluation

from pytest_vlmsight.diagnosis.letter_prior import letters, without_prior
from pytest_vlmsight.evaluation import Answers


def answers(gold: np.ndarray, orders: np.ndarray, *, prior: float, sight: float) -> Answers:
    """A model that likes the first letter by so much, and the right option by so much."""
    n, turns, k = orders.shape
    logprobs = np.random.default_rng(0).normal(0, 0.1, (n, turns, k))
    logprobs += sight * (np.arange(k) == gold[:, None, None])
    logprobs += prior * (orders[:, :, :1] == np.arange(k))
    logprobs[np.arange(k) >= (orders >= 0).sum(-1, keepdims=True)] = np.nan
    return Answers(logprobs=logprobs, choices=np.nanargmax(logprobs, axis=2))


@pytest.mark.parametrize(("options", "turns"), [((2,), 1), ((4,), 1), ((2, 4), 1), ((3,), 3)])
@pytest.mark.parametrize("prior", [0.0, 5.0, 900.0])
def test_sight_that_a_prior_hides_is_found(
    options: tuple[int, ...], turns: int, prior: float
) -> None:
    of = evaluation(n=48, options=options, turns=turns)
    given = answers(of.gold, of.orders, prior=prior, sight=2)
    found = without_prior(given, orders=of.orders, seed=0)
    assert found is not None
    assert (found == of.gold[:, None]).mean() > 0.95
    if prior:
        assert set(letters(given, orders=of.orders).tolist()) == {0}


def test_nothing_is_found_where_there_is_no_sight() -> None:
    of = evaluation(n=400, options=(4,))
    given = answers(of.gold, of.orders, prior=5, sight=0)
    found = without_prior(given, orders=of.orders, seed=0)
    assert found is not None
    assert (found == of.gold[:, None]).mean() == pytest.approx(0.25, abs=0.07)


def test_an_answer_is_not_corrected_by_itself() -> None:
    # One item in each half is odd: a mean over its own half would turn its answer round.
    of = evaluation(n=4, options=(2,))
    given = answers(of.gold, of.orders, prior=0, sight=0)
    lone = np.where(np.arange(2) == of.orders[:, :, :1], 3.0, 0.0)
    found = without_prior(
        Answers(logprobs=lone + given.logprobs, choices=given.choices), orders=of.orders, seed=0
    )
    assert found is not None
    halves = np.random.default_rng([0, 6]).permutation(4)
    changed = given.logprobs.copy()
    changed[halves[0]] += np.where(np.arange(2) == of.orders[halves[0], :, :1], 50.0, 0.0)
    after = without_prior(
        Answers(logprobs=lone + changed, choices=given.choices), orders=of.orders, seed=0
    )
    assert after is not None
    assert after[halves[0], 0] == of.orders[halves[0], 0, 0]
    assert after[halves[2], 0] == found[halves[2], 0]


def test_what_has_no_logprobs_of_letters_or_too_few_items_has_none() -> None:
    of = evaluation(n=40, options=(2,))
    hard = np.where(np.arange(2) == of.gold[:, None, None], 0.0, -np.inf)
    generated = Answers(logprobs=hard, choices=of.sighted.choices)
    assert without_prior(generated, orders=of.orders, seed=0) is None
    few = evaluation(n=3)
    assert without_prior(few.sighted, orders=few.orders, seed=0) is None


def test_letters_are_positions_in_the_order_shown() -> None:
    of = evaluation(n=8, options=(2,))
    unanswered = Answers(
        logprobs=of.sighted.logprobs, choices=np.where(np.arange(8)[:, None] == 3, -1, 1)
    )
    found = letters(unanswered, orders=of.orders)
    expected = [-1 if i == 3 else of.orders[i, 0].tolist().index(1) for i in range(8)]
    assert found.tolist() == expected
