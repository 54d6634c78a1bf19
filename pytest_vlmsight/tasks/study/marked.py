"""Points of markers that are burned into an item's pictures, or why they are not certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.item import Picture, Point


def burned_points(
    pictures: Sequence[Picture], labels: Sequence[Sequence[str]]
) -> tuple[Point, ...] | str:
    """The points of an item's pictures, or why they are not certain; nothing is guessed.

    Args:
        pictures: of the item.
        labels: of the markers that each of them must have.
    """
    from . import burned_markers

    points: list[Point] = []
    reasons = []
    for image, (picture, names) in enumerate(zip(pictures, labels, strict=True)):
        found = burned_markers.found(picture, labels=tuple(names))
        if found.certain:
            points += found.points(image=image)
        else:
            reasons.append(f"image {image + 1}: {found.reason}")
    return "; ".join(reasons) or tuple(points)
