from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from made_items import BLUE, GREEN, RED, flat, item, same_colour_items, task
from PIL import Image

from pytest_vlmsight.tasks.item import Box, DepthMap, Item, Picture, Point, Task
from pytest_vlmsight.tasks.low_level_matching import low_level_matching
from pytest_vlmsight.tasks.markers import Markers, MarkerStyle
from pytest_vlmsight.tasks.pack import load_task
from pytest_vlmsight.tasks.packing import pack_task

Record = dict[str, Any]
WritePack = Callable[..., Path]
MARKERS = Markers(MarkerStyle())


def content(item: Item) -> tuple[object, ...]:
    """All of an item but its ids and the order of its slices, with pixels instead of digests."""
    pixels = [
        [(p.size, hashlib.sha256(p.load().tobytes()).digest()) for p in pictures]
        for pictures in (item.images, item.clean_images)
    ]
    depths = [(m.size, m.load().dtype, m.load().tobytes()) for m in item.depth_maps]
    words = (item.name, item.question, item.options, item.answer, sorted(item.slices))
    return (*words, item.points, item.boxes, pixels, depths, item.draw is not None)


def same(before: Sequence[Item], after: Sequence[Item]) -> None:
    """The same items, in whatever order."""

    def by_name(one: Item) -> str:
        return one.name

    pairs = zip(sorted(before, key=by_name), sorted(after, key=by_name), strict=True)
    for one, other in pairs:
        assert content(one) == content(other)


def lines_of(folder: Path) -> list[Record]:
    return [json.loads(line) for line in (folder / "items.jsonl").read_text().splitlines()]


def test_a_generated_task_is_read_back_identically(tmp_path: Path) -> None:
    items = low_level_matching().make_items(2, 3)
    source = replace(low_level_matching(), make_items=lambda n, seed: items)  # made once
    assert pack_task(source, tmp_path / "new", n=2, seed=3) == 2
    read = load_task(tmp_path / "new")
    for key in ("name", "version", "readout", "source", "licence"):
        assert getattr(read, key) == getattr(source, key)
    assert read.available == 2
    same(items, read.make_items(2, 0))
    assert 'markers = "draw"' in (tmp_path / "new" / "task.toml").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new"]


def test_packing_what_was_packed_changes_nothing(tmp_path: Path) -> None:
    items = [depth_item(name, deep(0)) for name in ("a", "b", "c")]
    pack_task(task(items, readout="depth"), tmp_path / "one", n=4, seed=0)
    first = load_task(tmp_path / "one")
    pack_task(first, tmp_path / "two", n=9, seed=1)
    second = load_task(tmp_path / "two")
    one, two = ({i.name: i for i in t.make_items(9, 0)} for t in (first, second))
    assert one == two  # with the pictures' digests
    assert {i.id for i in one.values()} == {i.id for i in two.values()}


def varied_item(index: int) -> Item:
    """Two points in the style that is drawn for the item's name."""
    markers = Markers(MarkerStyle(), varied=True).for_item(f"varied-{index}")
    points = [Point(image=0, x=x, y=32, label=label) for x, label in ((20, "A"), (44, "B"))]
    one = item(
        markers.paint_all([flat(GREEN)], points=points, boxes=()),
        clean=[flat(GREEN)],
        answer=index % 2,
        options=("point A", "point B"),
        name=f"varied-{index}",
        points=points,
        scene=str(index),
    )
    return replace(one, slices=one.slices + markers.slices, draw=markers)


def test_varied_markers_are_those_of_the_reader_and_their_slices_are_told_once(
    tmp_path: Path,
) -> None:
    items = [varied_item(index) for index in range(5)]
    pack_task(task(items, readout="depth"), tmp_path / "new", n=5, seed=0)
    varied = Markers(MarkerStyle(), varied=True)
    same(items, load_task(tmp_path / "new", markers=varied).make_items(5, 0))
    for plain in load_task(tmp_path / "new").make_items(5, 0):
        assert [name for name, _ in plain.slices] == ["scene"]
        assert plain.draw == MARKERS


def deep(seed: int, *, side: int = 64) -> DepthMap:
    depths = np.random.default_rng(seed).integers(0, 65_536, (side, side)).astype(np.uint16)
    return DepthMap(hashlib.sha256(depths.tobytes()).hexdigest(), (side, side), depths.copy)


def depth_item(name: str, depth_map: DepthMap, **change: Any) -> Item:
    """Two boxes, told apart by colour unless ``change`` says otherwise."""
    boxes = (
        Box(image=0, x0=0.1, y0=1 / 3, x1=20, y1=math.nextafter(30, 31), label="A", colour="red"),
        Box(image=0, x0=30.5, y0=5, x1=64, y1=64, label="B", colour="#0000ff"),
    )
    clean = (flat(GREEN),)
    one = item(
        MARKERS.paint_all(clean, points=(), boxes=boxes),
        clean=clean,
        answer=1,
        options=("the ball (red box)", "the cup (blue box)"),
        name=name,
        boxes=boxes,
        scene=name,
    )
    return replace(one, depth_maps=(depth_map,), draw=MARKERS, **change)


