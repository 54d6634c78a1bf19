"""Wording, priming and reading back of multiple-choice questions."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_vlmsight.models.base import MeasurementError, Prompt
from pytest_vlmsight.models.prompts import (
    PRIMERS,
    Primer,
    conversation,
    letter_tokens,
    parse_letter,
    wording,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FOUR = ("the car", "a truck", "the red bus", "none of these")

NAMES_ONE = {
    # by itself
    "B": 1,
    "b": 1,
    " B \n": 1,
    "B.": 1,
    "B)": 1,
    "(B)": 1,
    "(b).": 1,
    "[B]": 1,
    '"B"': 1,
    "**B**": 1,
    "B: a truck": 1,
    "(C) the red bus": 2,
    "C, because it is the nearest.": 2,
    "B\nIt is the nearest.": 1,
    "B. A car hides the rest.": 1,
    "D: none of these": 3,
    # said to be the answer
    "The answer is B.": 1,
    "The answer is B": 1,
    "the answer is b": 1,
    "Answer: D": 3,
    "Answer: (D)": 3,
    "Answer:D": 3,
    "answer = c": 2,
    "**Answer:** B": 1,
    "**Answer**: B": 1,
    "The answer is **B**.": 1,
    "The answer is 'B'.": 1,
    "The correct answer is (C) the red bus.": 2,
    "The answer would be A.": 0,
    "The answer is A because it is nearer.": 0,
    "The answer is B. A car hides the rest.": 1,
    "Option C is the right one.": 2,
    "Option A shows it.": 0,
    "I would go for choice D.": 3,
    "Option A is wrong, option B is right.": 1,
    "The answer is B; the answer is B.": 1,
    # in brackets
    "It is (B).": 1,
    "The car(s) in (C)": 2,
    # an option's own text
    "the car": 0,
    "The car.": 0,
    "THE RED BUS": 2,
    "None of these.": 3,
    "B - a truck": 1,
    "B a truck": 1,
}

NAMES_NONE = (
    "",
    "   ",
    "?",
    "Cannot tell",
    "I can't tell.",
    "I can’t tell, but (B) looks likely.",
    "Sorry, I am unable to say: B",
    "I don't know. A",
    "Not sure, B?",
    "A car is to the left",
    "A truck and a car",
    "The answer is a car.",
    "The answer is A car on the left",
    "My choice: a car",
    "I will answer a question with a question.",
    "I'm thinking of a truck",
    "I, for one, like trucks",
    "The answer, I'm afraid, is unclear",
    "The answer is not A",
    "Option A is wrong.",
    "Apple",
    "Because",
    "truck",
    "car",
    # two letters
    "A or B",
    "A, B",
    "A and B are both right",
    "A) or B)",
    "(A) or (B)",
    "(A) and maybe (B)",
    "A/B",
    "The answer is A or B",
    "The answer is A or B I think",
    "The answer is a or b",
    "Answer: A, B and C",
    "The answer is (A). Or is it (B)?",
    "B. No, the answer is C.",
    "Answer: A\nAnswer: B",
    # beyond the options
    "E",
    "(E)",
    "The answer is Z.",
    # letters that are none
    "Answer: \u212a",
    "Answer: \u0130",
    "Ａ",
    "e.g. this one",
)


@pytest.mark.parametrize(("text", "index"), NAMES_ONE.items())
def test_an_answer_that_names_one_option(text: str, index: int) -> None:
    assert parse_letter(text, FOUR) == index


@pytest.mark.parametrize("text", NAMES_NONE)
def test_an_answer_that_names_no_single_option(text: str) -> None:
    assert parse_letter(text, FOUR) is None


@pytest.mark.parametrize("index", range(26))
def test_every_letter_is_read(index: int) -> None:
    letter, options = string.ascii_uppercase[index], [f"thing {k}" for k in range(26)]
    for text in (letter, f"({letter})", f"The answer is {letter}.", letter.lower(), f"{letter}:"):
        assert parse_letter(text, options) == index
        assert parse_letter(text, options[:index]) is None


def test_the_letter_counts_where_options_are_letters_themselves() -> None:
    assert parse_letter("A", ("B", "A")) == 0
    assert parse_letter("B: A", ("B", "A")) == 1


def test_the_same_text_twice_names_neither() -> None:
    assert parse_letter("left", ("left", "left", "right")) is None


def test_refusing_words_inside_an_option_are_no_refusal() -> None:
    options = ("left", "cannot be determined")
    assert parse_letter("Cannot be determined.", options) == 1
    assert parse_letter("B: cannot be determined", options) == 1
    assert parse_letter("A: cannot be determined", options) is None


_words = st.sampled_from(
    ["answer", "option", "is", "A", "b", "C", "D.", "or", "not", *":(),*'\nıſK İ(I’-="]
)


@given(
    text=st.text() | st.lists(_words, max_size=12).map(" ".join) | st.lists(_words).map("".join),
    options=st.lists(st.text(max_size=6), max_size=30),
)
@example(text="answer: ſ", options=["x"] * 30)
@example(text="\u212a", options=["x"] * 30)
def test_any_text_is_read_without_error_and_within_the_options(
    text: str, options: list[str]
) -> None:
    index = parse_letter(text, options)
    assert index is None or 0 <= index < len(options)


@given(st.text(alphabet=st.sampled_from("( '\"*[:=a)]") | st.characters(), max_size=4000))
def test_no_text_takes_long(text: str) -> None:
    parse_letter(text, FOUR)


@pytest.mark.parametrize("piece", ["(", "answer ", "answer is ", "a ", " ", "A, ", "*"])
def test_repetition_takes_no_longer_than_linear(piece: str) -> None:
    import time

    start = time.process_time()
    parse_letter("x" + piece * 4000 + "x", FOUR)
    assert time.process_time() - start < 1


def test_wording_has_the_question_lettered_options_and_the_instruction() -> None:
    prompt = Prompt(images=(), question="Which is near?", options=("car", "bus"))
    assert wording(prompt) == (
        "Which is near?\n(A) car\n(B) bus\nAnswer with the letter of the right option."
    )


def test_a_conversation_starts_with_the_images_and_may_end_primed() -> None:
    prompt = Prompt(images=(), question="Which?", options=("car", "bus"))
    (asked,) = conversation(prompt, images=["one", "two"], primer=None)
    assert asked["role"] == "user"
    assert [part["type"] for part in asked["content"]] == ["image", "image", "text"]
    assert [part.get("image") for part in asked["content"]] == ["one", "two", None]
    assert asked["content"][-1]["text"] == wording(prompt)
    again, primed = conversation(prompt, images=["one", "two"], primer=PRIMERS[0])
    assert again == asked
    assert primed == {"role": "assistant", "content": [{"type": "text", "text": "Answer: ("}]}


def characters(text: str) -> list[int]:
    """A tokenizer of single characters."""
    return [ord(letter) for letter in text]


def merging(*merged: str) -> Callable[[str], list[int]]:
    """A tokenizer of single characters but for these pieces, which are tokens."""

    def tokenize(text: str) -> list[int]:
        for number, piece in enumerate(merged):
            text = text.replace(piece, chr(0xE000 + number))
        return characters(text)

    return tokenize


def rendered(primer: Primer) -> str:
    return f"USER: Which? ASSISTANT: {primer.text}"


def test_the_first_primer_is_used_where_letters_are_tokens_after_it() -> None:
    assert letter_tokens(characters, rendered, count=3) == (PRIMERS[0], characters("ABC"))


def test_a_tokenizer_that_merges_the_bracket_gets_the_second_primer() -> None:
    tokenize = merging("(A", "(B", " A", " B")
    primer, ids = letter_tokens(tokenize, rendered, count=2)
    assert primer == PRIMERS[1]
    assert ids == [0xE002, 0xE003]
    # In context: what the model has read is the prefix of what it would have said.
    assert tokenize(rendered(primer) + " B") == [*tokenize(rendered(primer)), 0xE003]


def test_the_third_primer_is_used_where_a_space_is_a_token_of_its_own() -> None:
    def tokenize(text: str) -> list[int]:
        # "(" swallows what follows, and a space before a letter takes two tokens.
        return [ord(c) for c in text.replace("(A", "á").replace("(B", "é")]

    assert letter_tokens(tokenize, rendered, count=2) == (PRIMERS[2], characters("AB"))


def test_letters_that_share_a_token_cannot_be_scored() -> None:
    def unknown(text: str) -> list[int]:
        return [0 if letter in "BC" else ord(letter) for letter in text]

    with pytest.raises(MeasurementError) as error:
        letter_tokens(unknown, rendered, count=3)
    message = str(error.value)
    assert "letters A to C cannot be told apart" in message
    assert "share tokens ([65, 0, 0])" in message
    assert "--vlm-scoring=generate" in message
    assert letter_tokens(unknown, rendered, count=2) == (PRIMERS[0], [65, 0])


def test_letters_of_several_tokens_cannot_be_scored() -> None:
    def two_each(text: str) -> list[int]:
        return [k for letter in text for k in ([1, ord(letter)] if letter in "AB" else [2])]

    with pytest.raises(MeasurementError, match="are not one token each"):
        letter_tokens(two_each, rendered, count=2)


def test_a_template_that_strips_the_primer_is_named() -> None:
    with pytest.raises(MeasurementError) as error:
        letter_tokens(characters, lambda primer: rendered(primer) + "</s>", count=2)
    assert str(error.value).count("the chat template does not end with it") == len(PRIMERS)


def test_a_template_that_strips_only_trailing_space_still_gets_a_primer() -> None:
    tokenize = merging("(A", "(B", " A", " B")
    primer, _ = letter_tokens(tokenize, lambda p: rendered(p).rstrip(), count=2)
    assert primer == PRIMERS[1]
