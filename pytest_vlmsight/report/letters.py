"""Which letters are answered: a model that does not look prefers some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_vlmsight.tasks.item import letter

if TYPE_CHECKING:
    from pytest_vlmsight.evaluation import Evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterCount:
    """How often a letter was right, and was answered.

    Attributes:
        letter: "A", …; empty for answers that name none.
        key: times that the right option stood there.
        sighted: answers with the image.
        blind: answers of the strongest blind run.
        asked: number of questions.
    """

    letter: str
    key: int
    sighted: int
    blind: int
    asked: int


def letter_counts(evaluation: Evaluation) -> list[LetterCount]:
    """A row per letter; rotations of an item count as questions of their own.

    Where answers were given that name no letter, there is a last row for them.
    """
    orders = evaluation.orders
    width = orders.shape[-1]

    def counts(choices: np.ndarray) -> list[int]:
        # An answer that names no option is put behind the last letter.
        places = np.where(choices < 0, width, (orders == choices[..., None]).argmax(-1))
        counted: list[int] = np.bincount(places.ravel(), minlength=width + 1).tolist()
        return counted

    key = counts(np.broadcast_to(evaluation.gold[:, None], orders.shape[:2]))
    sighted = counts(evaluation.sighted.choices)
    blind = counts(evaluation.blind[evaluation.strongest_blind].choices)
    rows = [
        LetterCount(
            letter=letter(place) if place < width else "",
            key=key[place],
            sighted=sighted[place],
            blind=blind[place],
            asked=int(evaluation.sighted.choices.size),
        )
        for place in range(width + 1)
    ]
    silent = rows[-1]
    return rows if silent.sighted or silent.blind else rows[:-1]
