"""Part ``attention`` says where a model looks that was planted to look there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from attentive_vlm import AttentiveVlm, tokens_of
from fake_vlm import FakeVlm, always
from layered_vlm import tile_items
from made_items import same_colour_items, task

from pytest_vlmsight.diagnosis.attention import against, diagnose
from pytest_vlmsight.diagnosis.marked_tokens import marked_tokens, partners, shown
from pytest_vlmsight.diagnosis.result import Diagnosis
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.models.base import MeasurementError, NoMapError
from pytest_vlmsight.records.diagnoses import diagnosis_of, diagnosis_plain
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.tasks.item import Box, Point, letter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_vlmsight.models.base import ImageTokens, Prompt, Vlm
    from pytest_vlmsight.tasks.item import Item

ITEMS = tile_items(64)
BY_QUESTION = {item.question: item for item in ITEMS}
"""A planted model knows an item, and so its points, by its question."""


def at_marks(prompt: Prompt, tokens: ImageTokens) -> np.ndarray:
    """Whether a token shows a marked point."""
    item = BY_QUESTION[prompt.question]
    return shown(item.points, [one.size for one in item.images], tokens)


def at_right(prompt: Prompt, tokens: ImageTokens) -> np.ndarray:
    """Whether a token shows the right answer's point."""
    item = BY_QUESTION[prompt.question]
    right = [one for one in item.points if one.label == letter(item.answer)]
    return shown(right, [one.size for one in item.images], tokens)


def copies(where: Callable[[Prompt, ImageTokens], np.ndarray]) -> Any:
    """Attention that is all on one patch, the first of these."""

    def look(prompt: Prompt, tokens: ImageTokens) -> np.ndarray:
        own = np.zeros(len(tokens.x))
        own[where(prompt, tokens).argmax()] = 1
        return own

    return look


def everywhere(_: Prompt, tokens: ImageTokens) -> np.ndarray:
    return np.ones(len(tokens.x), bool)


def diagnosed(vlm: Vlm, items: Sequence[Item] = ITEMS, *, rollout: bool = False) -> Diagnosis:
    settings = Settings(items=len(items))
    return diagnose(
        Subject(vlm, task(items, readout="nearest_patch"), settings=settings, rollout=rollout)
    )


def p_of(found: Diagnosis, claim: str, name: str) -> float:
    (test,) = (one for one in found.tests if one.claim.startswith(claim) and one.name == name)
    return test.adjusted


def values(found: Diagnosis, group: str) -> dict[str, float]:
    return {one.name: one.value for one in found.of(group)}


# -- planted truths ------------------------------------------------------------------------------


def test_an_answer_that_is_copied_from_a_marked_patch_is_found_there() -> None:
    found = diagnosed(AttentiveVlm(look=copies(at_right), uses=at_right))
    assert found.conclusion == "looks there"
    assert p_of(found, "attends more to the marked", "head chosen on the other half") < 1e-6
    assert p_of(found, "attends more to the right", "mean of heads") < 1e-6
    assert p_of(found, "changes more answers than as many", "all text → marked") < 1e-6
    changed = values(found, "answers that change")
    assert changed["all text → marked"] == 1
    assert changed["all text → as many others"] == 0
    maps = found.details["maps"][0]["maps"]
    assert [one["of"] for one in maps] == ["mean of heads"] * 2 + ["layer 2, head 2"] * 2
    layers = values(found, "marked points")
    assert layers["llm[2]"] > layers["llm[1]"] + 0.2
    assert "100.0% of answers change, from as many others 0.0% (" in found.sentence


def test_a_model_that_ignores_image_tokens_does_not_look() -> None:
    found = diagnosed(AttentiveVlm())
    assert found.conclusion == "does not look"
    assert set(values(found, "answers that change").values()) == {0}
    assert p_of(found, "attends more to the marked", "mean of heads") > 0.5
    assert "0.0% of answers change, shown to be less than 10.0%" in found.sentence


