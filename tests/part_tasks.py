"""Items of the two tasks that ask for a part, made once, and what is seen under their marks."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.tasks.functional_correspondence import functional_correspondence
from pytest_vlmsight.tasks.item import REFERENCE
from pytest_vlmsight.tasks.scenes.render import Truth, truth
from pytest_vlmsight.tasks.semantic_correspondence import semantic_correspondence

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item, Point
    from pytest_vlmsight.tasks.part_items import PartItems, PartView

SEMANTIC, FUNCTIONAL = "semantic_correspondence", "functional_correspondence"
TASKS = {SEMANTIC: semantic_correspondence, FUNCTIONAL: functional_correspondence}
both = pytest.mark.parametrize("name", TASKS)


@cache
def some(name: str) -> list[Item]:
    """Whole blocks of answers, of categories and of families."""
    return TASKS[name]().make_items(20, 0)


def maker(name: str) -> PartItems:
    return TASKS[name]().make_items.make  # type: ignore[attr-defined, no-any-return]


def view(item: Item, image: int) -> PartView:
    return item.clean_images[image]._open  # type: ignore[return-value]


@cache
def _known(own: PartView) -> Truth:
    return truth(own.scene(), own.camera, own.size)


def known(item: Item, image: int) -> Truth:
    """The full ground truth of a picture."""
    return _known(view(item, image))


def point(item: Item, label: str) -> Point:
    (found,) = (p for p in item.points if p.label == label)
    return found


def part_at(item: Item, mark: Point) -> str:
    """The part of the thing that a mark and the pixels around it lie on."""
    found, size = known(item, mark.image), view(item, mark.image).size
    row, column = found.at(mark.x / size, mark.y / size)
    near = slice(row - 1, row + 2), slice(column - 1, column + 2)
    assert (found.thing[near] == 0).all()
    names: set[str] = {found.parts[number] for number in found.part[near].ravel().tolist()}
    assert len(names) == 1
    return names.pop()


def parts(item: Item) -> tuple[str, list[str]]:
    """The part that is asked for, and the parts of the options."""
    asked = part_at(item, point(item, REFERENCE))
    return asked, [part_at(item, point(item, label)) for label in "ABCD"]
