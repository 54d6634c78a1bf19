"""Which items are missed, how they were asked, and which of them there is room for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_runs import answered, evaluation

from pytest_vlmsight.evaluation import Asked, Evaluation
from pytest_vlmsight.report.gallery import (
    MOST_SHOWN,
    Missed,
    NoPicturesError,
    Pictured,
    Thumbnail,
    galleries,
    missed_items,
)


def lettered(*, markers: str | None) -> Evaluation:
    """Items whose options are named by their letters; all are missed."""
    one = evaluation(n=8, options=(3,), ceiling=1.0, provenance={"markers": markers})
    asked = Asked(name="x", question="?", options=("point A", "point B", "point C"))
    wrong = answered((one.gold[:, None] + 1) % 3, one.options)
    return replace(one, asked=(asked,) * 8, sighted=wrong)


def test_missed_is_what_the_ceiling_solves_and_the_model_does_not() -> None:
    one = evaluation(n=60, sighted=0.5, ceiling=0.7)
    found = missed_items(one, kind="matched")
    right = one.sighted.scores(one.gold) == 1
    eye = one.ceiling_scores("matched") == 1
    assert [each.index for each in found] == np.flatnonzero(eye & ~right).tolist()
    assert [each.id for each in found] == [one.ids[each.index] for each in found]
    assert missed_items(one, kind="native") == []


def test_what_is_missed_in_most_rotations_comes_first() -> None:
    one = evaluation(n=40, turns=2, sighted=0.6, ceiling=1.0)
    found = missed_items(one, kind="matched")
    assert [each.right for each in found] == sorted(each.right for each in found)
    assert {each.right for each in found} == {0, 1}
    for each in found:
        turn = int((one.sighted.choices[each.index] != one.gold[each.index]).argmax())
        assert each.order == tuple(one.orders[each.index, turn, :2].tolist())


def test_options_stand_at_the_letters_where_they_were_shown() -> None:
    one = evaluation(n=12, options=(4,), sighted=0.0, ceiling=1.0)
    for each in missed_items(one, kind="matched"):
        gold, chosen = int(one.gold[each.index]), int(one.sighted.choices[each.index, 0])
        assert [option.letter for option in each.options] == ["A", "B", "C", "D"]
        assert [option.text for option in each.options] == [f"option {i}" for i in each.order]
        assert [option.right for option in each.options] == [i == gold for i in each.order]
        assert [option.sighted for option in each.options] == [i == chosen for i in each.order]


@pytest.mark.parametrize("markers", ["markers-1 ring", None])
def test_where_letters_were_drawn_they_moved_and_texts_stayed(markers: str | None) -> None:
    found = missed_items(lettered(markers=markers), kind="matched")
    assert {each.order for each in found} > {(1, 2, 0)}
    for each in found:
        texts = [option.text[-1] for option in each.options]
        assert texts == (list("ABC") if markers else ["ABC"[i] for i in each.order])
        (right,) = (place for place, option in enumerate(each.options) if option.right)
        assert each.order[right] == each.index % 3


def test_an_answer_without_a_letter_chose_nothing() -> None:
    one = evaluation(n=4, ceiling=1.0)
    silent = replace(one.sighted, choices=np.full((4, 1), -1))
    for each in missed_items(replace(one, sighted=silent), kind="matched"):
        assert not each.answered
        assert not any(option.sighted for option in each.options)


# -- room -----------------------------------------------------------------------------------------


def some(task: str, count: int) -> list[Missed]:
    one = evaluation(task=task, n=count, sighted=0.0, ceiling=1.0)
    return missed_items(one, kind="matched")


def of_size(size: int) -> Thumbnail:
    return Thumbnail(uri="x" * size, width=1, height=1)


@pytest.mark.parametrize("budget", [0, 99, 100, 250, 1000, 10_000])
def test_pictures_take_no_more_than_the_budget_and_every_item_is_shown_or_named(
    budget: int,
) -> None:
    missed = {("a", "one"): some("one", 20), ("b", "two"): some("two", 3), ("c", "none"): []}
    found, spent = galleries(missed, pictures=lambda _: [of_size(60), of_size(40)], budget=budget)
    shown = [one for gallery in found.values() for one in gallery.shown]
    assert spent == sum(len(t.uri) for _, images in shown for t in images) <= budget
    assert spent == min(budget // 100, MOST_SHOWN + 3) * 100
    for key, items in missed.items():
        assert [*(one for one, _ in found[key].shown), *found[key].beyond] == items


def test_all_tasks_have_a_picture_before_one_has_two() -> None:
    missed = {("a", str(task)): some(str(task), 5) for task in range(4)}
    found, _ = galleries(missed, pictures=lambda _: [of_size(10)], budget=60)
    assert [len(gallery.shown) for gallery in found.values()] == [2, 2, 1, 1]


def test_an_item_that_is_too_large_does_not_take_the_room_of_others() -> None:
    missed = {("a", "large"): some("large", 5), ("a", "small"): some("small", 5)}
    asked: list[str] = []

    def pictures(one: Pictured) -> list[Thumbnail]:
        asked.append(one.task)
        return [of_size(500 if one.task == "large" else 10)]

    found, _ = galleries(missed, pictures=pictures, budget=100)
    assert [len(gallery.shown) for gallery in found.values()] == [0, 5]
    assert asked.count("large") == 1


def test_items_without_pictures_are_shown_with_the_reason() -> None:
    def none(_: Pictured) -> list[Thumbnail]:
        raise NoPicturesError("they burned")

    found, spent = galleries({("a", "one"): some("one", 20)}, pictures=none, budget=0)
    (gallery,) = found.values()
    assert (len(gallery.shown), len(gallery.beyond)) == (MOST_SHOWN, 20 - MOST_SHOWN)
    assert (gallery.why, spent) == ("they burned", 0)
