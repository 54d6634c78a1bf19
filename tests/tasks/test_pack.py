from __future__ import annotations

import io
import json
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pytest_vlmsight.tasks.markers import Markers, MarkerStyle
from pytest_vlmsight.tasks.pack import PackError, load_task

Record = dict[str, Any]
WritePack = Callable[..., Path]


def expect(folder: Path, *, line: int | None, field: str | None, says: str) -> None:
    """Loading and making all items fails, at this line and field, with these words."""
    with pytest.raises(PackError) as caught:
        load_task(folder).make_items(100, 0)
    error = caught.value
    assert (error.line, error.field) == (line, field), str(error)
    assert says in str(error)
    assert "; expected " in str(error)
    assert error.path is not None
    assert str(error.path) in str(error)


def test_reads_a_right_folder(write_pack: WritePack, matching_line: Record) -> None:
    task = load_task(write_pack(matching_line))
    [item] = task.make_items(10, 0)
    assert (task.name, task.version, task.readout, task.available) == (
        "small",
        "1",
        "nearest_patch",
        1,
    )
    assert item.name == "one"
    assert item.slices == (("light", "day"), ("scene", "street"))
    assert item.answer == 1
    assert [p.size for p in item.images] == [(80, 60)] * 2
    assert item.images != item.clean_images
    assert item.clean_images[0].load().getpixel((40, 30)) == (0, 128, 128)


def test_markers_none_leaves_images_alone(write_pack: WritePack, matching_line: Record) -> None:
    [item] = load_task(write_pack(matching_line, markers="none")).make_items(1, 0)
    assert item.images == item.clean_images
    assert item.draw is None


def test_burned_markers_keep_the_clean_images(write_pack: WritePack, matching_line: Record) -> None:
    matching_line["clean_images"] = ["images/c.png", "images/b.png"]
    [item] = load_task(write_pack(matching_line, markers="burned")).make_items(1, 0)
    assert item.images[0] != item.clean_images[0]
    assert item.images[1] == item.clean_images[1]


def test_items_for_a_smaller_n_come_first(write_pack: WritePack, matching_line: Record) -> None:
    lines = [{**matching_line, "id": f"item {i}"} for i in range(20)]
    task = load_task(write_pack(*lines))
    names = [item.name for item in task.make_items(20, 3)]
    assert [item.name for item in task.make_items(7, 3)] == names[:7]
    assert sorted(names) == sorted(line["id"] for line in lines)
    assert names != [item.name for item in task.make_items(20, 4)]
    assert len(task.make_items(1000, 3)) == task.available == 20
    assert task.make_items(0, 3) == []


def test_fingerprint_tells_a_changed_folder(write_pack: WritePack, matching_line: Record) -> None:
    before = load_task(write_pack(matching_line)).fingerprint
    assert load_task(write_pack(matching_line)).fingerprint == before
    matching_line["question"] += " Look."
    assert load_task(write_pack(matching_line)).fingerprint != before


def test_item_id_tells_a_changed_image(write_pack: WritePack, matching_line: Record) -> None:
    folder = write_pack(matching_line)
    [before] = load_task(folder).make_items(1, 0)
    Image.new("RGB", (80, 60), "red").save(folder / "images" / "a.png")
    [after] = load_task(folder).make_items(1, 0)
    assert before.id != after.id
    with pytest.raises(PackError, match="other content than when the items were made"):
        before.clean_images[0].load()


def test_item_id_tells_the_marker_style(write_pack: WritePack, matching_line: Record) -> None:
    folder = write_pack(matching_line)
    [red] = load_task(folder).make_items(1, 0)
    [blue] = load_task(folder, markers=Markers(MarkerStyle(colour="blue"))).make_items(1, 0)
    assert red.id != blue.id
    assert red.clean_images == blue.clean_images


def test_tasks_and_errors_travel_to_workers(write_pack: WritePack, matching_line: Record) -> None:
    task = pickle.loads(pickle.dumps(load_task(write_pack(matching_line))))  # noqa: S301 - own bytes
    [item] = task.make_items(1, 0)
    same = pickle.loads(pickle.dumps(item))  # noqa: S301 - own bytes
    assert same.id == item.id
    assert same.images[0].load().tobytes() == item.images[0].load().tobytes()
    error = PackError("text", line=3, field="x")
    assert pickle.loads(pickle.dumps(error)).line == 3  # noqa: S301 - own bytes


