"""Guesses are scored fairly, rules are picked and classifiers fitted on other items only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.audit.fitted import fitted_guesses, fitted_position
from pytest_vlmsight.audit.guesses import Guess, best, deal, highest
from pytest_vlmsight.audit.rows import Clues, Rows, stack
from pytest_vlmsight.audit.rules import best_rule, rule_scores


def rows_of(values: list[list[float]], answers: list[int], name: str = "size") -> Rows:
    return stack([Clues(scalars={name: np.array(v, dtype=float)}) for v in values], answers)


def random_rows(n: int, *, seed: int, names: int = 5, options: int = 2) -> Rows:
    """Clues that know nothing."""
    rng = np.random.default_rng(seed)
    clues = [
        Clues(scalars={f"clue {i}": rng.random(options) for i in range(names)}) for _ in range(n)
    ]
    return stack(clues, rng.integers(options, size=n).tolist())


def test_highest_of_all_equal_options_is_chance() -> None:
    rows = rows_of([[3, 3], [1, 1, 1], [2, 2, 2, 2]], [0, 2, 1])
    assert highest(rows.scalars[:, 0], rows).tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 4])


def test_tie_is_shared_only_with_the_right_option_among_it() -> None:
    rows = rows_of([[5, 5, 1], [5, 5, 1], [5, 1, 0]], [0, 2, 0])
    assert highest(rows.scalars[:, 0], rows).tolist() == [0.5, 0, 1]


@given(st.lists(st.integers(0, 3), min_size=2, max_size=5))
def test_scores_of_all_possible_answers_add_up_to_one(values: list[int]) -> None:
    everywhere = list(range(len(values)))
    rows = rows_of([[float(v) for v in values]] * len(values), everywhere)
    assert highest(rows.scalars[:, 0], rows).sum() == pytest.approx(1)
    _, scores = rule_scores(rows)
    assert scores.sum(0) == pytest.approx(np.ones(scores.shape[1]))


def test_rules_name_ranks() -> None:
    rows = rows_of([[1, 2, 3, 9]] * 4, [0, 1, 2, 3])
    names, scores = rule_scores(rows)
    right = {name: int(scores[:, i].argmax()) for i, name in enumerate(names)}
    assert right == {
        "largest size": 3,
        "second largest size": 2,
        "smallest size": 0,
        "second smallest size": 1,
        "oddest size": 3,
        "least odd size": 2,  # 3 is the nearest to the mean of the others, 4
    }


def test_two_options_have_no_second_rank() -> None:
    names, _ = rule_scores(rows_of([[1, 2]] * 2, [0, 1]))
    assert names == ["largest size", "smallest size"]


def test_rule_that_is_right_everywhere_is_found() -> None:
    rows = rows_of([[i % 3 + 1, i % 3] for i in range(20)], [0] * 20)
    found = best_rule(rows, np.arange(20) % 5)
    assert (found.how, found.share) == ("rule largest size", 1)


def test_many_rules_that_know_nothing_are_no_better_than_chance() -> None:
    """The best of these in hindsight is right in far more than half of the items."""
    shares, hindsight = [], []
    for seed in range(40):
        rows = random_rows(100, seed=seed, names=40)
        shares.append(best_rule(rows, np.arange(100) % 5).share)
        hindsight.append(rule_scores(rows)[1].mean(0).max())
    assert np.mean(hindsight) > 0.6
    assert np.mean(shares) == pytest.approx(0.5, abs=0.04)


def test_clue_that_is_the_same_for_all_options_gives_chance_and_is_named_so() -> None:
    found = best_rule(rows_of([[1, 1]] * 10, [0, 1] * 5), np.arange(10) % 5)
    assert found.how == "no rule: options are alike"
    assert found.share == 0.5
    assert not fitted_guesses(rows_of([[1, 1]] * 10, [0, 1] * 5), np.arange(10) % 5)


def test_fits_find_what_no_single_rule_knows() -> None:
    """The right option's two numbers have the same sign."""
    rng = np.random.default_rng(0)
    clues, answers = [], []
    for index in range(300):
        one, other = rng.choice([-1, 1]), rng.choice([-1, 1])
        first = np.array([one, other]) * rng.uniform(0.5, 1, 2)
        second = np.array([one, -other]) * rng.uniform(0.5, 1, 2)
        turn = index % 2
        clues.append(Clues(scalars={"a": np.roll(first, turn), "b": np.roll(second, turn)}))
        answers.append(turn)
    rows, folds = stack(clues, answers), np.arange(300) % 5
    linear, trees = fitted_guesses(rows, folds)
    assert best_rule(rows, folds).share < 0.7
    assert linear.share < 0.7
    assert trees.share > 0.95
    assert best([linear, trees]) is trees


