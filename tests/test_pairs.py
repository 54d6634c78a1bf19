"""Two scores per item: exact tests where they are whole, item-level t where they are averaged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.pairs import Pairs
from pytest_vlmsight.stats.contrast import pseudo_items
from pytest_vlmsight.stats.paired import mcnemar_p

WHOLE = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=60)


def pairs(answers: list[tuple[bool, bool]]) -> Pairs:
    v, r = np.array(answers, dtype=float).T
    return Pairs(v, r)


@given(WHOLE)
def test_worse_is_better_with_sides_changed(answers: list[tuple[bool, bool]]) -> None:
    pair = pairs(answers)
    b = sum(v and not r for v, r in answers)
    c = sum(r and not v for v, r in answers)
    assert pair.p_worse() == mcnemar_p(c, b)
    assert pair.p_better() == mcnemar_p(b, c)
    assert pair.estimate == pytest.approx((b - c) / len(answers))


def test_averaged_scores_are_judged_by_the_item() -> None:
    v, r = np.array([1, 0.5, 0, 1, 0.5]), np.array([1, 1, 0.5, 1, 1])
    pair = Pairs(v, r)
    mean = pseudo_items(v - r)
    assert pair.p_worse() == pytest.approx(mean.p_less(0.0))
    assert pair.p_above(0.05) == mean.p_greater(-0.05)
    assert pair.p_worse() + pair.p_better() == pytest.approx(1)
