"""BLINK's rows, with their traps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import drawn_markers
import pytest
from study_files import BLINK_IMAGES, POINTS, blink_rows, cell, noise, seen, write_table
from study_tasks import items_of, task_of

from pytest_vlmsight.tasks.study import burned_markers
from pytest_vlmsight.tasks.study.blink import question_of
from pytest_vlmsight.tasks.study.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = {
    "Art_Style": "art_style",
    "Functional_Correspondence": "functional_correspondence",
    "Relative_Depth": "relative_depth",
    "Semantic_Correspondence": "semantic_correspondence",
    "Visual_Correspondence": "low_level_matching",
}


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the detector of markers."""
    monkeypatch.setattr(burned_markers, "found", seen)


def write(own: Path, part: str, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    """The val split of a part, its columns changed."""
    rows = blink_rows(part)
    if change is not None:
        change(rows)
    pictures = [name for name in rows if name.startswith("image_")]
    write_table(
        own / "BLINK" / part / "val-00000-of-00001.parquet",
        rows,
        pictures=[name for name in pictures if rows[name] and not isinstance(rows[name][0], str)],
    )
    return own


@pytest.mark.parametrize("part", BLINK_IMAGES)
def test_items_are_those_of_the_rows(tmp_path: Path, part: str) -> None:
    items = items_of(NAMES[part], write(tmp_path, part))
    left_out = 0 if part == "Art_Style" else 1
    assert len(items) == 8 - left_out
    options = blink_rows(part, n=1)["choices"][0]
    for name, item in items.items():
        number = int(name.rsplit("_", 1)[-1]) - 1
        assert item.options == tuple(options)
        # "(A)" and "A" are one answer.
        assert item.answer == number % len(options)
        assert len(item.images) == BLINK_IMAGES[part]
        assert item.images == item.clean_images
        assert item.draw is None
        assert item.question == f"This is part {part}. Which one is it? Select from these."
        where = {point.label: (point.image, point.x, point.y) for point in item.points}
        if part == "Art_Style":
            assert where == {}
        elif part == "Relative_Depth":
            assert where == {label: (0, *POINTS[label]) for label in "AB"}
        else:
            expected = {label: (1, *POINTS[label]) for label in "ABCD"}
            assert where == expected | {"REF": (0, *POINTS["REF"])}


def test_items_whose_markers_are_not_certain_are_counted_named_and_left_out(
    tmp_path: Path,
) -> None:
    task = task_of("relative_depth", write(tmp_path, "Relative_Depth"))
    names = {item.name for item in task.make_items(100, 0)}
    assert names == {f"val_Relative_Depth_{i}" for i in (1, 2, 4, 5, 6, 7, 8)}
    assert task.told is not None
    told = task.told(100, 0)
    assert told["left_out"] == 1
    assert told["left_out_items"] == "val_Relative_Depth_3: image 1: one ring is missing"


def test_markers_are_found_by_the_detector_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    points = {"A": (60, 120), "B": (210, 100)}

    def burn(rows: dict[str, Any]) -> None:
        drawn = [drawn_markers.marked(points), drawn_markers.marked({"A": (60, 120)})]
        rows["image_1"][:2] = [cell(image) for image in drawn]
        for name, values in rows.items():
            rows[name] = values[:2]

    task = task_of("relative_depth", write(tmp_path, "Relative_Depth", burn))
    (item,) = task.make_items(100, 0)
    assert item.name == "val_Relative_Depth_1"
    for point in item.points:
        x, y = points[str(point.label)]
        assert point.image == 0
        assert (point.x, point.y) == pytest.approx((x, y), abs=1.5)
    assert task.told is not None
    assert "val_Relative_Depth_2: image 1: " in str(task.told(100, 0)["left_out_items"])


def test_an_item_that_is_left_out_is_made_up_for(tmp_path: Path) -> None:
    task = task_of("relative_depth", write(tmp_path, "Relative_Depth"))
    for n in range(1, 9):
        items = task.make_items(n, 3)
        assert len(items) == min(n, 7)
        assert [item.id for item in items] == [i.id for i in task.make_items(8, 3)][:n]


def test_where_no_markers_are_certain_the_task_cannot_be_measured(tmp_path: Path) -> None:
    rows = blink_rows("Semantic_Correspondence", uncertain=range(8))
    path = tmp_path / "BLINK" / "Semantic_Correspondence" / "val-00000-of-00001.parquet"
    write_table(path, rows, pictures=[f"image_{k}" for k in range(1, 5)])
    with pytest.raises(
        StudyError, match=r"all 8 items had to be left out; the first, val_Semantic"
    ):
        items_of("semantic_correspondence", tmp_path)


def test_the_test_split_is_never_read(tmp_path: Path) -> None:
    rows = blink_rows("Art_Style") | {"answer": ["hidden"] * 8}
    path = tmp_path / "BLINK" / "Art_Style" / "test-00000-of-00001.parquet"
    write_table(path, rows, pictures=[f"image_{k}" for k in range(1, 5)])
    with pytest.raises(StudyError, match=r"there is no Art_Style/val-\*\.parquet"):
        items_of("art_style", tmp_path)


def set_answers(*answers: str) -> Callable[[dict[str, Any]], None]:
    def change(rows: dict[str, Any]) -> None:
        rows["answer"] = [*answers, *rows["answer"][len(answers) :]]

    return change


def _without(column: str) -> Callable[[dict[str, Any]], None]:
    return lambda rows: rows.pop(column)


def _with(column: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda rows: rows.update({column: [value] * 8})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (set_answers("hidden"), r"row 0: column 'answer': got 'hidden'; .* test split are hidden"),
        (set_answers("(C)"), r"row 0: column 'answer': got '\(C\)'; expected .*'\(A\)' to '\(B\)'"),
        (_without("answer"), r"column 'answer': got no such column, but 'idx', .*'sub_task'"),
        (_without("image_3"), "column 'image_3': got no such column"),
        (_with("choices", "A or B"), "column 'choices': got a column of type string; .* a list"),
        (_with("choices", ["one"]), r"column 'choices': got \['one'\] \(list\); .*2 to 26 diff"),
        (_with("answer", 1), "column 'answer': got a column of type int64; expected a text"),
        (_with("image_2", "a.png"), "column 'image_2': got a column of type string; .* an image"),
        (_with("image_2", None), "column 'image_1': got images in image_1, image_3; expected 3"),
        (_with("image_4", cell(noise("more"))), "got images in .*image_4; expected 3, the other"),
        (_with("idx", " "), r"column 'idx': got ' '; expected a non-empty text"),
        (
            _with("image_1", {"bytes": None, "path": "/etc/passwd"}),
            "column 'image_1': got no bytes; expected an image that the table holds itself",
        ),
        (
            _with("image_1", {"bytes": b"GIF89a", "path": "a.png"}),
            "field 'image_1': .*does not open as an image",
        ),
    ],
)
def test_another_schema_is_told_by_column_and_what_was_found(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], says: str
) -> None:
    with pytest.raises(StudyError, match=says) as caught:
        items_of("art_style", write(tmp_path, "Art_Style", change))
    assert "BLINK/Art_Style/val-00000-of-00001.parquet" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_picture_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(StudyError, match=r"field 'image_1': .*too large an image"):
        items_of("art_style", write(tmp_path, "Art_Style"))


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    own = write(tmp_path, "Art_Style")
    (path,) = own.rglob("*.parquet")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(StudyError, match=r"got a file that does not open .* a whole parquet file"):
        items_of("art_style", own)


def test_a_prompt_that_does_not_list_the_options_gives_way_to_the_question(tmp_path: Path) -> None:
    own = write(tmp_path, "Art_Style", _with("prompt", "Answer (A) please."))
    assert {item.question for item in items_of("art_style", own).values()} == {"Which one is it?"}


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        ("Is (A) odd?\n(A) yes\n(B) no", "Is (A) odd?"),
        ("Which?\n(B) no\n(A) yes", ""),
        ("Which?\n(A) yes", ""),
        ("Which?\n(A) yes, or\n(B) no", ""),
    ],
)
def test_questions_of_prompts(prompt: str, question: str) -> None:
    assert question_of(prompt, ("yes", "no")) == question
