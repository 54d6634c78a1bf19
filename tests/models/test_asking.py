"""Asking a model: the same answers in any batch, in order, by letters or by generated text."""

from __future__ import annotations

import gc
import math
import weakref
from typing import TYPE_CHECKING

import pytest
import tiny_vlms
import torch
from asking import Counter, gap, mixed, noise, prompt
from tiny_vlms import loaded

from pytest_vlmsight.models.base import Prompt, Stage
from pytest_vlmsight.models.digest import content_of
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# -- batches and order ----------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(0, 1, 2, 3), (0, 40, 7, 100)])
@pytest.mark.parametrize("images", [0, 1, 2])
def test_a_padded_batch_answers_as_prompts_by_themselves(
    vlm: TransformersVlm, words: tuple[int, ...], images: int
) -> None:
    prompts = [prompt(*(noise(n + k) for k in range(images)), words=n) for n in words]
    single = [answer for p in prompts for answer in vlm.ask([p])]
    assert gap(list(vlm.ask(prompts)), single) <= 1e-4
    assert len({answer.logprobs for answer in single}) == len(words)  # not all alike anyway


def test_answers_come_in_the_prompts_order_whatever_they_consist_of(vlm: TransformersVlm) -> None:
    prompts = mixed()
    single = [answer for p in prompts for answer in vlm.ask([p])]
    answers = list(vlm.ask(prompts))
    assert [len(a.logprobs) for a in answers] == [len(p.options) for p in prompts]
    assert gap(answers, single) <= 1e-4


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_the_batch_size_changes_no_answer(plain: Path, vlm: TransformersVlm, batch: int) -> None:
    prompts = mixed()
    assert gap(list(loaded(plain, batch=batch).ask(prompts)), list(vlm.ask(prompts))) <= 1e-4


def test_grids_are_of_their_own_prompt_in_mixed_batches(vlm: TransformersVlm) -> None:
    prompts = mixed()
    answers = list(vlm.ask(prompts, stage=vlm.fed_from))
    assert [len(a.grids) for a in answers] == [len(p.images) for p in prompts]
    for asked, answer in zip(prompts, answers, strict=True):
        for grid, own in zip(answer.grids, vlm.look(asked.images, stage=vlm.fed_from), strict=True):
            torch.testing.assert_close(grid.features, own.features, atol=1e-4, rtol=1e-4)
            assert grid.xs == pytest.approx(own.xs, abs=0.3)


def test_prompts_are_consumed_a_batch_at_a_time(plain: Path) -> None:
    taken = []

    def prompts() -> Iterator[Prompt]:
        for seed in range(10):
            taken.append(seed)
            yield prompt(noise(seed))

    answers = loaded(plain, batch=2).ask(prompts())
    assert taken == []
    next(answers)
    assert taken == [0, 1]
    next(answers)
    assert taken == [0, 1]
    next(answers)
    assert taken == [0, 1, 2, 3]


def test_no_prompts_no_answers(vlm: TransformersVlm) -> None:
    assert list(vlm.ask([])) == []
    assert list(vlm.look([], stage=Stage("projector"))) == []


def test_answers_repeat_exactly(vlm: TransformersVlm) -> None:
    prompts = mixed()
    assert list(vlm.ask(prompts)) == list(vlm.ask(prompts))


def test_asking_for_features_changes_no_answer(vlm: TransformersVlm) -> None:
    prompts = mixed()
    for stage in (vlm.fed_from, Stage("projector"), Stage("llm", 0)):
        assert gap(list(vlm.ask(prompts, stage=stage)), list(vlm.ask(prompts))) <= 1e-6


