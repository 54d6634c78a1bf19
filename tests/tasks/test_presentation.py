from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.tasks.item import REFERENCE, Box, Item, Picture, Point, letter
from pytest_vlmsight.tasks.markers import Markers, MarkerStyle
from pytest_vlmsight.tasks.presentation import balanced_orders, present, rotations
from pytest_vlmsight.tasks.seeded import seeded_order

MakePicture = Callable[..., Picture]
PLAIN = Picture("0" * 64, (224, 224), lambda: pytest.fail("no pixels are needed"))


def an_item(answer: int = 0, *, count: int = 4, name: str = "item") -> Item:
    """An item about whole images."""
    return Item(
        name=name,
        images=(PLAIN,),
        clean_images=(PLAIN,),
        question="Which?",
        options=tuple(f"the image number {i + 1}" for i in range(count)),
        answer=answer,
    )


def marked_item(
    picture: Picture, answer: int = 0, *, text: str = "point {}", count: int = 3
) -> Item:
    """An item with REF on image 0 and the options' points on image 1, markers drawn."""
    points = (
        Point(image=0, x=100, y=100, label=REFERENCE),
        *(Point(image=1, x=40 + 50 * i, y=100, label=letter(i)) for i in range(count)),
    )
    markers = Markers(MarkerStyle())
    return Item(
        name="marked",
        images=markers.paint_all((picture, picture), points=points, boxes=()),
        clean_images=(picture, picture),
        question="Which?",
        options=tuple(text.format(letter(i)) for i in range(count)),
        answer=answer,
        points=points,
        draw=markers,
    )


orders = st.integers(2, 6).flatmap(lambda count: st.permutations(range(count)))


@given(orders, st.data())
def test_the_answers_content_stays_under_every_order(order: list[int], data: st.DataObject) -> None:
    item = an_item(data.draw(st.integers(0, len(order) - 1)), count=len(order))
    asked = present(item, order)
    assert asked.options[asked.answer] == item.options[item.answer]
    assert sorted(asked.options) == sorted(item.options)
    assert asked.images == item.images
    assert asked.order == tuple(order)


@given(orders, st.data())
def test_relabelled_markers_keep_the_answers_point(order: list[int], data: st.DataObject) -> None:
    item = marked_item(PLAIN, data.draw(st.integers(0, len(order) - 1)), count=len(order))
    asked = present(item, order)
    assert asked.options == item.options
    relabelled = [
        replace(p, label=letter(order.index(i)))
        for i, p in enumerate(p for p in item.points if p.label != REFERENCE)
    ]
    assert item.draw is not None
    assert asked.images[1] == item.draw(PLAIN, points=relabelled, boxes=())
    [right] = [p for p in relabelled if p.label == letter(asked.answer)]
    assert (right.x, right.y) == (item.points[1 + item.answer].x, 100)
    assert asked.images[0] == item.images[0]  # REF stays


def test_relabelling_draws_the_letters_elsewhere(make_picture: MakePicture) -> None:
    item = marked_item(make_picture())
    straight, turned = present(item, (0, 1, 2)), present(item, (2, 0, 1))
    assert straight.images == item.images
    first, second = straight.images[1].load(), turned.images[1].load()
    assert first.tobytes() != second.tobytes()
    # Only letters differ: the rings are where they were.
    for x in (40, 90, 140):
        assert first.crop((x - 8, 92, x + 8, 108)).tobytes() == (
            second.crop((x - 8, 92, x + 8, 108)).tobytes()
        )


@pytest.mark.parametrize("text", ["{}", "point {}", "A point: {}!"])
def test_texts_that_differ_by_their_own_letter_stay(text: str) -> None:
    item = marked_item(PLAIN, text=text)
    assert present(item, (1, 2, 0)).options == item.options


@pytest.mark.parametrize(
    "options", [("near", "far", "middle"), ("point A", "point C", "point B"), ("a", "b", "c")]
)
def test_other_texts_move_and_markers_stay(options: tuple[str, ...]) -> None:
    item = replace(marked_item(PLAIN), options=options)
    asked = present(item, (1, 2, 0))
    assert asked.options == (options[1], options[2], options[0])
    assert asked.images == item.images


def test_burned_markers_cannot_be_relabelled() -> None:
    item = replace(marked_item(PLAIN), draw=None)
    asked = present(item, (1, 2, 0))
    assert asked.options == ("point B", "point C", "point A")
    assert asked.images == item.images


def test_an_option_without_a_marker_makes_the_texts_move() -> None:
    item = marked_item(PLAIN)
    item = replace(item, points=item.points[:-1])
    assert present(item, (1, 2, 0)).options == ("point B", "point C", "point A")