def test_unusual_text_within_lines_is_kept(write_pack: WritePack, matching_line: Record) -> None:
    matching_line["question"] = "two\u2028lines \u00e9"
    raw = json.dumps(matching_line, ensure_ascii=False).encode()
    [item] = load_task(write_pack(b"", raw + b"\r", b"  ")).make_items(1, 0)
    assert item.question == "two\u2028lines \u00e9"


@pytest.mark.parametrize(
    ("keys", "field", "says"),
    [
        ({"readout": "telepathy"}, "readout", "'telepathy'; expected one of nearest_patch, gram"),
        ({"markers": "painted"}, "markers", "'painted'; expected one of draw, none, burned"),
        ({"name": None}, "name", "nothing"),
        ({"licence": None}, "licence", "nothing"),
        ({"version": 1}, "version", "1 (int); expected a non-empty string"),
        ({"name": "two words"}, "name", "'two words'"),
        ({"name": "a::b"}, "name", "'a::b'"),
        ({"sourc": "x"}, "sourc", "unknown field 'sourc' (did you mean 'source'?)"),
    ],
)
def test_wrong_manifest_is_named(
    write_pack: WritePack,
    matching_line: Record,
    keys: dict[str, object],
    field: str,
    says: str,
) -> None:
    expect(write_pack(matching_line, **keys), line=None, field=field, says=says)


@pytest.mark.parametrize("toml", [b"name = ", b"name = '\xff'"])
def test_manifest_that_is_not_toml(
    write_pack: WritePack, matching_line: Record, toml: bytes
) -> None:
    expect(write_pack(matching_line, toml=toml), line=None, field=None, says="not valid TOML")


@pytest.mark.parametrize("name", ["task.toml", "items.jsonl"])
def test_missing_file(write_pack: WritePack, matching_line: Record, name: str) -> None:
    folder = write_pack(matching_line)
    (folder / name).unlink()
    expect(folder, line=None, field=None, says=f"{name}: got a file that cannot be read")


def test_no_items(write_pack: WritePack) -> None:
    expect(write_pack(), line=None, field=None, says="a file without items")


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


def test_clean_image_of_another_size(write_pack: WritePack, matching_line: Record) -> None:
    matching_line["clean_images"] = ["images/a.png", "images/small.png"]
    folder = write_pack(matching_line, markers="burned")
    Image.new("RGB", (8, 6)).save(folder / "images" / "small.png")
    says = "an image of 8 × 6 px; expected the size of images[1], 80 × 60 px"
    expect(folder, line=1, field="clean_images[1]", says=says)


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../small/images/a.png", "images/../../x", "C:\\x.png", "..\\x.png", "a\0b"],
)
def test_path_that_leaves_the_folder(
    write_pack: WritePack, matching_line: Record, name: str
) -> None:
    matching_line["images"][1] = name
    says = "expected a path inside the task folder, without '..'"
    expect(write_pack(matching_line), line=1, field="images[1]", says=says)


def test_link_that_leaves_the_folder(
    write_pack: WritePack, matching_line: Record, tmp_path: Path
) -> None:
    Image.new("RGB", (80, 60)).save(tmp_path / "outside.png")
    folder = write_pack(matching_line)
    (folder / "images" / "a.png").unlink()
    (folder / "images" / "a.png").symlink_to(tmp_path / "outside.png")
    expect(folder, line=1, field="images[0]", says="a link that leads out of the task folder")


def test_link_within_the_folder(write_pack: WritePack, matching_line: Record) -> None:
    folder = write_pack(matching_line)
    (folder / "images" / "a.png").unlink()
    (folder / "images" / "a.png").symlink_to(folder / "images" / "c.png")
    [item] = load_task(folder).make_items(1, 0)
    assert item.clean_images[0].load().getpixel((0, 0)) == (0, 0, 128)


