"""VisOnlyQA, real figures: each of its tasks is a split, and so a file.

A row has ``decoded_image``, ``question``, ``prompt_no_reasoning``, ``answer``,
``response_options`` and ``id``. The answer is one of the options' texts. Where options are mere
letters, their texts stand in the question ("(a) 30 (b) 45").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_vlmsight.tasks.item import Item

from .source import Source, shuffled
from .table import PICTURE, TEXT, TEXTS, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.tasks.generated import Canvas

    from .access import Files
    from .rows import Row
    from .source import LeftOut

_PART = re.compile(r"-\d{5}-of-\d{5}\.parquet$")


def patterns(part: str) -> tuple[str, ...]:  # noqa: ARG001 - there is one part
    """The files: all splits."""
    return ("*.parquet",)


def open_source(files: Files, *, part: str, canvas: Canvas) -> _VisOnlyQa:  # noqa: ARG001 - as all
    """All items.

    Raises:
        StudyError: a column is missing or holds something else.
    """
    columns = {"id": TEXT, "question": TEXT, "prompt_no_reasoning": TEXT, "answer": TEXT}
    columns |= {"response_options": TEXTS, "decoded_image": PICTURE}
    return _VisOnlyQa(Table(files, columns))


@dataclass(frozen=True)
class _VisOnlyQa(Source):
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
        options, answer = row.texts("response_options"), row.text("answer")
        lowered = [option.lower() for option in options]
        if lowered.count(answer.lower()) != 1:
            raise row.where.wrong("answer", answer, f"one of {', '.join(options)}")
        picture = row.picture("decoded_image")
        question, texts = _spelled_out(row.text("question"), options)
        return Item(
            name=row.text("id"),
            images=(picture,),
            clean_images=(picture,),
            question=question,
            options=texts,
            answer=lowered.index(answer.lower()),
            slices=(("task", _PART.sub("", PurePosixPath(row.where.file).name)),),
        )


def _spelled_out(question: str, options: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The question and the texts of its options, which may stand within it.

    >>> _spelled_out("What is the angle? (a) 30 (b) 45", ["a", "b"])
    ('What is the angle?', ('30', '45'))
    >>> _spelled_out("Is it straight?", ["True", "False"])
    ('Is it straight?', ('True', 'False'))
    """
    if not all(len(option) == 1 for option in options):
        return question, tuple(options)
    end, texts = len(question), list[str]()
    for option in reversed(options):
        start = question.lower().rfind(f"({option.lower()})", 0, end)
        text = question[start + 3 : end].strip(" \n,;")
        if start < 0 or not text:
            return question, tuple(f"answer {option}" for option in options)
        texts.insert(0, text)
        end = start
    if len(set(texts)) < len(texts):
        return question, tuple(f"answer {option}" for option in options)
    return question[:end].strip(), tuple(texts)