def coloured_item(picture: Picture, options: tuple[str, str]) -> Item:
    """An item about two boxes that are told apart by colour."""
    boxes = tuple(
        Box(image=0, x0=x, y0=40, x1=x + 60, y1=120, label=label, colour=colour)
        for x, label, colour in ((20, "A", "#ff0000"), (130, "B", "#0000ff"))
    )
    markers = Markers(MarkerStyle())
    return Item(
        name="boxed",
        images=markers.paint_all((picture,), points=(), boxes=boxes),
        clean_images=(picture,),
        question="Which is closer?",
        options=options,
        answer=1,
        boxes=boxes,
        draw=markers,
    )


@pytest.mark.parametrize(
    "options",
    [("the chair (red box)", "the table (blue box)"), ("A", "B"), ("box A", "box B")],
)
def test_texts_about_coloured_boxes_move_and_the_boxes_stay(
    make_picture: MakePicture, options: tuple[str, str]
) -> None:
    """No letter is drawn at such a box, so even a text that is one must go with its option."""
    item = coloured_item(make_picture(), options)
    for order in ((0, 1), (1, 0)):
        asked = present(item, order)
        assert asked.options == tuple(options[i] for i in order)
        assert asked.options[asked.answer] == options[1]
        assert asked.images == item.images
    seen = {colour for _, colour in item.images[0].load().getcolors(70_000) or []}
    assert {(255, 0, 0), (0, 0, 255)} <= seen


def test_letters_of_points_change_beside_a_coloured_box(make_picture: MakePicture) -> None:
    item = marked_item(make_picture())
    about = Box(image=0, x0=90, y0=90, x1=110, y1=110, label=REFERENCE, colour="blue")
    item = replace(item, points=item.points[1:], boxes=(about,))
    asked = present(item, (2, 0, 1))
    assert asked.options == item.options
    first, second = asked.images
    assert item.draw is not None
    assert first == item.draw(item.clean_images[0], points=(), boxes=[about])
    assert second != item.images[1]


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 2, 2), (1, 2, 3, 4), ()])
def test_wrong_order_is_named(order: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"order of item 'item': got .* expected a permutation"):
        present(an_item(), order)


items_of_all_kinds = st.lists(
    st.integers(2, 5).flatmap(
        lambda count: st.integers(0, count - 1).map(lambda answer: an_item(answer, count=count))
    ),
    max_size=30,
)


@given(items_of_all_kinds, st.integers())
def test_right_positions_are_balanced_in_every_prefix(items: list[Item], seed: int) -> None:
    seen = {count: Counter(dict.fromkeys(range(count), 0)) for count in range(2, 6)}
    for item, order in zip(items, balanced_orders(items, seed=seed), strict=True):
        assert sorted(order) == list(range(len(item.options)))
        counts = seen[len(item.options)]
        counts[present(item, order).answer] += 1
        assert max(counts.values()) - min(counts.values()) <= 1


@given(items_of_all_kinds, st.integers(), st.data())
def test_an_order_does_not_depend_on_later_items(
    items: list[Item], seed: int, data: st.DataObject
) -> None:
    some = data.draw(st.integers(0, len(items)))
    assert balanced_orders(items, seed=seed)[:some] == balanced_orders(items[:some], seed=seed)


def test_seeds_and_sources_do_not_show_in_the_positions() -> None:
    items = [an_item(i % 4) for i in range(200)]
    one, other = balanced_orders(items, seed=0), balanced_orders(items, seed=1)
    assert one != other
    # Given the source's index of the answer, all positions occur.
    pairs = Counter((i.answer, o.index(i.answer)) for i, o in zip(items, one, strict=True))
    assert len(pairs) == 16


def test_the_other_options_are_shuffled_too() -> None:
    orders_seen = set(balanced_orders([an_item(0) for _ in range(300)], seed=0))
    assert len(orders_seen) == 24


@given(orders)
def test_all_rotations_put_the_answer_at_each_position_once(order: list[int]) -> None:
    item = an_item(0, count=len(order))
    asked = [present(item, rotated) for rotated in rotations(order)]
    assert asked[0].order == tuple(order)
    assert sorted(a.answer for a in asked) == list(range(len(order)))
    assert [a.order for a in asked[:2]] == rotations(order, 2)


@pytest.mark.parametrize("count", [0, -1, 4])
def test_wrong_number_of_rotations_is_named(count: int) -> None:
    with pytest.raises(ValueError, match=f"rotations: got {count}; expected 'all' or 1 to 3"):
        rotations((0, 1, 2), count)


def test_seeded_order_is_the_same_everywhere() -> None:
    assert seeded_order(5, "items", 0) == [1, 0, 4, 3, 2]
    assert sorted(seeded_order(100, "x")) == list(range(100))
