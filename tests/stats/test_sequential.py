"""Bets on items: worked examples, what holds at every step, and how often they err."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.stats import sequential
from pytest_vlmsight.stats.sequential import EARLY, Bets, anytime_p, hybrid_p, mcnemar_log_e

SCORES = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0]), min_size=1, max_size=60)


def differences(b: int, c: int, n: int) -> np.ndarray:
    return np.array([1.0] * b + [-1.0] * c + [0.0] * (n - b - c))


@pytest.mark.parametrize(
    ("b", "c", "e"),
    [
        (15, 5, 6.355521155830751),
        (10, 0, 186.09090909090904),
        (5, 5, 0.36940836940836),
        (0, 10, 1 / 11),
    ],
)
def test_mcnemar_bets_have_their_closed_form(b: int, c: int, e: float) -> None:
    assert float(np.exp(mcnemar_log_e(b, c))) == pytest.approx(e, rel=1e-9)


@pytest.mark.parametrize(
    ("b", "c", "n", "side", "log_e"),
    [
        (30, 30, 200, 1, 2.2163862457055417),
        (10, 10, 200, 1, 6.171144579280595),
        (5, 45, 100, -1, 9.081560435743311),
        (0, 0, 100, 1, 7.766471187204168),
    ],
)
def test_bets_of_equal_weights_are_those_computed_elsewhere(
    monkeypatch: pytest.MonkeyPatch, b: int, c: int, n: int, side: int, log_e: float
) -> None:
    monkeypatch.setattr(sequential, "WEIGHTS", np.full(16, 1 / 16))
    bets = Bets.on(differences(b, c, n))
    path = bets.log_e_above(-0.1) if side == 1 else bets.log_e_below(-0.1)
    assert path[-1] == pytest.approx(log_e, abs=1e-9)


def test_bets_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """One bettor who stakes half of what he could: 1 + .5 (1 − 0) = 1.5, then 1.5 (1 − .5) …"""
    monkeypatch.setattr(sequential, "BETS", np.array([0.5]))
    monkeypatch.setattr(sequential, "WEIGHTS", np.array([1.0]))
    path = np.exp(Bets.on([1, -1, 0, 1]).log_e_above(0.0))
    assert path.tolist() == pytest.approx([1.5, 0.75, 0.75, 1.125])
    scenes = np.exp(Bets.on([1, -1, 1, 1], sizes=[2, 2]).log_e_above(0.0))
    assert scenes.tolist() == pytest.approx([1.0, 1.5])


@settings(max_examples=60, deadline=None)
@given(SCORES, st.floats(-0.9, 0.9), st.floats(-0.9, 0.9))
def test_a_higher_mean_is_less_refuted_from_below(
    scores: list[float], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    bets = Bets.on(scores)
    assert (bets.log_e_above(low) >= bets.log_e_above(high) - 1e-9).all()
    np.testing.assert_allclose(
        bets.log_e_below(low), Bets.on(-np.array(scores)).log_e_above(-low), atol=1e-12
    )


@settings(max_examples=40, deadline=None)
@given(SCORES, st.sampled_from([0.01, 0.05, 0.2]))
def test_limits_are_where_bets_begin_to_refute(scores: list[float], error: float) -> None:
    bets = Bets.on(scores)
    limits = bets.interval(error=error)
    assert -1 <= limits.low <= limits.high <= 1
    assert anytime_p(bets.log_e_above(limits.low + 1e-6)) >= error * (1 - 1e-9)
    if limits.low > -1:
        assert anytime_p(bets.log_e_above(limits.low - 1e-6)) <= error
    if limits.high < 1:
        assert anytime_p(bets.log_e_below(limits.high + 1e-6)) <= error


@settings(max_examples=40, deadline=None)
@given(SCORES, st.integers(1, 59))
def test_what_was_shown_is_not_taken_back_by_later_items(scores: list[float], cut: int) -> None:
    first = scores[: max(1, min(cut, len(scores)))]
    early = anytime_p(Bets.on(first).log_e_above(0.0))
    assert anytime_p(Bets.on(scores).log_e_above(0.0)) <= early * (1 + 1e-12)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(-0.8, 0.8))
def test_a_bet_is_fair_at_the_null(spread: float, mean: float) -> None:
    """Scores −1, 0 and 1 whose mean is the null's: the mean factor is 1, whatever is staked."""
    won = spread * (1 - abs(mean)) / 2 + max(mean, 0.0)
    lost = won - mean
    chances = np.array([won, lost, 1 - won - lost])
    after = [math.exp(Bets.on([score]).log_e_above(mean)[0]) for score in (1.0, -1.0, 0.0)]
    assert float(chances @ after) == pytest.approx(1.0)


def test_shares_of_the_error_rate_add_up_to_it() -> None:
    assert hybrid_p(EARLY * 0.05) == pytest.approx(0.05)
    assert hybrid_p(1.0, (1 - EARLY) * 0.05) == pytest.approx(0.05)
    assert hybrid_p(1.0) == hybrid_p(1.0, 1.0) == 1.0
    assert anytime_p([]) == 1.0


def test_an_impossible_null_is_refuted_at_once() -> None:
    assert Bets.on([0.0]).log_e_above(-1.0).tolist() == [math.inf]
    assert anytime_p([math.inf]) == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [0.0, 2.0]}, "values\\[1\\]=np.float64\\(2.0\\)"),
        ({"values": [0.0, 1.0], "sizes": [1]}, "scenes of 2 items, but got 1"),
        ({"values": [0.0, 1.0], "sizes": [2], "largest": 1}, "at most 1 items, but got one of 2"),
    ],
)
def test_scores_that_cannot_be_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Bets.on(**arguments)  # type: ignore[arg-type]


def test_counts_that_cannot_be_are_named() -> None:
    with pytest.raises(ValueError, match="expected counts"):
        mcnemar_log_e(-1, 2)
    with pytest.raises(ValueError, match="as many b as c"):
        mcnemar_log_e([1, 2], [1])


def test_bets_seldom_err_however_often_they_are_looked_at() -> None:
    """At the null's edge; a z test that is looked at as often errs ten times as much."""
    rng = np.random.default_rng(1)
    wrong = peeked = 0
    for _ in range(400):
        scores = rng.choice([1.0, -1.0, 0.0], p=[0.1, 0.2, 0.7], size=200)
        wrong += anytime_p(Bets.on(scores).log_e_above(-0.1)) <= 0.05
        n = np.arange(1, 201)
        mean = scores.cumsum() / n
        sd = np.sqrt(np.maximum((scores**2).cumsum() / n - mean**2, 1e-9) / n)
        peeked += bool(((mean + 0.1) / sd > 1.645)[20:].any())
    assert wrong / 400 <= 0.05
    assert peeked / 400 > 0.12


def test_bets_on_scenes_hold_where_their_items_are_all_alike() -> None:
    rng = np.random.default_rng(2)
    by_scene = by_item = 0
    for _ in range(400):
        scores = np.repeat(rng.choice([1.0, -1.0], size=50), 4)
        by_scene += anytime_p(Bets.on(scores, sizes=[4] * 50).log_e_above(0.0)) <= 0.05
        by_item += anytime_p(Bets.on(scores).log_e_above(0.0)) <= 0.05
    assert by_scene / 400 <= 0.05
    assert by_item / 400 > 0.12
