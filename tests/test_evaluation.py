"""One (model, task) from end to end, with a model whose answers are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fake_vlm import FakeVlm, always
from made_items import GREY, SIDE, flat, item, same_colour_items, task
from made_tasks import SHADE, made_colours, made_never

from pytest_vlmsight.evaluation import Evaluation, evaluate
from pytest_vlmsight.models.base import MeasurementError, Prompt
from pytest_vlmsight.settings import Settings
from pytest_vlmsight.tasks.generated import Canvas, GenerationError
from pytest_vlmsight.tasks.item import Item, Picture
from pytest_vlmsight.tasks.marker_words import parse_markers

if TYPE_CHECKING:
    from PIL import Image


def same_colour(prompt: Prompt) -> list[float]:
    """Sees: names the letter of the image that has the first image's colour; A if blind."""
    shown = [image.getpixel((0, 0)) for image in prompt.images]
    order = {"the second image": 1, "the third image": 2}
    match = [bool(shown) and shown[order[text]] == shown[0] for text in prompt.options]
    return [0.0 if m else -3.0 for m in match] if sum(match) == 1 else [0.0, -1.0]


def test_a_seeing_model_is_right_whatever_the_order_of_options() -> None:
    for rotations in (1, None):
        evaluation = evaluate(
            FakeVlm(same_colour),
            task(same_colour_items(40)),
            settings=Settings(rotations=rotations),
        )
        assert evaluation.sighted.scores(evaluation.gold).tolist() == [1.0] * 40
        assert evaluation.ceiling_scores("matched").tolist() == [1.0] * 40


def test_letters_and_options_are_kept_apart() -> None:
    evaluation = evaluate(
        FakeVlm(always(0)), task(same_colour_items(40)), settings=Settings(rotations=None)
    )
    # Always A is right in exactly one of an item's two rotations, whatever option that is.
    assert evaluation.sighted.scores(evaluation.gold).tolist() == [0.5] * 40
    chosen_letters = (evaluation.orders == evaluation.sighted.choices[..., None]).argmax(-1)
    assert (chosen_letters == 0).all()
    assert evaluation.majority_key == 0.5


def test_right_answers_stand_evenly_at_all_letters() -> None:
    items = [item(i.images, answer=0, name=i.name) for i in same_colour_items(40)]
    evaluation = evaluate(FakeVlm(always(0)), task(items), settings=Settings())
    assert evaluation.majority_key == 0.5


@pytest.mark.parametrize("kind", ["blank", "none", "noise", "shuffled"])
def test_each_blind_kind_hides_the_picture(kind: str) -> None:
    items = same_colour_items(30)
    vlm = FakeVlm(same_colour)
    evaluation = evaluate(vlm, task(items), settings=Settings(blind=(kind,)))
    sighted, blind = vlm.prompts[:30], vlm.prompts[30:]
    assert [p.question for p in blind] == [p.question for p in sighted]
    assert [p.options for p in blind] == [p.options for p in sighted]
    for with_image, without in zip(sighted, blind, strict=True):
        if kind == "none":
            assert without.images == ()
            continue
        assert [i.size for i in without.images] == [i.size for i in with_image.images]
        if kind == "blank":
            assert all(i.getcolors() == [(SIDE * SIDE, GREY)] for i in without.images)
        if kind == "noise":
            assert all(np.asarray(i).std() > 60 for i in without.images)
    if kind != "shuffled":
        assert evaluation.blind[kind].scores(evaluation.gold).mean() == pytest.approx(0.5, abs=0.1)
    else:
        own = [tuple(i.tobytes() for i in p.images) for p in sighted]
        others = [tuple(i.tobytes() for i in p.images) for p in blind]
        assert sorted(own) == sorted(others)
        assert own != others


def test_the_same_settings_give_the_same_evaluation() -> None:
    first, second = (
        evaluate(
            FakeVlm(same_colour),
            task(same_colour_items(20)),
            settings=Settings(blind=("noise", "shuffled"), seed=3),
        )
        for _ in range(2)
    )
    assert (first.orders == second.orders).all()
    assert (first.sighted.logprobs == second.sighted.logprobs).all()
    assert first.ids == second.ids
    assert first.provenance == second.provenance


