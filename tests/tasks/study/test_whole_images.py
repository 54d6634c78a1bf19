"""Loaders of whole images: MOCHI, VisOnlyQA, DTD, WikiArt."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from study_files import (
    cell,
    mochi_rows,
    noise,
    write_dtd,
    write_mochi,
    write_table,
    write_visonlyqa,
    write_wikiart,
)
from study_tasks import items_of, task_of

from pytest_vlmsight.tasks.study.errors import StudyError

if TYPE_CHECKING:
    from pathlib import Path


def mochi(folder: Path, **columns: list[Any]) -> Path:
    path = folder / "MOCHI" / "data" / "train-00000-of-00001.parquet"
    write_table(path, mochi_rows() | columns, lists=["images"])
    return folder


def test_trials_have_three_images_and_those_of_barense_four(tmp_path: Path) -> None:
    write_mochi(tmp_path / "MOCHI")
    items = items_of("odd_one_out", tmp_path)
    assert len(items) == 8  # of two files
    for name, item in items.items():
        number, slices = int(name[-1]), dict(item.slices)
        assert len(item.images) == len(item.options) == (4 if name.startswith("barense") else 3)
        assert item.answer == number % len(item.options)
        assert slices["family"] == {"majaj": "hvm"}.get(name[:-1], name[:-1])
        assert slices[f"condition of {slices['family']}"] == f"condition {number % 2}"


def test_people_s_accuracy_is_told_as_a_share_of_right_answers(tmp_path: Path) -> None:
    task = task_of("odd_one_out", mochi(tmp_path, human_avg=[0.0, 1.0, 0.5, -0.5] * 2))
    assert task.told is not None
    told = str(task.told(100, 0)["human_accuracy"])
    # Guessing alone is right once in four images of barense, once in three of others.
    assert "barense 25.0% (n=2)" in told
    assert "shapenet 100.0% (n=2)" in told
    assert "shapegen 66.7% (n=2)" in told
    assert "hvm 0.0% (n=2)" in told
    assert told.startswith("all 47.9% (n=8)")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"oddity_index": [4] * 8}, r"row \d: column 'oddity_index': got 4 \(int\); expected 0 to"),
        ({"n_objects": [4] * 8}, "column 'images': got 3 images; expected n_objects, 4"),
        ({"images": [[cell(noise("x"))] * 2] * 8}, "'images': got 2 images; expected a list of 3"),
        ({"human_avg": ["x"] * 8}, "column 'human_avg': got a column of type string; expected a n"),
        ({"images": [None] * 8}, r"column 'images': got None \(NoneType\); expected a list of 3"),
    ],
)
def test_other_trials_are_told(tmp_path: Path, columns: dict[str, list[Any]], says: str) -> None:
    with pytest.raises(StudyError, match=says):
        items_of("odd_one_out", mochi(tmp_path, **columns))


def test_options_that_stand_in_a_question_are_spelled_out(tmp_path: Path) -> None:
    write_visonlyqa(tmp_path / "VisOnlyQA_Eval_Real")
    items = items_of("visonlyqa", tmp_path)
    assert len(items) == 8
    angle, triangle = items["geometry__angle_0"], items["geometry__triangle_1"]
    assert (angle.question, angle.options, angle.answer) == ("What angle?", ("30", "45", "60"), 2)
    assert (triangle.options, triangle.answer) == (("True", "False"), 1)
    assert {dict(item.slices)["task"] for item in items.values()} == {
        "geometry__angle",
        "geometry__triangle",
    }


def test_an_answer_that_is_no_option_is_told(tmp_path: Path) -> None:
    rows: dict[str, list[Any]] = {
        "id": ["one"],
        "question": ["Is it?"],
        "prompt_no_reasoning": ["unused"],
        "answer": ["Maybe"],
        "response_options": [["True", "False"]],
        "decoded_image": [cell(noise("x"))],
    }
    path = tmp_path / "VisOnlyQA_Eval_Real" / "data" / "a-00000-of-00001.parquet"
    write_table(path, rows, pictures=["decoded_image"])
    with pytest.raises(StudyError, match="column 'answer': got 'Maybe'; expected one of True, Fal"):
        items_of("visonlyqa", tmp_path)


def test_textures_of_the_test_split_are_matched_by_class(tmp_path: Path) -> None:
    write_dtd(tmp_path / "dtd")
    items = items_of("texture", tmp_path)
    assert len(items) == 8
    number_of = {digest(f"dtd test {i}"): i for i in range(8)}
    for item in items.values():
        classes = [number_of[picture.digest] % 3 for picture in item.images]
        reference, *options = classes
        assert options[item.answer] == reference
        assert options[1 - item.answer] != reference
        assert dict(item.slices)["kind"] == ("banded", "blotchy", "braided")[reference]
        assert len(set(item.images)) == 3
    # The right image does not always come second: images stay where they are when letters move.
    assert set(Counter(item.answer for item in items.values())) == {0, 1}


def test_paintings_are_matched_by_style_and_never_by_artist(tmp_path: Path) -> None:
    write_wikiart(tmp_path / "wikiart")
    items = items_of("art_style/wikiart", tmp_path)
    assert items
    number_of = {digest(f"wikiart {i}"): i for i in range(12)}
    for item in items.values():
        numbers = [number_of[picture.digest] for picture in item.images]
        styles = [number // 4 for number in numbers]
        assert styles[1 + item.answer] == styles[0] != styles[2 - item.answer]
        assert len({number % 6 for number in numbers}) == 3


def digest(name: str) -> str:
    import hashlib

    from study_files import png

    return hashlib.sha256(png(noise(name))).hexdigest()


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0, 1, 2, 3] * 2, "column 'label': got 3 .*; expected the number of one of 3 classes"),
        ([0] * 8, "column 'label': got 1 classes; expected two or more"),
        ([0.5] * 8, r"column 'label': got 0.5 \(float\); expected a whole number"),
    ],
)
def test_other_labels_are_told(tmp_path: Path, labels: list[Any], says: str) -> None:
    rows = {"image": [cell(noise(str(i))) for i in range(8)], "label": labels}
    write_table(
        tmp_path / "dtd" / "test-00000-of-00001.parquet",
        rows,
        pictures=["image"],
        classes={"label": ["banded", "blotchy", "braided"]},
    )
    with pytest.raises(StudyError, match=says):
        items_of("texture", tmp_path)
