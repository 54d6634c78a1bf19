"""Maps of attention lie over the pictures that they are of, within the report's bytes."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attentive_vlm import AttentiveVlm
from layered_vlm import tile_items
from made_items import task
from made_runs import evaluation, of_task, run
from made_tasks import add_made_tasks
from PIL import Image
from web_page import web_page

from pytest_vlmsight.diagnosis.attention import diagnose
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.records.errors import RecordError
from pytest_vlmsight.report.attention_overlays import mapped_items, overlays
from pytest_vlmsight.report.gallery import NoPicturesError, Pictured, Thumbnail
from pytest_vlmsight.report.html import html_report
from pytest_vlmsight.report.pictures import TaskPictures
from pytest_vlmsight.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.models.base import ImageTokens, Prompt
    from pytest_vlmsight.report.drawing import Drawing, Shape

URI = "data:image/webp;base64,AAAA"


def one_patch(_: Prompt, tokens: ImageTokens) -> np.ndarray:
    own = np.zeros(len(tokens.x))
    own[36 + 8] = 1  # of the second image: the second row, the third column
    return own


@pytest.fixture(scope="module")
def found() -> Diagnosis:
    items = tile_items(12)
    model = AttentiveVlm(look=one_patch)
    return diagnose(Subject(model, task(items), settings=Settings(items=len(items))))


def pictures(_: Pictured) -> list[Thumbnail]:
    """Two of each item."""
    return [Thumbnail(uri=URI, width=320, height=240)] * 2


def heat(shape: Shape) -> np.ndarray:
    """(rows, cols) how opaque a map is."""
    content = base64.b64decode(str(shape.at["href"]).removeprefix("data:image/png;base64,"))
    alpha: np.ndarray = np.asarray(Image.open(BytesIO(content)))[..., 3]
    return alpha


def images(drawn: Drawing | None) -> list[Shape]:
    assert drawn is not None
    return [shape for shape in drawn.shapes if shape.tag == "image"]


def test_the_patch_that_is_looked_at_is_the_most_opaque(found: Diagnosis) -> None:
    drawn, _ = overlays(found, pictures=pictures, budget=10**6)
    shown = images(drawn)
    # Two maps of each of four items, over two pictures each.
    assert len(shown) == 2 * 2 * 2 * 4
    assert [str(one.at["href"]) == URI for one in shown] == [True, False] * 16
    last = [heat(one) for one in shown[1::2]]
    assert all(one.shape == (6, 6) for one in last)
    assert int(last[1].argmax()) == 8
    assert last[1].max() > 3 * np.median(last[1])


def test_a_map_covers_the_picture_that_it_is_of(found: Diagnosis) -> None:
    drawn, _ = overlays(found, pictures=pictures, budget=10**6)
    shown = images(drawn)
    for below, above in zip(shown[::2], shown[1::2], strict=True):
        for side in ("x", "y", "width", "height"):
            assert float(above.at[side]) == pytest.approx(float(below.at[side]), abs=1)
    corners = {(float(one.at["x"]), float(one.at["y"])) for one in shown[::2]}
    assert len(corners) == len(shown) / 2


def test_maps_stay_within_the_budget(found: Diagnosis) -> None:
    _, spent = overlays(found, pictures=pictures, budget=10**6)
    drawn, less = overlays(found, pictures=pictures, budget=spent - 1)
    assert len(images(drawn)) == 2 * 2 * 2 * 3
    assert less < spent
    assert overlays(found, pictures=pictures, budget=10) == (None, 0)


def test_items_whose_pictures_are_not_at_hand_are_left_out(found: Diagnosis) -> None:
    def none(_: Pictured) -> Sequence[Thumbnail]:
        raise NoPicturesError("gone")

    assert overlays(found, pictures=none, budget=10**6) == (None, 0)


def test_other_parts_and_failures_have_no_maps(found: Diagnosis) -> None:
    for other in (replace(found, part="layers"), replace(found, error="it broke")):
        assert mapped_items(other) == []


@pytest.mark.parametrize(
    "change",
    [{"heat": "!"}, {"rows": 7}, {"image": 9}, {"left": "x"}, {"order": 3}],
    ids=lambda change: next(iter(change)),
)
def test_maps_of_another_form_are_a_line_of_error(found: Diagnosis, change: dict[str, Any]) -> None:
    first = found.details["maps"][0]
    broken = {**first, "maps": [{**one, **change} for one in first["maps"]]}
    if "order" in change:
        broken = {**first, **change}
    with pytest.raises(RecordError, match=r"attention of attentive, .*: its maps cannot be drawn"):
        overlays(replace(found, details={"maps": [broken]}), pictures=pictures, budget=10**6)


def test_a_report_shows_them_and_counts_their_bytes(found: Diagnosis) -> None:
    one = replace(found, model="model", task="one")
    made = replace(run(evaluation(model="model", task="one")), diagnoses=(one,))
    page = web_page(html_report(made, pictures=pictures))
    (section,) = page.all("section", class_="diagnosis")
    first, second = section.all("svg")
    assert not first.all("image")
    assert len(second.all("image")) == 2 * 2 * 2 * 4
    assert "Where model attends to in items of one" in second.text
    without = web_page(html_report(made))
    assert len(without.one("section", class_="diagnosis").all("svg")) == 1


def test_pictures_are_those_of_the_items_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_vlmsight.tasks.registry import resolve

    add_made_tasks(monkeypatch)
    settings = {"tasks": ["made_colours"], "items": 8, "seed": 3, "no_cache": True}
    (made_task,) = resolve(["made_colours"])
    right = run(of_task(made_task, n=8, seed=3))
    items = made_task.make_items(8, 3)
    model = AttentiveVlm()
    found = diagnose(Subject(model, made_task, settings=Settings(items=8, seed=3)))
    (perfect,) = right.evaluations
    # No item is missed, so that only the maps ask for pictures.
    solved = replace(perfect, sighted=replace(perfect.sighted, choices=perfect.gold[:, None]))
    made = replace(right, evaluations=(solved,), settings=settings, diagnoses=(found,))
    shown = TaskPictures(made)(mapped_items(found)[3])
    assert mapped_items(found)[3].id == items[3].id
    assert len(shown) == len(items[3].images)
