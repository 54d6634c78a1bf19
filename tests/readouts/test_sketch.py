"""Wide features are narrowed without looking at them, and what they tell is mostly kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.readouts import WIDEST, DepthMoments, sketch


def test_features_that_are_not_too_wide_are_left_alone() -> None:
    features = torch.randn(2, 3, WIDEST)
    assert sketch(features) is features
    assert sketch(features[..., :5], width=5).shape == (2, 3, 5)
    assert sketch(torch.randn(2, 3, WIDEST + 1)).shape == (2, 3, WIDEST)


@given(st.integers(1, 60), st.integers(1, 20))
def test_every_channel_is_in_one_sum_with_a_sign(d: int, width: int) -> None:
    matrix = sketch(torch.eye(d), width=width)
    assert matrix.shape == (d, min(d, width))
    assert (matrix.abs().sum(dim=1) == 1).all()
    in_sum = (matrix != 0).sum(dim=0)
    assert in_sum.max() - in_sum.min() <= 1


def test_it_is_linear_and_always_the_same() -> None:
    a, b = torch.randn(2, 7, 50, dtype=torch.float64)
    assert torch.allclose(sketch(2 * a + b, width=8), 2 * sketch(a, width=8) + sketch(b, width=8))
    # Drawn once and written down: other sums would be another readout.
    picked = sketch(torch.arange(1.0, 11.0), width=3)
    assert picked.tolist() == [22.0, 9.0, 8.0]


def test_inner_products_are_kept() -> None:
    rng = np.random.default_rng(0)
    features = torch.from_numpy(rng.standard_normal((60, 4096)))
    narrow = sketch(features)
    before, after = features @ features.T / 4096, narrow @ narrow.T / 4096
    assert (after - before).abs().max() < 4.5 / np.sqrt(WIDEST)


def test_depth_is_still_read_where_features_have_few_directions() -> None:
    """As features of real encoders do: here 20 in 200 channels, one of them huge."""
    rng = np.random.default_rng(1)
    hidden = torch.from_numpy(rng.standard_normal((40, 4, 4, 20)))
    mixed = hidden @ torch.from_numpy(rng.standard_normal((20, 200)))
    mixed[..., 7] *= 1e4
    log_depth = hidden[..., 0]
    moments = DepthMoments()
    for index in range(20):
        moments.add(sketch(mixed[index], width=50)[None], log_depth[index][None].exp(), part=index)
    fit = moments.fit()
    new = sketch(mixed[20:], width=50) @ fit.weights + fit.bias
    error = (new - log_depth[20:]).square().mean()
    assert error < 0.01


def test_a_width_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="width ≥ 1 but got 0"):
        sketch(torch.ones(3), width=0)
