"""The look of drawn markers: only what they change in a picture, not what they are drawn on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.tasks.item import Picture, Point
from pytest_vlmsight.tasks.presentation import present

from .rows import Clues

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from pytest_vlmsight.tasks.item import Item

    from .rows import FloatArray
    from .subjects import Mark, Subjects

_LEAST = 8
"""Of 255: a smaller change of a channel is no marker."""

_REACH = 0.2
"""From a point as far as its label goes, as a share of the picture's shorter side."""

_BEYOND = 0.12
"""The same from the edge of a box."""

_SIDE = 12


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Hands out a picture that has been decoded already."""

    image: Image

    def __call__(self) -> Image:
        return self.image.copy()


def has_markers(item: Item) -> bool:
    """Whether some picture is not the same as without markers."""
    marked, clean = ([p.digest for p in pictures] for pictures in (item.images, item.clean_images))
    return marked != clean


def mark_clues(
    item: Item, order: Sequence[int], subjects: Subjects, images: Mapping[int, Image]
) -> Clues:
    """Which pixels the markers change around each option, and to which colour.

    Args:
        item: with markers.
        order: as it is presented; markers change letters with it.
        subjects: in that order.
        images: clean pictures by index; at least those that the options are in.
    """
    needed = {subject.image for subject in subjects.options}
    marked = _marked(item, order, images)
    changes = {}
    for index in needed:
        after, before = (
            np.asarray(i.convert("RGB")) for i in (marked[index].load(), images[index])
        )
        changed = np.abs(after.astype(np.int16) - before).max(2) >= _LEAST
        changes[index] = (changed, after)
    masks, figures = [], []
    for subject in subjects.options:
        changed, after = changes[subject.image]
        window = _window(subject.mark, (changed.shape[1], changed.shape[0]))
        mask, shares = _mask(changed, window)
        masks.append(mask.ravel())
        figures.append(shares | _ink(changed, after, window))
    return Clues(
        scalars={name: np.array([f[name] for f in figures]) for name in figures[0]},
        vectors={"mask": np.array(masks)},
    )


def _marked(item: Item, order: Sequence[int], images: Mapping[int, Image]) -> tuple[Picture, ...]:
    """The pictures as a model sees them, without decoding the clean ones again."""
    if item.draw is None:
        return present(item, order).images
    clean = tuple(
        replace(picture, _open=_Loaded(images[index])) if index in images else picture
        for index, picture in enumerate(item.clean_images)
    )
    drawn = tuple(
        item.draw(
            picture,
            points=[p for p in item.points if p.image == index],
            boxes=[b for b in item.boxes if b.image == index],
        )
        for index, picture in enumerate(clean)
    )
    return present(replace(item, clean_images=clean, images=drawn), order).images


def _window(mark: Mark | None, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of where a marker may be; it may lie beyond the picture."""
    if mark is None:
        return (0, 0, *size)
    if isinstance(mark, Point):
        reach = _REACH * min(size)
        edges = (mark.x - reach, mark.y - reach, mark.x + reach, mark.y + reach)
    else:
        reach = _BEYOND * min(size)
        edges = (mark.x0 - reach, mark.y0 - reach, mark.x1 + reach, mark.y1 + reach)
    left, top, right, bottom = (round(edge) for edge in edges)
    return (left, top, max(right, left + 1), max(bottom, top + 1))


def _mask(
    changed: NDArray[np.bool_], window: tuple[int, int, int, int]
) -> tuple[FloatArray, dict[str, float]]:
    """(12, 12) shares of changed pixels in the window, and what they come to.

    Beyond the picture nothing is changed.
    """
    from PIL import Image

    whole = Image.fromarray(changed.astype(np.uint8) * 255).crop(window)
    small = whole.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    mask = np.asarray(small, dtype=np.float64) / 255
    middle = (np.arange(_SIDE) + 0.5) / _SIDE - 0.5
    total = max(float(mask.sum()), 1e-9)
    across, down = mask.sum(0) / total, mask.sum(1) / total
    height, width = changed.shape
    left, top, right, bottom = window
    inside = (min(right, width) - max(left, 0)) * (min(bottom, height) - max(top, 0))
    area = (right - left) * (bottom - top)
    return mask, {
        "changed share": float(mask.mean()),
        "changed pixels": float(mask.mean() * area / (width * height)),
        "marker's x": float(across @ middle),
        "marker's y": float(down @ middle),
        "marker's width": float(np.sqrt(across @ middle**2)),
        "marker's height": float(np.sqrt(down @ middle**2)),
        "window's share outside": 1 - max(0, inside) / area,
    }


def _ink(
    changed: NDArray[np.bool_], after: NDArray[np.uint8], window: tuple[int, int, int, int]
) -> dict[str, float]:
    """The commonest colour of what is changed in the window.

    Not the mean: the edges of a marker are mixed with what they are drawn on.
    """
    left, top, right, bottom = window
    part = (slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0)))
    codes = after[part][changed[part]] @ np.array((1 << 16, 1 << 8, 1))
    found, counts = np.unique(codes, return_counts=True)
    code = int(found[counts.argmax()]) if len(found) else 0
    return {
        "marker's red": (code >> 16) / 255,
        "marker's green": (code >> 8 & 255) / 255,
        "marker's blue": (code & 255) / 255,
    }
