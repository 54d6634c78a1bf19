"""Tasks that a conftest.py brings along: their names, what makes them, and their items."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from made_items import GREEN, RED, flat, item, same_colour_items, task
from PIL import Image

from pytest_vlmsight.tasks.generated import DEFAULT_CANVAS, Canvas, GenerationError
from pytest_vlmsight.tasks.item import Item, Picture, Point, Task
from pytest_vlmsight.tasks.own import OwnTaskError, make_own, own_tasks
from pytest_vlmsight.tasks.registry import (
    BUILT_IN,
    DuplicateTaskError,
    UnknownTaskError,
    resolve,
    resolve_one,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from task_fixtures import Record, WritePack


def mine(_: Canvas) -> Task:
    return task(same_colour_items(12), name="mine")


class Hooked:
    """A configuration of pytest whose hooks return what is given."""

    def __init__(self, *returned: Any) -> None:
        self.hook = self
        self.returned = returned

    def pytest_vlmsight_tasks(self, config: Any) -> list[Any]:
        return list(self.returned)


def hooked(*returned: Any) -> dict[str, Any]:
    return own_tasks(Hooked(*returned))  # type: ignore[arg-type]


def test_tasks_of_several_conftest_files_are_known_together() -> None:
    assert set(hooked({"mine": mine}, {"yours/too": mine})) == {"mine", "yours/too"}
    assert hooked() == {}


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ([[mine]], "returned .*function mine.* expected a dictionary"),
        ([{"mine": 3}], r"task mine: got 3 \(int\); expected what makes the task"),
        ([{"my task": mine}], "got a task named 'my task'; expected letters, digits"),
        ([{7: mine}], r"got a task named 7 \(int\)"),
        ([{"a::b": mine}], "got a task named 'a::b'"),
        ([{"texture": mine}], "task texture is that of a built-in task too"),
        ([{"mine": mine}, {"mine": mine}], "task mine is that of another conftest.py or plugin"),
    ],
)
def test_what_a_hook_may_not_return(returned: list[Any], told: str) -> None:
    with pytest.raises(OwnTaskError, match=f"^pytest_vlmsight_tasks.*{told}"):
        hooked(*returned)


def test_names_patterns_and_folders_stand_beside_each_other(
    write_pack: WritePack, matching_line: Record, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_pack(matching_line, folder="mine", name="mine")
    monkeypatch.chdir(tmp_path)
    own = {"mine": mine, "my_other": lambda _: task(same_colour_items(4), name="my_other")}

    def names(*patterns: str) -> list[str]:
        return [one.name for one in resolve(patterns, own=own)]

    assert names("m*", "texture") == ["mine", "my_other", "texture"]
    assert names("*") == sorted([*BUILT_IN, *own])
    assert names() == sorted(BUILT_IN)
    assert resolve_one("mine", own=own).folder is None
    assert resolve_one("./mine", own=own).folder is not None
    with pytest.raises(DuplicateTaskError, match=r"the one of conftest\.py and the folder mine"):
        names("mine", "./mine")
    with pytest.raises(UnknownTaskError, match=r"did you mean mine\?.*of conftest.py: mine, my_o"):
        names("mime")


def test_a_task_is_made_where_it_is_asked_for_on_the_canvas_of_the_run() -> None:
    canvas, seen = Canvas(size=300), list[Canvas]()

    def watched(given: Canvas) -> Task:
        seen.append(given)
        return mine(given)

    own = {"mine": watched}
    resolve(["texture"], canvas=canvas, own=own)
    assert not seen
    (made,) = resolve(["mine"], canvas=canvas, own=own)
    assert seen == [canvas]
    assert made.make_items(5, 0) == same_colour_items(5)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda _: int("x"), r"what makes it failed: ValueError: .*'x' \(test_own_tasks.py:\d+\)"),
        (lambda: None, "what makes it failed: TypeError: .* takes 0 positional arguments but 1"),
        (
            lambda _: same_colour_items,
            "what makes it returned <fun.* expected a pytest_vlmsight.Task",
        ),
        (lambda _: task([], name="other"), "what makes it returned a task named 'other'"),
        (lambda _: task([], name="mine", readout="eye"), "readout: got 'eye'; expected one of"),
        (
            lambda c: replace(mine(c), version=1),  # type: ignore[arg-type]
            r"version: got 1 \(int\); expected a text",
        ),
        (lambda c: replace(mine(c), licence=" "), "licence: got ' '; expected a text"),
    ],
)
def test_a_task_that_cannot_be_made_is_told(make: Callable[..., Any], told: str) -> None:
    with pytest.raises(OwnTaskError, match=f"^task mine: {told}"):
        make_own("mine", make, DEFAULT_CANVAS)


def items_of(*made: Any, readout: str = "pooled", n: int = 9) -> list[Item]:
    def make(_: Canvas) -> Task:
        return replace(
            task([], name="mine", readout=readout), make_items=lambda n, seed: list(made)
        )

    return make_own("mine", make, DEFAULT_CANVAS).make_items(n, 5)


GOOD = same_colour_items(3)
ONE = item((flat(RED),), answer=0, options=("point A", "point B"))


@pytest.mark.parametrize(
    ("made", "readout", "told"),
    [
        ([GOOD[0], "no item"], "pooled", "item 1: got 'no item'|item 1: got no item"),
        ([GOOD[0], GOOD[1], GOOD[0]], "pooled", "items 0 and 2 of seed 5 are the same"),
        ([replace(GOOD[0], answer=2)], "pooled", r"field 'answer': got 2 \(int\); expected 0 to 1"),
        ([replace(GOOD[0], options=("a", "a"))], "pooled", "'options': got .* 2 to 26 different"),
        ([replace(GOOD[0], images=(), clean_images=())], "pooled", "'images': got none"),
        ([replace(GOOD[0], clean_images=())], "pooled", "'clean_images': got .* one per image"),
        ([ONE], "pooled", "'images': got 1 images; expected 3"),
        ([ONE], "nearest_patch", "no point labelled REF, A, B"),
        (
            [replace(ONE, points=(Point(image=0, x=64, y=3, label="A"),))],
            "depth",
            r"'points\[0\].x': got 64; expected 0 or more and less than 64",
        ),
        (
            [replace(ONE, points=(Point(image=1, x=4, y=3, label="A"),))],
            "depth",
            r"'points\[0\].image': got 1 \(int\); expected 0 to 0",
        ),
    ],
)
def test_items_that_their_readout_cannot_decide_are_told(
    made: list[Any], readout: str, told: str
) -> None:
    with pytest.raises(OwnTaskError, match=f"^task mine(, item 0)?: .*({told})"):
        items_of(*made, readout=readout)


def test_more_items_than_asked_for_are_told() -> None:
    with pytest.raises(OwnTaskError, match=r"make_items\(2, 5\) gave 3 items; expected 2 at most"):
        items_of(*GOOD, n=2)


def test_an_error_in_making_items_is_told_with_its_place() -> None:
    def fails(error: Exception) -> Callable[[Canvas], Task]:
        def make_items(n: int, seed: int) -> list[Item]:
            raise error

        return lambda canvas: replace(mine(canvas), make_items=make_items)

    told = r"task mine: make_items\(4, 1\): OSError: no file \(test_own_tasks.py:\d+\)"
    with pytest.raises(OwnTaskError, match=told):
        make_own("mine", fails(OSError("no file")), DEFAULT_CANVAS).make_items(4, 1)
    with pytest.raises(GenerationError, match="not in 400 tries"):
        make_own("mine", fails(GenerationError("not in 400 tries")), DEFAULT_CANVAS).make_items(
            1, 1
        )


def test_a_picture_is_known_by_its_key_and_painted_when_it_is_needed() -> None:
    painted = []

    def paint(colour: tuple[int, int, int]) -> Image.Image:
        painted.append(colour)
        return Image.new("RGB", (20, 10), colour)

    one, same, other = (
        Picture.of(lambda c=colour: paint(c), size=(20, 10), key=["flat", colour])  # type: ignore[misc]
        for colour in (RED, RED, GREEN)
    )
    assert one == same != other
    assert one != Picture.of(lambda: paint(RED), size=(20, 11), key=["flat", RED])
    assert not painted
    assert one.load().getpixel((3, 3)) == RED
    with pytest.raises(ValueError, match=r"key: .*; expected plain values, as JSON has them"):
        Picture.of(lambda: paint(RED), size=(1, 1), key={1, 2})
