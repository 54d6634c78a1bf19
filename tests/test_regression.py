"""The regression gate: what it passes, what it catches, and how often it errs."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_runs import evaluation, old_and_new

from pytest_vlmsight.gates import Outcome
from pytest_vlmsight.regression import Comparison, Status, compare, tolerated
from pytest_vlmsight.settings import GateSettings

GATE = GateSettings()


def judged(
    *, n: int, b: int, c: int, drop: float | None = None, alpha: float = 0.05, tests: int = 1
) -> Comparison:
    old, new = old_and_new(n=n, b=b, c=c)
    return compare(old, new, gate=GateSettings(drop=drop, alpha=alpha), tests=tests)


def test_drop_that_is_tolerated_follows_the_number_of_items_unless_it_is_set() -> None:
    assert [tolerated(None, n) for n in (60, 399, 400, 5000)] == [0.05, 0.05, 0.03, 0.03]
    assert tolerated(0.1, 60) == tolerated(0.1, 400) == 0.1


# -- the rule -------------------------------------------------------------------------------------


@pytest.mark.parametrize("tests", [1, 30])
def test_loss_of_eight_points_is_caught(tests: int) -> None:
    found = judged(n=400, b=8, c=40, tests=tests)
    assert found.status is Status.REGRESSED
    assert found.verdict is not None
    assert found.verdict.outcome is Outcome.FAIL
    assert found.verdict.estimate == pytest.approx(-0.08)
    assert -0.08 in found.verdict.interval
    assert found.drop == 0.03
    assert "is shown to be a loss" in found.reason


def test_unchanged_model_passes() -> None:
    for b, c in ((0, 0), (4, 4), (6, 7)):
        found = judged(n=400, b=b, c=c, tests=30)
        assert found.status is Status.PASS
        assert found.verdict is not None
        assert found.verdict.outcome is Outcome.PASS
        assert "lose less than the tolerated 3.0 points" in found.reason


def test_better_model_passes_and_makes_the_baseline_stale() -> None:
    found = judged(n=400, b=30, c=4)
    assert found.status is Status.IMPROVED
    assert found.verdict is not None
    assert found.verdict.outcome is Outcome.PASS
    assert "the baseline is stale" in found.reason


def test_what_is_neither_shown_is_inconclusive() -> None:
    found = judged(n=400, b=30, c=38, tests=30)
    assert found.status is Status.INCONCLUSIVE
    assert "more items would tell" in found.reason


def test_loss_within_what_is_tolerated_passes_though_it_is_shown_to_be_one() -> None:
    assert judged(n=2000, b=0, c=20, drop=0.03).status is Status.PASS


def test_more_gates_make_failing_harder_and_passing_no_easier() -> None:
    assert judged(n=200, b=4, c=14, tests=1).status is Status.REGRESSED
    assert judged(n=200, b=4, c=14, tests=100).status is Status.INCONCLUSIVE
    assert judged(n=400, b=0, c=0, tests=1).status is judged(n=400, b=0, c=0, tests=99).status


# -- worked examples ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("b", "c", "n", "drop", "status", "p"),
    [
        # Exact unconditional p, checked by brute force over all tables.
        (16, 8, 86, 0.05, Status.PASS, 0.007329),
        (0, 0, 59, 0.05, Status.PASS, 0.048495),
        (0, 0, 58, 0.05, Status.INCONCLUSIVE, 0.051047),
        (6, 16, 161, 0.15, Status.PASS, 0.004150),
        # Cavo 2012 in Fagerland, Lydersen & Laake 2017, ch. 8: two-sided exact McNemar .052479.
        (6, 16, 161, 0.05, Status.REGRESSED, 0.052479 / 2),
        # Bentur 2009: two-sided exact McNemar 18/256.
        (1, 7, 21, 0.05, Status.REGRESSED, 9 / 256),
    ],
)
def test_worked_examples(b: int, c: int, n: int, drop: float, status: Status, p: float) -> None:
    found = judged(n=n, b=b, c=c, drop=drop)
    assert found.status is status
    assert found.verdict is not None
    assert found.verdict.p == pytest.approx(p, abs=2e-6)


def test_level_of_a_loss_is_divided_by_the_gates() -> None:
    """.0262 is below .05 and above .025."""
    assert judged(n=161, b=6, c=16, drop=0.05, tests=2).status is Status.INCONCLUSIVE


def test_interval_is_the_published_one() -> None:
    """Tango's of Cavo 2012 in Fagerland, Lydersen & Laake 2017, ch. 8, at 95 %."""
    verdict = judged(n=161, b=6, c=16, alpha=0.025).verdict
    assert verdict is not None
    assert verdict.interval.low == pytest.approx(-0.124, abs=6e-4)
    assert verdict.interval.high == pytest.approx(-0.0054, abs=6e-5)


def test_averaged_rotations_are_judged_by_the_item() -> None:
    """Losing one of four rotations of 60 items is a loss of 15 items' worth, seen clearly."""
    lost = compare(*old_and_new(n=400, b=0, c=60, turns=4), gate=GATE, tests=10)
    assert lost.verdict is not None
    assert lost.verdict.estimate == pytest.approx(-15 / 400)
    assert lost.status is Status.REGRESSED
    kept = compare(*old_and_new(n=400, b=10, c=10, turns=4), gate=GATE, tests=10)
    assert kept.status is Status.PASS


# -- what cannot be compared ----------------------------------------------------------------------


def test_task_that_is_in_one_alone_is_new_or_missing() -> None:
    one = evaluation(sighted=1.0)
    new = compare(None, one, gate=GATE, tests=1)
    assert (new.status, new.old, new.new, new.verdict) == (Status.NEW, None, 1.0, None)
    missing = compare(one, None, gate=GATE, tests=1)
    assert (missing.status, missing.old, missing.new) == (Status.MISSING, 1.0, None)


