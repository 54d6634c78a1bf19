from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import t as student

from pytest_vlmsight.stats.contrast import (
    chance_values,
    fieller_ratio,
    pseudo_items,
    recovery_contrast,
    scaled_items,
)

differences = st.lists(st.floats(-1, 1, width=16), min_size=2, max_size=80)
scores = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
pairs = st.lists(st.tuples(scores, scores), min_size=2, max_size=80)
confidences = st.sampled_from([0.5, 0.9, 0.95, 0.99])


def test_pseudo_items_follow_the_formula() -> None:
    d = np.array([0.25, 0.0, -0.5, 1.0, 0.0])
    n = d.size
    m = d.sum() / (n + 2)
    v = ((d**2).sum() + 2) / (n + 2) - m**2
    mean = pseudo_items(d)
    assert mean.estimate == pytest.approx(d.mean())
    assert mean.centre == pytest.approx(m)
    assert mean.se == pytest.approx(math.sqrt(v / (n + 2)))
    assert mean.df == n - 1
    interval = mean.interval(confidence=0.9)
    half = student.ppf(0.95, n - 1) * mean.se
    assert (interval.low, interval.high) == pytest.approx((m - half, m + half))


@given(differences)
def test_swapping_the_answerers_negates_the_mean(d: list[float]) -> None:
    mean, swapped = pseudo_items(d), pseudo_items([-x for x in d])
    assert swapped.centre == pytest.approx(-mean.centre, abs=1e-12)
    assert swapped.interval().low == pytest.approx(-mean.interval().high, abs=1e-12)
    assert swapped.p_less(0.1) == pytest.approx(mean.p_greater(-0.1), abs=1e-12)


@given(differences, st.floats(-1, 1), st.floats(0, 1))
def test_p_values_are_complementary_and_follow_the_null(
    d: list[float], null: float, step: float
) -> None:
    mean = pseudo_items(d)
    p = mean.p_greater(null)
    assert 0.0 <= p <= 1.0
    assert p + mean.p_less(null) == pytest.approx(1.0)
    assert mean.p_greater(null + step) >= p


@given(differences, st.data())
def test_raising_an_item_raises_the_evidence_for_a_difference_at_zero(
    d: list[float], data: st.DataObject
) -> None:
    """Of the mean; the t ratio itself may fall where the rise makes the item an outlier."""
    index = data.draw(st.integers(0, len(d) - 1))
    raised = d.copy()
    raised[index] = 1.0
    assert pseudo_items(raised).centre >= pseudo_items(d).centre


@given(differences, confidences)
def test_interval_is_what_the_test_does_not_reject(d: list[float], confidence: float) -> None:
    mean = pseudo_items(d)
    interval = mean.interval(confidence=confidence)
    if interval.low > -1:
        assert mean.p_greater(interval.low) == pytest.approx((1 - confidence) / 2)
    if interval.high < 1:
        assert mean.p_less(interval.high) == pytest.approx((1 - confidence) / 2)


@given(differences, confidences)
def test_normal_quantile_is_the_limit_of_t(d: list[float], confidence: float) -> None:
    mean = pseudo_items(d)
    normal = replace(mean, df=math.inf)
    many = replace(mean, df=1e9)
    for name in ("low", "high"):
        assert getattr(normal.interval(confidence=confidence), name) == pytest.approx(
            getattr(many.interval(confidence=confidence), name), abs=1e-6
        )
    assert normal.p_greater(0.2) == pytest.approx(many.p_greater(0.2), abs=1e-6)


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_interval_of_constant_differences_is_neither_a_point_nor_out_of_range(value: float) -> None:
    interval = pseudo_items([value, value]).interval()
    assert -1.0 <= interval.low < interval.high <= 1.0
    interval = pseudo_items([value] * 50).interval()
    assert interval.high - interval.low > 0.05


