"""The paired tests, the exact one against a slow reference that shares no code with it."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.stats import multinomial

from pytest_vlmsight.stats.paired import inferiority_p, mcnemar_p, minimum_n, noninferiority_p
from pytest_vlmsight.stats.unconditional import NEGLIGIBLE, Region

if TYPE_CHECKING:
    from numpy.typing import NDArray

Table = tuple[int, int, int]
MARGINS = [-0.5, -0.1, -0.03, 0.0, 0.02, 0.1, 0.3, 0.9]


@st.composite
def tables(draw: st.DrawFn, min_n: int = 1, max_n: int = 200) -> Table:
    n = draw(st.integers(min_n, max_n))
    b = draw(st.integers(0, n))
    return b, draw(st.integers(0, n - b)), n


margins = st.sampled_from(MARGINS)


@functools.cache
def lattice(n: int) -> NDArray[np.int64]:
    return np.array([(i, j) for i in range(n + 1) for j in range(n + 1 - i)])


@functools.cache
def reference_scores(n: int, theta0: float) -> NDArray[np.float64]:
    """Tango's score of every table, the quadratic solved by numpy.roots."""
    scores = []
    for b, c in lattice(n).tolist():
        quadratic = [2 * n, -b - c + (2 * n - b + c) * theta0, -c * theta0 * (1 - theta0)]
        q = max(np.roots(quadratic).real)
        numerator = b - c - n * theta0
        variance = n * (2 * q + theta0 * (1 - theta0))
        scores.append(numerator / math.sqrt(variance) if abs(numerator) > 1e-12 else 0.0)
    return np.array(scores)


@functools.cache
def lattice_pmf(n: int, p_b: float, p_c: float) -> NDArray[np.float64]:
    cells = np.column_stack([lattice(n), n - lattice(n).sum(axis=1)])
    pmf: NDArray[np.float64] = multinomial.pmf(cells, n, [p_b, p_c, max(0.0, 1 - p_b - p_c)])
    return pmf


def as_extreme(b: int, c: int, n: int, theta0: float) -> NDArray[np.bool_]:
    z = reference_scores(n, theta0)
    observed = z[(lattice(n) == (b, c)).all(axis=1)]
    extreme: NDArray[np.bool_] = z >= observed - 1e-7
    return extreme


def reference_p(b: int, c: int, n: int, theta0: float, grid: int) -> float:
    """Full lattice, even nuisance grid on θ = theta0."""
    extreme = as_extreme(b, c, n, theta0)
    shares = np.linspace(max(0.0, -theta0), (1 - theta0) / 2, grid)
    return max(
        float(lattice_pmf(n, max(0.0, float(q) + theta0), float(q))[extreme].sum()) for q in shares
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.data(), margins)
def test_exact_p_is_the_brute_force_one(n: int, data: st.DataObject, margin: float) -> None:
    b = data.draw(st.integers(0, n))
    c = data.draw(st.integers(0, n - b))
    expected = reference_p(b, c, n, -margin, grid=401)
    p = noninferiority_p(b, c, n, margin=margin)
    assert p >= expected * (1 - 1e-6)  # never less conservative
    assert p <= expected + 2e-4  # the reference's grid is coarse


@pytest.mark.parametrize("margin", [-0.2, -0.05, 0.0, 0.05, 0.2])
@pytest.mark.parametrize(("b", "c", "n"), [(5, 1, 8), (0, 2, 8), (2, 3, 8), (1, 6, 8)])
def test_supremum_over_the_boundary_is_that_over_the_whole_null(
    b: int, c: int, n: int, margin: float
) -> None:
    """Also for the negated margin that the failing side uses, where V may never be wrong alone."""
    extreme = as_extreme(b, c, n, -margin)
    inside = [
        float(lattice_pmf(n, p_b, p_c)[extreme].sum())
        for p_b in np.linspace(0, 1, 41).round(6).tolist()
        for p_c in np.linspace(0, 1, 41).round(6).tolist()
        if p_b + p_c <= 1 + 1e-9 and p_b - p_c <= -margin + 1e-9
    ]
    assert noninferiority_p(b, c, n, margin=margin) >= max(inside) * (1 - 1e-6)


