from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from pytest_vlmsight.stats.tango import restricted_share, tango_interval, tango_z

Table = tuple[int, int, int]


@st.composite
def tables(draw: st.DrawFn, max_n: int = 3000) -> Table:
    n = draw(st.integers(1, max_n))
    b = draw(st.integers(0, n))
    return b, draw(st.integers(0, n - b)), n


thetas = st.floats(-0.99, 0.99)
confidences = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.999])


@given(tables(), thetas)
def test_swapping_the_answerers_negates_the_score(table: Table, theta0: float) -> None:
    b, c, n = table
    assert tango_z(b, c, n, theta0) == pytest.approx(-tango_z(c, b, n, -theta0), rel=1e-6, abs=1e-9)


@given(tables(), thetas)
def test_score_rises_in_b_and_falls_in_c(table: Table, theta0: float) -> None:
    b, c, n = table
    assume(b + c < n)
    z = tango_z(b, c, n, theta0)
    assert tango_z(b + 1, c, n, theta0) >= z - 1e-7
    assert tango_z(b, c + 1, n, theta0) <= z + 1e-7


@given(tables(), thetas, st.floats(1e-3, 1))
def test_score_falls_in_the_hypothesis(table: Table, theta0: float, step: float) -> None:
    assume(theta0 + step < 0.999)
    assert tango_z(*table, theta0 + step) <= tango_z(*table, theta0) + 1e-7


@given(tables(max_n=100), thetas, st.integers(2, 9))
def test_score_scales_with_the_root_of_the_items(table: Table, theta0: float, times: int) -> None:
    b, c, n = table
    scaled = tango_z(times * b, times * c, times * n, theta0)
    expected = math.sqrt(times) * tango_z(b, c, n, theta0)
    assert scaled == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(tables(max_n=60), st.floats(-0.95, 0.95))
def test_restricted_share_maximises_the_likelihood(table: Table, theta0: float) -> None:
    b, c, n = table

    def loss(q: float) -> float:
        cells = ((b, q + theta0), (c, q), (n - b - c, 1 - 2 * q - theta0))
        return -sum(k * math.log(max(p, 1e-300)) for k, p in cells if k)

    low, high = max(0.0, -theta0), (1 - theta0) / 2
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
    q = float(restricted_share(np.array(float(b)), np.array(float(c)), n, theta0))
    assert low - 1e-9 <= q <= high + 1e-9
    assert loss(min(max(q, low), high)) <= found.fun + 1e-6


def test_score_of_arrays_is_that_of_each_table() -> None:
    b, c = np.array([0, 3, 10, 0, 50]), np.array([0, 7, 2, 50, 0])
    for theta0 in (-0.1, 0.0, 0.1, 0.9):
        expected = [tango_z(int(x), int(y), 50, theta0) for x, y in zip(b, c, strict=True)]
        assert tango_z(b, c, 50, theta0).tolist() == expected


@pytest.mark.parametrize("theta0", [-1.0, -0.5, 0.0, 0.5, 1.0])
def test_score_is_never_undefined(theta0: float) -> None:
    n = 12
    b, c = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    possible = b + c <= n
    assert not np.isnan(tango_z(b[possible], c[possible], n, theta0)).any()


def test_score_is_zero_where_the_difference_is_the_hypothesis() -> None:
    assert tango_z(0, 0, 10, 0.0) == 0.0
    assert tango_z(0, 10, 10, -1.0) == 0.0
    assert tango_z(5, 10, 20, -0.25) == 0.0


@given(tables(), confidences)
def test_interval_is_what_the_score_does_not_reject(table: Table, confidence: float) -> None:
    b, c, n = table
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    interval = tango_interval(b, c, n, confidence=confidence)
    assert (b - c) / n in interval
    for theta0 in np.linspace(-0.999, 0.999, 41):
        score = abs(tango_z(b, c, n, float(theta0)))
        if abs(score - z) > 1e-6:
            assert (float(theta0) in interval) == (score < z)
    for limit in (interval.low, interval.high):
        # One ulp of a limit next to ±1 moves the score visibly.
        if abs(limit) < 0.999:
            assert abs(tango_z(b, c, n, limit)) == pytest.approx(z, abs=1e-6)


@given(tables(), confidences)
def test_interval_of_swapped_answerers_is_the_mirror_image(table: Table, confidence: float) -> None:
    b, c, n = table
    interval = tango_interval(b, c, n, confidence=confidence)
    mirrored = tango_interval(c, b, n, confidence=confidence)
    assert (interval.low, interval.high) == (-mirrored.high, -mirrored.low)


@given(tables(max_n=200), confidences)
def test_interval_narrows_with_more_items_of_the_same(table: Table, confidence: float) -> None:
    b, c, n = table
    one = tango_interval(b, c, n, confidence=confidence)
    four = tango_interval(4 * b, 4 * c, 4 * n, confidence=confidence)
    assert four.high - four.low <= one.high - one.low + 1e-9


@given(tables())
def test_interval_widens_with_confidence(table: Table) -> None:
    wide, narrow = tango_interval(*table, confidence=0.99), tango_interval(*table, confidence=0.9)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@pytest.mark.parametrize("n", [1, 2, 10, 5000])
def test_interval_reaches_the_end_where_every_item_decides_alike(n: int) -> None:
    assert tango_interval(n, 0, n).high == 1.0
    assert tango_interval(0, n, n).low == -1.0
    assert tango_interval(n, 0, n).low > -1.0


@pytest.mark.parametrize("n", [1, 2, 29, 400, 100_000])
def test_interval_without_discordant_items_has_a_closed_form(n: int) -> None:
    z2 = 1.959963984540054**2
    interval = tango_interval(0, 0, n)
    assert interval.high == pytest.approx(z2 / (n + z2), rel=1e-9)
    assert interval.low == -interval.high


@pytest.mark.parametrize(
    ("b", "c", "n"), [(-1, 0, 5), (0, -1, 5), (3, 3, 5), (0, 0, 0), (1, 0, -1)]
)
def test_counts_that_cannot_be_are_named(b: int, c: int, n: int) -> None:
    with pytest.raises(ValueError, match=r"but got .*n="):
        tango_interval(b, c, n)
    with pytest.raises(ValueError, match=r"but got .*n="):
        tango_z(b, c, n, 0.1)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95, math.nan])
def test_confidence_out_of_range_is_named(confidence: float) -> None:
    with pytest.raises(ValueError, match="0 < confidence < 1, but got confidence="):
        tango_interval(1, 2, 10, confidence=confidence)


def test_hypothesis_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match=r"theta0=-1\.5"):
        tango_z(1, 2, 10, -1.5)
