"""What blind runs are shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight import sight


def test_blank_is_the_same_grey_at_every_size() -> None:
    first, second = sight.blank([(30, 20), (7, 9)])
    assert (first.size, second.size) == ((30, 20), (7, 9))
    assert first.getpixel((0, 0)) == second.getpixel((6, 8)) == (128, 128, 128)


def test_noise_depends_on_its_key_alone() -> None:
    once, again = sight.noise([(8, 8)], key="a"), sight.noise([(8, 8)], key="a")
    other = sight.noise([(8, 8)], key="b")
    assert once[0].tobytes() == again[0].tobytes() != other[0].tobytes()
    assert np.asarray(sight.noise([(200, 200)], key="c")[0]).mean() == pytest.approx(127.5, abs=2)


@given(counts=st.lists(st.integers(1, 4), min_size=1, max_size=40), seed=st.integers(0, 5))
def test_partners_are_other_items_with_as_many_images(counts: list[int], seed: int) -> None:
    if any(counts.count(count) == 1 for count in counts):
        with pytest.raises(ValueError, match="two items of"):
            sight.partners(counts, seed=seed)
        return
    partners = sight.partners(counts, seed=seed)
    assert sorted(partners) == list(range(len(counts)))
    assert all(p != i and counts[p] == counts[i] for i, p in enumerate(partners))
    assert partners == sight.partners(counts, seed=seed)
