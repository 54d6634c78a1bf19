"""What the options of an item are about: points, boxes or whole pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pytest_vlmsight.tasks.item import REFERENCE, Box, Point, letter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.item import Item

Mark: TypeAlias = Point | Box


@dataclass(frozen=True, slots=True)
class Subject:
    """What one option is about.

    Attributes:
        image: index of the picture.
        mark: the point or box in it; None where the whole picture is meant.
    """

    image: int
    mark: Mark | None = None

    @property
    def label(self) -> str:
        """Of the mark in the item's own order; empty for a picture."""
        return "" if self.mark is None else self.mark.label


@dataclass(frozen=True, slots=True)
class Subjects:
    """What an item's options are about, as they are presented.

    Attributes:
        options: by position.
        reference: what the question starts from; None where there is no such thing.
    """

    options: tuple[Subject, ...]
    reference: Subject | None


def subjects_of(item: Item, order: Sequence[int]) -> Subjects | None:
    """What the options are about, in the order in which they are presented.

    Args:
        item: the item.
        order: ``order[position]`` is the index of the option presented there.

    Returns:
        None where options are about no marked point, no marked box and no image of their own.
    """
    for marks in (item.points, item.boxes):
        by_label = {mark.label: Subject(mark.image, mark) for mark in marks}
        if all(letter(index) in by_label for index in order):
            options = tuple(by_label[letter(index)] for index in order)
            return Subjects(options, by_label.get(REFERENCE))
    images, options_count = len(item.images), len(item.options)
    if images == options_count + 1:
        return Subjects(tuple(Subject(index + 1) for index in order), Subject(0))
    if images == options_count:
        return Subjects(tuple(Subject(index) for index in order), None)
    return None
