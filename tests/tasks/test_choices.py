"""From what was found before, items are made that are what looking for them finds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.settings import Settings
from pytest_vlmsight.tasks import choices
from pytest_vlmsight.tasks.choices import FILE, Finder, Told
from pytest_vlmsight.tasks.generated import GeneratedItems
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item, Task


def finder(task: Task) -> Finder | None:
    assert isinstance(task.make_items, GeneratedItems)
    return task.make_items.make if isinstance(task.make_items.make, Finder) else None


TASKS = [task for task in resolve(sorted(BUILT_IN)) if finder(task)]
every_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


def looked_for(task: Task, seed: int, index: int) -> tuple[tuple[int, ...], Item]:
    own = finder(task)
    assert own is not None
    return own.found(seed, index)


@every_task
def test_a_choice_makes_the_item_that_it_was_made_for(task: Task) -> None:
    own = finder(task)
    assert own is not None
    for index in (3, 8):
        choice, item = looked_for(task, 5, index)
        same, again = own.found(5, index, choice)
        assert same == choice
        assert again == item
        assert again.id == item.id


@pytest.mark.parametrize("name", ["art_style", "texture", "visual_correspondence"])
def test_another_choice_makes_another_item(name: str) -> None:
    (own,) = (finder(task) for task in TASKS if task.name == name)
    assert own is not None
    choice, item = own.found(5, 3)
    # The last option: another one of the two, or in the place of another.
    last = choice[-2:][::-1] if name == "visual_correspondence" else (choice[-2], 1 - choice[-1])
    _, other = own.found(5, 3, (*choice[:-2], *last))
    assert other.id != item.id
    assert other.name == item.name


def test_all_of_the_default_run_is_known() -> None:
    known = {(one["task"], one["fingerprint"], one["seed"]): one for one in choices._read()}
    default = Settings()
    assert set(known) == {(task.name, task.fingerprint, default.seed) for task in TASKS}
    for one in known.values():
        assert len(one["choices"]) == default.items


@every_task
def test_what_is_known_is_what_looking_finds(task: Task) -> None:
    """Of some items; of all, when the slow tests run."""
    known = choices.choices(task.fingerprint, 0)
    for index in (len(task.name), 390 + len(task.name) % 10):
        assert looked_for(task, 0, index)[0] == known[index]


@pytest.mark.slow
@every_task
def test_all_that_is_known_is_what_looking_finds(task: Task) -> None:
    known = choices.choices(task.fingerprint, 0)
    assert [looked_for(task, 0, index)[0] for index in range(len(known))] == list(known)


def test_what_is_known_is_used_and_what_is_not_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = TASKS[0]
    found = finder(task)
    assert found is not None
    own: Finder = found
    given: list[tuple[int, ...] | None] = []

    class Noting:
        canvas = own.canvas

        def found(
            self, seed: int, index: int, choice: tuple[int, ...] | None = None
        ) -> tuple[tuple[int, ...], Item]:
            given.append(choice)
            return own.found(seed, index, choice)

    choice, item = looked_for(task, 5, 0)
    path = tmp_path / "choices.json"
    told = {"task": "t", "fingerprint": "f", "seed": 5, "choices": [choice]}
    path.write_text(json.dumps([told]))
    monkeypatch.setattr(choices, "FILE", path)
    choices._read.cache_clear()
    choices.choices.cache_clear()
    try:
        assert Told(Noting(), "f")(5, 0) == item
        Told(Noting(), "f")(5, 1)
        Told(Noting(), "g")(5, 0)
        Told(Noting(), "f")(4, 0)
        assert given == [choice, None, None, None]
    finally:
        choices._read.cache_clear()
        choices.choices.cache_clear()


def test_another_difficulty_is_looked_for() -> None:
    (task,) = resolve(["texture"], difficulty=[("texture", (("size", "0.7"),))])
    assert choices.choices(task.fingerprint, 0) == ()


def test_the_table_comes_with_the_package() -> None:
    assert FILE.is_file()
    assert FILE.stat().st_size < 100_000
