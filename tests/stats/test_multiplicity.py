"""Holm's adjusted p-values: a published example, and what must hold of any."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.stats.multiplicity import holm

PS = st.lists(st.floats(0, 1), max_size=8)


def test_the_values_of_p_adjust_in_r() -> None:
    # p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")
    assert holm([0.01, 0.02, 0.03, 0.04, 0.05]) == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])
    assert holm([0.2, 0.001]) == pytest.approx([0.2, 0.002])
    assert holm([]) == []


@given(PS)
def test_none_falls_and_their_order_stays(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= high <= 1 for p, high in zip(ps, adjusted, strict=True))
    by_p = [high for _, high in sorted(zip(ps, adjusted, strict=True))]
    assert by_p == sorted(by_p)


@given(PS, st.floats(0.001, 0.5))
def test_what_is_rejected_is_what_steps_down(ps: list[float], alpha: float) -> None:
    rejected, left = set[int](), len(ps)
    for index in sorted(range(len(ps)), key=ps.__getitem__):
        if ps[index] * left > alpha:
            break
        rejected.add(index)
        left -= 1
    assert {index for index, high in enumerate(holm(ps)) if high <= alpha} == rejected


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="a p-value is from 0 to 1"):
        holm([0.1, p])
