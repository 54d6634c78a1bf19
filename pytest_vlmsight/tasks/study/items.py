"""The items of a public data set's task, made when they are asked for."""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.generated import digest
from pytest_vlmsight.tasks.item import Item, Task
from pytest_vlmsight.tasks.pack_error import PackError

from .access import find
from .catalogue import STUDY
from .data_sets import DATA_SETS
from .errors import StudyError
from .source import LeftOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_vlmsight.tasks.generated import Canvas

    from .catalogue import Entry
    from .source import Source


def study_task(name: str, canvas: Canvas) -> Task:
    """A task by its name in the catalogue; nothing is read or downloaded yet."""
    entry = STUDY[name]
    data = DATA_SETS[entry.data]
    items = StudyItems(entry, canvas)
    where = f"{data.source}, {entry.part}" if entry.part != "all" else data.source
    return Task(
        name=name,
        version=entry.version,
        readout=entry.readout,
        source=f"public data set: {where}; {entry.about}",
        licence=data.licence,
        make_items=items,
        available=entry.items,
        fingerprint=digest({"task": name, **asdict(entry), "revision": data.revision}),
        on_demand=True,
        told=items.told,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    items: list[Item]
    left_out: list[LeftOut]
    source: str
    beside: Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class StudyItems:
    """Makes items of one task; what was made last is kept, so that it is read once a run."""

    entry: Entry
    canvas: Canvas
    _last: dict[tuple[int, int], _Made] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, n: int, seed: int) -> list[Item]:
        """At most n items of a seed; those that are left out are not among them.

        Raises:
            StudyError: the data set is not there, or not as expected.
        """
        return list(self._made(n, seed).items)

    def told(self, n: int, seed: int) -> dict[str, str | int]:
        """Where the items come from, and which were left out of both sides.

        Raises:
            StudyError: the data set is not there, or not as expected.
        """
        made = self._made(n, seed)
        found: dict[str, str | int] = {"data": made.source, "left_out": len(made.left_out)}
        if made.left_out:
            found["left_out_items"] = "; ".join(f"{o.name}: {o.reason}" for o in made.left_out)
        return {**found, **made.beside}

    def _made(self, n: int, seed: int) -> _Made:
        if (n, seed) not in self._last:
            made = self._make(n, seed)
            self._last.clear()
            self._last[n, seed] = made
        return self._last[n, seed]

    def _make(self, n: int, seed: int) -> _Made:
        try:
            source = self._source()
            order = source.order(seed)
            items: list[Item] = []
            left_out: list[LeftOut] = []
            numbers: list[int] = []
            while order and len(items) < n:
                # All at once: a table is read from its beginning every time.
                some, order = order[: n - len(items)], order[n - len(items) :]
                for number, one in zip(some, source.make(some), strict=True):
                    if isinstance(one, LeftOut):
                        left_out.append(one)
                    else:
                        items.append(one)
                        numbers.append(number)
            beside = source.beside(numbers)
        except PackError as error:
            raise StudyError(str(error)) from error
        if not items and left_out:
            first = left_out[0]
            raise StudyError(
                f"data set {self.entry.data}, {self.entry.part}: all {len(left_out)} items had to "
                f"be left out; the first, {first.name}: {first.reason}"
            )
        return _Made(items=_distinct(items), left_out=left_out, source=source.told, beside=beside)

    def _source(self) -> Source:
        loader = importlib.import_module(f".{self.entry.loader}", __package__)
        data = DATA_SETS[self.entry.data]
        files = find(data, loader.patterns(self.entry.part), canvas=self.canvas)
        source: Source = loader.open_source(files, part=self.entry.part, canvas=self.canvas)
        return source


def _distinct(items: list[Item]) -> list[Item]:
    """Each item once: a data set may have some of them twice, and each counts as evidence."""
    return list({item.id: item for item in items}.values())