def test_matched_reads_what_was_shown_and_native_the_clean_pictures() -> None:
    marked = [
        Item(
            name=i.name,
            images=tuple(flat((9, 9, 9)) for _ in i.images),  # markers that hide everything
            clean_images=i.images,
            question=i.question,
            options=i.options,
            answer=i.answer,
        )
        for i in same_colour_items(30)
    ]
    evaluation = evaluate(
        FakeVlm(always(0)), task(marked), settings=Settings(ceiling=("matched", "native"))
    )
    assert evaluation.ceiling_scores("native").mean() == 1
    assert evaluation.ceiling_scores("matched").mean() == 0.5


def test_a_readout_that_cannot_be_fitted_leaves_the_answers_usable() -> None:
    items = [item((flat(GREY),) * 3, answer=0, name=f"i{i}", scene="one") for i in range(20)]
    evaluation = evaluate(FakeVlm(always(0)), task(items, readout="linear"), settings=Settings())
    assert evaluation.ceilings == {}
    assert "linear readout" in evaluation.unmeasured["matched"]
    assert evaluation.sighted.choices.shape == (20, 1)


def test_nan_is_an_error_that_names_the_item() -> None:
    with pytest.raises(MeasurementError, match=r"item colour-.*NaN"):
        evaluate(
            FakeVlm(lambda prompt: [math.nan, 0.0]),
            task(same_colour_items(5)),
            settings=Settings(),
        )


def test_minus_infinity_everywhere_is_an_unanswered_item() -> None:
    evaluation = evaluate(
        FakeVlm(lambda prompt: [-math.inf, -math.inf]),
        task(same_colour_items(10)),
        settings=Settings(),
    )
    assert evaluation.sighted.unanswered == 10
    assert evaluation.sighted.scores(evaluation.gold).sum() == 0


def test_a_picture_that_cannot_be_read_is_an_error_that_names_the_item() -> None:
    def broken() -> Image.Image:
        raise OSError("image file is truncated")

    lost = Picture("0" * 64, (SIDE, SIDE), broken)
    items = [*same_colour_items(3), item((lost, lost, lost), answer=0, name="lost")]
    with pytest.raises(MeasurementError, match="item lost: image file is truncated"):
        evaluate(FakeVlm(same_colour), task(items), settings=Settings())


def test_no_items_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="has no items"):
        evaluate(FakeVlm(same_colour), task([]), settings=Settings())


def test_rotations_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(MeasurementError, match="--vlm-rotations=3"):
        evaluate(FakeVlm(same_colour), task(same_colour_items(4)), settings=Settings(rotations=3))
    mixed = [
        *same_colour_items(2),
        item((flat(GREY),) * 4, answer=0, options=("a", "b", "c"), name="three"),
    ]
    with pytest.raises(MeasurementError, match="equally many options"):
        evaluate(FakeVlm(always(0)), task(mixed), settings=Settings(rotations=None))


def test_items_with_different_numbers_of_options_are_paired() -> None:
    mixed = [
        *same_colour_items(6),
        *(
            item((flat(GREY),) * 4, answer=1, options=("a", "b", "c"), name=f"three-{i}")
            for i in range(3)
        ),
    ]
    evaluation = evaluate(FakeVlm(always(0)), task(mixed), settings=Settings())
    assert evaluation.options.tolist() == [2] * 6 + [3] * 3
    assert evaluation.chance.mean() == pytest.approx((6 / 2 + 3 / 3) / 9)
    assert np.isnan(evaluation.sighted.logprobs[:6, :, 2]).all()
    assert (evaluation.orders[:6, :, 2] == -1).all()


def test_progress_counts_every_prompt() -> None:
    told: list[tuple[str, int, int]] = []
    evaluate(
        FakeVlm(same_colour),
        task(same_colour_items(4)),
        settings=Settings(ceiling=("matched", "native"), rotations=None),
        progress=lambda what, done, total: told.append((what, done, total)),
    )
    assert [t for t in told if t[1] == t[2]] == [
        ("made sighted", 8, 8),
        ("made blank", 8, 8),
        ("made native", 4, 4),
    ]


