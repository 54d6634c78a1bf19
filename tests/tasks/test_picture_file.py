"""Image files of a task folder: which are opened and how, and what is wrong with the others."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from pack_errors import expect
from PIL import Image

from pytest_vlmsight.tasks.pack import PackError, load_task

if TYPE_CHECKING:
    from pathlib import Path

    from task_fixtures import Record, WritePack


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