@given(pairs)
def test_recovery_of_all_is_the_plain_difference(vr: list[tuple[float, float]]) -> None:
    v, r = np.array(vr).T
    contrast, plain = recovery_contrast(v, r, chance=0.25, share=1.0), pseudo_items(v - r)
    for name in ("estimate", "centre", "se", "df"):
        assert getattr(contrast, name) == pytest.approx(getattr(plain, name), abs=1e-12)


@given(pairs, st.sampled_from([0.2, 0.25, 0.5]), st.sampled_from([0.0, 0.5, 0.8]))
def test_recovery_contrast_follows_the_formula(
    vr: list[tuple[float, float]], chance: float, share: float
) -> None:
    v, r = np.array(vr).T
    contrast = recovery_contrast(v, r, chance=chance, share=share)
    gain, readable = v.mean() - chance, r.mean() - chance
    assert contrast.estimate == pytest.approx(gain - share * readable, abs=1e-12)
    # The pseudo-items are two more items, (1, 0) and (0, 1).
    w = np.append(v, [1, 0]) - share * np.append(r, [0, 1]) - (1 - share) * chance
    assert contrast.centre == pytest.approx(w.mean(), abs=1e-12)
    assert contrast.se == pytest.approx(w.std() / math.sqrt(w.size))
    low = contrast.interval(confidence=0.9).low  # one-sided at 0.05
    assume(abs(low) > 1e-9)
    assert (contrast.p_greater() < 0.05) == (low > 0)


@given(pairs, st.sampled_from([0.25, 0.5]), st.data())
def test_recovery_contrast_of_equal_chance_per_item_is_that_of_one_level(
    vr: list[tuple[float, float]], chance: float, data: st.DataObject
) -> None:
    v, r = np.array(vr).T
    each = recovery_contrast(v, r, chance=np.full(len(vr), chance), share=0.5)
    one = recovery_contrast(v, r, chance=chance, share=0.5)
    assert each.p_greater() == pytest.approx(one.p_greater(), abs=1e-12)


def test_recovery_needs_more_where_more_can_be_read() -> None:
    v = np.repeat([1.0, 0.0], [60, 40])
    little = recovery_contrast(v, np.repeat([1.0, 0.0], [60, 40]), chance=0.25, share=0.5)
    much = recovery_contrast(v, np.ones(100), chance=0.25, share=0.5)
    assert little.p_greater() < 0.001
    assert much.p_greater() > 0.2


def test_fieller_limits_are_the_ratios_a_t_test_does_not_reject() -> None:
    rng = np.random.default_rng(0)
    r = (rng.random(200) < 0.8) - 0.25
    v = (rng.random(200) < 0.6) - 0.25
    interval = fieller_ratio(v, r, confidence=0.9)
    assert interval is not None
    assert v.mean() / r.mean() in interval
    for limit in (interval.low, interval.high):
        w = v - limit * r
        t = w.mean() / (w.std(ddof=1) / math.sqrt(200))
        assert abs(t) == pytest.approx(student.ppf(0.95, 199), rel=1e-9)


@given(pairs, confidences)
def test_fieller_is_undefined_exactly_where_the_readout_is_not_above_chance(
    vr: list[tuple[float, float]], confidence: float
) -> None:
    v, r = np.array(vr).T - 0.25
    interval = fieller_ratio(v, r, confidence=confidence)
    low = r.mean() - student.ppf(0.5 + confidence / 2, r.size - 1) * r.std(ddof=1) / r.size**0.5
    assume(abs(low) > 1e-6)
    assert (interval is not None) == (low > 0)
    if interval is not None:
        # The estimate is inside, up to rounding where the interval is a point.
        assert interval.low - 1e-6 <= v.mean() / r.mean() <= interval.high + 1e-6


def test_fieller_of_a_readout_below_chance_is_undefined() -> None:
    assert fieller_ratio([0.2] * 10, [-0.25] * 10) is None


def test_fieller_of_equal_scores_is_one() -> None:
    x = [0.75, -0.25, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75]
    interval = fieller_ratio(x, x)
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((1.0, 1.0))


