"""Items that share a source are of one group, directly or through others."""

from __future__ import annotations

from made_items import BLUE, GREEN, RED, flat, item

from pytest_vlmsight.tasks.groups import group_items


def test_scenes_are_groups() -> None:
    items = [
        item((flat((i, 0, 0)),), answer=0, options=("a", "b"), scene=f"s{i // 2}") for i in range(6)
    ]
    groups = group_items(items)
    assert groups[0] == groups[1]
    assert len(set(groups)) == 3


def test_a_shared_picture_joins_items_without_scenes() -> None:
    shared = [
        item((flat(RED), flat(GREEN)), answer=0),
        item((flat(GREEN), flat(BLUE)), answer=0),
        item((flat((1, 2, 3)),), answer=0),
    ]
    first, second, third = group_items(shared)
    assert first == second != third


def test_a_shared_picture_joins_scenes() -> None:
    items = [
        item((flat(RED),), answer=0, scene="one"),
        item((flat(RED),), answer=0, scene="two"),
        item((flat(BLUE),), answer=0, scene="two"),
        item((flat(GREEN),), answer=0, scene="three"),
    ]
    groups = group_items(items)
    assert groups[0] == groups[1] == groups[2] != groups[3]


def test_groups_do_not_depend_on_the_order_of_items() -> None:
    items = [
        item((flat((i % 5, 0, 0)),), answer=0, scene=f"s{i % 7}", name=f"i{i}") for i in range(20)
    ]
    forward = dict(zip([i.name for i in items], group_items(items), strict=True))
    backward = dict(zip([i.name for i in items[::-1]], group_items(items[::-1]), strict=True))
    assert forward == backward
