"""FunKPoint: five points of an object that serve one action, the same for all objects of it.

A folder for each action has ``references.csv`` with ``action, object_category,
source_image_path, p1_x, p1_y, … p5_x, p5_y``, places as shares of width and height. Point k of
one object is point k of another; wrong options are three of its other four.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import generator
from pytest_vlmsight.tasks.pack_error import Place
from pytest_vlmsight.tasks.picture_file import PictureFiles

from .errors import Where
from .matching import apart, match_item
from .source import LeftOut, Source, shuffled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas
    from pytest_vlmsight.tasks.item import Item, Picture

    from .access import Files

_POINTS = 5
_COLUMNS = (
    "action",
    "object_category",
    "source_image_path",
    *(f"p{k}_{axis}" for k in range(1, _POINTS + 1) for axis in "xy"),
)


def patterns(part: str) -> tuple[str, ...]:  # noqa: ARG001 - there is one part
    """The files; images are read by the names in them."""
    return ("*/references.csv", "references.csv")


def open_source(files: Files, *, part: str, canvas: Canvas) -> _FunKPoint:  # noqa: ARG001 - as all
    """All objects that have another of their action, with markers drawn on them."""
    return _FunKPoint(files, canvas)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Object:
    action: str
    category: str
    folder: Path
    image: str
    places: tuple[tuple[float, float], ...]
    where: Where


@dataclass(frozen=True)
class _FunKPoint(Source):
    files: Files
    canvas: Canvas

    @property
    def told(self) -> str:
        return self.files.told

    @cached_property
    def _objects(self) -> list[_Object]:
        return [one for path in self.files.paths for one in self._of_file(path)]

    def _of_file(self, path: Path) -> list[_Object]:
        where = Where(f"{self.files.data.key}/{path.relative_to(self.files.folder).as_posix()}")
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file, strict=True)
                names = reader.fieldnames or []
                for column in _COLUMNS:
                    if column not in names:
                        given = f"no such column, but {', '.join(map(repr, names)) or 'none'}"
                        raise where.error(column, given, "one")
                return [
                    _object(row, path.parent, where.at(number)) for number, row in enumerate(reader)
                ]
        except (OSError, ValueError, csv.Error) as error:
            raise where.error("", f"a file that cannot be read ({error})", "CSV") from error

    @cached_property
    def _by_action(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, one in enumerate(self._objects):
            found.setdefault(one.action, []).append(number)
        return found

    def order(self, seed: int) -> list[int]:
        return [
            number
            for number in shuffled(len(self._objects), seed)
            if len(self._by_action[self._objects[number].action]) > 1
        ]

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        return [self._item(number) for number in numbers]

    def _item(self, number: int) -> Item | LeftOut:
        one = self._objects[number]
        rng = generator("study", "funkpoint", number)
        partners = [n for n in self._by_action[one.action] if n != number]
        # Of another kind where there is one: else it is a matter of looks alone.
        partners = [n for n in partners if self._objects[n].category != one.category] or partners
        other = self._objects[partners[int(rng.random() * len(partners))]]
        first, second = self._picture(one), self._picture(other)
        name = f"{one.action} {number}"
        index = int(rng.random() * _POINTS)
        targets = [_scaled(place, second.size) for place in other.places]
        wrong = apart(
            targets[index], targets[:index] + targets[index + 1 :], size=second.size, count=3
        )
        if wrong is None:
            return LeftOut(name, "points lie too close together to be marked apart")
        return match_item(
            self.canvas,
            name=name,
            pictures=(first, second),
            question=(
                f"Both objects can be used for one action: {one.action.replace('_', ' ')}. A point "
                "REF is marked on the first. Which point of the second object serves the action as "
                "REF does?"
            ),
            reference=_scaled(one.places[index], first.size),
            right=targets[index],
            wrong=wrong,
            slices=(("action", one.action), ("kind", one.category)),
        )

    def _picture(self, one: _Object) -> Picture:
        """Its path is seen from its own folder, or from that of the data set."""
        folder = one.folder if (one.folder / one.image).is_file() else self.files.folder
        return PictureFiles(folder).picture(
            one.image, Place(Path(one.where.file)), "source_image_path"
        )


def _object(row: dict[str, str], folder: Path, where: Where) -> _Object:
    places = []
    for k in range(1, _POINTS + 1):
        place = []
        for axis in "xy":
            name = f"p{k}_{axis}"
            try:
                value = float(row[name])
            except (TypeError, ValueError) as error:
                raise where.wrong(name, row[name], "a number") from error
            if not 0 <= value <= 1:
                raise where.error(name, f"{value:g}", "a share from 0 to 1")
            place.append(value)
        places.append((place[0], place[1]))
    for name in ("action", "object_category", "source_image_path"):
        if not (row[name] or "").strip():
            raise where.wrong(name, row[name], "a text")
    return _Object(
        action=row["action"].strip(),
        category=row["object_category"].strip(),
        folder=folder,
        image=row["source_image_path"].strip(),
        places=tuple(places),
        where=where,
    )


def _scaled(place: tuple[float, float], size: tuple[int, int]) -> tuple[float, float]:
    """In px; the last edge is no pixel's any more."""
    x, y = (min(share * side, side - 0.5) for share, side in zip(place, size, strict=True))
    return x, y