def test_attention_that_no_answer_depends_on_is_without_effect() -> None:
    def rest(prompt: Prompt, tokens: ImageTokens) -> np.ndarray:
        own: np.ndarray = ~at_marks(prompt, tokens) & (np.arange(len(tokens.x)) == 5)
        return own

    found = diagnosed(AttentiveVlm(look=copies(at_marks), uses=rest))
    assert found.conclusion == "looks there without effect"


def test_answers_made_from_other_patches_are_from_elsewhere() -> None:
    def corner(prompt: Prompt, tokens: ImageTokens) -> np.ndarray:
        own = np.zeros(len(tokens.x), bool)
        own[[0, 35]] = True
        own &= ~at_marks(prompt, tokens)
        return own

    found = diagnosed(AttentiveVlm(uses=corner))
    assert found.conclusion == "looks elsewhere"
    assert "shown to be more than 10.0%" in found.sentence


def test_few_items_tell_nothing() -> None:
    found = diagnosed(AttentiveVlm(), ITEMS[:8])
    assert found.conclusion == "cannot tell"
    assert "neither less nor more than 10.0%" in found.sentence


def test_no_effect_shows_nothing_where_some_layers_cannot_be_cut_off() -> None:
    found = diagnosed(AttentiveVlm(others=(3,)))
    assert found.conclusion == "cannot tell"
    assert any(note.startswith("Layers 3 of the LLM hand out no") for note in found.notes)


@pytest.mark.parametrize(
    ("uses", "conclusion"), [(None, "does not look"), (everywhere, "looks at the images")]
)
def test_items_without_points_are_about_images_as_a_whole(uses: Any, conclusion: str) -> None:
    found = diagnosed(AttentiveVlm(uses=uses), same_colour_items(40))
    assert found.conclusion == conclusion
    assert set(values(found, "share of attention")) == {"images", "text"}
    assert any("no points or boxes" in note for note in found.notes)


def test_tokens_without_places_are_taken_as_a_whole_and_told() -> None:
    found = diagnosed(AttentiveVlm(uses=everywhere, placeless="each shows all of it"))
    assert found.conclusion == "looks at the images"
    assert any("each shows all of it" in note for note in found.notes)
    assert not found.details["maps"]


def test_models_that_cannot_be_read_are_told() -> None:
    with pytest.raises(NoMapError, match="cross-attention"):
        diagnosed(AttentiveVlm(blind=True))
    with pytest.raises(MeasurementError, match=r"needs attend and knocked_out"):
        diagnosed(FakeVlm(always(0)))
    with pytest.raises(MeasurementError, match="one item is too few"):
        diagnosed(AttentiveVlm(), ITEMS[:1])


# -- numbers -------------------------------------------------------------------------------------


def test_shares_are_those_planted_and_sum_to_one() -> None:
    found = diagnosed(AttentiveVlm(look=copies(at_right)), rollout=True)
    shares = values(found, "share of attention")
    assert shares["marked points"] + shares["rest of the images"] + shares["text"] == pytest.approx(
        1
    )
    even = values(found, "attending to all tokens alike")
    # One of six heads has all of its attention on the right point.
    assert shares["right answer's point"] == pytest.approx(
        (5 * even["right answer's point"] + 1) / 6
    )
    assert values(found, "rollout") == pytest.approx(shares)  # as this model makes it
    assert not diagnosed(AttentiveVlm()).of("rollout")


def test_every_number_has_its_n_and_interval_and_is_kept_in_a_record() -> None:
    found = diagnosed(AttentiveVlm(look=copies(at_right), uses=at_right))
    assert {one.n for one in found.estimates} == {one.n for one in found.tests} == {64}
    assert all(one.value in one.interval for one in found.estimates)
    assert diagnosis_of(json.loads(json.dumps(diagnosis_plain(found)))) == found


