"""Lines of a task folder: what may stand in them, and that what is wrong is named by its field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pack_errors import expect

from pytest_vlmsight.tasks.pack import load_task

if TYPE_CHECKING:
    from task_fixtures import Record, WritePack


@pytest.mark.parametrize(
    "raw",
    [b"{", b"\xff", b"[" * 100_000, b'{"answer": ' + b"9" * 5000 + b"}", b"\xef\xbb\xbf{}"],
    ids=["cut", "not UTF-8", "deep", "huge number", "byte order mark"],
)
def test_line_that_is_not_json(write_pack: WritePack, matching_line: Record, raw: bytes) -> None:
    expect(write_pack(matching_line, raw), line=2, field=None, says="not valid JSON in UTF-8")


def test_line_that_is_no_object(write_pack: WritePack) -> None:
    expect(write_pack(b"[1]"), line=1, field=None, says="got [1] (list); expected an object")


def test_field_given_twice(write_pack: WritePack) -> None:
    expect(write_pack(b'{"id": "a", "id": "b"}'), line=1, field="id", says="the field twice")


def test_id_used_twice(write_pack: WritePack, matching_line: Record) -> None:
    folder = write_pack(matching_line, matching_line)
    expect(folder, line=2, field="id", says="'one', which line 1 has too")


HUGE = 10**400


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"answr": 1}, "answr", "unknown field 'answr' (did you mean 'answer'?)"),
        ({"bad\n\x1b": 1}, "bad\\n\\x1b", "unknown field"),
        ({"id": ""}, "id", "''; expected a non-empty string"),
        ({"question": None}, "question", "None (NoneType); expected a non-empty string"),
        ({"options": "AB"}, "options", "'AB'; expected a list"),
        ({"options": ["a"]}, "options", "expected 2 to 26 options"),
        ({"options": [str(i) for i in range(27)]}, "options", "expected 2 to 26 options"),
        ({"options": ["a", 2]}, "options[1]", "2 (int); expected a non-empty string"),
        ({"options": ["same", "same"]}, "options", "'same' more than once"),
        ({"answer": 2}, "answer", "2 (int); expected the index of one of the 2 options (0 to 1)"),
        ({"answer": -1}, "answer", "-1 (int)"),
        ({"answer": True}, "answer", "True (bool)"),
        ({"answer": 1.0}, "answer", "1.0 (float)"),
        ({"images": []}, "images", "[] (list); expected a list of non-empty strings"),
        ({"images": "images/a.png"}, "images", "expected a list of non-empty strings"),
        ({"slices": ["x"]}, "slices", "expected an object of strings"),
        ({"slices": {"n": 3}}, "slices.n", "3 (int); expected a string"),
        ({"points": {}}, "points", "expected a list"),
        ({"points": [3]}, "points[0]", "3 (int); expected an object with image, x, y, label"),
        ({"points": []}, "points", "no point labelled REF, A, B"),
        ({"clean_images": ["images/a.png"]}, "clean_images", "1 images; expected none unless"),
        ({"boxes": [{"image": 0}]}, "boxes[0].x0", "nothing"),
    ],
)
def test_wrong_line_is_named(
    write_pack: WritePack, matching_line: Record, change: Record, field: str, says: str
) -> None:
    right = {**matching_line, "id": "right"}
    expect(write_pack(right, {**matching_line, **change}), line=2, field=field, says=says)


@pytest.mark.parametrize("name", ["id", "images", "question", "options", "answer"])
def test_missing_field_is_named(write_pack: WritePack, matching_line: Record, name: str) -> None:
    del matching_line[name]
    expect(write_pack(matching_line), line=1, field=name, says="got nothing; expected all of id")


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"x": float("nan")}, "points[1].x", "nan (float); expected a finite number"),
        ({"y": float("inf")}, "points[1].y", "inf (float); expected a finite number"),
        ({"x": HUGE}, "points[1].x", "expected a finite number"),
        ({"x": "3"}, "points[1].x", "'3'; expected a finite number"),
        ({"x": True}, "points[1].x", "True (bool); expected a finite number"),
        ({"x": 80}, "points[1].x", "80; expected 0 or more and less than 80, inside image 1 of 80"),
        ({"y": -0.1}, "points[1].y", "-0.1; expected 0 or more and less than 60"),
        ({"image": 2}, "points[1].image", "the index of one of the 2 images (0 to 1)"),
        ({"z": 1}, "points[1].z", "unknown field 'z'"),
        ({"label": "C"}, "points[1].label", "'C'; expected REF or an option's letter (A to B)"),
        ({"label": "B"}, "points[2].label", "'B' a second time"),
        ({"label": "REF"}, "points[1].label", "'REF' a second time"),
    ],
)
def test_wrong_point_is_named(
    write_pack: WritePack, matching_line: Record, change: Record, field: str, says: str
) -> None:
    matching_line["points"][1].update(change)
    expect(write_pack(matching_line), line=1, field=field, says=says)


def _boxed(line: Record, **change: object) -> Record:
    box = {"image": 0, "x0": 10, "y0": 10, "x1": 30, "y1": 30}
    line["boxes"] = [{**box, "label": "A"}, {**box, "label": "B", **change}]
    del line["points"]
    return line


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"x1": 10}, "boxes[1].x1", "10 (int); expected more than x0, which is 10"),
        ({"y1": 5}, "boxes[1].y1", "5 (int); expected more than y0, which is 10"),
        ({"x0": -1}, "boxes[1].x0", "-1; expected 0 to 80, inside image 0 of 80 × 60 px"),
        ({"y1": 61}, "boxes[1].y1", "61; expected 0 to 60"),
        ({"x0": float("nan")}, "boxes[1].x0", "expected a finite number"),
        ({"image": True}, "boxes[1].image", "True (bool)"),
        ({"label": "REF"}, "points", "no point or box labelled B; expected one per option"),
        ({"colour": "rouge"}, "boxes[1].colour", "'rouge'; expected '#rrggbb' or the name of a"),
        ({"colour": 3}, "boxes[1].colour", "3 (int); expected a non-empty string"),
        ({"colour": ""}, "boxes[1].colour", "''; expected a non-empty string"),
        ({"color": "red"}, "boxes[1].color", "(did you mean 'colour'?)"),
    ],
)
def test_wrong_box_is_named(
    write_pack: WritePack, matching_line: Record, change: Record, field: str, says: str
) -> None:
    folder = write_pack(_boxed(matching_line, **change), readout="depth")
    expect(folder, line=1, field=field, says=says)


def test_box_may_fill_its_image(write_pack: WritePack, matching_line: Record) -> None:
    line = _boxed(matching_line, x0=0, y0=0, x1=80, y1=60)
    [item] = load_task(write_pack(line, readout="depth")).make_items(1, 0)
    assert item.boxes[1].x1 == 80


@pytest.mark.parametrize("colour", ["#1e90ff", "dodgerblue", "hsl(210, 100%, 56%)"])
def test_boxes_may_have_colours_of_their_own(
    write_pack: WritePack, matching_line: Record, colour: str
) -> None:
    folder = write_pack(_boxed(matching_line, colour=colour), readout="depth")
    [item] = load_task(folder).make_items(1, 0)
    assert [box.colour for box in item.boxes] == ["", colour]
    assert item.images[1] == item.clean_images[1]  # without boxes
    seen = {tuple(c) for row in np.asarray(item.images[0].load()).tolist() for c in row}
    assert any(abs(r - 30) + abs(g - 144) + abs(b - 255) <= 3 for r, g, b in seen)


@pytest.mark.parametrize(
    ("kind", "change", "error"),
    [
        ("nearest_patch draw", {"boxes": True}, ("boxes", "2 boxes; expected points")),
        ("oddity none", {"images": 3}, ("images", "3 images; expected 2, one per option")),
        ("gram none", {}, ("images", "2 images; expected 3, a reference and one per option")),
        ("pooled none", {}, ("images", "2 images; expected 3")),
        ("linear draw", {"points": None}, ("points", "neither points nor boxes")),
        ("linear burned", {"clean_images": 1}, ("clean_images", "1 images; expected 2, one per")),
        ("linear draw", {"clean_images": 2}, ("clean_images", '(it has "draw")')),
    ],
)
def test_readout_and_markers_decide_what_an_item_needs(
    write_pack: WritePack,
    matching_line: Record,
    kind: str,
    change: Record,
    error: tuple[str, str],
) -> None:
    (readout, markers), (field, says) = kind.split(), error
    if "boxes" in change:
        points = matching_line["points"]
        _boxed(matching_line)
        matching_line["points"] = points[:1]
    for name in ("images", "clean_images"):
        if name in change:
            matching_line[name] = ["images/a.png"] * change[name]
    if "points" in change:
        del matching_line["points"]
    if readout == "nearest_patch":
        matching_line["boxes"][0]["label"] = "A"
    folder = write_pack(matching_line, readout=readout, markers=markers)
    expect(folder, line=1, field=field, says=says)