def test_depth_maps_and_coloured_boxes_are_kept(tmp_path: Path) -> None:
    shared = deep(0)
    items = [depth_item("one", shared), depth_item("two", shared), depth_item("three", deep(1))]
    pack_task(task(items, readout="depth"), tmp_path / "new", n=9, seed=0)
    same(items, load_task(tmp_path / "new").make_items(9, 0))
    # Whatever is shared is written once, under the hash of its content.
    files = list((tmp_path / "new").rglob("*.png"))
    assert sorted(path.parent.name for path in files) == ["depth_maps", "depth_maps", "images"]
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)


def test_a_shared_picture_is_rendered_once(tmp_path: Path) -> None:
    rendered = []

    def render() -> Image.Image:
        rendered.append(1)
        return Image.new("RGB", (64, 64), "navy")

    shared = Picture("e" * 64, (64, 64), render)
    items = [item([shared, flat(RED), flat(BLUE)], answer=0, name=str(i)) for i in range(4)]
    pack_task(task(items), tmp_path / "new", n=4, seed=0)
    assert len(rendered) == 1


def test_a_task_without_marks_has_none(tmp_path: Path) -> None:
    items = same_colour_items(5)
    pack_task(task(items), tmp_path / "new", n=5, seed=0)
    assert 'markers = "none"' in (tmp_path / "new" / "task.toml").read_text()
    same(items, load_task(tmp_path / "new").make_items(5, 0))
    assert len(list((tmp_path / "new" / "images").iterdir())) == 3
    assert all("clean_images" not in line for line in lines_of(tmp_path / "new"))


def test_burned_marks_stay_burned(
    tmp_path: Path, write_pack: WritePack, matching_line: Record
) -> None:
    clean = {**matching_line, "id": "two", "clean_images": ["images/c.png", "images/b.png"]}
    source = load_task(write_pack(matching_line, clean, markers="burned"))
    pack_task(source, tmp_path / "new", n=5, seed=0)
    same(source.make_items(5, 0), load_task(tmp_path / "new").make_items(5, 0))
    assert 'markers = "burned"' in (tmp_path / "new" / "task.toml").read_text()
    assert {line["id"]: "clean_images" in line for line in lines_of(tmp_path / "new")} == {
        "one": False,
        "two": True,
    }


def test_burned_marks_without_clean_images_stay_burned(
    tmp_path: Path, write_pack: WritePack, matching_line: Record
) -> None:
    source = load_task(write_pack(matching_line, markers="burned"))
    pack_task(source, tmp_path / "new", n=5, seed=0)
    assert 'markers = "burned"' in (tmp_path / "new" / "task.toml").read_text()


def test_marks_that_no_reader_would_draw_are_burned(tmp_path: Path) -> None:
    """Where one item's images are not its clean ones with its markers, all are kept as they are."""
    drawn = depth_item("drawn", deep(0))
    other = replace(depth_item("other", deep(1)), images=(flat(BLUE),))
    pack_task(task([drawn, other], readout="depth"), tmp_path / "new", n=2, seed=0)
    assert 'markers = "burned"' in (tmp_path / "new" / "task.toml").read_text()
    read = load_task(tmp_path / "new").make_items(2, 0)
    same([replace(one, draw=None) for one in (drawn, other)], read)


def test_files_of_a_folder_are_copied_as_they_are(
    tmp_path: Path, write_pack: WritePack, matching_line: Record
) -> None:
    matching_line["images"] = ["images/noise.JPG", "images/b.png"]
    folder = write_pack(matching_line)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((60, 80), 50).save(folder / "images" / "noise.JPG", "JPEG", exif=exif)
    source = load_task(folder)
    pack_task(source, tmp_path / "new", n=5, seed=0)
    [before], [after] = source.make_items(1, 0), load_task(tmp_path / "new").make_items(1, 0)
    assert before == after
    assert before.id == after.id
    copies = {path.read_bytes() for path in (tmp_path / "new" / "images").iterdir()}
    assert copies == {(folder / name).read_bytes() for name in matching_line["images"]}


words = st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
shares = st.floats(0, 1, exclude_max=True)


