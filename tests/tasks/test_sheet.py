from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from pytest_vlmsight.tasks.item import Item, Picture, Task
from pytest_vlmsight.tasks.low_level_matching import low_level_matching
from pytest_vlmsight.tasks.presentation import present
from pytest_vlmsight.tasks.sheet import contact_sheet, write_sheet

if TYPE_CHECKING:
    from pathlib import Path

MakePicture = Callable[..., Picture]
RIGHT = (10, 125, 50)


@pytest.fixture
def item(make_picture: MakePicture) -> Item:
    pictures = (make_picture((300, 200), "red"), make_picture((50, 100), "blue"))
    return Item(
        name="a name",
        images=pictures,
        clean_images=pictures,
        question="Which of the two is it? " * 5,
        options=("the first", "the second"),
        answer=1,
        slices=(("scene", "street"),),
    )


def test_shows_images_side_by_side_and_the_right_option(item: Item) -> None:
    sheet = contact_sheet([item], thumb=100)
    assert sheet.getpixel((10 + 50, 10 + 30)) == (255, 0, 0)
    assert sheet.getpixel((120 + 25, 10 + 90)) == (0, 0, 255)
    assert RIGHT in {colour for _, colour in sheet.getcolors(100_000) or []}


def test_the_right_option_moves_with_the_order(item: Item) -> None:
    def green_row(order: tuple[int, ...]) -> int:
        sheet = contact_sheet([present(item, order)])
        rows = [
            y
            for y in range(sheet.height)
            if any(sheet.getpixel((x, y)) == RIGHT for x in range(sheet.width))
        ]
        return rows[0]

    assert green_row((1, 0)) < green_row((0, 1))


def test_columns_and_rows(item: Item) -> None:
    one, three, four = (contact_sheet([item] * n, columns=3, thumb=60) for n in (1, 3, 4))
    assert three.width == 3 * one.width
    assert three.height == one.height
    assert four.size == (three.width, 2 * three.height)


def test_long_words_and_unusual_characters_do_not_widen_the_sheet(item: Item) -> None:
    long = replace(item, question="x" * 2000, options=("\u2028\x1b[31m", "字" * 300), name="\n" * 9)
    assert contact_sheet([long], thumb=60).width == contact_sheet([item], thumb=60).width


@pytest.mark.parametrize(("count", "options"), [(0, {}), (1, {"columns": 0}), (1, {"thumb": 0})])
def test_nothing_to_show_is_named(item: Item, count: int, options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"contact sheet: got {count} items"):
        contact_sheet([item] * count, **options)


def test_too_large_a_sheet_is_named(item: Item) -> None:
    with pytest.raises(ValueError, match="expected at most 200000000 px: show fewer"):
        contact_sheet([item] * 9, thumb=10_000)


@pytest.mark.parametrize("name", ["items.png", "items.jpg", "items.WEBP"])
def test_writes_a_whole_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("old")
    write_sheet(low_level_matching(), n=4, seed=0, path=path)
    with Image.open(path) as sheet:
        sheet.load()
        assert sheet.width > 3 * 2 * 224
    assert list(tmp_path.iterdir()) == [path]


def test_writes_nothing_when_it_fails(
    tmp_path: Path, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", fail)
    task = Task(
        name="t",
        version="1",
        readout="gram",
        source="",
        licence="",
        make_items=lambda n, seed: [item] * n,
    )
    with pytest.raises(OSError, match="disk full"):
        write_sheet(task, n=2, seed=0, path=tmp_path / "items.png")
    assert list(tmp_path.iterdir()) == []


def test_unknown_ending_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"got '.*items\.pdf'; expected a name in \.png"):
        write_sheet(low_level_matching(), n=1, seed=0, path=tmp_path / "items.pdf")


@pytest.mark.packs
def test_real_folders_can_be_shown(packs: Path, tmp_path: Path) -> None:
    from pytest_vlmsight.tasks.registry import resolve

    for task in resolve([f"{packs}/*"]):
        write_sheet(task, n=2, seed=0, path=tmp_path / f"{task.name}.png")
    assert len(list(tmp_path.iterdir())) == 5