def test_scores_are_log_probabilities_of_the_letters_as_the_next_token(
    vlm: TransformersVlm,
) -> None:
    asked = prompt(noise(0), options=4)
    (answer,) = vlm.ask([asked])
    primer, ids = vlm._engine.chat.letters(asked)
    assert vlm.provenance["primer"] == primer.text
    tokenizer = vlm._engine.processor.tokenizer
    assert tokenizer.convert_ids_to_tokens(ids) == list("ABCD")
    with torch.inference_mode():
        x = vlm._engine.encode([(asked, asked.images)], primer=primer)
        logits = vlm._engine.model(**x).logits[0, -1]
    assert tokenizer.decode(x["input_ids"][0]).endswith("ASSISTANT: Answer: (")
    want = logits.log_softmax(-1)[ids].tolist()
    assert answer.logprobs == pytest.approx(want, abs=1e-5)
    assert sum(map(math.exp, answer.logprobs)) < 1


# -- one vision run -------------------------------------------------------------------------------


def test_the_llm_is_given_the_features_that_were_read(vlm: TransformersVlm) -> None:
    asked = [prompt(noise(n), noise(n + 1), words=n) for n in (1, 9)]
    given: list[tuple[torch.Tensor, torch.Tensor]] = []
    model = vlm._engine.model
    words = [
        model.register_forward_pre_hook(
            lambda _, __, named: given.append((named["input_ids"], torch.empty(0))),
            with_kwargs=True,
        ),
        model.get_decoder().register_forward_pre_hook(
            lambda _, __, named: given.append((given.pop()[0], named["inputs_embeds"])),
            with_kwargs=True,
        ),
    ]
    list(vlm.ask(asked, stage=Stage("projector")))  # measures where tokens look
    given.clear()
    answers = list(vlm.ask(asked, stage=Stage("projector")))
    for handle in words:
        handle.remove()
    ((ids, heard),) = given
    at_images = heard[ids == vlm._engine.config.image_token_id]
    read = torch.cat([grid.tokens for answer in answers for grid in answer.grids])
    assert torch.equal(read, at_images)


def test_what_is_heard_is_what_the_model_says_that_it_projects(vlm: TransformersVlm) -> None:
    pair = vlm.projection()
    assert pair is not None
    assert torch.equal(*pair)


@pytest.mark.parametrize("scoring", ["letters", "generate"])
def test_the_eye_runs_once_for_answer_and_features(vlm: TransformersVlm, scoring: str) -> None:
    asked = [prompt(noise(0)), prompt(noise(1))]
    list(vlm.ask(asked, stage=vlm.fed_from))  # measures where tokens look
    tower = Counter(vlm._engine.model.model.vision_tower)
    list(vlm.ask(asked, stage=vlm.fed_from, scoring=scoring))
    tower.handle.remove()
    assert (tower.runs, tower.rows) == (1, 2)


def test_what_the_model_sees_changes_its_answer(vlm: TransformersVlm) -> None:
    (one,), (other,) = (list(vlm.ask([prompt(noise(seed))])) for seed in (0, 1))
    assert abs(one.logprobs[0] - other.logprobs[0]) > 1e-3


# -- text that must not act -----------------------------------------------------------------------


@pytest.mark.parametrize("word", ["<image>", "<s>", "</s>", "<pad>", "<image><image>"])
@pytest.mark.parametrize("images", [0, 1, 2])
def test_control_tokens_in_a_question_are_only_text(
    vlm: TransformersVlm, word: str, images: int
) -> None:
    asked = prompt(*map(noise, range(images)), question=f"What is {word} here?")
    (answer,) = vlm.ask([asked], stage=vlm.fed_from)
    assert len(answer.grids) == images
    assert all(map(math.isfinite, answer.logprobs))
    x = vlm._engine.encode([(asked, asked.images)], primer=None)
    at_images = x["input_ids"] == vlm._engine.config.image_token_id
    assert int(at_images.sum()) == 64 * images
    assert gap([answer], list(vlm.ask([asked, prompt(*asked.images, words=30)]))[:1]) <= 1e-4


def test_a_control_token_as_an_option_is_only_text(vlm: TransformersVlm) -> None:
    asked = Prompt(images=(noise(0),), question="Which?", options=("<image>", "</s>"))
    (answer,) = vlm.ask([asked])
    assert all(map(math.isfinite, answer.logprobs))


