"""Simulated error rates of claims that are looked at again and again, and what stopping saves."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from simulated_answers import WORLDS, all_at_once, asked_until_enough

from pytest_vlmsight import pairs
from pytest_vlmsight.evidence import Scenes, SequentialPairs
from pytest_vlmsight.gates import Outcome, ceiling_gate, ceiling_outcome
from pytest_vlmsight.settings import GateSettings

if TYPE_CHECKING:
    from pytest_vlmsight.evaluation import Evaluation

pytestmark = pytest.mark.slow

ALPHA, RUNS = 0.05, 1500


@pytest.fixture(autouse=True)
def known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts recur from run to run, and an exact p-value takes longer than all the rest."""
    for name in ("noninferiority_p", "inferiority_p", "mcnemar_p", "tango_interval"):
        monkeypatch.setattr(pairs, name, functools.cache(getattr(pairs, name)))


def allowance(rate: float) -> float:
    """Three and a half standard errors of a simulated rate."""
    return 3.5 * math.sqrt(rate * (1 - rate) / RUNS)


@pytest.mark.parametrize("n", [100, 400])
@pytest.mark.parametrize(
    ("test", "margin", "won", "lost"),
    [
        ("p_above", 0.10, 0.05, 0.15),
        ("p_below", 0.10, 0.05, 0.15),
        ("p_below", -0.10, 0.15, 0.05),
        ("p_better", None, 0.15, 0.15),
    ],
)
def test_claims_keep_their_level_at_the_edge_of_being_true(
    n: int, test: str, margin: float | None, won: float, lost: float
) -> None:
    rng = np.random.default_rng(n)
    arguments = () if margin is None else (margin,)
    early = whole = 0
    for _ in range(RUNS):
        u = rng.random(n)
        v, r = (u < won).astype(float), ((u >= won) & (u < won + lost)).astype(float)
        for complete in (False, True):
            scenes = Scenes((1,) * n, 1, complete=complete)
            shown = getattr(SequentialPairs(v, r, scenes), test)(*arguments) <= ALPHA
            whole += shown and complete
            early += shown and not complete
    assert early / RUNS <= 0.2 * ALPHA + allowance(0.2 * ALPHA)
    assert whole / RUNS <= ALPHA + allowance(ALPHA)


@pytest.mark.parametrize("alike", [0.3, 0.8])
def test_bets_on_scenes_keep_their_level_however_alike_their_items_are(alike: float) -> None:
    rng = np.random.default_rng(4)
    scenes, n = Scenes((4,) * 100, 4, complete=False), 400
    early = 0
    for _ in range(RUNS):
        common = np.repeat(rng.random(100), 4)
        u = np.where(rng.random(n) < alike, common, rng.random(n))
        v, r = (u < 0.05).astype(float), ((u >= 0.05) & (u < 0.2)).astype(float)
        early += SequentialPairs(v, r, scenes).p_above(0.10) <= ALPHA
    assert early / RUNS <= 0.2 * ALPHA + allowance(0.2 * ALPHA)


@pytest.mark.parametrize(
    ("name", "tests", "most"),
    [("blind", 2, 100), ("blind, four options", 20, 100), ("fine", 20, 130)],
)
def test_clear_cases_are_decided_early(name: str, tests: int, most: int) -> None:
    asked = [
        asked_until_enough(WORLDS[name].evaluation(400, seed=seed), tests=tests)
        for seed in range(60)
    ]
    assert np.mean([one.n for one in asked]) <= most
    expected = Outcome.PASS if name == "fine" else Outcome.FAIL
    for one in asked[:10]:
        assert ceiling_gate(one, gate=GateSettings(), tests=tests).outcome == expected


def test_little_power_is_lost_where_it_is_needed() -> None:
    hybrid = once = 0
    for seed in range(200):
        whole = WORLDS["hard to show"].evaluation(400, seed=seed)
        hybrid += _passes(whole)
        once += _passes(all_at_once(whole))
    assert once - hybrid <= 0.05 * 200
    assert 0.5 * 200 <= once < 200


def _passes(whole: Evaluation) -> bool:
    found = ceiling_outcome(whole, gate=GateSettings(), tests=2, kind="matched")
    return found == Outcome.PASS
