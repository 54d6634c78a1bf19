"""What a loader gives: numbered items that are made when they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import Item
from pytest_vlmsight.tasks.seeded import seeded_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Box, Picture, Point


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that is not asked, of the VLM or of the readout, and why."""

    name: str
    reason: str


class Source(ABC):
    """A data set, opened, with its structure checked; what a loader's class derives from."""

    @property
    @abstractmethod
    def told(self) -> str:
        """Where the data come from, for the record."""

    @abstractmethod
    def order(self, seed: int) -> list[int]:
        """The numbers of all items in the order in which they are asked."""

    @abstractmethod
    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        """Items by their numbers, or why they are left out, in the order given.

        Raises:
            StudyError: the data set is not as expected.
        """

    def beside(self, numbers: Sequence[int]) -> Mapping[str, str | int]:  # noqa: ARG002
        """What else is known of items that were made, for the record."""
        return {}


def shuffled(count: int, seed: int) -> list[int]:
    """The order in which items of a data set are asked."""
    return seeded_order(count, "study", seed)


def with_markers(
    canvas: Canvas,
    *,
    name: str,
    pictures: Sequence[Picture],
    question: str,
    options: Sequence[str],
    answer: int,
    points: Sequence[Point] = (),
    boxes: Sequence[Box] = (),
    slices: Sequence[tuple[str, str]] = (),
) -> Item:
    """An item whose markers are drawn on clean pictures, as a task folder's are."""
    draw = canvas.markers.for_item(name, marks=(*points, *boxes))
    return Item(
        name=name,
        images=draw.paint_all(pictures, points=points, boxes=boxes),
        clean_images=tuple(pictures),
        question=question,
        options=tuple(options),
        answer=answer,
        points=tuple(points),
        boxes=tuple(boxes),
        slices=(*slices, *draw.slices),
        draw=draw,
    )
