"""Which tokens of a prompt show its marked points and boxes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.tasks.item import Box, Point, letter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.models.base import ImageTokens
    from pytest_vlmsight.tasks.item import Item

REACH = 0.04
"""Of a point, to each side, as a share of its image's shorter side: a marker's ring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedTokens:
    """Tokens of one prompt.

    Attributes:
        marked: (t,) whether each shows a marked point or box.
        right: (t,) that of the right answer.
        wrong: (t,) those of the other options, without tokens that show the right one, too.
        other: (t,) places where another item has its points, which are marked in no way here.
    """

    marked: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    other: np.ndarray


def marked_tokens(item: Item, other: Item, tokens: ImageTokens) -> MarkedTokens:
    """What a prompt's tokens show.

    Args:
        item: what the prompt is about.
        other: an item with as many images; its points are put where they are in them, in
            proportion to their sizes.
        tokens: of the prompt.
    """
    marks: tuple[Point | Box, ...] = (*item.points, *item.boxes)
    sizes = [picture.size for picture in item.images]
    options = [letter(k) for k in range(len(item.options))]
    right = [one for one in marks if one.label == options[item.answer]]
    wrong = [one for one in marks if one.label in options and one not in right]
    others: tuple[Point | Box, ...] = (*other.points, *other.boxes)
    theirs = [_moved(one, other.images[one.image].size, sizes[one.image]) for one in others]
    right_tokens = shown(right, sizes, tokens)
    return MarkedTokens(
        marked=shown(marks, sizes, tokens),
        right=right_tokens,
        wrong=shown(wrong, sizes, tokens) & ~right_tokens,
        other=shown(theirs, sizes, tokens),
    )


def shown(
    marks: Sequence[Point | Box], sizes: Sequence[tuple[int, int]], tokens: ImageTokens
) -> np.ndarray:
    """(t,) whether each token shows a part of any mark; at least the nearest does.

    Args:
        marks: points, with the ring around them, and boxes.
        sizes: width and height of each image in px.
        tokens: of a prompt.
    """
    found = np.zeros(len(tokens.x), bool)
    for mark in marks:
        x0, y0, x1, y1 = _extent(mark, sizes[mark.image])
        here = tokens.image == mark.image
        beside = np.maximum(np.maximum(x0 - tokens.x, tokens.x - x1), 0) - tokens.width / 2
        above = np.maximum(np.maximum(y0 - tokens.y, tokens.y - y1), 0) - tokens.height / 2
        own = here & (beside < 0) & (above < 0)
        if here.any() and not own.any():
            own[np.where(here, np.maximum(beside, above), np.inf).argmin()] = True
        found |= own
    return found


def _extent(mark: Point | Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    if isinstance(mark, Box):
        return mark.x0, mark.y0, mark.x1, mark.y1
    reach = REACH * min(size)
    return mark.x - reach, mark.y - reach, mark.x + reach, mark.y + reach


def _moved(mark: Point | Box, size: tuple[int, int], to: tuple[int, int]) -> Point | Box:
    across, down = to[0] / size[0], to[1] / size[1]
    if isinstance(mark, Box):
        return replace(
            mark, x0=mark.x0 * across, x1=mark.x1 * across, y0=mark.y0 * down, y1=mark.y1 * down
        )
    return replace(mark, x=mark.x * across, y=mark.y * down)


def partners(items: Sequence[Item], *, seed: int) -> list[int]:
    """Another item for each, with as many images and with marks; itself where there is none.

    Args:
        items: all that are asked.
        seed: of their order.
    """
    groups: dict[object, list[int]] = {}
    for k in np.random.default_rng([seed, 11]).permutation(len(items)).tolist():
        own = items[k]
        groups.setdefault((len(own.images), len(own.points), len(own.boxes)), []).append(k)
    found = list(range(len(items)))
    for group in groups.values():
        for place, k in enumerate(group):
            found[k] = group[(place + 1) % len(group)]
    return found
