"""The audits of the generated suite itself: whoever has no eye is hardly better than chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.audit.shortcuts import Audit, audit
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve
from pytest_vlmsight.tasks.surface_matching import texture

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item, Task

every_task = pytest.mark.parametrize("name", sorted(BUILT_IN))
QUICK = ("relative_depth", "low_level_matching")
"""Items of most others take ten seconds and more: they are audited in the slow test alone."""

SEED = 41
"""On which no task was shaped."""


N = 20


def plain(found: Audit) -> list[str]:
    """The shortcuts that know more than half of what chance leaves to know."""
    return [
        f"{shortcut.name}: {shortcut.how}"
        for shortcut in found.shortcuts
        if shortcut.share is not None and shortcut.share > (1 + shortcut.chance) / 2
    ]


@pytest.mark.parametrize("name", sorted(QUICK))
def test_no_shortcut_is_plain(name: str) -> None:
    # So few items show only what would be right in most of them; the rest is for the slow test.
    (task,) = resolve([name])
    assert not plain(audit(task, n=N, seed=SEED))


def given_away(task: Task) -> Task:
    """The same task, except that the right option is a picture that is the reference's own."""

    def spoilt(n: int, seed: int) -> list[Item]:
        items = []
        for item in task.make_items(n, seed):
            images = list(item.clean_images)
            images[1 + item.answer] = images[0]
            items.append(replace(item, images=tuple(images), clean_images=tuple(images)))
        return items

    return replace(task, make_items=spoilt)


@pytest.mark.slow  # items of texture take their time
def test_few_items_are_enough_for_a_plain_shortcut() -> None:
    assert plain(audit(given_away(texture()), n=N, seed=SEED))


@pytest.mark.slow
@every_task
def test_no_shortcut_exceeds_chance_by_more_than_is_allowed(name: str) -> None:
    (task,) = resolve([name])
    found = audit(task, n=2000, seed=SEED, jobs=2)
    assert not [f"{s.name}: {s.share}, {s.how}" for s in found.shortcuts if s.exceeds]