def test_items_that_cannot_be_made_are_an_error() -> None:
    says = "^task made_never: item 3 of seed 5 could not be made in 400 tries"
    with pytest.raises(MeasurementError, match=says):
        evaluate(FakeVlm(always(0)), made_never(), settings=Settings(items=4, seed=5))
    evaluation = evaluate(FakeVlm(always(0)), made_never(), settings=Settings(items=3))
    assert evaluation.n == 3


def test_picture_that_cannot_be_made_is_an_error() -> None:
    def broken() -> Image.Image:
        raise GenerationError("task x: item 3 of seed 0 could not be made")

    lost = Picture("0" * 64, (SIDE, SIDE), broken)
    items = [*same_colour_items(3), item((lost, lost, lost), answer=0, name="lost")]
    with pytest.raises(MeasurementError, match="item lost: task x: item 3"):
        evaluate(FakeVlm(same_colour), task(items), settings=Settings())


def test_slices_of_the_items_are_kept() -> None:
    items = [replace(i, slices=(("n", i.name),)) for i in same_colour_items(4)]
    evaluation = evaluate(FakeVlm(always(0)), task(items), settings=Settings())
    assert evaluation.slices == tuple((("n", f"colour-{index:03}"),) for index in range(4))


def test_provenance_tells_size_and_difficulty_of_what_was_asked() -> None:
    """Those of the items, whatever the settings would have made of them."""
    made, narrow = (
        evaluate(FakeVlm(always(0)), one, settings=Settings(items=4, size=672)).provenance
        for one in (
            made_colours(),
            replace(made_colours(canvas=Canvas(size=256)), knobs=(replace(SHADE, span=(7, 7)),)),
        )
    )
    assert (made["image_size"], made["difficulty"]) == ("224x224", "shade=100..250")
    assert (narrow["image_size"], narrow["difficulty"]) == ("256x256", "shade=7..7")
    other = item((flat(GREY, size=(32, 64)),) * 3, answer=0, name="other")
    various = evaluate(
        FakeVlm(always(0)), task([*same_colour_items(3), other]), settings=Settings()
    )
    assert various.provenance["image_size"] == "various"
    assert various.provenance["difficulty"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (None, None),
        (["shape=dot"], "markers-1 dot #ff0000 size=0.032 letter_size=0.1 letters"),
        (["vary"], "markers-1 * * * * letters"),
        (["vary", "colour=blue"], "markers-1 * #0000ff * * letters"),
    ],
)
def test_provenance_tells_how_markers_look(words: list[str] | None, told: str | None) -> None:
    items = same_colour_items(30)
    if words is not None:
        items = [replace(i, draw=parse_markers(words).for_item(i.name)) for i in items]
    evaluation = evaluate(FakeVlm(always(0)), task(items), settings=Settings())
    assert evaluation.provenance["markers"] == told


def test_only_as_many_items_as_asked_for() -> None:
    evaluation: Evaluation = evaluate(
        FakeVlm(same_colour), task(same_colour_items(40)), settings=Settings(items=12)
    )
    assert evaluation.n == 12


def test_a_task_without_a_readout_has_answers_and_no_ceiling() -> None:
    settings = Settings(ceiling=("matched", "native"))
    undecided = replace(task(same_colour_items(6)), readout="none")
    evaluation = evaluate(FakeVlm(same_colour), undecided, settings=settings)
    assert evaluation.n == 6
    assert evaluation.ceilings == {}
    assert set(evaluation.unmeasured) == {"matched", "native"}
    assert "no readout of an encoder decides this task" in evaluation.unmeasured["native"]


def test_provenance_tells_what_a_task_knows_of_its_items() -> None:
    told = replace(
        task(same_colour_items(6)), told=lambda n, seed: {"data": f"some@{seed}", "left_out": n}
    )
    evaluation = evaluate(FakeVlm(same_colour), told, settings=Settings(items=5, seed=3))
    assert (evaluation.provenance["data"], evaluation.provenance["left_out"]) == ("some@3", 5)
