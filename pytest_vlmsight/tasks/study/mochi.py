"""MOCHI: which of three or four images shows another object, with what people answered.

A row has ``dataset`` (barense, shapenet, shapegen, or majaj, which papers call hvm),
``condition``, ``trial``, ``n_objects``, ``oddity_index`` (from 0), ``images`` and ``human_avg``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import Item

from .source import Source, shuffled
from .table import NUMBER, PICTURES, TEXT, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_vlmsight.tasks.generated import Canvas

    from .access import Files
    from .rows import Row
    from .source import LeftOut

_QUESTION = (
    "All images but one show the same object, seen from different sides. "
    "Which image shows another object?"
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")

_ALSO_CALLED = {"majaj": "hvm"}


def patterns(part: str) -> tuple[str, ...]:  # noqa: ARG001 - there is one part
    """The files."""
    return ("*train-*.parquet",)


def open_source(files: Files, *, part: str, canvas: Canvas) -> _Mochi:  # noqa: ARG001 - as all
    """All items.

    Raises:
        StudyError: a column is missing or holds something else.
    """
    columns = {"dataset": TEXT, "condition": TEXT, "trial": TEXT, "n_objects": NUMBER}
    columns |= {"oddity_index": NUMBER, "images": PICTURES, "human_avg": NUMBER}
    return _Mochi(Table(files, columns))


@dataclass(frozen=True)
class _Mochi(Source):
    table: Table

    @property
    def told(self) -> str:
        return self.table.files.told

    def order(self, seed: int) -> list[int]:
        return shuffled(len(self.table), seed)

    def make(self, numbers: Sequence[int]) -> list[Item | LeftOut]:
        rows = self.table.whole(numbers)
        return [self._item(rows[number]) for number in numbers]

    def _item(self, row: Row) -> Item:
        count, odd = row.whole("n_objects", least=3), row.whole("oddity_index")
        pictures = row.pictures("images", least=3)
        if len(pictures) != count or count > len(_ORDINALS):
            raise row.where.error("images", f"{len(pictures)} images", f"n_objects, {count}")
        if odd >= count:
            raise row.where.wrong("oddity_index", odd, f"0 to {count - 1}")
        family, condition = _family(row), row.text("condition")
        return Item(
            name=row.text("trial"),
            images=pictures,
            clean_images=pictures,
            question=_QUESTION,
            options=tuple(f"the {name} image" for name in _ORDINALS[:count]),
            answer=odd,
            slices=(
                ("family", family),
                # One slice a family: all conditions in one would be too many to be shown.
                (f"condition of {family}", condition),
                ("images", str(count)),
            ),
        )

    def beside(self, numbers: Sequence[int]) -> Mapping[str, str | int]:
        """People's accuracy on the same items, by family."""
        shares: dict[str, list[float]] = {}
        for number in numbers:
            row = self.table.plain[number]
            for name in ("all", _family(row)):
                shares.setdefault(name, []).append(human_accuracy(row))
        told = ", ".join(
            f"{name} {100 * sum(some) / len(some):.1f}% (n={len(some)})"
            for name, some in shares.items()
        )
        return {"human_accuracy": told} if told else {}


def human_accuracy(row: Row) -> float:
    """Share of people who were right.

    ``human_avg`` is chance at 0 and perfect at 1, as far as is known; guessing alone is right
    once in n images.
    """
    guessed = 1 / row.whole("n_objects", least=3)
    return max(0.0, row.number("human_avg") * (1 - guessed) + guessed)  # no -0.0


def _family(row: Row) -> str:
    name = row.text("dataset")
    return _ALSO_CALLED.get(name, name)