@example(("\x7f", '"\\\r\n', "\U0001f441 \x00\u2028"), ["\ud800", "b"], [(0.1, 1 / 3)] * 5, {})
@given(
    st.tuples(words, words, words),
    st.lists(words, min_size=2, max_size=5, unique=True),
    st.lists(st.tuples(shares, shares), min_size=5, max_size=5),
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(), max_size=3),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_words_and_numbers_are_kept_exactly(
    tmp_path: Path,
    texts: tuple[str, str, str],
    options: list[str],
    places: list[tuple[float, float]],
    slices: dict[str, str],
) -> None:
    name, question, source = texts
    points = tuple(
        Point(image=0, x=64 * x, y=math.nextafter(64 * y, 0), label="ABCDE"[index])
        for index, (x, y) in enumerate(places[: len(options)])
    )
    one = replace(
        item([flat(RED)], answer=0, options=options, name=name, points=points),
        question=question,
        slices=tuple(slices.items()),
    )
    made = replace(task([one], readout="linear"), source=source, licence=question, version=name)
    folder = tmp_path / hashlib.sha256(repr((texts, options, places, slices)).encode()).hexdigest()
    if not folder.exists():
        pack_task(made, folder, n=1, seed=0)
    read = load_task(folder)
    assert (read.source, read.licence, read.version) == (source, question, name)
    same([one], read.make_items(1, 0))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"options": ("a", "a")}, "task made, item 'second': a task folder cannot hold it: field"),
        ({"options": ("a", "a")}, "field 'options': got 'a' more than once"),
        ({"name": "first"}, "field 'id': got 'first', which line 1 has too"),
        ({"question": " "}, "field 'question': got ' '; expected a non-empty string"),
        ({"slices": (("s", "1"), ("s", "2"))}, "'second': got two slices of one name"),
        ({"depth_maps": (deep(0), deep(1))}, "got 2 depth maps; expected 1, one per image"),
        ({"depth_maps": (deep(0, side=9),)}, "of 9 × 9 px; expected the size of images.0., 64"),
    ],
)
def test_an_item_that_a_folder_cannot_hold_is_named(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    items = [depth_item("first", deep(0)), replace(depth_item("second", deep(0)), **change)]
    with pytest.raises(ValueError, match=says.replace("'", ".")):
        pack_task(task(items, readout="depth"), tmp_path / "new", n=2, seed=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["name", "licence", "source", "version"])
def test_a_task_that_a_folder_cannot_hold_is_named(tmp_path: Path, key: str) -> None:
    change: dict[str, Any] = {key: ""}
    made = replace(task(same_colour_items(1)), **change)
    with pytest.raises(ValueError, match=f"a task folder cannot hold it: field '{key}': got ''"):
        pack_task(made, tmp_path / "new", n=1, seed=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("n", [0, -3])
def test_no_items_are_no_folder(tmp_path: Path, n: int) -> None:
    with pytest.raises(ValueError, match=f"task low_level_matching: got n={n}, which makes no"):
        pack_task(low_level_matching(), tmp_path / "new", n=n, seed=0)
    assert list(tmp_path.iterdir()) == []


def never(n: int, seed: int) -> list[Item]:
    raise AssertionError("nothing is made where nothing can be written")


@pytest.fixture
def unmade() -> Task:
    return replace(task([]), make_items=never)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, unmade: Task) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / ".hidden").write_text("mine")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match=r"taken: got a folder with something in it; exp"):
        pack_task(unmade, tmp_path / "taken", n=1, seed=0)
    with pytest.raises(FileExistsError, match=r"file: got a file; expected a folder that does"):
        pack_task(unmade, tmp_path / "file", n=1, seed=0)
    with pytest.raises(FileNotFoundError, match=r"c: .*b is no folder; make it first"):
        pack_task(unmade, tmp_path / "a" / "b" / "c", n=1, seed=0)
    assert (tmp_path / "taken" / ".hidden").read_text() == "mine"
    assert len(list(tmp_path.rglob("*"))) == 3


def test_the_current_folder_is_not_replaced(
    tmp_path: Path, unmade: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileExistsError, match="got the current folder; expected a folder that"):
        pack_task(unmade, Path(), n=1, seed=0)


def test_an_empty_folder_or_a_link_to_one_is_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    pack_task(task(same_colour_items(2)), tmp_path / "link", n=2, seed=0)
    assert (tmp_path / "link").is_symlink()
    assert load_task(tmp_path / "empty").available == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "link"]


def test_a_failure_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Image.Image:
        assert any(path.suffix == ".png" for path in tmp_path.rglob("*"))  # others are written
        raise KeyboardInterrupt

    picture = Picture("f" * 64, (64, 64), broken)
    items = [*same_colour_items(3), item([picture] * 3, answer=0, name="broken")]
    (tmp_path / "empty").mkdir()
    with pytest.raises(KeyboardInterrupt):
        pack_task(task(items), tmp_path / "empty", n=4, seed=0)
    assert list(tmp_path.rglob("*")) == [tmp_path / "empty"]


def test_a_source_that_changed_meanwhile_is_told(
    tmp_path: Path, write_pack: WritePack, matching_line: Record
) -> None:
    folder = write_pack(matching_line)
    items = load_task(folder).make_items(1, 0)
    Image.new("RGB", (80, 60), "red").save(folder / "images" / "a.png")
    made = task(items, readout="nearest_patch")
    with pytest.raises(ValueError, match=r"a\.png: got other content than when the items were"):
        pack_task(made, tmp_path / "new", n=1, seed=0)
    assert not (tmp_path / "new").exists()


@pytest.mark.packs
def test_real_folders_are_read_back_identically(packs: Path, tmp_path: Path) -> None:
    for folder in sorted(packs.iterdir()):
        source = load_task(folder)
        pack_task(source, tmp_path / folder.name, n=1000, seed=0)
        read = load_task(tmp_path / folder.name)
        assert read.available == source.available
        before, after = ({i.id: i for i in t.make_items(1000, 0)} for t in (source, read))
        assert before == after
        few = sorted(before)[:3]
        same([before[key] for key in few], [after[key] for key in few])