def test_fits_use_vectors() -> None:
    rng = np.random.default_rng(0)
    clues = []
    for _ in range(100):
        vector = rng.normal(size=(3, 4))
        vector[1] += (2, -2, 2, 0)
        clues.append(Clues(scalars={"none": np.zeros(3)}, vectors={"vector": vector}))
    linear, _ = fitted_guesses(stack(clues, [1] * 100), np.arange(100) % 5)
    assert linear.share > 0.9


def test_fits_never_learn_from_the_fold_that_they_score() -> None:
    """Each source has a code of its own: known by heart it would tell all, to others it is new."""
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(5, 8))
    clues, answers = [], []
    for index in range(100):
        right = int(rng.integers(2))
        vector = rng.normal(size=(2, 8)) * 0.01
        vector[right] += codes[index % 5]
        vector[1 - right] -= codes[index % 5]
        clues.append(Clues(scalars={"none": np.zeros(2)}, vectors={"code": vector}))
        answers.append(right)
    rows = stack(clues, answers)
    apart = best(fitted_guesses(rows, np.arange(100) % 5)).share
    mixed = best(fitted_guesses(rows, np.arange(100) // 20)).share
    assert mixed > 0.95
    assert apart < 0.9


def test_position_is_learned_from_numbers_of_the_item() -> None:
    rng = np.random.default_rng(0)
    answers = rng.integers(3, size=90)
    rows = rows_of([[0, 0, 0]] * 90, answers.tolist())
    told = np.eye(3)[answers]
    assert fitted_position(told, rows, np.arange(90) % 5).share == 1
    untold = rng.normal(size=(90, 3))
    assert fitted_position(untold, rows, np.arange(90) % 5).share < 0.5


def test_position_that_is_always_the_same_is_left_open() -> None:
    rows = rows_of([[0, 0]] * 20, [1] * 20)
    assert fitted_position(np.eye(20), rows, np.arange(20) % 5).share == 0.5


@given(st.lists(st.integers(0, 9), min_size=4, max_size=40))
def test_groups_are_never_split(numbers: list[int]) -> None:
    groups = [f"scene {number}" for number in numbers]
    fold = deal(groups)
    most = max(map(groups.count, groups))
    assert (fold is None) == (most > len(groups) / 2)
    if fold is not None:
        assert len(set(zip(groups, fold.tolist(), strict=True))) == len(set(groups))
        assert 2 <= len(set(fold.tolist())) == min(5, len(set(groups)))


def test_best_is_the_first_of_equals() -> None:
    one, other = Guess("one", np.ones(2)), Guess("other", np.ones(2))
    assert best([Guess("none", np.zeros(2)), one, other]) is one


def test_clues_that_some_items_lack_tell_their_options_nothing_apart() -> None:
    rows = stack(
        [
            Clues(scalars={"a": np.array([1.0, 2])}, vectors={"v": np.ones((2, 3))}),
            Clues(scalars={"b": np.array([3.0, 4, 5])}),
        ],
        [0, 2],
    )
    assert rows.names == ("a", "b")
    assert rows.scalars.tolist() == [[1, 0], [2, 0], [0, 3], [0, 4], [0, 5]]
    assert rows.vectors.tolist() == [[1] * 3] * 2 + [[0] * 3] * 3
    assert rows.right.tolist() == [True, False, False, False, True]
    assert rows.items.tolist() == [0, 0, 1, 1, 1]
    assert rows.ranks()[:, 1].tolist() == [0.5, 0.5, 0, 0.5, 1]
    assert rows.beside()[:, 1].tolist() == [0, 0, -1.5, 0, 1.5]