def test_linked_folder(write_pack: WritePack, matching_line: Record, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(write_pack(matching_line))
    assert len(load_task(tmp_path / "link").make_items(1, 0)) == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("images", "'images', which is no file"),
        ("images/none.png", "'images/none.png', which is no file"),
        ("x" * 300, "expected an image file"),
        ("task.toml", "'task.toml', which does not open as an image; expected one of PNG, JPEG"),
    ],
)
def test_image_that_is_not_one(
    write_pack: WritePack, matching_line: Record, name: str, says: str
) -> None:
    matching_line["images"][0] = name
    expect(write_pack(matching_line), line=1, field="images[0]", says=says)


def test_loop_of_links(write_pack: WritePack, matching_line: Record) -> None:
    folder = write_pack(matching_line)
    (folder / "images" / "a.png").unlink()
    (folder / "images" / "a.png").symlink_to("a.png")
    expect(folder, line=1, field="images[0]", says="images/a.png")


def test_formats_that_may_start_programs_are_not_opened(
    write_pack: WritePack, matching_line: Record
) -> None:
    folder = write_pack(matching_line)
    Image.new("RGB", (80, 60)).save(folder / "images" / "a.png", format="EPS")
    expect(folder, line=1, field="images[0]", says="does not open as an image")


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [11_000, 60_000], ids=["warned about", "refused"])
def test_decompression_bomb(write_pack: WritePack, matching_line: Record, side: int) -> None:
    folder = write_pack(matching_line)
    (folder / "images" / "a.png").write_bytes(_png_header(side, side))
    says = "too large an image; expected at most Pillow's limit"
    expect(folder, line=1, field="images[0]", says=says)


def test_file_too_large(
    write_pack: WritePack, matching_line: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_vlmsight.tasks.picture_file.MAX_BYTES", 10)
    expect(write_pack(matching_line), line=1, field="images[0]", says="bytes; expected at most")


def test_sixteen_bit_image(write_pack: WritePack, matching_line: Record) -> None:
    folder = write_pack(matching_line)
    Image.new("I;16", (80, 60)).save(folder / "images" / "a.png")
    expect(folder, line=1, field="images[0]", says="mode I;16; expected 8 bits a channel")


def test_truncated_image_surfaces_when_loaded(write_pack: WritePack, matching_line: Record) -> None:
    matching_line["images"][0] = "images/a.jpg"
    folder = write_pack(matching_line)
    data = io.BytesIO()
    Image.effect_noise((80, 60), 50).save(data, "JPEG")
    (folder / "images" / "a.jpg").write_bytes(data.getvalue()[:-400])
    [item] = load_task(folder).make_items(1, 0)
    with pytest.raises(PackError, match=r"a\.jpg: got an image that cannot be decoded"):
        item.images[0].load()


def test_pictures_are_upright_and_transparency_is_white(
    write_pack: WritePack, matching_line: Record
) -> None:
    folder = write_pack({**matching_line, "images": ["images/turned.jpg", "images/clear.png"]})
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 80)).save(folder / "images" / "turned.jpg", exif=exif)
    Image.new("RGBA", (80, 60), (255, 0, 0, 0)).save(folder / "images" / "clear.png")
    [item] = load_task(folder).make_items(1, 0)
    turned, clear = item.clean_images
    assert turned.size == turned.load().size == (80, 60)
    assert clear.load().getpixel((5, 5)) == (255, 255, 255)


def test_a_shared_image_is_read_once(
    write_pack: WritePack, matching_line: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = load_task(write_pack(*({**matching_line, "id": str(i)} for i in range(30))))
    read: list[Path] = []
    original = Path.read_bytes

    def counting(path: Path) -> bytes:
        read.append(path)
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", counting)
    assert len(task.make_items(30, 0)) == 30
    assert len(read) == 2


@pytest.mark.packs
def test_real_folders_load(packs: Path) -> None:
    tasks = [load_task(folder) for folder in sorted(packs.iterdir()) if folder.is_dir()]
    assert {task.name: task.available for task in tasks} == {
        "art_style": 200,
        "low_level_matching": 180,
        "relative_depth": 180,
        "same_shape": 160,
        "same_texture": 160,
    }
    for task in tasks:
        items = task.make_items(1000, 0)
        assert len({item.id for item in items}) == task.available
        for picture in items[0].images:
            assert picture.load().size == picture.size
