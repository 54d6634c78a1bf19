"""A task folder as a whole: what its items are, and a manifest or files that are wrong."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pack_errors import expect
from PIL import Image

from pytest_vlmsight.tasks.markers import Markers, MarkerStyle
from pytest_vlmsight.tasks.pack import PackError, load_task

if TYPE_CHECKING:
    from task_fixtures import Record, WritePack


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