@pytest.mark.parametrize("margin", [0.03, 0.1, 0.25])
@pytest.mark.parametrize(("b", "c", "n"), [(0, 5, 8), (1, 6, 9), (3, 3, 9), (0, 0, 9), (9, 0, 9)])
def test_inferiority_is_the_brute_force_supremum_over_its_own_null(
    b: int, c: int, n: int, margin: float
) -> None:
    """H0: θ ≥ −margin, evidence against it is a small score; nothing is swapped here."""
    z = reference_scores(n, -margin)
    extreme = z <= z[(lattice(n) == (b, c)).all(axis=1)] + 1e-7
    shares = np.linspace(margin, (1 + margin) / 2, 801)  # P(V wrong, R right) on the boundary
    expected = max(
        float(lattice_pmf(n, max(0.0, float(q) - margin), float(q))[extreme].sum()) for q in shares
    )
    p = inferiority_p(b, c, n, margin=margin)
    assert expected * (1 - 1e-6) <= p <= expected + 1e-4


@settings(max_examples=50, deadline=None)
@given(tables(), margins)
def test_exact_p_is_a_probability_and_inferiority_its_mirror_image(
    table: Table, margin: float
) -> None:
    b, c, n = table
    p = inferiority_p(b, c, n, margin=margin)
    assert 0.0 <= p <= 1.0
    assert p == noninferiority_p(c, b, n, margin=-margin)


@settings(max_examples=50, deadline=None)
@given(tables(max_n=120), margins)
@example((46, 0, 77), 0.3)  # about 1e-17
def test_exact_p_falls_in_b_and_rises_in_c(table: Table, margin: float) -> None:
    b, c, n = table
    assume(b + c < n)
    p = noninferiority_p(b, c, n, margin=margin)
    # The search stops at about 1e-6 of the supremum; small terms of p are taken whole.
    least = (n + 1) * NEGLIGIBLE
    assert noninferiority_p(b + 1, c, n, margin=margin) <= p * (1 + 1e-5) + least
    assert noninferiority_p(b, c + 1, n, margin=margin) >= p * (1 - 1e-5) - least


@settings(max_examples=50, deadline=None)
@given(tables(max_n=120), st.sampled_from([0.02, 0.1, 0.3]))
def test_both_sides_cannot_be_shown_at_once(table: Table, margin: float) -> None:
    sides = noninferiority_p(*table, margin=margin), inferiority_p(*table, margin=margin)
    assert sum(sides) >= 1.0 - 1e-6


@pytest.mark.parametrize("margin", [0.02, 0.05, 0.10, 0.15])
def test_identical_answers_of_few_items_have_a_closed_form(margin: float) -> None:
    for n in (1, 10, 19):
        p = noninferiority_p(0, 0, n, margin=margin)
        assert p == pytest.approx((1 - margin) ** n, rel=1e-9)
    # Of many items other tables are as extreme, and likelier elsewhere.
    assert noninferiority_p(0, 0, 400, margin=margin) > 2 * (1 - margin) ** 400


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize("n", [1, 2, 50, 400])
def test_exact_p_at_the_corners(n: int, margin: float) -> None:
    assert noninferiority_p(0, n, n, margin=margin) == pytest.approx(1.0)
    best = ((1 - margin) / 2) ** n  # P(V alone is right) is at most (1 − margin)/2
    assert noninferiority_p(n, 0, n, margin=margin) == pytest.approx(best, rel=1e-6)
    assert inferiority_p(n, 0, n, margin=margin) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("b", "c", "n", "margin"),
    [(454, 496, 3000, 0.05), (82, 69, 400, 0.03), (0, 43, 400, 0.15), (19, 194, 400, 0.5)],
)
def test_nuisance_search_finds_the_supremum_of_a_far_finer_grid(
    b: int, c: int, n: int, margin: float
) -> None:
    from pytest_vlmsight.stats.tango import tango_z

    region = Region.reaching(tango_z(b, c, n, -margin), n=n, theta0=-margin)
    p_c = np.linspace(margin, (1 + margin) / 2, 3001)
    finest = float(region.probability(p_c - margin, p_c).max())
    assert region.size() >= finest * (1 - 1e-6)


