"""Gram matrices compare images by which features occur together, not by where or how many."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from pytest_vlmsight.readouts import gram, gram_distance, nearest_gram, nearest_pooled


def patches(seed: int, tokens: int, d: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((tokens, d)))


def test_distance_of_a_worked_example() -> None:
    # Grams [[1,0],[0,0]] and [[0,0],[0,4]]: √(1 + 16).
    first, second = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    assert gram_distance(first, second) == pytest.approx(math.sqrt(17))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 9), st.integers(1, 12))
def test_kernel_form_equals_explicit_form(seed: int, a: int, b: int, d: int) -> None:
    first, second = patches(seed, a, d), patches(seed + 1, b, d)
    explicit = float((gram(first) - gram(second)).norm())
    assert gram_distance(first, second) == pytest.approx(explicit, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 20), st.integers(2, 4))
def test_repeating_or_reordering_patches_changes_nothing(
    seed: int, tokens: int, d: int, times: int
) -> None:
    image = patches(seed, tokens, d)
    assert gram_distance(image, image.flip(0).repeat(times, 1)) == pytest.approx(0, abs=1e-6)


def test_more_tokens_of_the_same_style_stay_nearer_than_another_style() -> None:
    # The planted fault would be to leave out the division: then the many-token image of the
    # right style is 16 times as far away.
    style, other = patches(0, 16, 8) + 1, patches(1, 16, 8)
    assert nearest_gram(style, [other, style.repeat(16, 1)]) == 1
    sums = [
        ((style.T @ style) - (image.T @ image)).norm() for image in (other, style.repeat(16, 1))
    ]
    assert sums[0] < sums[1]


def test_wide_features_need_no_square_matrix() -> None:
    # (d, d) in float64 would take 80 TB here.
    d = 100_000 * 32
    first, second = torch.zeros(2, d), torch.zeros(1, d)
    first[0, 0] = second[0, d - 1] = 1
    assert gram_distance(first, second) == pytest.approx(math.sqrt(0.25 + 1))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.permutations(range(4)))
def test_permuting_candidates_permutes_the_choice(seed: int, order: list[int]) -> None:
    reference = patches(seed, 3, 6)
    candidates = [patches(seed + 1 + j, 2 + j, 6) for j in range(4)]
    shuffled = [candidates[j] for j in order]
    assert order[nearest_gram(reference, shuffled)] == nearest_gram(reference, candidates)


def test_of_equals_the_first_wins() -> None:
    reference, same, far = patches(0, 5, 4), patches(1, 5, 4), 9 * patches(2, 5, 4)
    assert nearest_gram(reference, [far, same, same.clone()]) == 1


def test_gram_sees_what_the_mean_does_not() -> None:
    # Equal means, opposite co-occurrence.
    together = torch.tensor([[1.0, 1.0], [-1.0, -1.0]]) + 3
    apart = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]) + 3
    assert nearest_gram(together, [apart, together]) == 1
    assert nearest_pooled(together, [apart, together]) == 0


def test_half_precision_does_not_overflow() -> None:
    image = torch.full((4, 3), 300.0, dtype=torch.float16)
    assert gram(image).isfinite().all()
    assert nearest_gram(image, [image / 300, image]) == 1


def test_unsound_features_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one candidate"):
        nearest_gram(torch.ones(2, 3), [])
    with pytest.raises(ValueError, match="one width but first has d=3, second has d=4"):
        nearest_gram(torch.ones(2, 3), [torch.ones(2, 4)])
    with pytest.raises(ValueError, match="with tokens > 0"):
        gram(torch.ones(0, 3))
    with pytest.raises(ValueError, match="second holds NaN"):
        gram_distance(torch.ones(2, 3), torch.full((2, 3), torch.nan))