# -- generated answers ----------------------------------------------------------------------------


def test_generated_text_does_not_depend_on_the_batch(tmp_path: Path) -> None:
    vlm = loaded(tiny_vlms.build(tmp_path / "model", "last_option"))
    prompts = [p for p in mixed() if len(p.options) > 2]
    answers = list(vlm.ask(prompts, scoring="generate"))
    single = [a for p in prompts for a in vlm.ask([p], scoring="generate")]
    assert answers == single
    assert [a.text for a in answers] == ["ABCD"[len(p.options) - 1] for p in prompts]
    for asked, answer in zip(prompts, answers, strict=True):
        assert answer.logprobs == (*[-math.inf] * (len(asked.options) - 1), 0.0)


def test_generated_text_that_names_nothing_scores_nothing(vlm: TransformersVlm) -> None:
    (answer,) = vlm.ask([prompt(noise(0))], scoring="generate")
    assert answer.text
    assert set(answer.logprobs) == {-math.inf}


def test_generation_hands_out_the_features_too(vlm: TransformersVlm) -> None:
    asked = [prompt(noise(0)), prompt(noise(1))]
    for stage in (vlm.fed_from, Stage("projector")):
        generated = list(vlm.ask(asked, stage=stage, scoring="generate"))
        scored = list(vlm.ask(asked, stage=stage))
        for one, other in zip(generated, scored, strict=True):
            assert torch.equal(one.grids[0].features, other.grids[0].features)


# -- dtype, names, memory -------------------------------------------------------------------------


def test_half_precision_answers_nearly_the_same(plain: Path, vlm: TransformersVlm) -> None:
    half = loaded(plain, dtype="bfloat16")
    assert half.provenance["dtype"] == "bfloat16"
    prompts = mixed()
    assert gap(list(half.ask(prompts)), list(vlm.ask(prompts))) < 0.1
    (answer,) = half.ask(prompts[1:2], stage=half.fed_from)
    assert answer.grids[0].features.dtype == torch.float32


def test_provenance_says_what_decides_the_answers(vlm: TransformersVlm, plain: Path) -> None:
    list(vlm.ask([prompt()]))
    told = dict(vlm.provenance)
    assert told.pop("torch") == torch.__version__
    assert told.pop("transformers")
    content = content_of(plain)
    assert told == {
        "source": plain.name,  # records tell no path
        "revision": None,
        "adapter": None,
        "weights": content.weights,
        "files": content.files,
        "class": "transformers.models.llava.modeling_llava.LlavaForConditionalGeneration",
        "model_type": "llava",
        "encoder": "clip_vision_model",
        "fed_from": "encoder[1]",
        "dtype": "float32",
        "quantisation": None,
        "device": "cpu",
        "batch": 4,
        "batch_limit": 4,
        "several_images": "separate",
        "prompt": "chat template",
        "primer": "Answer: (",
    }


@pytest.mark.parametrize(
    ("folder", "images", "want"),
    [
        ("llava-1.5-mine", "auto", "composite"),
        ("llava-1.5-mine", "separate", "separate"),
        ("mine", "auto", "separate"),
        ("mine", "composite", "composite"),
    ],
)
def test_how_several_images_are_given_can_be_chosen(
    plain: Path, tmp_path: Path, folder: str, images: str, want: str
) -> None:
    (tmp_path / folder).symlink_to(plain, target_is_directory=True)
    name = parse_name(f"./{folder}", base=tmp_path)
    vlm = TransformersVlm.from_name(name, images=images)
    assert vlm.provenance["several_images"] == want
    assert vlm.name == folder


def test_a_closed_model_is_freed(plain: Path) -> None:
    vlm = loaded(plain)
    list(vlm.ask([prompt(noise(0))], stage=vlm.fed_from))
    model = weakref.ref(vlm._engine.model)
    vlm.close()
    gc.collect()
    assert model() is None
