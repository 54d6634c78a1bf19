"""Items that were found before are read from disk, and are what they were."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from made_items import flat, item

from pytest_vlmsight.tasks import item_cache
from pytest_vlmsight.tasks.generated import Canvas, GenerationError
from pytest_vlmsight.tasks.item import Box, DepthMap, Item, Point
from pytest_vlmsight.tasks.item_cache import ItemFile
from pytest_vlmsight.tasks.marker_words import parse_markers
from pytest_vlmsight.tasks.registry import BUILT_IN, resolve

if TYPE_CHECKING:
    from pathlib import Path

CALLS: list[tuple[int, int]] = []
DEPTHS = np.arange(48 * 32, dtype=np.uint16).reshape(32, 48) * 40


@dataclass(frozen=True, slots=True)
class Marked:
    """Makes items with all that an item can have, and notes which."""

    canvas: Canvas

    def __call__(self, seed: int, index: int) -> Item:
        CALLS.append((seed, index))
        if index == 9:
            raise GenerationError("item 9 could not be made")
        clean = tuple(flat((seed % 256, index, k), size=(48, 32)) for k in range(2))
        points = (Point(image=0, x=10.125, y=9.0, label="REF"),)
        boxes = (Box(image=1, x0=1.0, y0=2.0, x1=20.0, y1=21.5, label="A", colour="#00ff00"),)
        draw = self.canvas.markers.for_item(f"{seed}-{index}")
        return Item(
            name=f"marked-{seed}-{index}",
            images=draw.paint_all(clean, points=points, boxes=boxes),
            clean_images=clean,
            question="Which — “one”?",
            options=("this", "that"),
            answer=index % 2,
            points=points,
            boxes=boxes,
            slices=(("number", str(index)), *draw.slices),
            depth_maps=(DepthMap(f"{index:064x}", (48, 32), DEPTHS.copy),),
            draw=draw,
        )


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()
    item_cache._made.cache_clear()


@pytest.fixture
def make(tmp_path: Path) -> Marked:
    return Marked(Canvas(cache=tmp_path))


def kept(make: Marked, n: int, *, seed: int = 0, fingerprint: str = "f") -> list[Item]:
    folder = make.canvas.cache
    assert folder is not None
    return ItemFile(make, seed, fingerprint=fingerprint, folder=folder).items(n)


def lines(folder: Path) -> list[Path]:
    return sorted(folder.glob("items/*.jsonl"))


def test_what_was_found_before_is_read_and_is_the_same(make: Marked) -> None:
    first = kept(make, 3)
    assert CALLS == [(0, 0), (0, 1), (0, 2)]
    again = kept(make, 3)
    assert len(CALLS) == 3
    assert again == first
    assert [one.id for one in again] == [one.id for one in first]
    for one, other in zip(first, again, strict=True):
        pairs = [*zip(one.images, other.images, strict=True)]
        pairs += zip(one.clean_images, other.clean_images, strict=True)
        for own, its in pairs:
            assert np.array_equal(np.asarray(own.load()), np.asarray(its.load()))
        assert other.draw is not None
        picture = other.clean_images[0]
        assert other.draw(picture, points=other.points[:1], boxes=()) == other.images[0]


def test_only_what_is_missing_is_made(make: Marked) -> None:
    kept(make, 2)
    CALLS.clear()
    assert len(kept(make, 4)) == 4
    assert CALLS == [(0, 2), (0, 3)]
    CALLS.clear()
    assert len(kept(make, 1)) == 1
    assert not CALLS


def test_what_was_found_before_a_failure_is_kept(make: Marked) -> None:
    with pytest.raises(GenerationError, match="item 9"):
        kept(make, 12)
    CALLS.clear()
    kept(make, 9)
    assert not CALLS


@pytest.mark.parametrize("change", ["seed", "fingerprint", "markers", "code"])
def test_what_decides_items_decides_what_is_read(
    make: Marked, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    kept(make, 1)
    CALLS.clear()
    if change == "seed":
        kept(make, 1, seed=1)
    elif change == "fingerprint":
        kept(make, 1, fingerprint="g")
    elif change == "markers":
        markers = parse_markers(["colour=blue"])
        kept(Marked(replace(make.canvas, markers=markers)), 1)
    else:
        monkeypatch.setattr(item_cache, "_code", lambda: "other")
        kept(make, 1)
    assert len(CALLS) == 1


def test_pictures_and_depths_that_are_kept_make_nothing(make: Marked) -> None:
    """The maker's own pictures are not cached here, so the item's are what is written."""
    kept(make, 1)
    (one,) = kept(make, 1)
    CALLS.clear()
    assert np.array_equal(one.depth_maps[0].load(), DEPTHS)
    assert one.clean_images[0].load().getpixel((0, 0)) == (0, 0, 0)
    assert len(CALLS) == 1
    (one,) = kept(make, 1)
    CALLS.clear()
    item_cache._made.cache_clear()
    found = one.depth_maps[0].load()
    assert np.array_equal(found, DEPTHS)
    assert found.dtype == np.uint16
    one.clean_images[0].load()
    assert not CALLS


DAMAGE = {
    "cut": lambda data: data[: len(data) // 2],
    "changed": lambda data: data.replace(b'"that"', b'"than"'),
    "no text": lambda data: b"\xff\xfe" + data,
    "no records": lambda _: b"[]\nnull\n7\n{}\n",
    "no JSON": lambda data: data.replace(b"marked-0-0", b"x\x00y"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_made(make: Marked, tmp_path: Path, damage: object) -> None:
    first = kept(make, 2)
    (path,) = lines(tmp_path)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert [one.id for one in kept(make, 2)] == [one.id for one in first]
    # And written again, after whatever was there.
    CALLS.clear()
    kept(make, 2)
    assert not CALLS


def test_a_folder_that_cannot_be_written_to_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "items").write_text("a file")
    make = Marked(Canvas(cache=tmp_path))
    assert len(kept(make, 2)) == 2
    assert len(kept(make, 2)) == 2
    assert (tmp_path / "items").read_text() == "a file"


def test_files_that_were_not_used_for_long_are_removed(make: Marked, tmp_path: Path) -> None:
    kept(make, 1)
    kept(make, 1, seed=1)
    first, second = lines(tmp_path)
    for path in (first, second):
        os.utime(path, (1.0, 1.0))
    seed = int(second.stem.rsplit("-", 1)[1])
    kept(make, 1, seed=seed)  # its use is noted
    kept(make, 1, seed=2)
    left = lines(tmp_path)
    assert second in left
    assert first not in left
    assert len(left) == 2


def test_an_item_that_no_line_can_tell_is_made_each_time(
    make: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is drawn on in a way of its own."""
    plain = Marked.__call__
    monkeypatch.setattr(
        Marked,
        "__call__",
        lambda self, seed, index: replace(
            plain(self, seed, index), draw=lambda picture, **_: picture
        ),
    )
    kept(make, 1)
    kept(make, 1)
    assert len(CALLS) == 2


