"""Asking a model: the same answers in any batch, in order, by letters or by generated text."""

from __future__ import annotations

import gc
import math
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_vlms
import torch
from PIL import Image

from pytest_vlmsight.models.base import Answer, MeasurementError, ModelError, Prompt, Stage
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.prompts import conversation
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

GREY = (128, 128, 128)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_vlms.build(tmp_path_factory.mktemp("plain") / "model", "plain")


@pytest.fixture(scope="module")
def vlm(plain: Path) -> TransformersVlm:
    return loaded(plain)


def loaded(folder: Path, **options: Any) -> TransformersVlm:
    return TransformersVlm.from_name(parse_name(str(folder)), **options)


def noise(seed: int, size: tuple[int, int] = (128, 96)) -> Image.Image:
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (size[1], size[0], 3), np.uint8))


def prompt(
    *images: Image.Image, words: int = 1, options: int = 2, question: str = "Which?"
) -> Prompt:
    return Prompt(
        images=images,
        question=f"{question}{' word' * words}",
        options=tuple(f"thing {k}" for k in range(options)),
    )


def mixed() -> list[Prompt]:
    """Prompts of all lengths, with zero to three images of several sizes, and 2 to 4 options."""
    return [
        prompt(noise(seed), noise(seed + 50, (64, 160)), noise(seed + 90))
        if seed % 4 == 3
        else prompt(
            *(noise(seed + k, (100 + 7 * seed, 80)) for k in range(seed % 4)),
            words=seed * 5 % 13,
            options=2 + seed % 3,
        )
        for seed in range(14)
    ]


def gap(one: Sequence[Answer], other: Sequence[Answer]) -> float:
    assert [len(a.logprobs) for a in one] == [len(b.logprobs) for b in other]
    return max(
        abs(x - y)
        for a, b in zip(one, other, strict=True)
        for x, y in zip(a.logprobs, b.logprobs, strict=True)
    )


class Counter:
    """Counts how often a module runs and on how many rows."""

    def __init__(self, module: Any) -> None:
        self.runs, self.rows = 0, 0
        self.handle = module.register_forward_hook(self._count, with_kwargs=True)

    def _count(self, module: Any, args: Any, kwargs: Any, out: Any) -> None:
        first = args[0] if args else kwargs.get("input_ids", kwargs.get("pixel_values"))
        self.runs, self.rows = self.runs + 1, self.rows + len(first)


@pytest.fixture
def counted(vlm: TransformersVlm) -> Iterator[Counter]:
    counter = Counter(vlm._model)
    yield counter
    counter.handle.remove()


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
            assert np.array_equal(grid.xs, own.xs)


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
    primer, ids = vlm._letters(asked)
    assert vlm.provenance["primer"] == primer.text
    tokenizer = vlm._processor.tokenizer
    assert tokenizer.convert_ids_to_tokens(ids) == list("ABCD")
    with torch.inference_mode():
        x = vlm._encode([conversation(asked, images=asked.images, primer=primer)])
        logits = vlm._model(**x).logits[0, -1]
    assert tokenizer.decode(x["input_ids"][0]).endswith("ASSISTANT: Answer: (")
    want = logits.log_softmax(-1)[ids].tolist()
    assert answer.logprobs == pytest.approx(want, abs=1e-5)
    assert sum(map(math.exp, answer.logprobs)) < 1


# -- one vision run -------------------------------------------------------------------------------


def test_the_llm_is_given_the_features_that_were_read(vlm: TransformersVlm) -> None:
    asked = [prompt(noise(0), noise(1), words=n) for n in (1, 9)]
    primer, _ = vlm._letters(asked[0])
    with torch.inference_mode():
        x = vlm._encode([conversation(p, images=p.images, primer=primer) for p in asked])
        from_pixels = vlm._model(**x, logits_to_keep=1).logits
        from_features = vlm._forward(x, vlm._see(x), hidden=False).logits
    assert float((from_pixels - from_features).abs().max()) <= 1e-5


