"""Textures of DTD and styles of WikiArt: which of two images is of the same class as a first one.

Both are sets of images with one label each. Each image is the reference of one item; the right
and the wrong option are drawn by a hash of its number, so that an item is the same whatever else
is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.item import Item

from .errors import Where
from .source import Source, shuffled
from .table import ANY, PICTURE, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas

    from .access import Files
    from .rows import Row
    from .source import LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What is compared.

    Attributes:
        column: of the label.
        question: of all items.
        apart: a column in which neither option may be as the reference is; empty for none.
        files: the files.
    """

    column: str
    question: str
    files: tuple[str, ...]
    apart: str = ""


_KINDS = {
    "dtd": _Kind(
        column="label",
        question=(
            "The first image is the reference. Which of the other two images shows the same kind "
            "of texture as the first image?"
        ),
        files=("*test-*.parquet",),
    ),
    "wikiart": _Kind(
        column="style",
        question=(
            "The first image is the reference. Which of the other two images is made in the same "
            "style as the first image? The style is how an image is made, not what it shows."
        ),
        # One of many parts is enough: the whole is tens of gigabytes.
        files=("data/train-00000-of-*.parquet",),
        apart="artist",
    ),
}


def patterns(part: str) -> tuple[str, ...]:
    """The files: DTD is read by its test split, WikiArt by its train split, which is all it has."""
    return _KINDS["wikiart" if part == "train" else "dtd"].files


def open_source(files: Files, *, part: str, canvas: Canvas) -> _SameClass:  # noqa: ARG001 - as all
    """All items.

    Raises:
        StudyError: a column is missing or holds something else.
    """
    kind = _KINDS[files.data.key]
    columns = {"image": PICTURE, kind.column: ANY, **({kind.apart: ANY} if kind.apart else {})}
    return _SameClass(Table(files, columns), kind)


@dataclass(frozen=True)
class _SameClass(Source):
    table: Table
    kind: _Kind

    @property
    def told(self) -> str:
        return self.table.files.told

    @cached_property
    def _labels(self) -> list[str]:
        """Each image's class."""
        names = self.table.classes(self.kind.column)
        labels = [_label(row, self.kind.column, names) for row in self.table.plain]
        if len(set(labels)) < 2:
            where = Where(self.table.files.data.key)
            raise where.error(self.kind.column, f"{len(set(labels))} classes", "two or more")
        return labels

    @cached_property
    def _makers(self) -> list[object]:
        """Of each image, what no option may share with the reference."""
        if not self.kind.apart:
            return list(range(len(self._labels)))
        return [row.values.get(self.kind.apart) for row in self.table.plain]

    @cached_property
    def _members(self) -> dict[str, list[int]]:
        members: dict[str, list[int]] = {}
        for number, label in enumerate(self._labels):
            members.setdefault(label, []).append(number)
        return members

    def order(self, seed: int) -> list[int]:
        """Images that have another of their class to be matched with."""
        return [n for n in shuffled(len(self._labels), seed) if self._trio(n) is not None]

    def _trio(self, number: int) -> tuple[int, int, int, int] | None:
        """The reference, both options and which is right, or None where there is no match."""
        label, maker = self._labels[number], self._makers[number]
        matches = [m for m in self._members[label] if m != number and self._makers[m] != maker]
        if not matches:
            return None
        rng = generator("study", self.table.files.data.key, number)
        match = matches[int(rng.random() * len(matches))]
        others = sorted(set(self._labels).difference([label]))
        for _ in range(100):
            other = self._members[others[int(rng.random() * len(others))]]
            wrong = other[int(rng.random() * len(other))]
            if self._makers[wrong] not in (maker, self._makers[match]):
                # Here and not by the options' order: the images stay where they are.
                second = rng.random() < 0.5
                return (number, wrong, match, 1) if second else (number, match, wrong, 0)
        return None

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        trios = [trio for number in numbers if (trio := self._trio(number)) is not None]
        rows = self.table.whole([number for trio in trios for number in trio[:3]])
        pictures = {number: row.picture("image") for number, row in rows.items()}
        return [
            Item(
                name=f"{self.table.files.data.key} {trio[0]}",
                images=tuple(pictures[number] for number in trio[:3]),
                clean_images=tuple(pictures[number] for number in trio[:3]),
                question=self.kind.question,
                options=("the second image", "the third image"),
                answer=trio[3],
                slices=(("kind", self._labels[trio[0]]),),
            )
            for trio in trios
        ]


def _label(row: Row, column: str, names: Sequence[str]) -> str:
    """The name of a row's class: of a number by the table's own list, where it has one."""
    value = row.values.get(column)
    if isinstance(value, str) and value.strip():
        return value.strip()
    number = row.whole(column)
    if names and number >= len(names):
        raise row.where.wrong(column, number, f"the number of one of {len(names)} classes")
    return names[number] if names else str(number)
