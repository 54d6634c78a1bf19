"""Items that give their answer away in one planted way, or not at all, on pictures of noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import made_items
import numpy as np
from made_items import item, picture
from PIL import Image, ImageDraw

from pytest_vlmsight.tasks.decoys import balanced_index
from pytest_vlmsight.tasks.item import REFERENCE, Box, Item, Picture, Point, letter

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE, _CELL = 112, 4


def noise(key: str, *, tint: Sequence[int] = (0, 0, 0), patch: Patch | None = None) -> Picture:
    """A picture of coloured cells, the same for the same key."""
    return picture(_Noise(key, tuple(tint), patch), key=f"{key}{tint}{patch}", size=(SIDE, SIDE))


@dataclass(frozen=True)
class Patch:
    """A square of noise that is pasted somewhere."""

    key: str
    x: float
    y: float


@dataclass(frozen=True)
class _Noise:
    key: str
    tint: tuple[int, ...]
    patch: Patch | None

    def __call__(self) -> Image.Image:
        cells = _cells(self.key, SIDE // _CELL) + np.array(self.tint)
        pixels = cells.clip(0, 255).astype(np.uint8).repeat(_CELL, 0).repeat(_CELL, 1)
        if self.patch is not None:
            square = _cells(self.patch.key, 5).astype(np.uint8).repeat(_CELL, 0).repeat(_CELL, 1)
            left, top = int(self.patch.x) - 10, int(self.patch.y) - 10
            pixels[top : top + 20, left : left + 20] = square
        return Image.fromarray(pixels)


def _cells(key: str, side: int) -> np.ndarray:
    seed = list(key.encode())
    return np.random.default_rng(seed).integers(60, 196, (side, side, 3))


def depth_items(n: int, *, lower: float = 0.5) -> list[Item]:
    """Two points on a picture.

    Args:
        n: how many.
        lower: share of the items whose right point is the lower one.
    """
    rng, made = np.random.default_rng(21), []
    for index in range(n):
        points = rng.uniform(16, SIDE - 16, (2, 2))
        down = int(points[:, 1].argmax())
        answer = down if rng.random() < lower else 1 - down
        marks = [Point(image=0, x=x, y=y, label=letter(i)) for i, (x, y) in enumerate(points)]
        made.append(
            item(
                [noise(f"depth {index}")],
                answer=answer,
                options=("point A", "point B"),
                points=marks,
                name=f"depth {index}",
            )
        )
    return made


def box_items(n: int, *, larger: float) -> list[Item]:
    """Two boxes on a grey picture; in a share of the items the larger one is right."""
    rng, made = np.random.default_rng(12), []
    for index in range(n):
        sizes = rng.uniform(12, 40, 2)
        big = int(sizes.argmax())
        answer = big if rng.random() < larger else 1 - big
        boxes = []
        for i, size in enumerate(sizes):
            x, y = rng.uniform(0, SIDE - size, 2)
            boxes.append(Box(image=0, x0=x, y0=y, x1=x + size, y1=y + size, label=letter(i)))
        made.append(
            item(
                [picture(_grey, key=f"box {index}", size=(SIDE, SIDE))],
                answer=answer,
                options=("box A", "box B"),
                boxes=boxes,
                name=f"box {index}",
            )
        )
    return made


def _grey() -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), "grey")


def picture_items(n: int, *, tinted: bool) -> list[Item]:
    """A reference and two candidates; the right one may have the reference's tint."""
    rng, made = np.random.default_rng(13), []
    for index in range(n):
        tints = rng.integers(-25, 25, (3, 3))
        answer = balanced_index(2, "picture", "answer", 0, index)
        if tinted:
            tints[1 + answer] = tints[0]
        pictures = [noise(f"picture {index} {i}", tint=t.tolist()) for i, t in enumerate(tints)]
        made.append(item(pictures, answer=answer, name=f"picture {index}"))
    return made


def odd_items(n: int, *, tinted: bool) -> list[Item]:
    """Three or four pictures; the right one may be the only one of its tint."""
    rng, made = np.random.default_rng(14), []
    for index in range(n):
        count = 3 + index % 2
        answer = balanced_index(count, "odd", "answer", 0, index // 2)
        tints = np.tile(rng.integers(-25, 25, 3), (count, 1))
        if tinted:
            tints[answer] = rng.integers(-25, 25, 3)
        pictures = [noise(f"odd {index} {i}", tint=t.tolist()) for i, t in enumerate(tints)]
        options = [f"image {i + 1}" for i in range(count)]
        made.append(item(pictures, answer=answer, options=options, name=f"odd {index}"))
    return made


def matching_items(n: int, *, copied: bool = False) -> list[Item]:
    """REF on one picture, A to D on another; around the right one may be what is around REF."""
    rng, made = np.random.default_rng(16), []
    for index in range(n):
        (x, y), *candidates = rng.uniform(16, SIDE - 16, (5, 2)).tolist()
        answer = balanced_index(4, "matching", "answer", 0, index)
        here = Patch(f"patch {index}", x, y) if copied else None
        there = Patch(f"patch {index}", *candidates[answer]) if copied else None
        points = [Point(image=0, x=x, y=y, label=REFERENCE)]
        points += [Point(image=1, x=a, y=b, label=letter(i)) for i, (a, b) in enumerate(candidates)]
        made.append(
            item(
                [noise(f"from {index}", patch=here), noise(f"to {index}", patch=there)],
                answer=answer,
                options=[f"point {letter(i)}" for i in range(4)],
                points=points,
                name=f"matching {index}",
            )
        )
    return made


def marked_items(n: int, *, told: bool) -> list[Item]:
    """``depth_items`` with markers whose bar is to the left of the right point, if it is told."""
    rng, made = np.random.default_rng(17), []
    for plain in depth_items(n):
        right = plain.points[plain.answer] if told else plain.points[int(rng.integers(2))]
        draw = _Bars(right)
        drawn = tuple(draw(p, points=plain.points, boxes=()) for p in plain.clean_images)
        made.append(replace(plain, images=drawn, draw=draw))
    return made


@dataclass(frozen=True)
class _Bars:
    """Draws a dot at each point, and a bar to its right, or to its left if it is the one."""

    one: Point

    def __call__(
        self, picture: Picture, *, points: Sequence[Point], boxes: Sequence[Box]
    ) -> Picture:
        def paint() -> Image.Image:
            image = picture.load()
            draw = ImageDraw.Draw(image)
            for p in points:
                side = -1 if (p.x, p.y) == (self.one.x, self.one.y) else 1
                middle = p.x + 9 * side
                draw.rectangle((p.x - 2, p.y - 2, p.x + 2, p.y + 2), fill="red")
                draw.rectangle((middle - 4, p.y - 2, middle + 4, p.y + 2), fill="red")
            return image

        return made_items.picture(paint, key=f"{picture.digest}{points}", size=picture.size)


COLOURS = ("red", "green", "blue", "yellow")


def worded_items(n: int, *, told: float) -> list[Item]:
    """``matching_items`` whose options are colour words, one of them named by the question.

    Args:
        n: how many.
        told: share of the items whose question names the right option; others name any.
    """
    rng, made = np.random.default_rng(18), []
    for plain in matching_items(n):
        named = plain.answer if rng.random() < told else int(rng.integers(4))
        made.append(replace(plain, options=COLOURS, question=f"Which? Trial {COLOURS[named]}."))
    return made
