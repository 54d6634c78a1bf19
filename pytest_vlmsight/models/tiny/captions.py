"""What can be said of a picture: which things, surfaces and techniques are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import labels
from .pictures import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator

SAID = ("kind", "surface", "technique")
"""What is said: of markers and parts of things nothing is."""

_MOST = 6
"""Things that are named, the largest first."""


def present(classes: Any) -> list[list[int]]:
    """For each of ``SAID`` the numbers that are in a picture, from the largest area.

    Args:
        classes: (6, 28, 28) of one picture.
    """
    found = []
    for name in SAID:
        numbers, areas = np.unique(classes[CLASSES.index(name)], return_counts=True)
        order = np.argsort(-areas, kind="stable")
        found.append([int(numbers[k]) for k in order if numbers[k]])
    return found


def caption(classes: Any) -> str:
    """A picture in words, such as "a lamp, a dog" or "a rough cone"; "" where none are known.

    Args:
        classes: (6, 28, 28) of one picture.
    """
    kinds, surfaces, techniques = (
        [_names(name)[number] for number in numbers]
        for name, numbers in zip(SAID, present(classes), strict=True)
    )
    if surfaces:  # those of the first thing, which is the largest
        kinds = [f"{surfaces[0]} {kind}" for kind in kinds[:1]] + kinds[1:]
    said = ", ".join(f"a {kind}" for kind in kinds[:_MOST])
    if techniques:
        said += f" drawn in {techniques[0]}"
    return said.strip()


def words() -> list[str]:
    """All words of captions, in an order that is always the same."""
    names = (told for name in SAID for told in _names(name).values())
    return sorted({word for told in names for word in told.split()})


def _names(name: str) -> dict[int, str]:
    return {number: told for told, number in labels.CLASSES[name]().items()}


def word_by_word(said: str) -> Iterator[str]:
    """The words of a caption that mean something."""
    known = set(words())
    return (word for word in said.replace(",", "").split() if word in known)
