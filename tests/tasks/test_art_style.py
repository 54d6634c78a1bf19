"""The task art_style: what decides its items, and what says nothing about the answer."""

from __future__ import annotations

import pickle
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from trios import telling

from pytest_vlmsight.tasks import art_style as module
from pytest_vlmsight.tasks.art_style import KNOBS, Drawing, art_style
from pytest_vlmsight.tasks.decoys import balanced_index
from pytest_vlmsight.tasks.generated import Canvas, generator
from pytest_vlmsight.tasks.knobs import KnobError
from pytest_vlmsight.tasks.scenes.styles.families import FAMILIES
from pytest_vlmsight.tasks.scenes.styles.finish import liveliness

if TYPE_CHECKING:
    from pytest_vlmsight.tasks.item import Item

PINNED = "ebb1eb61dba30a6ab124"


@cache
def some() -> list[Item]:
    return art_style().make_items(12, 0)


def drawings(item: Item) -> tuple[Drawing, Drawing, Drawing]:
    """The reference, the right image and the wrong one."""
    made = [picture._open for picture in item.images]
    reference, right, wrong = made[0], made[1 + item.answer], made[2 - item.answer]
    assert isinstance(reference, Drawing)
    assert isinstance(right, Drawing)
    assert isinstance(wrong, Drawing)
    return reference, right, wrong


def test_an_item_depends_on_seed_and_index_only() -> None:
    assert [i.id for i in art_style().make_items(2, 0)] == [i.id for i in some()[:2]]
    assert art_style().make_items(1, 1)[0].id != some()[0].id
    assert len({picture.digest for item in some() for picture in item.images}) == 3 * len(some())


def test_items_are_those_of_every_machine() -> None:
    assert some()[2].id == PINNED


def test_same_item_same_pixels_after_pickling() -> None:
    [other] = pickle.loads(pickle.dumps(art_style())).make_items(1, 0)  # noqa: S301 - own
    assert other.id == some()[0].id
    shown = some()[0].images[1].load()
    assert shown.size == (224, 224)
    assert other.images[1].load().tobytes() == shown.tobytes()


def test_size_changes_pixels_but_not_what_is_shown() -> None:
    [large] = art_style(canvas=Canvas(size=448)).make_items(1, 0)
    small = some()[0]
    assert small.id != large.id
    assert small.answer == large.answer
    first = np.asarray(small.images[0].load().convert("L"), float)
    second = np.asarray(large.images[0].load().convert("L").reduce(2), float)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.85


def test_only_the_right_image_is_in_the_style_of_the_reference() -> None:
    for item in some():
        reference, right, wrong = drawings(item)
        assert right.manner == reference.manner
        assert wrong.manner != reference.manner
        assert len({reference.key, right.key, wrong.key}) == 3


def test_difference_says_how_far_apart_the_styles_are() -> None:
    for item in some():
        _, right, wrong = drawings(item)
        one, other = FAMILIES[right.manner.family], FAMILIES[wrong.manner.family]
        difference = dict(item.slices)["difference"]
        assert (one is other) == (difference == "under 2")
        if one is not other:
            assert (one.kind == other.kind) == (difference == "2")


def test_answers_are_balanced() -> None:
    assert Counter(item.answer for item in some()) == {0: 6, 1: 6}


def test_either_style_is_asked_for_as_often(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def noted(options: int, task: str, what: str, seed: int, index: int) -> int:
        if what == "style":
            asked.append(balanced_index(options, task, what, seed, index))
        return balanced_index(options, task, what, seed, index)

    monkeypatch.setattr(module, "balanced_index", noted)
    art_style().make_items(4, 0)
    assert [a + b for a, b in zip(asked[::2], asked[1::2], strict=True)] == [1, 1]


def test_either_option_could_be_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def other_style(options: int, task: str, what: str, seed: int, index: int) -> int:
        drawn = balanced_index(options, task, what, seed, index)
        return 1 - drawn if what == "style" else drawn

    monkeypatch.setattr(module, "balanced_index", other_style)
    (crossed,) = art_style().make_items(1, 0)
    _, right, wrong = drawings(some()[0])
    assert drawings(crossed)[1:] == (wrong, right)
    assert crossed.answer == some()[0].answer


def told() -> float:
    total = 0.0
    for index in range(3):
        made = art_style().make_items.make._drawings(  # type: ignore[attr-defined]
            generator("test", index),
            f"test/{index}",
            {"difference": 2.0, "coarseness": 0.5},
            colours=True,
        )
        picked = zip((*made[0], *made[1]), module._picked(*made), strict=True)
        one, other, first, second = (some[number].impression() for some, number in picked)
        total += telling((one, other), (first, second))
    return total


@pytest.mark.slow
def test_likeness_says_less_than_among_pictures_made_at_random(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = told()
    monkeypatch.setattr(module, "_REFERENCES", 1)
    monkeypatch.setattr(module, "_CANDIDATES", 1)
    assert chosen < told()


def _figures(pixels: Any) -> tuple[float, float, Any]:
    grey = pixels @ (0.21, 0.72, 0.07)
    return liveliness(grey.astype(np.float32)), float(grey.std()), pixels.mean((0, 1))


def test_pictures_come_out_as_their_finish_says() -> None:
    off: list[tuple[float, float]] = []
    for item in some()[:5]:
        for picture in item.images:
            drawing = picture._open
            assert isinstance(drawing, Drawing)
            lively, contrast, mean = _figures(np.asarray(picture.load(), float) / 255)
            assert mean == pytest.approx(drawing.finish.cast, abs=0.04)
            off.append((contrast / drawing.finish.contrast, lively / drawing.finish.liveliness))
    # Where much is black or white already, it stays below.
    assert np.median(off, axis=0) == pytest.approx((1, 1), abs=0.07)
    assert np.min(off) > 0.7


def test_no_markers_are_drawn() -> None:
    for item in some():
        assert item.images == item.clean_images
        assert not item.points
        assert item.draw is None


def test_knobs_are_slices_and_can_be_narrowed() -> None:
    for item in some():
        assert {knob.name for knob in KNOBS} <= dict(item.slices).keys()
    task = art_style(difficulty={"difference": "2", "coarseness": "0.8..1"})
    for item in task.make_items(2, 0):
        slices = dict(item.slices)
        assert slices["difference"] == "2"
        assert slices["coarseness"] == "0.5 and more"
    assert task.fingerprint != art_style().fingerprint


@pytest.mark.parametrize(
    ("knob", "span"), [("difference", "0"), ("difference", "1.5"), ("coarseness", "0.5..1.2")]
)
def test_spans_beyond_the_limits_are_refused_by_name(knob: str, span: str) -> None:
    with pytest.raises(KnobError, match=f"art_style: {knob}: got"):
        art_style(difficulty={knob: span})
