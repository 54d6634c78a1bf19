"""The image least like the others is the odd one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_vlmsight.readouts import odd_one_out


def single(images: torch.Tensor) -> list[torch.Tensor]:
    """Images of one patch each, which are compared by it alone."""
    return list(images[:, None])


def test_the_image_of_another_object_is_found_at_any_place() -> None:
    same = [torch.tensor([1.0, 0.1, 0.0]), torch.tensor([5.0, 0.0, 0.2]), torch.tensor([1.0, 0, 0])]
    odd = torch.tensor([1.0, 1.0, 0.0])
    for place in range(4):
        images = [*same[:place], odd, *same[place:]]
        assert odd_one_out(single(torch.stack(images))) == place


def test_an_object_may_be_anywhere_in_its_image() -> None:
    """Same patches in another order, and the odd image with another patch but the same mean."""
    parts = torch.eye(4) * torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None]
    odd = parts.mean(0).expand(4, 4)
    for place in range(3):
        images = [parts, parts.flip(0)]
        images.insert(place, odd)
        assert odd_one_out(images) == place


def test_images_may_have_different_numbers_of_patches() -> None:
    patch = torch.tensor([[1.0, 0.0]])
    assert odd_one_out([patch, patch.repeat(5, 1), torch.tensor([[0.0, 1.0]])]) == 2


def test_similarity_to_itself_does_not_count() -> None:
    # A zero feature is similar to nothing, not even to itself: its sum is 0, that of the others
    # −.5, which would be .5 if they counted themselves.
    images = torch.tensor([[0.0, 0.0], [1.0, 0.0], [-0.5, 0.75**0.5]])
    assert odd_one_out(single(images)) == 1


def test_of_equals_the_first_wins() -> None:
    assert odd_one_out(single(torch.eye(4))) == 0
    assert odd_one_out([torch.ones(3, 7)] * 3) == 0


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.permutations(range(4)), st.floats(1e-6, 1e6))
def test_permuting_images_permutes_the_choice_and_scale_does_not_matter(
    seed: int, order: list[int], scale: float
) -> None:
    images = torch.from_numpy(np.random.default_rng(seed).standard_normal((4, 5, 6)))
    assert order[odd_one_out(list(images[order] * scale))] == odd_one_out(list(images))


def test_unsound_features_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 images to find an odd one but got 2"):
        odd_one_out(list(torch.ones(2, 3, 3)))
    with pytest.raises(ValueError, match=r"images\[0\] of shape \(p, d\)"):
        odd_one_out(list(torch.ones(3, 3)))
    with pytest.raises(ValueError, match=r"images\[0\] holds NaN"):
        odd_one_out(list(torch.full((3, 3, 3), torch.nan)))
    with pytest.raises(ValueError, match="features of one width"):
        odd_one_out([torch.ones(1, 3), torch.ones(1, 3), torch.ones(1, 4)])
