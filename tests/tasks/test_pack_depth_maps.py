from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pack_errors import expect
from PIL import Image

from pytest_vlmsight.tasks.pack import PackError, load_task

Record = dict[str, Any]
WritePack = Callable[..., Path]

DEPTHS = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) * 13
"""0 to 62,387, so that both bytes count; the first pixel is unknown."""


@pytest.fixture
def line(matching_line: Record) -> Record:
    """A right line with a depth map per image."""
    return {**matching_line, "depth_maps": ["depth_maps/a.png", "depth_maps/b.png"]}


@pytest.fixture
def write(write_pack: WritePack) -> WritePack:
    """Writes a task folder with depth maps a and b."""

    def write(*lines: Record) -> Path:
        folder = write_pack(*lines)
        (folder / "depth_maps").mkdir(exist_ok=True)
        Image.fromarray(DEPTHS).save(folder / "depth_maps" / "a.png")
        Image.fromarray(DEPTHS[::-1]).save(folder / "depth_maps" / "b.png")
        return folder

    return write


def test_depths_are_read_exactly(write: WritePack, line: Record) -> None:
    [item] = load_task(write(line)).make_items(1, 0)
    first, second = item.depth_maps
    assert first.size == item.images[0].size == (80, 60)
    for depth_map, expected in ((first, DEPTHS), (second, DEPTHS[::-1])):
        depths = depth_map.load()
        assert depths.dtype == np.uint16
        np.testing.assert_array_equal(depths, expected)
    first.load()[:] = 7  # what is loaded is the caller's own
    np.testing.assert_array_equal(first.load(), DEPTHS)


def test_item_id_tells_a_changed_depth_map(write: WritePack, line: Record) -> None:
    folder = write(line)
    [before] = load_task(folder).make_items(1, 0)
    Image.fromarray(DEPTHS + 1).save(folder / "depth_maps" / "a.png")
    [after] = load_task(folder).make_items(1, 0)
    del line["depth_maps"]
    [without] = load_task(write(line)).make_items(1, 0)
    assert len({before.id, after.id, without.id}) == 3
    assert without.depth_maps == ()


def test_a_depth_map_that_changes_during_a_run_is_told(write: WritePack, line: Record) -> None:
    folder = write(line)
    [item] = load_task(folder).make_items(1, 0)
    Image.fromarray(DEPTHS + 1).save(folder / "depth_maps" / "a.png")
    with pytest.raises(PackError, match="other content than when the items were made"):
        item.depth_maps[0].load()


def test_depth_maps_travel_to_workers(write: WritePack, line: Record) -> None:
    [item] = load_task(write(line)).make_items(1, 0)
    same = pickle.loads(pickle.dumps(item))  # noqa: S301 - own bytes
    assert same == item
    np.testing.assert_array_equal(same.depth_maps[0].load(), DEPTHS)


def test_a_turned_depth_map_is_upright(write: WritePack, line: Record) -> None:
    folder = write(line)
    exif = Image.Exif()
    exif[0x0112] = 3  # by 180 degrees
    Image.fromarray(DEPTHS[::-1, ::-1]).save(folder / "depth_maps" / "a.png", exif=exif)
    [item] = load_task(folder).make_items(1, 0)
    np.testing.assert_array_equal(item.depth_maps[0].load(), DEPTHS)


def test_a_truncated_depth_map_surfaces_when_loaded(write: WritePack, line: Record) -> None:
    folder = write(line)
    path = folder / "depth_maps" / "a.png"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    [item] = load_task(folder).make_items(1, 0)
    with pytest.raises(PackError, match=r"a\.png: got an image that cannot be decoded"):
        item.depth_maps[0].load()


@pytest.mark.parametrize(
    ("names", "field", "says"),
    [
        (["depth_maps/a.png"], "depth_maps", "1 depth maps; expected 2, one per image"),
        (["depth_maps/a.png"] * 3, "depth_maps", "3 depth maps; expected 2, one per image"),
        ([], "depth_maps", "[] (list); expected a list of non-empty strings"),
        ("depth_maps/a.png", "depth_maps", "expected a list of non-empty strings"),
        (["depth_maps/a.png", 3], "depth_maps[1]", "3 (int); expected a non-empty string"),
        (["depth_maps/a.png", "../b.png"], "depth_maps[1]", "a path inside the task folder"),
        (["depth_maps/c.png", "depth_maps/b.png"], "depth_maps[0]", "which is no file"),
    ],
)
def test_wrong_lists_are_named(
    write: WritePack, line: Record, names: object, field: str, says: str
) -> None:
    expect(write({**line, "depth_maps": names}), line=1, field=field, says=says)


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (Image.new("L", (80, 60)), "an image of mode L; expected grey values of 16 bits"),
        (Image.new("RGB", (80, 60)), "an image of mode RGB; expected grey values of 16 bits"),
        (Image.new("I;16", (60, 80)), "of 60 × 80 px; expected the size of images[1], 80 × 60 px"),
    ],
)
def test_wrong_files_are_named(
    write: WritePack, line: Record, image: Image.Image, says: str
) -> None:
    folder = write(line)
    image.save(folder / "depth_maps" / "b.png")
    expect(folder, line=1, field="depth_maps[1]", says=says)


def test_only_png_is_read(write: WritePack, line: Record) -> None:
    folder = write(line)
    Image.fromarray(DEPTHS).save(folder / "depth_maps" / "b.png", format="TIFF")
    expect(folder, line=1, field="depth_maps[1]", says="does not open as an image; expected PNG")


def test_size_is_bounded(write: WritePack, line: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(line)
    most = max(path.stat().st_size for path in (folder / "images").iterdir())
    assert (folder / "depth_maps" / "a.png").stat().st_size > most
    monkeypatch.setattr("pytest_vlmsight.tasks.picture_file.MAX_BYTES", most)
    expect(folder, line=1, field="depth_maps[0]", says="bytes; expected at most")
