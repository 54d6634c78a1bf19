"""What is learned from shares nothing with what is scored, and right letters are balanced."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_vlm import FakeVlm, always
from made_items import task
from tunable_vlm import colour_items

from pytest_vlmsight.diagnosis.lessons import FAR, Lessons, deal
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.tasks.groups import group_items

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.item import Item, Task


def dealt(
    of: Task, *, n: int = 40, learned: int = 60, checked: int = 20
) -> tuple[Lessons, Subject]:
    subject = Subject(FakeVlm(always(0)), of, settings=Settings(items=n))
    return deal(subject, learned=learned, checked=checked, seed=0), subject


def endless() -> Task:
    return replace(
        task([]), available=None, make_items=lambda count, seed: colour_items(count, seed=seed)
    )


def in_scenes(items: Sequence[Item], count: int) -> list[Item]:
    return [replace(one, slices=(("scene", str(k % count)),)) for k, one in enumerate(items)]


def names(lessons: Lessons) -> tuple[list[str], list[str]]:
    return (
        [one.item.name for one in lessons.learned],
        [one.item.name for one in lessons.checked],
    )


def test_items_of_a_generated_task_are_of_a_seed_far_from_those_of_runs() -> None:
    lessons, subject = dealt(endless())
    learned, checked = names(lessons)
    assert (len(learned), len(checked)) == (60, 20)
    assert all(name.startswith(f"colour-{FAR}-") for name in learned + checked)
    assert len({*learned, *checked}) == 80
    assert lessons.scored.all()
    assert len(lessons.scored) == len(subject.items) == 40


def test_right_letters_are_balanced() -> None:
    lessons, _ = dealt(endless())
    for some in (lessons.learned, lessons.checked):
        counts = Counter(one.right for one in some)
        assert max(counts.values()) - min(counts.values()) <= 1
    one = lessons.learned[0]
    assert one.prompt.options[one.right] == one.item.options[one.item.answer]
    assert one.prompt is one.prompt  # rendered once


def test_those_of_a_folder_are_those_that_are_not_scored() -> None:
    lessons, subject = dealt(task(colour_items(100)))
    learned, checked = names(lessons)
    assert lessons.scored.all()
    assert not {item.name for item in subject.items} & {*learned, *checked}
    assert len(learned) + len(checked) == 60
    assert "of its folder that are not scored" in lessons.told


def test_half_of_a_folder_is_learned_from_where_all_of_it_is_scored() -> None:
    lessons, subject = dealt(task(in_scenes(colour_items(80), 20)), n=80)
    learned, checked = names(lessons)
    scored = [one.name for one, kept in zip(subject.items, lessons.scored, strict=True) if kept]
    assert len(scored) == 40
    assert not set(scored) & {*learned, *checked}
    assert "half of its items" in lessons.told


@pytest.mark.parametrize("n", [40, 120])
def test_no_scene_is_both_learned_from_and_scored(n: int) -> None:
    lessons, subject = dealt(task(in_scenes(colour_items(120), 60)), n=n)
    where = {
        item.name: group
        for item, group in zip(subject.items, group_items(subject.items), strict=True)
    }
    scored = {group for group, kept in zip(where.values(), lessons.scored, strict=True) if kept}
    parts = [
        {dict(one.item.slices)["scene"] for one in some}
        for some in (lessons.learned, lessons.checked)
    ]
    assert not parts[0] & parts[1]
    assert not {f"scene {one}" for one in parts[0] | parts[1]} & scored


def test_a_task_that_heeds_no_seed_is_not_learned_by_heart() -> None:
    fixed = replace(task(colour_items(80)), available=None)
    lessons, subject = dealt(fixed, n=80)
    scored = np.array([item.id for item in subject.items])[lessons.scored]
    assert len(scored) == 40
    assert not set(scored) & {one.item.id for one in (*lessons.learned, *lessons.checked)}


def test_too_few_items_are_told() -> None:
    with pytest.raises(MeasurementError, match="too few items to learn from: 0 that share nothing"):
        dealt(task(colour_items(30)), n=30)
