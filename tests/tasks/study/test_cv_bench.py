"""CV-Bench's rows, and which of its boxes is drawn in which colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from study_files import BOXES, SIDE, boxed, cv_bench_rows, depth_row, write_cv_bench, write_table
from study_tasks import items_of, task_of

from pytest_vlmsight.tasks.study.drawn_boxes import drawn_as
from pytest_vlmsight.tasks.study.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_vlmsight.tasks.study.drawn_boxes import Corners


@pytest.fixture
def own(tmp_path: Path, any_content: None) -> Path:
    write_cv_bench(tmp_path / "CV-Bench")
    return tmp_path


def write(own: Path, **columns: list[Any]) -> Path:
    rows = cv_bench_rows(depth_row)
    write_table(own / "CV-Bench" / "test_3d.parquet", rows | columns, pictures=["image"])
    return own


@pytest.mark.parametrize(
    ("name", "options", "labels"),
    [
        ("object_depth", ("night stand", "books"), "A B"),
        ("cv_bench_distance", ("lamp", "table"), "REF A B"),
        ("cv_bench_relation", ("left", "right"), ""),
        ("cv_bench_count", ("3", "2", "1", "0"), ""),
    ],
)
def test_each_task_has_its_own_rows(
    own: Path, name: str, options: tuple[str, ...], labels: str
) -> None:
    items = items_of(name, own)
    assert len(items) == (7 if name == "object_depth" else 8)
    for item in items.values():
        assert item.options == options
        assert item.answer == int(item.name.split()[1]) % 2
        assert [box.label for box in item.boxes] == labels.split()
        assert dict(item.slices) == {"source": "Omni3D"}


def test_boxes_are_those_of_the_colours_that_the_question_names(own: Path) -> None:
    for item in items_of("object_depth", own).values():
        assert box_of(item.boxes, "A") == BOXES["red"]
        assert box_of(item.boxes, "B") == BOXES["blue"]
    # What both are compared with is called as one of them is.
    for item in items_of("cv_bench_distance", own).values():
        assert box_of(item.boxes, "REF") == BOXES["red"]
        assert box_of(item.boxes, "A") == BOXES["blue"]
        assert box_of(item.boxes, "B") == BOXES["green"]


def box_of(boxes: Sequence[Any], label: str) -> tuple[float, ...]:
    (box,) = (box for box in boxes if box.label == label)
    return box.x0, box.y0, box.x1, box.y1


def test_an_item_of_which_a_box_is_not_drawn_is_left_out(own: Path) -> None:
    task = task_of("object_depth", own)
    assert "Depth 3" not in {item.name for item in task.make_items(100, 0)}
    assert task.told is not None
    told = task.told(100, 0)
    assert told["left_out"] == 1
    assert str(told["left_out_items"]).startswith("Depth 3: no line is drawn along box 2 (")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"bbox": [[[1.0, 2.0, 3.0]] * 2] * 8}, r"column 'bbox': got .*expected a list of 4"),
        ({"bbox": [[[1.0, 2.0, 3.0, 4.0]]] * 8}, r"column 'bbox': got .*a list of 2 boxes"),
        ({"bbox": ["[1, 2"] * 8}, r"column 'bbox': got '\[1, 2'; expected a list of boxes"),
        ({"task": ["Deep"] * 8}, "column 'task': got Deep; expected Depth"),
        ({"idx": ["a"] * 8}, "column 'idx': got a column of type string; expected a number"),
        ({"answer": ["night stand"] * 8}, r"row \d: column 'answer': got 'night stand'; expected"),
    ],
)
def test_another_schema_is_told(tmp_path: Path, columns: dict[str, list[Any]], says: str) -> None:
    with pytest.raises(StudyError, match=says):
        items_of("object_depth", write(tmp_path, **columns))


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Which is closer?", "the question names boxes by no colour"),
        (
            "the night stand (highlighted by a red box) or the books (highlighted by a red box)",
            "the question names boxes by red, red",
        ),
        (
            "the bed (highlighted by a red box) or the books (highlighted by a blue box)",
            "does not tell the boxes of its options",
        ),
    ],
)
def test_a_question_that_does_not_say_which_box_is_which(
    tmp_path: Path, question: str, reason: str
) -> None:
    own = write(tmp_path, question=[question] * 8)
    with pytest.raises(StudyError, match=f"all 8 items had to be left out.*{reason}"):
        items_of("object_depth", own)


def test_boxes_as_text(tmp_path: Path) -> None:
    own = write(tmp_path, bbox=[str([list(BOXES["red"]), list(BOXES["blue"])])] * 8)
    assert len(items_of("object_depth", own)) == 7


def drawn(boxes: dict[str, tuple[float, float, float, float]], *, width: int = 2) -> Any:
    image = Image.new("RGB", (200, 160), "#777766")
    draw = ImageDraw.Draw(image)
    for colour, box in boxes.items():
        fill = {"red": "#e02010", "green": "#10d020", "blue": "#2010e0"}[colour]
        draw.rectangle([round(v) for v in box], outline=fill, width=width)
    return np.asarray(image)


WHERE = st.tuples(st.floats(0, 120), st.floats(0, 90), st.floats(25, 75), st.floats(25, 65))


@given(first=WHERE, second=WHERE, turned=st.booleans(), width=st.integers(1, 4))
def test_colours_are_right_or_not_certain(
    first: tuple[float, ...], second: tuple[float, ...], *, turned: bool, width: int
) -> None:
    corners = [(x, y, x + w, y + h) for x, y, w, h in (first, second)]
    pixels = drawn({"red": corners[0], "blue": corners[1]}, width=width)
    found = drawn_as(pixels, corners[::-1] if turned else corners, ("red", "blue"))
    if not isinstance(found, str):
        assert found == {"red": corners[0], "blue": corners[1]}
    else:  # far boxes are never doubted
        a, b = corners
        assert not (a[2] + 10 < b[0])
        assert not (b[2] + 10 < a[0])


@pytest.mark.parametrize("boxes", [[(5, 5, 20, 20)], [(5, 5, 20, 20), (500, 500, 600, 600)]])
def test_boxes_that_cannot_be_those_drawn(boxes: list[Corners]) -> None:
    pixels = np.asarray(boxed("x", ("red", "blue")))
    assert pixels.shape == (SIDE, SIDE, 3)
    assert isinstance(drawn_as(pixels, boxes, ("red", "blue")), str)