@pytest.mark.parametrize("scoring", ["letters", "generate"])
def test_the_eye_runs_once_for_answer_and_features(vlm: TransformersVlm, scoring: str) -> None:
    tower = Counter(vlm._base.vision_tower)
    list(vlm.ask([prompt(noise(0)), prompt(noise(1))], stage=vlm.fed_from, scoring=scoring))
    tower.handle.remove()
    assert (tower.runs, tower.rows) == (1, 2)


def test_what_the_model_sees_changes_its_answer(vlm: TransformersVlm) -> None:
    (one,), (other,) = (list(vlm.ask([prompt(noise(seed))])) for seed in (0, 1))
    assert abs(one.logprobs[0] - other.logprobs[0]) > 1e-3


# -- blind prompts --------------------------------------------------------------------------------


def blank(width: int = 64, height: int = 48) -> Image.Image:
    return Image.new("RGB", (width, height), GREY)


def test_a_recurring_blind_prompt_is_asked_once(vlm: TransformersVlm, counted: Counter) -> None:
    prompts = [prompt(blank(64 + k)) for k in range(10)] + [prompt() for _ in range(10)]
    answers = list(vlm.ask(prompts))
    assert counted.rows == 2
    assert len(set(answers[:10])) == len(set(answers[10:])) == 1
    single = [answer for p in (prompts[0], prompts[9], prompts[10]) for answer in vlm.ask([p])]
    assert gap([answers[0], answers[9], answers[10]], single) <= 1e-5


def test_blind_prompts_that_differ_are_all_asked(vlm: TransformersVlm, counted: Counter) -> None:
    prompts = [
        prompt(),
        prompt(words=2),
        prompt(options=3),
        prompt(blank()),
        prompt(blank(), blank()),
        prompt(Image.new("RGB", (64, 48), (129, 128, 128))),
        prompt(blank(), words=2),
    ]
    answers = list(vlm.ask([*prompts, *reversed(prompts)]))
    assert counted.rows == len(prompts)
    assert answers[: len(prompts)] == answers[: len(prompts) - 1 : -1]
    assert gap(answers[: len(prompts)], [a for p in prompts for a in vlm.ask([p])]) <= 1e-4


def test_sighted_prompts_are_asked_each_time(vlm: TransformersVlm, counted: Counter) -> None:
    list(vlm.ask([prompt(noise(0))] * 3))
    assert counted.rows == 3


def test_a_blind_prompt_with_features_has_grids_of_its_own(vlm: TransformersVlm) -> None:
    answers = list(vlm.ask([prompt(blank(64)), prompt(blank(128))], stage=vlm.fed_from))
    assert [float(a.grids[0].xs[-1]) for a in answers] == pytest.approx([60, 120], abs=1)


def test_recurring_prompts_among_sighted_ones_keep_the_order(vlm: TransformersVlm) -> None:
    prompts = [
        prompt(blank()) if k % 3 == 0 else prompt(noise(k)) if k % 3 == 1 else prompt()
        for k in range(13)
    ]
    single = [answer for p in prompts for answer in vlm.ask([p])]
    assert gap(list(vlm.ask(prompts)), single) <= 1e-4


def test_blank_pictures_side_by_side_are_asked_once_too(plain: Path) -> None:
    vlm = loaded(plain, images="composite")
    counter = Counter(vlm._model)
    prompts = [prompt(blank(), blank()) for _ in range(9)]
    answers = list(vlm.ask(prompts))
    assert counter.rows == 1
    assert gap(answers, [a for p in prompts for a in vlm.ask([p])]) <= 1e-5
    black = Image.new("RGB", (64, 48))
    (other,) = vlm.ask([prompt(blank(), black)])
    assert abs(other.logprobs[0] - answers[0].logprobs[0]) > 1e-6


