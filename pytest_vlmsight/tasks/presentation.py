"""How an item is asked: which option stands at which letter.

A model may prefer a letter, so each item is asked with its right answer at a balanced position,
and may be asked again with the options rotated. Only the letters move: what is right stays right.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from .item import Box, Item, Picture, Point, letter
from .seeded import seeded_order

if TYPE_CHECKING:
    from collections.abc import Sequence

Mark = TypeVar("Mark", Point, Box)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """An item as it is asked once.

    Attributes:
        item: the item asked.
        order: ``order[position]`` is the index of the item's option shown at that position.
        images: as the VLM sees them in this order.
        options: the text at each position.
        answer: the position of the right option.
    """

    item: Item
    order: tuple[int, ...]
    images: tuple[Picture, ...]
    options: tuple[str, ...]
    answer: int


def present(item: Item, order: Sequence[int]) -> Presentation:
    """Ask an item with its options in another order.

    Where markers are drawn and the options' texts differ only by their own letter ("point A",
    "point B"), the markers change letters and the texts stay, so that no option reads
    "(A) point B". Elsewhere (markers burned in, options about whole images or about boxes told
    apart by colour) the texts move.

    Args:
        item: the item.
        order: ``order[position]`` is the index of the option to be shown there.

    Raises:
        ValueError: ``order`` is not a permutation of the item's options.
    """
    order = tuple(order)
    source = tuple(range(len(item.options)))
    if tuple(sorted(order)) != source:
        raise ValueError(
            f"order of item {item.name!r}: got {order}; expected a permutation of {source}"
        )
    images, options = item.images, item.options
    if order != source:
        if item.draw is not None and _named_by_letter(item):
            images = _relabelled(item, order)
        else:
            options = tuple(options[index] for index in order)
    return Presentation(
        item=item, order=order, images=images, options=options, answer=order.index(item.answer)
    )


def _named_by_letter(item: Item) -> bool:
    """Whether every option is a marker's letter within one and the same text.

    Boxes of a colour of their own are drawn without a letter, so no option can be named by it.
    """
    marked = {point.label for point in item.points}
    marked |= {box.label for box in item.boxes if not box.colour}
    letters = {letter(i) for i in range(len(item.options))}
    return marked.issuperset(letters) and differ_by_letter(item.options)


def differ_by_letter(options: Sequence[str]) -> bool:
    """Whether every option is its own letter within one and the same text ("point A", …)."""
    first = options[0]
    return any(
        all(text == first[:at] + letter(i) + first[at + 1 :] for i, text in enumerate(options))
        for at, character in enumerate(first)
        if character == letter(0)
    )


def _relabelled(item: Item, order: Sequence[int]) -> tuple[Picture, ...]:
    assert item.draw is not None
    names = {letter(source): letter(position) for position, source in enumerate(order)}

    def of_image(marks: Sequence[Mark], index: int) -> list[Mark]:
        here = (mark for mark in marks if mark.image == index)
        return [replace(mark, label=names.get(mark.label, mark.label)) for mark in here]

    return tuple(
        item.draw(picture, points=of_image(item.points, i), boxes=of_image(item.boxes, i))
        for i, picture in enumerate(item.clean_images)
    )


def balanced_orders(items: Sequence[Item], *, seed: int) -> list[tuple[int, ...]]:
    """An order for every item such that the right answers' positions are balanced.

    Among the first items, however many, the counts of two positions differ by at most one for
    each number of options. An item's order does not depend on the items after it.

    Args:
        items: in the order they are asked.
        seed: decides which item gets which position, and where the other options go.
    """
    seen: dict[int, int] = {}
    orders = []
    for index, item in enumerate(items):
        count = len(item.options)
        block, place = divmod(seen.get(count, 0), count)
        seen[count] = seen.get(count, 0) + 1
        position = seeded_order(count, "answers", seed, count, block)[place]
        others = [i for i in seeded_order(count, "others", seed, index) if i != item.answer]
        orders.append((*others[:position], item.answer, *others[position:]))
    return orders


def rotations(order: Sequence[int], count: int | Literal["all"] = "all") -> list[tuple[int, ...]]:
    """The first ``count`` cyclic rotations of an order, itself first.

    All of them put the right answer at each position exactly once.

    Raises:
        ValueError: ``count`` is neither "all" nor 1 to the number of options.
    """
    order = tuple(order)
    if count == "all":
        count = len(order)
    if not 1 <= count <= len(order):
        raise ValueError(
            f"rotations: got {count!r}; expected 'all' or 1 to {len(order)}, the options' number"
        )
    return [order[k:] + order[:k] for k in range(count)]
