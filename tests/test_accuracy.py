"""The figures beside a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_vlm import FakeVlm, always
from made_items import same_colour_items, task

from pytest_vlmsight.accuracy import SliceShare, accuracies, by_slice, figures, in_pairs
from pytest_vlmsight.evaluation import Evaluation, evaluate
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.stats.proportion import accuracy_interval, wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable

Labels = tuple[tuple[str, str], ...]


@pytest.fixture
def evaluation() -> Evaluation:
    settings = Settings(blind=("blank", "none"), ceiling=("matched", "native"))
    return evaluate(FakeVlm(always(0)), task(same_colour_items(40)), settings=settings)


def test_every_run_and_ceiling_is_listed_with_its_interval(evaluation: Evaluation) -> None:
    listed = {a.name: a for a in accuracies(evaluation, confidence=0.9)}
    assert list(listed) == [
        "sighted",
        "blind_blank",
        "blind_none",
        "ceiling_matched",
        "ceiling_native",
    ]
    assert listed["sighted"].share == 0.5
    assert listed["sighted"].interval == wilson_interval(20, 40, confidence=0.9)


def test_the_line_of_figures_names_n_and_level(evaluation: Evaluation) -> None:
    line = figures(evaluation, alpha=0.05)
    assert line.startswith("sighted 50.0% [")
    assert line.endswith("chance 50.0%; n=40, 90% intervals")
    assert "ceiling native 100.0%" in line


def labelled(label: Callable[[int], Labels], *, n: int = 40, rotations: int = 1) -> Evaluation:
    """An evaluation of a model that always answers A, of items with slices."""
    items = [replace(made, slices=label(i)) for i, made in enumerate(same_colour_items(n))]
    settings = Settings(blind=("blank", "none"), rotations=rotations)
    return evaluate(FakeVlm(always(0)), task(items), settings=settings)


def test_each_value_of_a_slice_has_its_own_accuracies() -> None:
    evaluation = labelled(lambda i: (("half", "first" if i < 10 else "rest"),))
    right = evaluation.sighted.scores(evaluation.gold)
    first, rest = by_slice(evaluation, kind="matched", confidence=0.9)
    assert [(s.name, s.value, s.n) for s in (first, rest)] == [
        ("half", "first", 10),
        ("half", "rest", 30),
    ]
    for part, of in ((first, right[:10]), (rest, right[10:])):
        interval = accuracy_interval(of, confidence=0.9)
        assert part.sighted == part.blind == SliceShare(of.mean(), interval)
        assert part.ceiling == SliceShare(1.0, wilson_interval(part.n, part.n, confidence=0.9))
    assert 0 < first.sighted.share * first.n + rest.sighted.share * rest.n == right.sum()


def test_items_without_a_label_are_in_no_part_of_it() -> None:
    evaluation = labelled(lambda i: (("rare", "yes"),) if i < 7 else ())
    (part,) = by_slice(evaluation, kind="matched", confidence=0.9)
    assert (part.value, part.n) == ("yes", 7)


def test_few_items_have_a_share_without_an_interval() -> None:
    evaluation = labelled(lambda i: (("a", "4" if i < 4 else "5" if i < 9 else "rest"),))
    four, five, _ = by_slice(evaluation, kind="matched", confidence=0.9)
    assert (four.n, four.sighted.interval, four.ceiling) == (4, None, SliceShare(1.0, None))
    assert five.sighted.interval is not None


def test_groups_and_names_of_single_things_are_left_out() -> None:
    evaluation = labelled(
        lambda i: (("scene", str(i % 2)), ("nine", str(i % 9)), ("eight", str(i % 8)))
    )
    parts = by_slice(evaluation, kind="matched", confidence=0.9)
    assert [(s.name, s.value) for s in parts] == [("eight", str(k)) for k in range(8)]


def test_values_stand_in_the_order_of_their_numbers() -> None:
    values = ("dark", "30 and more degrees", "1.5 to 15 degrees", "under 1.5 degrees", "-2", "2 x")
    evaluation = labelled(lambda i: (("b", "x"), ("a", values[i % 6])))
    parts = by_slice(evaluation, kind="matched", confidence=0.9)
    assert [s.value for s in parts if s.name == "a"] == [
        "-2",
        "under 1.5 degrees",
        "1.5 to 15 degrees",
        "2 x",
        "30 and more degrees",
        "dark",
    ]
    assert [s.name for s in parts][:2] == ["b", "a"]


def test_a_ceiling_that_was_not_measured_is_told_from_one_that_was() -> None:
    evaluation = labelled(lambda i: (("a", "x"),))
    (part,) = by_slice(evaluation, kind="native", confidence=0.9)
    assert part.ceiling is None


def test_the_blind_run_is_the_same_in_all_parts() -> None:
    """The strongest on all items, not the one that happens to be the strongest in each part."""
    evaluation = labelled(lambda i: (("a", str(i % 2)),))
    wrong, right = evaluation.blind["blank"].choices.copy(), evaluation.gold[:, None].copy()
    wrong[:] = 1 - right
    wrong[:4] = right[:4]
    stronger = replace(evaluation.blind["blank"], choices=right)
    weaker = replace(evaluation.blind["blank"], choices=wrong)
    swapped = replace(evaluation, blind={"none": weaker, "blank": stronger})
    assert swapped.strongest_blind == "blank"
    parts = by_slice(swapped, kind="matched", confidence=0.9)
    assert [part.blind.share for part in parts] == [1.0, 1.0]


def test_shares_of_rotated_items_are_averages() -> None:
    evaluation = labelled(lambda i: (("a", str(i % 2)),), rotations=2)
    for part in by_slice(evaluation, kind="matched", confidence=0.9):
        assert part.sighted.share == 0.5
        assert part.sighted.interval is not None
        assert 0.5 in part.sighted.interval


def test_a_pair_is_right_where_both_of_its_items_are() -> None:
    # Three pairs and one item whose other is not in the run.
    evaluation = labelled(lambda i: (("pair", f"pair {i // 2}"),), n=7)
    right = evaluation.sighted.scores(evaluation.gold)
    found, count = in_pairs(evaluation, confidence=0.9)
    assert count == 3
    shares = {accuracy.name: accuracy.share for accuracy in found}
    both = [right[2 * k] * right[2 * k + 1] for k in range(3)]
    assert shares["sighted"] == pytest.approx(sum(both) / 3)
    assert 0 < right.mean() < 1
    assert shares["sighted"] < right.mean()
    assert shares["ceiling_matched"] == 1
    line = figures(evaluation, alpha=0.05)
    assert "; of 3 pairs both right: sighted " in line
    # A pair says what belongs together, not what makes an item hard.
    assert by_slice(evaluation, kind="matched", confidence=0.9) == []


def test_items_in_no_pairs_have_no_accuracy_in_pairs(evaluation: Evaluation) -> None:
    assert in_pairs(evaluation, confidence=0.9) == ([], 0)
    assert "pairs" not in figures(evaluation, alpha=0.05)