def test_lines_are_plain_text_of_one_item_each(make: Marked, tmp_path: Path) -> None:
    first = kept(make, 2)
    (path,) = lines(tmp_path)
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]
    assert [record["id"] for record in records] == [one.id for one in first]


def test_read_items_can_travel(make: Marked) -> None:
    kept(make, 1)
    (one,) = kept(make, 1)
    assert pickle.loads(pickle.dumps(one)).id == one.id  # noqa: S301 - its own


def test_items_without_markers_are_read_as_such(
    make: Marked, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tuple(flat((k, 0, 0)) for k in range(3))
    monkeypatch.setattr(Marked, "__call__", lambda *_: item(shown, answer=1, name="plain"))
    first = kept(make, 1)
    monkeypatch.delattr(Marked, "__call__")
    again = kept(make, 1)
    assert again == first
    assert again[0].images == again[0].clean_images
    assert again[0].draw is None


def test_what_is_prepared_is_not_missing_and_is_not_made_again(
    make: Marked, tmp_path: Path
) -> None:
    def file() -> ItemFile:
        return ItemFile(make, 0, fingerprint="f", folder=tmp_path)

    assert file().missing(3) == [0, 1, 2]
    file().prepare([0, 2])
    # The maker keeps no pictures of its own: those of items that are read are kept.
    file().prepare([0, 2])
    assert file().missing(3) == [1]
    CALLS.clear()
    item_cache._made.cache_clear()
    for one in (file().items(1)[0].clean_images[0], file().items(1)[0].depth_maps[0]):
        one.load()
    assert not CALLS
    (picture, *_) = (tmp_path / "pictures").rglob("*.png")
    picture.unlink()
    assert len(file().missing(3)) == 2


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_items_of_every_task_are_read_as_they_were_made(name: str, tmp_path: Path) -> None:
    (plain,) = resolve([name])
    (task,) = resolve([name], canvas=Canvas(cache=tmp_path))
    made = plain.make_items(1, 3)
    found = task.make_items(1, 3)
    (path,) = lines(tmp_path)
    written = path.read_bytes()
    read = task.make_items(1, 3)
    assert made == found == read
    assert read[0].id == made[0].id
    assert path.read_bytes() == written