def test_nothing_is_tested_where_other_things_were_asked() -> None:
    old, new = old_and_new(n=400, b=0, c=200)
    new = replace(new, provenance={**new.provenance, "seed": 1, "dtype": "bfloat16"})
    found = compare(old, new, gate=GATE, tests=1)
    assert found.status is Status.INCOMPARABLE
    assert found.verdict is None
    assert [str(one) for one in found.differs] == ["seed none → 1"]
    assert [str(one) for one in found.besides] == ["dtype none → bfloat16"]
    assert found.reason.endswith("nothing was compared: seed none → 1")


@pytest.mark.parametrize("which", ["old", "new"])
def test_answers_that_could_not_be_parsed_decide_nothing(which: str) -> None:
    pair = dict(zip(("old", "new"), old_and_new(n=400, b=0, c=0), strict=True))
    pair[which].sighted.choices[:40] = -1
    found = compare(pair["old"], pair["new"], gate=GATE, tests=1)
    assert found.status is Status.INCONCLUSIVE
    assert f"only 360 of 400 {which} answers name an option" in found.reason


# -- what holds for all ---------------------------------------------------------------------------

COUNTS = st.tuples(st.integers(60, 200), st.integers(0, 30), st.integers(0, 30))


@given(COUNTS, st.sampled_from([1, 5, 60]), st.sampled_from([None, 0.02, 0.1]))
@settings(max_examples=60, deadline=None)
def test_every_comparison_is_whole(
    counts: tuple[int, int, int], tests: int, drop: float | None
) -> None:
    n, b, c = counts
    found = judged(n=n, b=b, c=c, tests=tests, drop=drop)
    verdict = found.verdict
    assert verdict is not None
    assert verdict.n == n
    assert 0 <= verdict.p <= 1
    assert verdict.interval.low <= verdict.estimate <= verdict.interval.high
    assert verdict.reason == found.reason
    assert "nan" not in found.reason
    assert found.old is not None
    assert found.new is not None
    assert found.new - found.old == pytest.approx(verdict.estimate)


@given(COUNTS)
@settings(max_examples=40, deadline=None)
def test_one_more_right_answer_never_makes_it_worse(counts: tuple[int, int, int]) -> None:
    n, b, c = counts
    ranks = [Status.REGRESSED, Status.INCONCLUSIVE, Status.PASS, Status.IMPROVED]
    before, after = judged(n=n, b=b, c=c), judged(n=n, b=b + 1, c=c)
    assert ranks.index(after.status) >= ranks.index(before.status)


@given(COUNTS, st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_order_of_the_items_changes_nothing(counts: tuple[int, int, int], seed: int) -> None:
    n, b, c = counts
    old, new = old_and_new(n=n, b=b, c=c)
    order = np.random.default_rng(seed).permutation(n)
    moved = replace(
        new,
        ids=tuple(new.ids[index] for index in order),
        gold=new.gold[order],
        options=new.options[order],
        orders=new.orders[order],
        sighted=replace(
            new.sighted,
            choices=new.sighted.choices[order],
            logprobs=new.sighted.logprobs[order],
        ),
    )
    assert compare(old, moved, gate=GATE, tests=3) == compare(old, new, gate=GATE, tests=3)


# -- error rates ----------------------------------------------------------------------------------


def rates(*, n: int, psi: float, theta: float, drop: float, runs: int) -> Counter[Status]:
    """How often each status comes of items that differ with psi and by theta on average."""
    rng = np.random.default_rng(20240607)
    cells = [(psi + theta) / 2, (psi - theta) / 2, 1 - psi]
    drawn = Counter((int(b), int(c)) for b, c, _ in rng.multinomial(n, cells, size=runs))
    found: Counter[Status] = Counter()
    for (b, c), times in drawn.items():
        found[judged(n=n, b=b, c=c, drop=drop).status] += times
    return found


def check_error_rates(*, n: int, psi: float, drop: float, runs: int) -> None:
    allowed = 0.05 + 3.5 * math.sqrt(0.05 * 0.95 / runs)
    at_margin = rates(n=n, psi=psi, theta=-drop, drop=drop, runs=runs)
    assert (at_margin[Status.PASS] + at_margin[Status.IMPROVED]) / runs <= allowed
    unchanged = rates(n=n, psi=psi, theta=0, drop=drop, runs=runs)
    assert unchanged[Status.REGRESSED] / runs <= allowed
    assert unchanged[Status.IMPROVED] / runs <= allowed


def test_a_loss_as_great_as_tolerated_is_seldom_passed_and_no_loss_seldom_failed() -> None:
    check_error_rates(n=100, psi=0.1, drop=0.05, runs=2000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "psi", "drop"),
    [(n, psi, drop) for n in (100, 400) for psi in (0.05, 0.1, 0.3) for drop in (0.03, 0.05)],
)
def test_error_rates_are_kept(n: int, psi: float, drop: float) -> None:
    check_error_rates(n=n, psi=psi, drop=drop, runs=4000)


@pytest.mark.slow
def test_losses_are_found_and_unchanged_models_pass() -> None:
    """Of 400 items of which 5 % change anyway, a loss of eight points is hardly ever missed."""
    runs = 2000
    lost = rates(n=400, psi=0.12, theta=-0.08, drop=0.03, runs=runs)
    assert lost[Status.REGRESSED] / runs > 0.95
    same = rates(n=400, psi=0.05, theta=0, drop=0.03, runs=runs)
    assert (same[Status.PASS] + same[Status.IMPROVED]) / runs > 0.8
