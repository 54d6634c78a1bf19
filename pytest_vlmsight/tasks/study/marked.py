"""Points of markers that are burned into pictures: the seam to ``burned_markers``.

The detector is asked for the markers that a picture must have, and says of every one where it is
or why that is not certain. An item with a marker that is not certain is left out; nothing is
guessed here or there.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.item import Picture, Point


class Found(Protocol):
    """What a detector says of a picture."""

    @property
    def certain(self) -> bool:
        """Whether every marker's place is."""

    @property
    def reason(self) -> str:
        """Why not, in a sentence."""

    def points(self, *, image: int) -> tuple[Point, ...]:
        """The points, of image number ``image`` of an item."""


class Finder(Protocol):
    """A detector."""

    def __call__(self, picture: Picture, *, labels: Sequence[str]) -> Found:
        """The markers of a picture that has these, each once."""


def finder() -> Finder:
    """The detector of this package."""
    return cast("Finder", importlib.import_module(".burned_markers", __package__).found)


def burned_points(
    pictures: Sequence[Picture], labels: Sequence[Sequence[str]]
) -> tuple[Point, ...] | str:
    """The points of an item's pictures, or why they are not certain.

    Args:
        pictures: of the item.
        labels: of the markers in each of them.
    """
    find = finder()
    points: list[Point] = []
    reasons = []
    for image, (picture, names) in enumerate(zip(pictures, labels, strict=True)):
        found = find(picture, labels=tuple(names))
        if found.certain:
            points += found.points(image=image)
        else:
            reasons.append(f"image {image + 1}: {found.reason}")
    return "; ".join(reasons) or tuple(points)
