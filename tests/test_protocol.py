"""What keeps answers from being paired, and what is only told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import evaluation

from pytest_vlmsight.protocol import (
    ASKED_BY,
    TOLD,
    WORDED_BY,
    Difference,
    besides,
    in_the_way,
    shared,
)


def test_the_same_can_be_paired_and_differs_in_nothing() -> None:
    old, new = evaluation(), evaluation(model="b", sighted=0.6, seed=1)
    assert in_the_way(old, new) == ()
    assert besides(old, new) == ()


@pytest.mark.parametrize("key", [*ASKED_BY, *WORDED_BY])
def test_what_decides_how_items_are_asked_is_in_the_way(key: str) -> None:
    old, new = evaluation(provenance={key: "this"}), evaluation(provenance={key: 7})
    (found,) = in_the_way(old, new)
    assert (found.old, found.new) == ("this", "7")
    assert str(found) == f"{({**ASKED_BY, **WORDED_BY})[key]} this → 7"
    assert besides(old, new) == ()


@pytest.mark.parametrize("key", TOLD)
def test_what_a_comparison_may_be_made_for_is_told(key: str) -> None:
    old, new = evaluation(), evaluation(provenance={key: "that"})
    # A source is there in all made-up evaluations.
    assert in_the_way(old, new) == ()
    (found,) = besides(old, new)
    assert (found.what, found.new) == (TOLD[key], "that")


def test_a_chat_template_is_a_property_of_its_model_type() -> None:
    old = evaluation(provenance={"model_type": "llava", "prompt": "chat template"})
    other = evaluation(provenance={"model_type": "git", "prompt": "no chat template: 'x'"})
    assert in_the_way(old, other) == ()
    assert [one.what for one in besides(old, other)] == ["model type", "prompt form"]
    changed = evaluation(provenance={"model_type": "llava", "prompt": "no chat template: 'x'"})
    assert [one.what for one in in_the_way(old, changed)] == ["prompt form"]


def test_all_that_is_in_the_way_is_listed() -> None:
    old = evaluation(provenance={"seed": 0, "scoring": "letters"})
    new = evaluation(provenance={"seed": 1, "scoring": "generate", "task_version": "2"}, n=30)
    assert [str(one) for one in in_the_way(old, new)] == [
        "task version 1 → 2",
        "seed 0 → 1",
        "scoring letters → generate",
        "items 40 → 30 (30 of them in both)",
    ]


def test_other_items_are_told_with_how_many_are_the_same() -> None:
    old = evaluation(n=40)
    new = replace(old, ids=(*old.ids[:-3], "x", "y", "z"))
    assert in_the_way(old, new) == (Difference("items", "40", "40 (37 of them in both)"),)


def test_one_item_less_or_one_twice_is_not_the_same_items() -> None:
    old = evaluation(n=4)
    twice = replace(old, ids=(*old.ids[:3], old.ids[0]))
    assert [one.what for one in in_the_way(old, twice)] == ["items"]


def test_other_orders_of_the_options_or_another_right_one_are_in_the_way() -> None:
    old = evaluation(options=(4,))
    turned = replace(old, orders=np.roll(old.orders, 1, axis=2))
    assert [one.what for one in in_the_way(old, turned)] == ["order of options, or right answers"]
    other = replace(old, gold=(old.gold + 1) % 4)
    assert [one.what for one in in_the_way(old, other)] == ["order of options, or right answers"]


@given(st.permutations(range(12)))
def test_items_are_paired_by_id_whatever_their_order(order: list[int]) -> None:
    old = evaluation(n=12)
    moved = replace(
        old,
        ids=tuple(old.ids[index] for index in order),
        gold=old.gold[order],
        orders=old.orders[order],
        options=old.options[order],
    )
    assert in_the_way(old, moved) == ()
    here, there = shared((old, moved))
    np.testing.assert_array_equal(old.gold[here], moved.gold[there])


@given(st.text(max_size=200), st.text(max_size=200))
def test_values_are_shown_in_one_short_line(one: str, other: str) -> None:
    old, new = evaluation(provenance={"markers": one}), evaluation(provenance={"markers": other})
    for found in in_the_way(old, new):
        assert str(found).isprintable()
        assert len(str(found)) < 150
