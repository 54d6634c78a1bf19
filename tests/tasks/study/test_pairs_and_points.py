"""Loaders of points and pairs: DA-2K, SPair-71k, HPatches, FunKPoint, MMVP."""

from __future__ import annotations

import csv
import json
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from study_files import (
    SIDE,
    da_2k_record,
    mmvp_rows,
    noise,
    spair_pair,
    write_da_2k,
    write_funkpoint,
    write_hpatches,
    write_mmvp,
    write_spair,
    write_table,
)
from study_tasks import items_of, task_of

from pytest_vlmsight.tasks.study.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.tasks.item import Item


def place(item: Item, label: str) -> tuple[float, float]:
    (point,) = (point for point in item.points if point.label == label)
    return point.x, point.y


def right(item: Item) -> tuple[float, float]:
    return place(item, "ABCD"[item.answer])


# DA-2K -----------------------------------------------------------------------------------------


def da_2k(folder: Path, change: Callable[[dict[str, Any]], None] | None = None) -> Path:
    """The unpacked folder, its annotations changed."""
    record = da_2k_record()
    for name in record:
        path = folder / "DA-2K" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise(name).save(path)
    if change is not None:
        change(record)
    (folder / "DA-2K" / "annotations.json").write_text(json.dumps(record))
    return folder


def test_the_closer_point_is_at_either_letter(tmp_path: Path) -> None:
    record = da_2k_record()
    items = items_of("relative_depth/da-2k", da_2k(tmp_path))
    assert len(items) == 12
    for name, item in items.items():
        image, number = name.rsplit(" ", 1)
        row, column = record[image][int(number)]["point1"]
        assert right(item) == (column + 0.5, row + 0.5)
        assert item.options == ("point A", "point B")
    # point1 is always the closer one: dealt as it stands, "A" would always be right.
    assert {item.answer for item in items.values()} == {0, 1}
    assert {dict(item.slices)["kind"] for item in items.values()} == {"indoor", "underwater"}


def test_an_item_is_dealt_the_same_whatever_else_is_in_the_file(tmp_path: Path) -> None:
    whole = items_of("relative_depth/da-2k", da_2k(tmp_path / "a"))
    first = next(iter(da_2k_record()))
    fewer = items_of("relative_depth/da-2k", da_2k(tmp_path / "b", lambda r: r.pop(first)))
    assert {item.id for item in fewer.values()} < {item.id for item in whole.values()}


def test_markers_are_drawn_and_clean_pictures_kept(tmp_path: Path) -> None:
    item = next(iter(items_of("relative_depth/da-2k", da_2k(tmp_path)).values()))
    assert item.draw is not None
    assert item.images != item.clean_images


def test_the_archive_that_a_user_downloaded_is_unpacked(tmp_path: Path, any_content: None) -> None:
    write_da_2k(tmp_path / "DA-2K")
    assert len(items_of("relative_depth/da-2k", tmp_path)) == 12
    assert sorted(p.name for p in (tmp_path / "DA-2K").iterdir()) == ["DA-2K.zip"]


FIRST = next(iter(da_2k_record()))


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ({"point1": [70, 2], "point2": [1, 2], "closer_point": "point1"}, "'point1': got row 70"),
        ({"point1": [1], "point2": [1, 2], "closer_point": "point1"}, r"'point1': got \[1\]"),
        ({"point1": [1, 2], "closer_point": "point1"}, "'point2': got nothing .there are 'clos"),
        ({"point1": [1, 2], "point2": [3, 4], "closer_point": "A"}, "'closer_point': got 'A'"),
        ([1], r"got \[1\] \(list\); expected an object with point1"),
    ],
)
def test_other_annotations_are_told(tmp_path: Path, pair: Any, says: str) -> None:
    own = da_2k(tmp_path, lambda record: record.update({FIRST: [pair]}))
    with pytest.raises(StudyError, match=rf"DA-2K/annotations.json, row {FIRST} 0: .*{says}"):
        items_of("relative_depth/da-2k", own)


@pytest.mark.parametrize("name", ["../../secret.png", "/etc/passwd", "images/none.png"])
def test_an_image_is_read_from_inside_the_folder_alone(tmp_path: Path, name: str) -> None:
    noise("secret").save(tmp_path / "secret.png")
    own = da_2k(tmp_path / "own", lambda r: r.update({name: r[FIRST]}))
    with pytest.raises(StudyError, match=re.escape(name)):
        items_of("relative_depth/da-2k", own)


