from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.stats.paired import noninferiority_p
from pytest_vlmsight.stats.power import (
    approximate_n,
    noninferiority_power,
    required_n,
    smallest_margin,
)

PLANNED = [
    (0.10, 0.1, 81, 107),
    (0.10, 0.2, 133, 183),
    (0.10, 0.3, 190, 263),
    (0.10, 0.4, 249, 345),
    (0.05, 0.1, 274, 374),
    (0.05, 0.2, 506, 699),
    (0.05, 0.3, 747, 1034),
]
"""margin, psi, n for 80 % and 90 % power: the project's planning table, Nam's n rounded."""


@pytest.mark.parametrize(("margin", "psi", "n80", "n90"), PLANNED)
def test_approximate_n_is_the_planning_table(margin: float, psi: float, n80: int, n90: int) -> None:
    """The table rounds to the nearest n, approximate_n up."""
    assert approximate_n(power=0.8, psi=psi, margin=margin) - n80 in {0, 1}
    assert approximate_n(power=0.9, psi=psi, margin=margin) - n90 in {0, 1}


@pytest.mark.parametrize(("margin", "psi", "n80", "n90"), PLANNED[:4])
def test_exact_power_at_the_planned_n_is_about_the_planned_one(
    margin: float, psi: float, n80: int, n90: int
) -> None:
    assert noninferiority_power(n80, psi=psi, margin=margin) == pytest.approx(0.8, abs=0.02)
    assert noninferiority_power(n90, psi=psi, margin=margin) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("n", "psi", "margin", "theta"), [(12, 0.4, 0.3, 0.1), (30, 0.2, 0.1, 0)])
def test_exact_power_is_the_probability_of_every_table_that_passes(
    n: int, psi: float, margin: float, theta: float
) -> None:
    from scipy.stats import multinomial

    truth = [(psi + theta) / 2, (psi - theta) / 2, 1 - psi]
    expected = sum(
        float(multinomial.pmf([b, c, n - b - c], n, truth))
        for b in range(n + 1)
        for c in range(n + 1 - b)
        if noninferiority_p(b, c, n, margin=margin) <= 0.05
    )
    power = noninferiority_power(n, psi=psi, margin=margin, theta=theta)
    assert power == pytest.approx(expected, rel=1e-9)
    assert power > 0.05


def test_power_at_the_boundary_is_the_level_at_most() -> None:
    for psi in (0.1, 0.2, 0.5):
        assert noninferiority_power(60, psi=psi, margin=0.1, theta=-0.1) <= 0.05


def test_power_is_nothing_where_no_table_can_pass() -> None:
    assert noninferiority_power(3, psi=1.0, margin=0.1, alpha=0.01, theta=1.0) == 0.0


def test_power_rises_with_the_truth() -> None:
    power = [noninferiority_power(100, psi=0.3, margin=0.1, theta=t) for t in (-0.2, -0.1, 0, 0.1)]
    assert power == sorted(power)


def test_required_n_is_the_step_where_the_power_is_reached() -> None:
    for psi, power in ((0.1, 0.8), (0.2, 0.8), (0.1, 0.9)):
        n = required_n(power=power, psi=psi, margin=0.1)
        assert noninferiority_power(n, psi=psi, margin=0.1) >= power
        assert noninferiority_power(n - 1, psi=psi, margin=0.1) < power
        assert abs(n - approximate_n(power=power, psi=psi, margin=0.1)) <= 5


@given(
    st.sampled_from([0.05, 0.1, 0.2, 0.4, 1.0]),
    st.sampled_from([0.03, 0.05, 0.1, 0.2]),
    st.sampled_from([0.7, 0.8, 0.95]),
    st.sampled_from([-0.02, 0.0, 0.04]),
)
def test_smallest_margin_inverts_approximate_n(
    psi: float, margin: float, power: float, theta: float
) -> None:
    n = approximate_n(power=power, psi=psi, margin=margin, theta=theta)
    feasible = 1 - 0.05 ** (1 / n)
    assert smallest_margin(n, psi=psi, power=power, theta=theta) <= max(margin, feasible) + 1e-9
    if n > 1:
        assert smallest_margin(n - 1, psi=psi, power=power, theta=theta) > margin


@given(st.integers(1, 5000), st.floats(0.01, 0.9), st.floats(0.55, 0.99))
def test_smallest_margin_shrinks_with_items_and_grows_with_demands(
    n: int, psi: float, power: float
) -> None:
    margin = smallest_margin(n, psi=psi, power=power)
    assert 0.0 < margin <= 1.0
    assert smallest_margin(4 * n, psi=psi, power=power) <= margin
    assert smallest_margin(n, psi=min(1.0, psi * 1.1), power=power) >= margin - 1e-9
    assert smallest_margin(n, psi=psi, power=power, alpha=0.01) >= margin - 1e-9


@pytest.mark.parametrize(("n", "psi"), [(400, 0.3), (400, 0.1), (200, 0.2), (60, 0.05)])
def test_smallest_margin_can_be_shown_with_about_the_power_asked_for(n: int, psi: float) -> None:
    margin = smallest_margin(n, psi=psi)
    assert noninferiority_power(n, psi=psi, margin=margin) == pytest.approx(0.8, abs=0.03)


def test_smallest_margin_is_never_below_what_identical_answers_show() -> None:
    assert smallest_margin(58, psi=0.001) > 0.05
    assert smallest_margin(59, psi=1e-9) == pytest.approx(0.05, abs=1e-3)


def test_smallest_margin_is_quick_enough_for_a_header() -> None:
    started = time.perf_counter()
    smallest_margin(400, psi=0.3)
    assert time.perf_counter() - started < 0.05


def test_impossible_plans_are_named() -> None:
    with pytest.raises(ValueError, match=r"psi=0\.0"):
        smallest_margin(400, psi=0.0)
    with pytest.raises(ValueError, match=r"psi=1\.2"):
        approximate_n(power=0.8, psi=1.2, margin=0.1)
    with pytest.raises(ValueError, match=r"theta=0\.3"):
        noninferiority_power(100, psi=0.2, margin=0.1, theta=0.3)
    with pytest.raises(ValueError, match=r"theta > -margin"):
        required_n(power=0.8, psi=0.2, margin=0.1, theta=-0.1)
    with pytest.raises(ValueError, match=r"power=80"):
        approximate_n(power=80, psi=0.2, margin=0.1)
    with pytest.raises(ValueError, match=r"n=0"):
        smallest_margin(0, psi=0.2)
    with pytest.raises(ValueError, match=r"margin=10"):
        noninferiority_power(100, psi=0.2, margin=10)