def test_chance_is_spread_over_the_items() -> None:
    assert chance_values(0.5, 3).tolist() == [0.5, 0.5, 0.5]
    assert chance_values([0.5, 0.25], 2).tolist() == [0.5, 0.25]
    with pytest.raises(ValueError, match=r"shape \(\) or \(3,\)"):
        chance_values([0.5, 0.25], 3)
    with pytest.raises(ValueError, match=r"chance=25"):
        chance_values(25, 3)


def test_values_out_of_range_are_named_with_their_item() -> None:
    with pytest.raises(ValueError, match=r"differences\[1\]=.*1\.5"):
        pseudo_items([0.0, 1.5])
    with pytest.raises(ValueError, match=r"differences\[0\]=.*nan"):
        pseudo_items([math.nan, 0.0])
    with pytest.raises(ValueError, match=r"v\[2\]"):
        recovery_contrast([0, 1, -1], [0, 1, 1], chance=0.25, share=0.5)
    with pytest.raises(ValueError, match=r"share=50"):
        recovery_contrast([0, 1], [0, 1], chance=0.25, share=50)
    with pytest.raises(ValueError, match=r"confidence=95"):
        pseudo_items([0.0, 0.5]).interval(confidence=95)
    with pytest.raises(ValueError, match=r"confidence=95"):
        fieller_ratio([0.0, 0.5], [0.5, 0.0], confidence=95)


def test_too_few_or_unequal_items_are_named() -> None:
    with pytest.raises(ValueError, match=r"at least two items, but got n=1"):
        pseudo_items([0.5])
    with pytest.raises(ValueError, match=r"shape \(0,\)"):
        pseudo_items([])
    with pytest.raises(ValueError, match=r"shape \(1, 2\)"):
        pseudo_items([[0.5, 0.5]])
    with pytest.raises(ValueError, match="got 2 and 3 scores"):
        recovery_contrast([0, 1], [0, 1, 1], chance=0.25, share=0.5)
    with pytest.raises(ValueError, match="got 2 and 3 scores"):
        fieller_ratio([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="at least two items"):
        fieller_ratio([1], [1])


# -- small differences ---------------------------------------------------------------------------


@given(d=differences, scale=st.sampled_from([0.5, 0.0625, 2**-20]))
def test_what_small_differences_show_does_not_depend_on_their_unit(
    d: list[float], scale: float
) -> None:
    assume(max(map(abs, d)) > 0.001)
    mean, scaled = scaled_items(d), scaled_items([scale * one for one in d])
    assert scaled.p_greater() == pytest.approx(mean.p_greater())
    assert scaled.estimate == pytest.approx(scale * mean.estimate)
    wide, narrow = mean.interval(), scaled.interval()
    if abs(wide.low) < 1 and abs(wide.high) < 1:  # not cut
        assert (narrow.low, narrow.high) == pytest.approx((scale * wide.low, scale * wide.high))


@given(d=differences)
def test_differences_are_never_surer_than_by_the_plain_t_test(d: list[float]) -> None:
    values = np.array(d)
    assume(values.std() > 1e-3)
    plain = float(student.sf(values.mean() / (values.std(ddof=1) / math.sqrt(len(d))), len(d) - 1))
    assert scaled_items(d).p_greater() >= min(plain, 0.5) - 1e-9


@given(d=differences)
def test_the_interval_of_small_differences_has_their_mean_within(d: list[float]) -> None:
    for shrunk in (1.0, 1e-6):
        mean = scaled_items([shrunk * one for one in d])
        interval = mean.interval(confidence=0.9)
        assert interval.low <= mean.estimate <= interval.high


def test_no_difference_at_all_shows_nothing() -> None:
    none = scaled_items([0.0, 0.0, 0.0])
    assert none.p_greater() == none.p_less() == 0.5
    assert none.interval().high - none.interval().low < 1e-300
    with pytest.raises(ValueError, match="at least two items"):
        scaled_items([0.5])
