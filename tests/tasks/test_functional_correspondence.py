"""The task ``functional_correspondence``; see ``test_part_items.py`` for what it shares."""

from __future__ import annotations

from part_tasks import FUNCTIONAL, parts, some, view

from pytest_vlmsight.tasks.functional_correspondence import KNOBS, functional_correspondence
from pytest_vlmsight.tasks.scenes.catalogue import ROLES, TOOLS, roles, tool_pairs

PINNED = "ebb5d12062a608c606a5"


def kinds(index: int) -> tuple[str, str]:
    first, second = (
        view(some(FUNCTIONAL)[index], image).scene().things[0].kind for image in (0, 1)
    )
    return first, second


def test_the_two_tools_are_of_different_kinds() -> None:
    for index, item in enumerate(some(FUNCTIONAL)):
        assert kinds(index) in tool_pairs(dict(item.slices)["family"])
        assert len(set(kinds(index))) == 2


def test_every_option_serves_a_purpose_of_both_tools() -> None:
    """And only the right one that of the marked part: no other option is on a part for it."""
    for item in some(FUNCTIONAL):
        asked, offered = parts(item)
        first, second = (view(item, image).scene().things[0] for image in (0, 1))
        assert set(offered) <= roles(first) & roles(second)
        purposes = [ROLES[part] for part in offered]
        assert purposes.count(ROLES[asked]) == 1
        assert purposes[item.answer] == ROLES[asked]


def test_every_block_has_one_item_of_each_family() -> None:
    families = [dict(item.slices)["family"] for item in some(FUNCTIONAL)]
    assert [set(families[at : at + 4]) for at in range(0, 20, 4)] == [set(TOOLS)] * 5


def test_the_question_names_neither_tool_nor_purpose() -> None:
    assert len({item.question for item in some(FUNCTIONAL)}) == 1
    assert "same purpose" in some(FUNCTIONAL)[0].question


def test_items_have_all_slices() -> None:
    for item in some(FUNCTIONAL):
        assert [name for name, _ in item.slices] == ["family", "rotation", "tilt", "coats"]
    task = functional_correspondence()
    assert task.knobs == KNOBS
    assert (task.name, task.readout) == (FUNCTIONAL, "nearest_patch")


def test_items_are_those_of_every_machine() -> None:
    assert some(FUNCTIONAL)[2].id == PINNED
