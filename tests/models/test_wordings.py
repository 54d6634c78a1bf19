"""Wordings are many, all say what is asked, and all can be answered by letters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from asking import noise, prompt
from made_items import same_colour_items

from pytest_vlmsight import questions
from pytest_vlmsight.models.prompts import PRIMERS, primers_for, wording
from pytest_vlmsight.models.wordings import DEFAULT, WORDINGS
from pytest_vlmsight.tasks.presentation import present

if TYPE_CHECKING:
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm
    from pytest_vlmsight.models.wordings import Wording

OPTIONS = {"A": "ca{r}", "B": "bus", "C": "tram"}

EACH = pytest.mark.parametrize("way", WORDINGS, ids=lambda way: way.name)


def test_the_default_is_first_and_no_two_are_alike() -> None:
    assert WORDINGS[0] is DEFAULT
    assert len({way.name for way in WORDINGS}) == len(WORDINGS)
    texts = {way.text("Which?", {"A": "car", "B": "bus"}) for way in WORDINGS}
    assert len(texts) == len(WORDINGS)


@EACH
def test_each_has_the_question_once_and_all_options_in_order(way: Wording) -> None:
    text = way.text("Which {one}?", OPTIONS)
    assert text.count("Which {one}?") == 1
    places = [
        text.index(way.option.format(mark=m, text=t))
        for m, t in (("A", "ca{r}"), ("B", "bus"), ("C", "tram"))
    ]
    assert places == sorted(places)


@EACH
def test_each_is_answered_by_its_letters(vlm: TransformersVlm, way: Wording) -> None:

    asked = [replace(prompt(noise(k), options=3), wording=way) for k in range(2)]
    answers = list(vlm.ask(asked))
    assert [len(answer.logprobs) for answer in answers] == [3, 3]
    usual = next(iter(vlm.ask([replace(asked[0], wording=DEFAULT)])))
    assert (answers[0].logprobs == usual.logprobs) == (way is DEFAULT)


def test_wordings_asked_together_are_answered_as_by_themselves(vlm: TransformersVlm) -> None:

    grey = [replace(prompt(noise(1)), wording=way) for way in WORDINGS]
    together = [answer.logprobs for answer in vlm.ask(grey)]
    alone = [next(iter(vlm.ask([one]))).logprobs for one in grey]
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_an_answer_is_begun_with_a_bracket_where_options_have_one() -> None:

    asked = prompt()
    assert primers_for(asked) == PRIMERS
    for way in WORDINGS:
        first = primers_for(replace(asked, wording=way))[0].text
        assert first.endswith("(") == way.option.startswith("(")


def test_the_provenance_tells_the_primer_of_the_usual_wording(vlm: TransformersVlm) -> None:

    (plain,) = (way for way in WORDINGS if way.name == "A.")
    list(vlm.ask([prompt(noise(0)), replace(prompt(noise(0)), wording=plain)]))
    assert vlm.provenance["primer"] == "Answer: ("


def test_answers_to_other_words_are_not_taken_for_those_to_the_usual_ones() -> None:
    (own,) = same_colour_items(1)
    shown = [[present(own, (0, 1))]]
    keys = [str(questions.sighted(shown, wording=way)[0].decided_by) for way in WORDINGS]
    assert len(set(keys)) == len(WORDINGS)
    assert keys[0] == str(questions.sighted(shown)[0].decided_by)
    for kind in ("blank", "none", "noise"):
        made = questions.blind(kind, shown, seed=0, wording=WORDINGS[1])[0].make()
        assert wording(made) == WORDINGS[1].text(
            own.question, dict(zip("AB", own.options, strict=True))
        )
