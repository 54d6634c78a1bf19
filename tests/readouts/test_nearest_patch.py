"""The candidate most like the reference wins, whatever its length and its place in the list."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from pytest_vlmsight.readouts import nearest_patch
from pytest_vlmsight.readouts.cosine import cosine


def random(seed: int, *shape: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def clear(reference: Tensor, candidates: Tensor) -> bool:
    """Whether no two of the most similar candidates are within rounding of each other."""
    best = cosine(reference[:, None], candidates).sort(dim=1).values
    return bool((best[:, -1] - best[:, -2] > 1e-5).all())


def test_direction_decides_not_length() -> None:
    reference = torch.tensor([[1.0, 0.0], [0.0, -2.0]])
    candidates = torch.tensor([[[0.1, 0.1], [100.0, 99.0]], [[0.0, 9.0], [3.0, -0.1]]])
    # First item: 45° against a little less. Second: opposite against nearly orthogonal.
    assert nearest_patch(reference, candidates).tolist() == [1, 1]


def test_of_equals_the_first_wins() -> None:
    same = random(0, 37).float()
    candidates = torch.stack([-same, same, 2 * same, same])[None]
    assert nearest_patch(same[None], candidates).tolist() == [1]
    assert nearest_patch(same[None], candidates[:, 1:].contiguous()).tolist() == [0]


def test_a_zero_feature_beats_only_opposites() -> None:
    candidates = torch.tensor([[[-1.0, 0.0], [0.0, 0.0], [-1.0, 1.0]]])
    assert nearest_patch(torch.tensor([[1.0, 0.0]]), candidates).tolist() == [1]


def test_no_items_give_no_choices() -> None:
    got = nearest_patch(torch.empty(0, 3), torch.empty(0, 4, 3))
    assert got.shape == (0,)
    assert got.dtype == torch.int64


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.permutations(range(4)))
def test_permuting_candidates_permutes_the_choice(seed: int, order: list[int]) -> None:
    reference, candidates = random(seed, 3, 5), random(seed + 1, 3, 4, 5)
    assume(clear(reference, candidates))
    before, after = (nearest_patch(reference, c) for c in (candidates, candidates[:, order]))
    assert torch.tensor(order)[after].tolist() == before.tolist()


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(-30, 30), st.integers(-30, 30))
def test_scale_does_not_matter(seed: int, up: int, down: int) -> None:
    reference, candidates = random(seed, 3, 5).float(), random(seed + 1, 3, 4, 5).float()
    assume(clear(reference, candidates))
    scaled = nearest_patch(reference * 10.0**up, candidates * 10.0**down)
    assert scaled.tolist() == nearest_patch(reference, candidates).tolist()


def test_half_precision_does_not_overflow() -> None:
    # 300² is beyond float16, and these lengths differ by more than its range of squares.
    reference = torch.tensor([[300.0, 300.0]], dtype=torch.float16)
    candidates = torch.tensor([[[300.0, 0.0], [1e-4, 1e-4]]], dtype=torch.float16)
    assert nearest_patch(reference, candidates).tolist() == [1]


@pytest.mark.parametrize(
    ("reference", "candidates", "message"),
    [
        (torch.ones(2, 3), torch.ones(2, 4, 5), "one width but reference has d=3, candidates"),
        (torch.ones(2, 3), torch.ones(1, 4, 3), "2 references and candidates of 1 items"),
        (torch.ones(3), torch.ones(1, 4, 3), r"reference of shape \(n, d\) but got shape \(3,\)"),
        (torch.ones(1, 3), torch.ones(1, 3), r"candidates of shape \(n, k, d\)"),
        (torch.ones(1, 3), torch.ones(1, 0, 3), "with k > 0"),
        (torch.ones(1, 3), torch.full((1, 2, 3), torch.nan), "candidates holds NaN"),
        (torch.ones(1, 3).int(), torch.ones(1, 2, 3), "floating type but got torch.int32"),
    ],
)
def test_unsound_features_are_refused(reference: Tensor, candidates: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        nearest_patch(reference, candidates)