def test_a_model_that_looks_nowhere_in_particular_is_not_said_to_look() -> None:
    rng = np.random.default_rng(0)

    def anywhere(_: Prompt, tokens: ImageTokens) -> np.ndarray:
        return rng.dirichlet(np.full(len(tokens.x), 0.2))

    looked = 0
    for _ in range(12):
        found = diagnosed(AttentiveVlm(look=anywhere), ITEMS[:24])
        looked += p_of(found, "attends more to the marked", "mean of heads") <= 0.05
    assert looked <= 3  # of 12: less than one expected, more than three in one of 400


# -- two models ----------------------------------------------------------------------------------


def test_a_model_that_looks_more_than_another_is_said_to() -> None:
    before = replace(diagnosed(AttentiveVlm()), model="before")
    found = against(diagnosed(AttentiveVlm(look=copies(at_right))), before)
    (marked,) = (one for one in found.tests if one.name.endswith("attentive: marked points"))
    assert marked.name.startswith("before → ")
    assert marked.p < 1e-9
    assert marked.estimate > 0.1
    assert "Against before, its share of attention on marked points +" in found.sentence
    same = against(before, replace(before, model="again"))
    assert {one.p for one in same.tests if one.claim == "attends otherwise"} == {1.0}


def test_models_asked_other_items_are_not_compared() -> None:
    with pytest.raises(ValueError, match="were not asked the same items"):
        against(diagnosed(AttentiveVlm()), diagnosed(AttentiveVlm(), ITEMS[:32]))


def test_a_model_that_failed_leaves_the_other_as_it_was() -> None:
    found = diagnosed(AttentiveVlm(), ITEMS[:8])
    failed = Diagnosis(part="attention", model="before", task="t", error="it broke")
    assert against(found, failed).notes[-1] == "It is not compared with before: it broke"
    assert against(found, failed).tests == found.tests
    assert against(failed, found) == failed


# -- tokens of marks -----------------------------------------------------------------------------


def test_a_mark_has_the_tokens_that_its_ring_or_box_reaches() -> None:
    item = ITEMS[0]
    tokens = tokens_of([one.load() for one in item.images])  # 6 by 6 of 16 px in each
    sizes = [one.size for one in item.images]

    def places(*marks: Point | Box) -> set[tuple[int, int, int]]:
        own = np.flatnonzero(shown(marks, sizes, tokens))
        return {(k // 36, k % 36 // 6, k % 6) for k in own.tolist()}

    assert places(Point(image=1, x=24.0, y=40.0, label="A")) == {(1, 2, 1)}
    assert places(Point(image=0, x=31.0, y=40.0, label="A")) == {(0, 2, 1), (0, 2, 2)}
    assert places(Point(image=0, x=200.0, y=200.0, label="A")) == {(0, 5, 5)}  # the nearest
    box = Box(image=0, x0=16, y0=17, x1=48, y1=31, label="A")
    assert places(box) == {(0, 1, 1), (0, 1, 2)}


def test_the_right_point_is_not_among_wrong_ones_and_controls_are_another_items() -> None:
    item, other = ITEMS[0], ITEMS[1]
    tokens = tokens_of([one.load() for one in item.images])
    sizes = [one.size for one in item.images]
    found = marked_tokens(item, other, tokens)
    assert (found.right | found.wrong).sum() < found.marked.sum()  # the reference is neither
    assert not (found.right & found.wrong).any()
    np.testing.assert_array_equal(found.other, shown(other.points, sizes, tokens))


def test_every_item_has_another_of_its_kind() -> None:
    items = [*ITEMS[:9], *same_colour_items(5)]
    found = partners(items, seed=0)
    assert sorted(found) == list(range(14))
    assert all(one != own for own, one in enumerate(found))
    assert all((own < 9) == (one < 9) for own, one in enumerate(found))
    assert partners(items[:10], seed=0)[9] == 9  # there is none
