"""Words of the question and the options: what can be answered without any image."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from .rows import Clues

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .rows import FloatArray

_MOST = 150
"""Words in a vocabulary; the commonest are kept."""


def word_clues(questions: Sequence[str], options: Sequence[Sequence[str]]) -> list[Clues]:
    """Bags of words of each item's question and of each option, and how both overlap.

    Args:
        questions: of each item.
        options: of each item, by position.

    Returns:
        The clues of each item.
    """
    asked = bags(questions)
    texts = [text for item in options for text in item]
    told, clues, row = bags(texts), [], 0
    for index, (question, own) in enumerate(zip(questions, options, strict=True)):
        words = set(_words(question))
        sets = [set(_words(text)) for text in own]
        alone = [
            s - set().union(*(o for j, o in enumerate(sets) if j != i)) for i, s in enumerate(sets)
        ]
        scalars = {
            "number of words in the question": [len(s & words) for s in sets],
            "number of own words in the question": [len(s & words) for s in alone],
            "length of text": [len(text) for text in own],
            "number of words": [len(_words(text)) for text in own],
        }
        clues.append(
            Clues(
                scalars={name: np.array(values, dtype=float) for name, values in scalars.items()},
                vectors={
                    "position": np.eye(len(own), max(map(len, options))),
                    "question": np.tile(asked[index], (len(own), 1)),
                    "option": told[row : row + len(own)],
                },
            )
        )
        row += len(own)
    return clues


def bags(texts: Sequence[str]) -> FloatArray:
    """(n, v) how often each text has each word that some texts, but not all, have.

    Words of a single text are left out: nothing can be learned from them.
    """
    split = [Counter(_words(text)) for text in texts]
    found = Counter(word for words in split for word in words)
    usual = [w for w, c in found.most_common() if c > 1 and _varies(w, split)]
    column = {word: index for index, word in enumerate(usual[:_MOST])}
    bag = np.zeros((len(texts), len(column)))
    for index, words in enumerate(split):
        for word, count in words.items():
            if word in column:
                bag[index, column[word]] = count
    return bag


def _varies(word: str, texts: Sequence[Counter[str]]) -> bool:
    return len({words[word] for words in texts}) > 1


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())
