"""In which order items are asked that may not all be."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_items import RED, flat, item

from pytest_vlmsight.evaluation import presentations
from pytest_vlmsight.sequence import LOOKS, Order, random_order, whole_scenes
from pytest_vlmsight.settings import Settings

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item


def items(n: int, *, scene: int = 1, options: int = 2) -> list[Item]:
    """Items of which each few are of a scene, each with a picture of its own."""
    return [
        item(
            [flat((i % 256, i // 256, 7))],
            answer=i % options,
            options=tuple("abcd"[:options]),
            name=f"item {i}",
            scene=f"s{i // scene}",
        )
        for i in range(n)
    ]


def order_of(some: list[Item], seed: int = 0) -> Order:
    return random_order(some, presentations(some, Settings(seed=seed)), seed=seed)


def test_a_seed_decides_the_order_and_another_another() -> None:
    some = items(60)
    assert order_of(some) == order_of(some)
    assert order_of(some).places != order_of(some, seed=1).places
    assert sorted(order_of(some).places) == list(range(60))
    assert order_of(some).places != tuple(range(60))


@pytest.mark.parametrize("scene", [3, 4])
def test_items_of_a_scene_stay_together(scene: int) -> None:
    order = order_of(items(60, scene=scene))
    assert set(order.scenes) == {scene}
    for start in range(0, 60, scene):
        assert len({place // scene for place in order.places[start : start + scene]}) == 1


@pytest.mark.parametrize("options", [2, 4])
def test_the_first_items_have_their_right_answers_at_all_positions(options: int) -> None:
    some = items(80, options=options)
    asked = presentations(some, Settings())
    order = order_of(some)
    for n in range(1, 81):
        counts = Counter(asked[place][0].answer for place in order.places[:n])
        spread = [counts[position] for position in range(options)]
        assert max(spread) - min(spread) <= (1 if n <= 40 else 4)


def test_items_that_share_a_picture_are_of_one_scene() -> None:
    same = [item([flat(RED)], answer=0, name=f"{i}") for i in range(12)]
    assert order_of(same).scenes == (12,)
    assert order_of(same).looks == (12,)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=120))
def test_looks_are_after_whole_scenes_and_the_last_is_at_the_end(sizes: list[int]) -> None:
    n = sum(sizes)
    looks = Order(tuple(range(n)), tuple(sizes)).looks
    assert looks[-1] == n
    assert list(looks) == sorted(set(looks))
    assert len(looks) <= LOOKS
    for look in looks:
        assert sum(whole_scenes(sizes, look)) == look


def test_looks_of_the_usual_number_of_items() -> None:
    assert Order(tuple(range(400)), (1,) * 400).looks == tuple(range(10, 401, 10))
    assert Order(tuple(range(35)), (1,) * 35).looks == (12, 24, 35)


def test_items_that_end_within_a_scene_are_named() -> None:
    with pytest.raises(ValueError, match="3 items end within a scene"):
        whole_scenes((2, 2), 3)