# SPair-71k -------------------------------------------------------------------------------------


def spair(folder: Path, **changes: Any) -> Path:
    """One pair, unpacked."""
    base = folder / "SPair-71k"
    (base / "JPEGImages" / "cat").mkdir(parents=True)
    for i in range(2):
        noise(f"{i}").save(base / "JPEGImages" / "cat" / f"{i}.jpg")
    (base / "PairAnnotation" / "test").mkdir(parents=True)
    pair = spair_pair(0) | changes
    (base / "PairAnnotation" / "test" / "0-a-b:cat.json").write_text(json.dumps(pair))
    return folder


def test_keypoints_of_the_second_image_are_the_options(tmp_path: Path) -> None:
    write_spair(tmp_path)
    items = items_of("semantic_correspondence/spair-71k", tmp_path)
    assert len(items) == 5
    for item in items.values():
        targets = [tuple(map(float, p)) for p in spair_pair(0)["trg_kps"]]
        assert {place(item, letter) for letter in "ABCD"} < set(targets)
        # The same keypoint, which the first image has at half the distance from the left.
        x, y = right(item)
        assert place(item, "REF") == (x / 2, y)
        assert dict(item.slices)["kind"] == "cat"
    assert len({item.answer for item in items.values()}) > 1


def test_a_pair_of_three_keypoints_is_left_out(tmp_path: Path) -> None:
    write_spair(tmp_path)
    task = task_of("semantic_correspondence/spair-71k", tmp_path)
    assert task.told is not None
    assert task.told(100, 0)["left_out_items"] == (
        "000002-a-b:cat: 3 shared keypoints; 4 are needed"
    )


def test_keypoints_that_cannot_be_marked_apart_are_left_out(tmp_path: Path) -> None:
    own = spair(tmp_path, trg_kps=[[8, 8], [9, 8], [8, 9], [9, 9], [56, 56]])
    with pytest.raises(StudyError, match="left out; the first, 0-a-b:cat: keypoints lie too close"):
        items_of("semantic_correspondence/spair-71k", own)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"trg_kps": [[1, 2]]}, "field 'trg_kps': got 1 points; expected 5, as src_kps"),
        ({"trg_kps": None}, r"field 'trg_kps': got None \(NoneType\); expected a list of \[x, y\]"),
        ({"src_kps": [[99, 2]] * 5}, "field 'src_kps': got the point 99, 2; expected one inside"),
        ({"src_imsize": [10, 10, 3]}, "field 'src_imsize': got an image of 64 × 64 px"),
        ({"src_imname": "../cat/0.jpg"}, "field 'src_imname': got 'JPEGImages/cat/../cat/0.jpg'"),
        ({"viewpoint_variation": "0"}, "field 'viewpoint_variation': got '0'; expected a whole"),
    ],
)
def test_other_pairs_are_told(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(StudyError, match=f"SPair-71k/0-a-b:cat.json: {says}"):
        items_of("semantic_correspondence/spair-71k", spair(tmp_path, **changes))


# HPatches --------------------------------------------------------------------------------------


def test_the_right_point_shows_what_the_reference_shows(tmp_path: Path) -> None:
    write_hpatches(tmp_path)
    items = items_of("low_level_matching/hpatches", tmp_path)
    assert len(items) == 20
    for name, item in items.items():
        sequence, pair = name.split()
        i, j = map(int, pair.split("-"))
        assert j - i >= 2
        first, second = (np.asarray(picture.load()) for picture in item.clean_images)
        (x, y), (u, v) = place(item, "REF"), right(item)
        assert first[int(y), int(x)].tolist() == second[int(v), int(u)].tolist()
        assert (x - u, y - v) == pytest.approx((2 * (j - i) * (sequence == "v_wall"), 0))
        spots = [place(item, letter) for letter in "ABCD"]
        assert all(
            math.dist(one, other) >= 0.2 * 80 for k, one in enumerate(spots) for other in spots[:k]
        )
        assert dict(item.slices)["change"] == {"i": "light", "v": "viewpoint"}[name[0]]
    assert {item.answer for item in items.values()} == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1 0 0 0 1 0", "got 6 numbers; expected nine finite ones"),
        ("a b c", "could not convert string to float"),
        ("0 0 0 0 0 0 0 0 0", "a matrix without an inverse"),
        ("1 0 0 0 1 0 0 0 inf", "nine finite ones"),
    ],
)
def test_a_homography_that_is_none_is_told(tmp_path: Path, text: str, says: str) -> None:
    write_hpatches(tmp_path)
    (tmp_path / "hpatches-sequences" / "v_wall" / "H_1_3").write_text(text)
    with pytest.raises(StudyError, match=f"v_wall/H_1_3: .*{says}"):
        items_of("low_level_matching/hpatches", tmp_path)


