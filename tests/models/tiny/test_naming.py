"""Naming questions are right about their pictures, and their letters are not spread evenly."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest

from pytest_vlmsight.models.tiny.naming import (
    COLOURS,
    LETTERS,
    Examination,
    _beside,
    _middles,
    _several,
    both_ways,
    examination,
    in_words,
    question,
)
from pytest_vlmsight.tasks.scenes.render import truth


@cache
def some() -> list[Examination]:
    return [examination(np.random.default_rng(seed), questions=20) for seed in range(30)]


def test_examinations_are_decided_by_their_random_numbers() -> None:
    again = examination(np.random.default_rng(3), questions=20)
    assert np.array_equal(again.pixels, some()[3].pixels)
    assert again.questions == some()[3].questions


def test_options_are_different_and_the_answer_is_one_of_them() -> None:
    for one in some():
        assert one.pixels.shape[1:] == (224, 224, 3)
        assert one.pixels.dtype == np.uint8
        assert one.questions
        described, *others = one.questions
        assert described.options == ()
        assert described.words
        for asked in others:
            assert len(set(asked.options)) == len(asked.options) >= 2
            assert 0 <= asked.answer < len(asked.options)
            assert not asked.words


def test_questions_in_words_ask_for_what_was_right() -> None:
    for one in some():
        worded = in_words(one.questions)
        assert worded[0] == one.questions[0]
        for asked, before in zip(worded[1:], one.questions[1:], strict=True):
            assert asked.options == ()
            assert (asked.about, asked.text) == (before.about, before.text)
            assert asked.words == before.options[before.answer]


def test_asked_both_ways_every_question_is_asked_once() -> None:
    for one in some():
        asked = both_ways(one.questions)
        assert sorted(q.text for q in asked) == sorted(q.text for q in one.questions)
        lettered = [q for q in asked if q.options]
        assert len(lettered) == len(one.questions) // 2
        assert all(q in one.questions for q in lettered)


def test_a_description_names_what_is_asked_about_from_left_to_right() -> None:
    for one in some():
        described, *others = one.questions
        things = described.words.replace(";", ",").split(", ")
        for asked in others:
            right = asked.options[asked.answer]
            if asked.about in {"kind", "mark", "colour"}:
                assert any(right in thing for thing in things), (described, asked)
            if asked.about == "count":
                assert ("one", "two", "three", "four").index(right) + 1 == len(things)
            if asked.about == "place":
                assert right in things[0 if "left" in asked.text else -1]


def test_no_description_is_asked_for_where_none_is_wanted() -> None:
    asked = examination(np.random.default_rng(3), questions=1, captions=False).questions
    assert len(asked) == 1
    assert asked[0].options


def test_everything_is_asked_for() -> None:
    about = Counter(asked.about for one in some() for asked in one.questions)
    asked = {"kind", "colour", "count", "place", "image", "mark", "point"}
    assert set(about) == {*asked, "caption"}


def test_so_many_questions_are_asked() -> None:
    for seed in range(5):
        few = examination(np.random.default_rng(seed), questions=2)
        assert 2 <= len(few.questions) <= 3


def test_letters_are_as_frequent_as_they_are_to_be() -> None:
    rng = np.random.default_rng(0)
    for wrong in (["b"], ["b", "c", "d"], list("bcdefgh")):
        asked = [question(rng, "kind", "?", "a", wrong) for _ in range(2000)]
        length = min(len(wrong) + 1, len(LETTERS))
        assert {len(one.options) for one in asked} == {length}
        assert all(one.options[one.answer] == "a" for one in asked)
        shares = np.bincount([one.answer for one in asked], minlength=length) / len(asked)
        expected = np.array(LETTERS[:length]) / sum(LETTERS[:length])
        assert np.abs(shares - expected).max() < 0.04


@pytest.mark.parametrize("seed", range(6))
def test_things_stand_from_left_to_right_in_their_colours(seed: int) -> None:
    kinds, colours = ["ball", "cube", "cone", "pill"], list(COLOURS)[seed % 4 : seed % 4 + 4]
    scene, camera = _beside(np.random.default_rng(seed), kinds, colours)
    known = truth(scene, camera, 112)
    columns = [np.flatnonzero((known.thing == k).any(0)).mean() for k in range(4)]
    assert columns == sorted(columns)
    assert [thing.kind for thing in scene.things] == kinds
    for k, (x, y) in enumerate(_middles(scene.things, camera)):
        assert known.thing[int(112 * y), int(112 * x)] == k
        # None is cut off.
        rows, places = np.nonzero(known.thing == k)
        assert min(rows.min(), places.min()) > 0
        assert max(rows.max(), places.max()) < 111


def hue(pixels: np.ndarray) -> np.ndarray:
    """The direction of a colour's light, whatever its brightness."""
    light = (pixels.astype(float) / 255) ** 2
    return np.asarray(light / np.linalg.norm(light))


def test_what_is_said_to_have_a_colour_has_it() -> None:
    """In pixels: the ones that are nearest to the hue are more where it is named."""
    checked = 0
    for seed in range(40):
        pixels, _, asked = _several(np.random.default_rng(seed))
        named = {q.options[q.answer] for q in asked if q.about == "colour"} - {
            "white",
            "black",
            "orange",
        }
        flat = pixels[0].reshape(-1, 3)
        bright = flat[flat.max(1) > 60]
        light = (bright.astype(float) / 255) ** 2
        light /= np.linalg.norm(light, axis=1, keepdims=True)
        for colour in named:
            near = light @ hue(np.sqrt(np.array(COLOURS[colour])) * 255) > 0.97
            assert near.sum() > 20, (seed, colour)
            checked += 1
    assert checked > 30
