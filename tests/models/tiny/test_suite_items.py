"""Items of the suite become examinations as a model is asked them, from seeds of their own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_vlmsight.models.tiny import suite_items
from pytest_vlmsight.models.tiny.examination_store import ExaminationStore
from pytest_vlmsight.models.tiny.parts import write_parts
from pytest_vlmsight.models.tiny.suite_items import FIRST_SEED, examinations, make
from pytest_vlmsight.tasks.presentation import balanced_orders, present
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve
from pytest_vlmsight.tasks.relative_depth import relative_depth

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.models.tiny.naming import Examination
    from pytest_vlmsight.tasks.item import Task


def test_an_item_is_asked_as_a_model_is_asked_it() -> None:
    task = relative_depth()
    items = task.make_items(4, 7)
    orders = balanced_orders(items, seed=7)
    for one, item, order in zip(examinations(task, 4, 7)[::2], items, orders, strict=True):
        shown = present(item, order)
        (asked,) = one.questions
        assert (asked.about, asked.text, asked.options, asked.answer) == (
            "relative_depth",
            item.question,
            shown.options,
            shown.answer,
        )
        assert np.array_equal(one.pixels[0], np.asarray(shown.images[0].load()))


def test_the_right_answer_is_at_each_letter_once() -> None:
    asked = [one.questions[0] for one in examinations(relative_depth(), 3, 7)]
    for first, second in zip(asked[::2], asked[1::2], strict=True):
        assert first.text == second.text
        assert {first.answer, second.answer} == {0, 1}


@pytest.mark.slow  # items of ten tasks
def test_a_part_has_items_of_all_tasks_that_no_run_meets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suite_items, "PART", 20)
    seeds = []

    def noted(task: Task, n: int, seed: int) -> list[Examination]:
        seeds.append(seed)
        return examinations(task, n, seed)

    monkeypatch.setattr(suite_items, "examinations", noted)
    write_parts(tmp_path, name="suite", seed=2, count=1, make=make, jobs=1, told=lambda *_: None)
    store = ExaminationStore(tmp_path, name="suite", count=1, seed=2)
    about = Counter(store.questions(number)[0].about for number in range(len(store)))
    assert set(about) == set(BUILT_IN)
    assert {about[name] for name in ("texture", "shape", "art_style")} == {4}  # 2 items, 2 ways
    assert about["low_level_matching"] == 8
    assert set(seeds) == {FIRST_SEED + 2000}
    counts = {
        task.name: {len(item.images) for item in task.make_items(2, FIRST_SEED + 2000)}
        for task in resolve(["relative_depth", "low_level_matching"])
    }
    for number in range(len(store)):
        name = store.questions(number)[0].about
        assert store.pictures(number) in counts.get(name, {1, 2, 3, 4})