def test_images_that_share_too_little_are_left_out(tmp_path: Path) -> None:
    write_hpatches(tmp_path)
    (tmp_path / "hpatches-sequences" / "v_wall" / "H_1_6").write_text("1 0 60 0 1 0 0 0 1")
    task = task_of("low_level_matching/hpatches", tmp_path)
    assert len(task.make_items(100, 0)) < 20
    assert task.told is not None
    assert "v_wall 2-6: the images share too little" in str(task.told(100, 0)["left_out_items"])


# FunKPoint -------------------------------------------------------------------------------------


def test_points_of_one_number_belong_together(tmp_path: Path) -> None:
    write_funkpoint(tmp_path)
    items = items_of("functional_correspondence/funkpoint", tmp_path)
    assert len(items) == 8
    for item in items.values():
        # All objects have their five points at the same places here.
        assert place(item, "REF") == right(item)
        assert max(place(item, "A")) < SIDE
        assert item.clean_images[0] != item.clean_images[1]
    (question,) = {i.question for n, i in items.items() if n.startswith("cut_with")}
    assert "one action: cut with." in question


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("p3_x", "1.5", "row 0: column 'p3_x': got 1.5; expected a share from 0 to 1"),
        ("p3_x", "", "row 0: column 'p3_x': got ''; expected a number"),
        ("action", "", "row 0: column 'action': got ''; expected a text"),
        ("p5_y", None, "column 'p5_y': got no such column, but 'action', "),
        (
            "source_image_path",
            "../../x.png",
            "field 'source_image_path': got '../../x.png'; expected a path",
        ),
    ],
)
def test_other_tables_are_told(tmp_path: Path, column: str, value: str | None, says: str) -> None:
    write_funkpoint(tmp_path)
    path = tmp_path / "FunKPoint" / "pour" / "references.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    if value is None:
        for row in rows:
            del row[column]
    else:
        rows[0][column] = value
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(StudyError, match=f"FunKPoint/pour/references.csv.*{says}"):
        items_of("functional_correspondence/funkpoint", tmp_path)


# MMVP ------------------------------------------------------------------------------------------


def mmvp(folder: Path, **columns: list[Any]) -> Path:
    path = folder / "MMVP" / "data" / "train-00000-of-00001.parquet"
    write_table(path, mmvp_rows() | columns, pictures=["image"])
    return folder


def test_both_items_of_a_pair_are_asked_together(tmp_path: Path) -> None:
    write_mmvp(tmp_path / "MMVP")
    for seed in range(3):
        items = list(items_of("mmvp", tmp_path, n=6, seed=seed).values())
        pairs = [dict(item.slices)["pair"] for item in items]
        assert pairs[::2] == pairs[1::2]
        assert len(set(pairs)) == 3
        for one, other in zip(items[::2], items[1::2], strict=True):
            assert one.question == other.question
            assert one.answer != other.answer
        assert items[0].options == ("Yes, it is", "No (not at all)")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"Index": [1, 2, 3, 4, 5, 6, 7, 9]}, "column 'Index': got 1 rows of pair 4; expected two"),
        ({"Options": ["(a) Yes"] * 8}, r"column 'Options': got '\(a\) Yes'; expected '\(a\) ONE"),
        ({"Options": ["(a) Yes (b) Yes"] * 8}, "column 'Options': got "),
        ({"Correct Answer": ["(c)"] * 8}, r"column 'Correct Answer': got '\(c\)'; expected the le"),
    ],
)
def test_other_rows_are_told(tmp_path: Path, columns: dict[str, list[Any]], says: str) -> None:
    with pytest.raises(StudyError, match=f"MMVP/data/train-00000-of-00001.parquet.*: {says}"):
        items_of("mmvp", mmvp(tmp_path, **columns))