def test_uniform_pictures_are_told_apart_by_what_they_show(vlm: TransformersVlm) -> None:
    pictures = []
    for colour in ((200, 0, 0), (0, 0, 200)):
        picture = Image.new("P", (64, 48), 0)
        picture.putpalette(colour)
        pictures.append(picture)
    answers = list(vlm.ask([prompt(picture) for picture in pictures]))
    want = list(vlm.ask([prompt(picture.convert("RGB")) for picture in pictures]))
    assert answers[0] != answers[1]
    assert gap(answers, want) <= 1e-5


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
@pytest.mark.parametrize("images", ["separate", "composite"])
def test_other_picture_modes_are_seen_as_colour(plain: Path, mode: str, images: str) -> None:
    vlm = loaded(plain, images=images)
    pictures = [noise(seed).convert(mode) for seed in range(2)]
    given = list(vlm.ask([prompt(*pictures)]))
    assert gap(given, list(vlm.ask([prompt(*(p.convert("RGB") for p in pictures))]))) <= 1e-5


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
    x = vlm._encode([conversation(asked, images=asked.images, primer=None)])
    at_images = x["input_ids"] == vlm._config.image_token_id
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


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (Stage("encoder", 3), r"encoder\[3\]: the encoder has layers 0 to 2"),
        (Stage("llm", 3), r"llm\[3\]: the LLM has layers 0 to 2"),
    ],
)
def test_a_layer_that_is_not_there_is_told(
    vlm: TransformersVlm, stage: Stage, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        list(vlm.ask([prompt(noise(0))], stage=stage))


def test_llm_features_need_letters_and_a_prompt(vlm: TransformersVlm) -> None:
    with pytest.raises(ValueError, match=r"llm\[1\] is read while letters are scored"):
        list(vlm.ask([prompt(noise(0))], stage=Stage("llm", 1), scoring="generate"))
    with pytest.raises(ValueError, match=r"llm\[1\] needs a prompt"):
        list(vlm.look([noise(0)], stage=Stage("llm", 1)))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_numbers_that_are_none_are_no_answer(plain: Path, dtype: str, value: float) -> None:
    vlm = loaded(plain, dtype=dtype)
    with torch.no_grad():
        vlm._model.lm_head.weight[7] = value
    with pytest.raises(MeasurementError, match=rf"NaN or infinite logits \(dtype {dtype}\)"):
        list(vlm.ask([prompt(noise(0))]))


def test_nan_in_the_eye_is_caught_at_the_start(plain: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    for path in plain.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(plain / "model.safetensors")
    (key,) = (k for k in weights if k.endswith("layers.0.mlp.fc1.weight") and "vision" in k)
    weights[key][0, 0] = math.nan
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="self-check failed"):
        loaded(tmp_path)


@pytest.mark.parametrize("layer", [0, 2])
def test_reading_another_layer_than_the_projector_does_not_start(
    plain: Path, monkeypatch: pytest.MonkeyPatch, layer: int
) -> None:
    monkeypatch.setattr(TransformersVlm, "fed_from", Stage("encoder", layer))
    with pytest.raises(ModelError, match=rf"self-check failed: encoder\[{layer}\] through"):
        loaded(plain)


@pytest.mark.parametrize(
    "fault", [lambda x: x.flip(1), lambda x: x.roll(1, 1), lambda x: x * 1.01], ids=str
)
def test_an_eye_whose_features_are_changed_on_the_way_does_not_start(
    plain: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    read = TransformersVlm._tokens
    monkeypatch.setattr(
        TransformersVlm,
        "_tokens",
        lambda self, features, stage: list(fault(torch.stack(read(self, features, stage)))),
    )
    with pytest.raises(ModelError, match="self-check failed"):
        loaded(plain)


def test_options_that_share_a_token_are_no_measurement(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vlm = loaded(plain)
    real = type(vlm._processor.tokenizer).__call__

    def unknown(self: Any, text: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(text, str):
            text = text.replace("B", "C") if text.endswith("B") else text
        return real(self, text, *args, **kwargs)

    monkeypatch.setattr(type(vlm._processor.tokenizer), "__call__", unknown)
    with pytest.raises(MeasurementError, match="letters A to C cannot be told apart"):
        list(vlm.ask([prompt(noise(0), options=3)]))


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
    assert told == {
        "source": str(plain.resolve()),
        "revision": None,
        "model_type": "llava",
        "encoder": "clip_vision_model",
        "fed_from": "encoder[1]",
        "dtype": "float32",
        "device": "cpu",
        "batch": 4,
        "several_images": "separate",
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
    model = weakref.ref(vlm._model)
    vlm.close()
    gc.collect()
    assert model() is None
