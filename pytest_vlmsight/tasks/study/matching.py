"""Items that ask which of four points of one image is that of another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.item import REFERENCE, Item, Point, letter

from .source import with_markers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Picture

Spot = tuple[float, float]

_APART = 0.08
"""Least distance of two options, as a share of the image's shorter side: their rings do not
touch, and which ring a letter belongs to can be seen."""


def apart(
    right: Spot,
    others: Sequence[Spot],
    *,
    size: tuple[int, int],
    count: int,
    least: float = _APART,
) -> list[Spot] | None:
    """The first so many places that lie far enough from the right one and from each other.

    Args:
        right: the right option.
        others: those that may be wrong ones, in the order in which they are tried.
        size: of their image in px.
        count: how many are needed.
        least: distance, as a share of the image's shorter side.

    Returns:
        None where there are too few.
    """
    far, chosen = least * min(size), [right]
    for place in others:
        if len(chosen) <= count and all(math.dist(place, one) >= far for one in chosen):
            chosen.append(place)
    return chosen[1:] if len(chosen) > count else None


def match_item(
    canvas: Canvas,
    *,
    name: str,
    pictures: tuple[Picture, Picture],
    question: str,
    reference: Spot,
    right: Spot,
    wrong: Sequence[Spot],
    slices: Sequence[tuple[str, str]] = (),
) -> Item:
    """Which point of the second image is the one marked in the first.

    Where the right one stands among the options is decided by the item's name.
    """
    rng = generator("study", "options", name)
    answer = int(rng.random() * (1 + len(wrong)))
    options = [*wrong[:answer], right, *wrong[answer:]]
    points = [Point(image=0, x=reference[0], y=reference[1], label=REFERENCE)]
    points += [Point(image=1, x=x, y=y, label=letter(i)) for i, (x, y) in enumerate(options)]
    return with_markers(
        canvas,
        name=name,
        pictures=pictures,
        question=question,
        options=[f"point {letter(i)}" for i in range(len(options))],
        answer=answer,
        points=points,
        slices=slices,
    )
