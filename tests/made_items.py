"""Items made in memory, of flat colours."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from PIL import Image

from pytest_vlmsight.tasks.item import Box, Item, Picture, Point, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Colour = tuple[int, int, int]
RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 30), (30, 30, 220), (128, 128, 128)
SIDE = 64


def flat(colour: Colour, *, size: tuple[int, int] = (SIDE, SIDE)) -> Picture:
    """A picture of one colour."""
    return picture(lambda: Image.new("RGB", size, colour), key=f"{colour}{size}", size=size)


def tiles(colours: Sequence[Colour]) -> Picture:
    """Four tiles of 32 px: upper left, upper right, lower left, lower right."""

    def paint() -> Image.Image:
        image = Image.new("RGB", (SIDE, SIDE))
        for index, colour in enumerate(colours):
            image.paste(
                colour,
                (
                    32 * (index % 2),
                    32 * (index // 2),
                    32 * (index % 2) + 32,
                    32 * (index // 2) + 32,
                ),
            )
        return image

    return picture(paint, key=f"tiles {colours}", size=(SIDE, SIDE))


def picture(paint: Callable[[], Image.Image], *, key: str, size: tuple[int, int]) -> Picture:
    """A picture that is painted when it is loaded."""
    return Picture(hashlib.sha256(key.encode()).hexdigest(), size, paint)


def item(
    images: Sequence[Picture],
    *,
    answer: int,
    options: Sequence[str] = ("the second image", "the third image"),
    name: str = "item",
    points: Sequence[Point] = (),
    boxes: Sequence[Box] = (),
    scene: str | None = None,
    clean: Sequence[Picture] | None = None,
) -> Item:
    """An item without drawn markers."""
    return Item(
        name=name,
        images=tuple(images),
        clean_images=tuple(images if clean is None else clean),
        question=f"Which? ({name})",
        options=tuple(options),
        answer=answer,
        points=tuple(points),
        boxes=tuple(boxes),
        slices=() if scene is None else (("scene", scene),),
    )


def same_colour_items(n: int) -> list[Item]:
    """Reference and two candidates, one of the reference's colour."""
    colours = (RED, GREEN, BLUE)
    made = []
    for index in range(n):
        like, other = colours[index % 3], colours[(index + 1) % 3]
        pair = (flat(like), flat(other)) if index % 2 == 0 else (flat(other), flat(like))
        made.append(item((flat(like), *pair), answer=index % 2, name=f"colour-{index:03}"))
    return made


def task(items: Sequence[Item], *, readout: str = "pooled", name: str = "made") -> Task:
    """A task of given items."""
    return Task(
        name=name,
        version="1",
        readout=readout,
        source="made for a test",
        licence="CC0",
        make_items=lambda n, seed: list(items)[:n],
        available=len(items),
    )
