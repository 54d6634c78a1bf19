"""Captions say what is in a picture, and nothing of where it is marked or what is asked."""

from __future__ import annotations

from typing import Any

import numpy as np

from pytest_vlmsight.models.tiny import labels
from pytest_vlmsight.models.tiny.captions import SAID, caption, present, word_by_word, words
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID


def picture(**areas: dict[str, int]) -> Any:
    """A picture of so many places of each name."""
    classes = np.zeros((len(CLASSES), GRID * GRID), np.uint8)
    for name, of in areas.items():
        start = 0
        for told, count in of.items():
            number = labels.CLASSES[name]()[told]
            classes[CLASSES.index(name), start : start + count] = number
            start += count
    return classes.reshape(len(CLASSES), GRID, GRID)


def test_the_largest_comes_first() -> None:
    first, second, third = list(labels.kinds())[:3]
    shown = picture(kind={first: 5, second: 9, third: 7})
    kinds = labels.kinds()
    assert present(shown)[0] == [kinds[second], kinds[third], kinds[first]]
    assert caption(shown) == f"a {second}, a {third}, a {first}"


def test_surface_and_technique_are_said() -> None:
    kind, surface = next(iter(labels.kinds())), next(iter(labels.surfaces()))
    technique = next(iter(labels.techniques()))
    told = caption(picture(kind={kind: 3}, surface={surface: 3}))
    assert told == f"a {surface} {kind}"
    assert caption(picture(technique={technique: 3})) == f"drawn in {technique}"


def test_of_what_has_no_name_nothing_is_said() -> None:
    mark, part = next(iter(labels.marks())), next(iter(labels.parts()))
    assert caption(picture()) == ""
    assert caption(picture(mark={mark: 4}, part={part: 4})) == ""


def test_words_that_mean_something_are_all_known() -> None:
    for name in SAID:
        for told in labels.CLASSES[name]():
            shown = picture(kind={"ball": 3}, **({} if name == "kind" else {name: {told: 3}}))
            if name == "kind":
                shown = picture(kind={told: 3})
            assert set(told.split()) <= set(word_by_word(caption(shown))) <= set(words())
