"""Pictures of a run's items: as they were shown, or why there are none."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from made_runs import of_task, run
from made_tasks import add_made_tasks
from PIL import Image

from pytest_vlmsight.report.gallery import Missed, NoPicturesError, Thumbnail, missed_items
from pytest_vlmsight.report.html import html_report
from pytest_vlmsight.report.pictures import SIDE, TaskPictures, thumbnail
from pytest_vlmsight.tasks.generated import Canvas
from pytest_vlmsight.tasks.presentation import present
from pytest_vlmsight.tasks.registry import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from task_fixtures import Record, WritePack

    from pytest_vlmsight.records.run import Run

SETTINGS = {"tasks": ["made_colours"], "items": 8, "seed": 3, "no_cache": True}


@pytest.fixture(autouse=True)
def made_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Built-in tasks of flat colours."""
    add_made_tasks(monkeypatch)


def made(**settings: Any) -> Run:
    """A run of the items that its settings make."""
    (task,) = resolve(["made_colours"], canvas=Canvas(size=settings.get("size", 224)))
    return replace(run(of_task(task, n=8, seed=3)), settings={**SETTINGS, **settings})


def missed(made: Run) -> list[Missed]:
    return missed_items(made.evaluations[0], kind="matched")


def colours(images: Iterable[Image.Image]) -> np.ndarray:
    """The colour in the middle of each picture."""
    arrays = (np.asarray(image, dtype=float) for image in images)
    return np.array([one[one.shape[0] // 2, one.shape[1] // 2] for one in arrays])


def opened(shown: Thumbnail) -> Image.Image:
    content = base64.b64decode(shown.uri.removeprefix("data:image/webp;base64,"))
    return Image.open(BytesIO(content)).convert("RGB")


def test_an_item_has_the_pictures_that_were_shown() -> None:
    (task,) = resolve(["made_colours"])
    items = {item.id: item for item in task.make_items(8, 3)}
    made_run = made()
    pictures = TaskPictures(made_run)
    for one in missed(made_run):
        expected = colours(image.load() for image in items[one.id].images)
        assert np.abs(colours(map(opened, pictures(one))) - expected).max() <= 6
    assert len(missed(made_run)) == 8


def test_markers_have_the_letters_that_were_shown(
    write_pack: WritePack, matching_line: Record
) -> None:
    lines = [
        {**matching_line, "id": str(index), "question": f"REF in case {index}?"}
        for index in range(8)
    ]
    folder = write_pack(*lines)
    (task,) = resolve([str(folder)])
    one = of_task(task, n=8)
    made_run = replace(run(one), settings={"tasks": [str(folder)], "items": 8, "no_cache": True})
    pictures = TaskPictures(made_run)
    items = {item.id: item for item in task.make_items(8, 0)}
    turned = [one for one in missed(made_run) if one.order == (1, 0)]
    assert turned
    for each in turned:
        assert [option.text for option in each.options] == ["point A", "point B"]
        as_shown = present(items[each.id], each.order).images[1]
        as_made = items[each.id].images[1]
        assert pictures(each)[1] == thumbnail(as_shown.load()) != thumbnail(as_made.load())


def test_large_pictures_are_made_small_and_small_ones_are_left() -> None:
    wide = thumbnail(Image.new("RGB", (1000, 250)))
    assert (wide.width, wide.height) == (SIDE, SIDE // 4)
    assert opened(wide).size == (SIDE, SIDE // 4)
    small = thumbnail(Image.new("RGB", (64, 64)))
    assert (small.width, small.height) == (64, 64)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"seed": 4}, "task made_colours has other items now than in this run"),
        ({"size": 256}, "has other items now"),
        ({"tasks": ["no-such/*"]}, "it matches no built-in task"),
        ({"marker": ["shape=star"]}, "shape"),
        ({"difficulty": [["made_colours", [["frog", "1"]]]]}, "frog"),
    ],
)
def test_where_there_are_none_the_reason_is_told(settings: dict[str, Any], why: str) -> None:
    made_run = replace(made(), settings={**SETTINGS, **settings})
    pictures = TaskPictures(made_run)
    for one in missed(made_run)[:2]:
        with pytest.raises(NoPicturesError, match=why):
            pictures(one)
    text = html_report(made_run, pictures=pictures)
    assert "Pictures are not at hand: " in text
    assert "<img" not in text


def test_a_task_that_only_a_test_of_the_users_asked_for_is_found_by_its_name() -> None:
    made_run = replace(made(), settings={**SETTINGS, "tasks": ["made_never"]})
    assert TaskPictures(made_run)(missed(made_run)[0])


def test_a_task_of_no_name_that_is_known_is_not_made() -> None:
    """A record may name a folder that it has no business with."""
    one = replace(made().evaluations[0], task="../made_colours")
    made_run = replace(made(), evaluations=(one,))
    why = "the run's settings do not make task ../made_colours again"
    with pytest.raises(NoPicturesError, match=why):
        TaskPictures(made_run)(missed(made_run)[0])


def test_a_task_that_cannot_make_its_items_again_is_told() -> None:
    (task,) = resolve(["made_never"])
    one = of_task(task, n=3)
    longer = replace(one, ids=one.ids, task="made_never")
    made_run = replace(run(longer), settings={**SETTINGS, "tasks": ["made_never"], "seed": 0})
    assert TaskPictures(made_run)(missed(made_run)[0])
    broken = replace(missed(made_run)[0], index=3)
    pictures = TaskPictures(made_run)
    pictures.__dict__["_needed"] = {"made_never": 4}
    with pytest.raises(NoPicturesError, match="item 3 of seed 0 could not be made"):
        pictures(broken)


def count_renderings(monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """Pictures that thumbnails are made of, as they are made."""
    from pytest_vlmsight.report import pictures

    seen: list[Image.Image] = []

    def watched(image: Image.Image) -> Thumbnail:
        seen.append(image)
        return thumbnail(image)

    monkeypatch.setattr(pictures, "thumbnail", watched)
    return seen


def test_only_what_is_shown_is_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = count_renderings(monkeypatch)
    made_run = made()
    one = thumbnail(Image.new("RGB", (224, 224), (100, 0, 0)))
    text = html_report(made_run, pictures=TaskPictures(made_run), budget=7 * len(one.uri))
    assert text.count("<img") in (6, 9)
    assert len(seen) <= text.count("<img") + 3


def test_models_that_were_asked_the_same_share_the_rendering(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = count_renderings(monkeypatch)
    (one,) = made().evaluations
    both = replace(made(), evaluations=(one, replace(one, model="b")))
    text = html_report(both, pictures=TaskPictures(both))
    assert text.count("<img") == 2 * 8 * 3
    assert len(seen) == 8 * 3


def test_a_folder_that_a_record_names_as_cache_is_not_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    made_run = replace(made(), settings={**SETTINGS, "cache_dir": str(folder), "no_cache": False})
    TaskPictures(made_run)(missed(made_run)[0])
    assert not folder.exists()