def test_region_with_no_table_has_no_probability() -> None:
    region = Region.reaching(1e9, n=10, theta0=-0.1)
    assert region.largest_c.tolist() == [-1] * 11
    assert region.size() == 0.0


def test_region_of_all_tables_is_certain() -> None:
    region = Region.reaching(-1e9, n=10, theta0=-0.1)
    assert region.largest_c.tolist() == [10 - b for b in range(11)]
    assert region.size() == pytest.approx(1.0)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_a_sign_test(b: int, c: int) -> None:
    p, swapped = mcnemar_p(b, c), mcnemar_p(c, b)
    ways = sum(math.comb(b + c, k) for k in range(b, b + c + 1))
    assert p == pytest.approx(ways / 2 ** (b + c), rel=1e-9)
    if b + c:
        both = math.comb(b + c, b) / 2 ** (b + c)
        assert p + swapped == pytest.approx(1 + both)
    assert mcnemar_p(b + 1, c) <= p + 1e-12
    assert mcnemar_p(b, c + 1) >= p - 1e-12


def test_mcnemar_without_discordant_items_shows_nothing() -> None:
    assert mcnemar_p(0, 0) == 1.0


@pytest.mark.parametrize(
    ("margin", "n"), [(0.02, 149), (0.03, 99), (0.05, 59), (0.10, 29), (0.15, 19)]
)
def test_minimum_n_is_the_first_that_identical_answers_pass(margin: float, n: int) -> None:
    assert minimum_n(margin, 0.05) == n
    assert noninferiority_p(0, 0, n, margin=margin) <= 0.05
    assert noninferiority_p(0, 0, n - 1, margin=margin) > 0.05


@pytest.mark.parametrize(
    ("margin", "alpha", "n"), [(0.1, 0.025, 36), (0.1, 0.01, 51), (0.1, 0.001, 88), (0.3, 0.05, 10)]
)
def test_minimum_n_is_above_the_closed_form_where_that_is_too_low(
    margin: float, alpha: float, n: int
) -> None:
    assert minimum_n(margin, alpha) == n
    walked = 1
    while noninferiority_p(0, 0, walked, margin=margin) > alpha:
        walked += 1
    assert walked == n


def test_minimum_n_survives_rounding_at_an_exact_power() -> None:
    assert minimum_n(0.5, 0.125) == 3
    assert minimum_n(0.1, 0.9**7) == 7
    assert minimum_n(0.99, 0.5) == 1


@pytest.mark.parametrize(("b", "c", "n"), [(-1, 0, 5), (0, -1, 5), (3, 3, 5), (0, 0, 0)])
def test_counts_that_cannot_be_are_named(b: int, c: int, n: int) -> None:
    for test in (noninferiority_p, inferiority_p):
        with pytest.raises(ValueError, match=rf"b={b}, c={c}, n={n}|n={n}"):
            test(b, c, n, margin=0.1)


def test_counts_keep_their_names_on_the_failing_side() -> None:
    with pytest.raises(ValueError, match="b=-1, c=2, n=5"):
        inferiority_p(-1, 2, 5, margin=0.1)
    with pytest.raises(ValueError, match="b=-3"):
        mcnemar_p(-3, 5)


@pytest.mark.parametrize("margin", [-1.0, 1.0, 10.0, math.nan])
def test_margin_out_of_range_is_named(margin: float) -> None:
    for test in (noninferiority_p, inferiority_p):
        with pytest.raises(ValueError, match="margin"):
            test(1, 1, 10, margin=margin)


@pytest.mark.parametrize(("margin", "alpha"), [(0.0, 0.05), (1.0, 0.05), (0.1, 0.0), (0.1, 1.0)])
def test_feasibility_of_impossible_settings_is_named(margin: float, alpha: float) -> None:
    with pytest.raises(ValueError, match=r"but got (margin|alpha)="):
        minimum_n(margin, alpha)
