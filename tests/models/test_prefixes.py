"""Embeddings in front of prompts learn in families of all kinds, and nothing else is changed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import tiny_vlms
import torch
from asking import noise, prompt
from hypothesis import given
from hypothesis import strategies as st

from pytest_vlmsight.models import extras
from pytest_vlmsight.models.base import MeasurementError, ModelError, PrefixableVlm
from pytest_vlmsight.models.prefixes import WEIGHT, Prefix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

PROMPTS = [prompt(noise(1)), prompt(noise(2), words=9), prompt(noise(3), words=4)]
RIGHT = [0, 1, 0]

FAMILIES = (
    "llava_next",  # an image is several tiles, whose tokens the processor counts
    "internvl",  # likewise
    "idefics3",  # likewise, with rows and columns told in words
    "qwen2_vl",  # positions in three dimensions, from ids
    "mllama",  # cross-attention, with a mask of its own
    "paligemma",  # masks that are not causal
    "instructblip",  # padded on the right, and with a text of its own beside the prompt
    "chameleon",  # images become words
)


def weights(vlm: TransformersVlm) -> dict[str, torch.Tensor]:
    return {name: one.clone() for name, one in vlm._engine.model.state_dict().items()}


def asked(vlm: TransformersVlm) -> list[float]:
    return [number for answer in vlm.ask(PROMPTS) for number in answer.logprobs]


def learns(vlm: TransformersVlm) -> None:
    before, answers = weights(vlm), asked(vlm)
    assert isinstance(vlm, PrefixableVlm)
    with vlm.prefixed(3, seed=0) as learner:
        losses = []
        for _ in range(4):
            losses.append(learner.loss(PROMPTS, RIGHT, learn=True))
            learner.step(3e-2)
        assert learner.loss(PROMPTS, RIGHT, learn=False) < losses[0]
        together = asked(vlm)
        assert together != pytest.approx(answers, abs=1e-3)
        alone = [n for one in PROMPTS for n in next(iter(vlm.ask([one]))).logprobs]
        assert together == pytest.approx(alone, abs=1e-4)  # whatever the padding
        assert {name for name in learner.state() if " " not in name} == {WEIGHT}
    after = weights(vlm)
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert asked(vlm) == answers
    assert not any(one.requires_grad for one in vlm._engine.model.parameters())


def test_embeddings_learn_and_afterwards_all_is_as_before(vlm: TransformersVlm) -> None:
    learns(vlm)


@pytest.mark.parametrize(
    "family",
    [
        *FAMILIES[::2],
        *(pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES[1::2]),
    ],
)
def test_embeddings_learn_in_families_of_all_kinds(
    family_vlm: Callable[[str], TransformersVlm], family: str
) -> None:
    learns(family_vlm(family))


def test_the_answers_are_those_of_peft_where_it_can_run_the_model(vlm: TransformersVlm) -> None:
    """Its own wrapper embeds the prompt, and LLaVA finds its image tokens by their embeddings."""
    from peft import PromptTuningConfig, get_peft_model

    engine = vlm._engine
    (one,) = PROMPTS[:1]
    primer, _ = engine.chat.letters(one)
    own = engine.encode([(one, vlm._given(one)[0])], primer=primer)
    with vlm.prefixed(4, seed=0) as learner, torch.no_grad():
        embeddings = learner.state()[WEIGHT]
        ours = engine.next_words(engine.encode([(one, vlm._given(one)[0])], primer=primer))
    config = PromptTuningConfig(
        task_type="CAUSAL_LM",
        num_virtual_tokens=4,
        num_layers=2,
        num_attention_heads=4,
        token_dim=embeddings.shape[1],
        num_transformer_submodules=1,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapped = get_peft_model(engine.model, config)
        wrapped.prompt_encoder["default"].embedding.weight.data = embeddings
        with torch.no_grad():
            theirs = wrapped(**own).logits[:, -1]
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    engine.model.requires_grad_(requires_grad=False)


@pytest.mark.parametrize("count", [1, 5])
def test_the_same_seed_starts_from_the_same_words(vlm: TransformersVlm, count: int) -> None:
    def start(seed: int) -> torch.Tensor:
        with vlm.prefixed(count, seed=seed) as learner:
            assert learner.size == count * vlm._engine.model.get_input_embeddings().weight.shape[1]
            return learner.state()[WEIGHT]

    generator = torch.get_rng_state()
    assert torch.equal(start(0), start(0))
    assert not torch.equal(start(0), start(1))
    assert torch.equal(torch.get_rng_state(), generator)
    table = vlm._engine.model.get_input_embeddings().weight
    assert all(any(torch.equal(one, word) for word in table) for one in start(0))


def test_what_learns_is_in_float32_where_the_model_is_in_16_bits(plain: Path) -> None:
    own = tiny_vlms.loaded(plain, dtype="bfloat16")
    before = weights(own)
    with own.prefixed(2, seed=0) as learner:
        first = learner.loss(PROMPTS, RIGHT, learn=True)
        for _ in range(6):
            learner.step(1e-2)
            last = learner.loss(PROMPTS, RIGHT, learn=True)
        assert last < first
        assert learner.state()[WEIGHT].dtype == torch.float32
    after = weights(own)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_a_model_whose_prompts_do_not_come_to_its_table_is_told(plain: Path) -> None:
    own = tiny_vlms.loaded(plain)
    table = own._engine.model.get_input_embeddings()
    # A family that embeds all tokens of a batch in a row.
    table.register_forward_hook(lambda _, __, result: result.flatten(0, 1)[None], prepend=True)
    forward = own._engine.model.forward

    def unheeding(**x: Any) -> Any:
        own._engine.model.get_input_embeddings()(x["input_ids"].repeat(2, 1))
        return None

    own._engine.model.forward = unheeding
    with pytest.raises(MeasurementError, match="does not come to its LLM"), own.prefixed(2, seed=0):
        pass
    own._engine.model.forward = forward
    assert own._engine.prefix is None


def test_a_model_without_a_table_of_words_is_told(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tiny_vlms.loaded(plain)
    monkeypatch.setattr(own._engine.model, "get_input_embeddings", lambda: torch.nn.Linear(2, 2))
    with pytest.raises(MeasurementError, match="embedded by Linear"), own.prefixed(2, seed=0):
        pass


def test_peft_is_asked_for_by_its_extra(
    vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: package != "peft")
    with (
        pytest.raises(ModelError, match=r"pip install 'pytest-vlmsight\[diagnose\]'"),
        vlm.prefixed(1, seed=0),
    ):
        pass


@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    count=st.integers(1, 4),
    left=st.booleans(),
)
def test_words_are_put_after_the_padding_and_before_the_prompt(
    lengths: list[int], count: int, left: bool
) -> None:
    longest = max(lengths)
    ids, mask = [], []
    for length in lengths:
        own, pad = list(range(10, 10 + length)), [0] * (longest - length)
        ids.append(pad + own if left else own + pad)
        mask.append([bool(i) * 1 for i in ids[-1]])
    kinds = torch.tensor(ids).unsqueeze(-1).expand(-1, -1, 2)
    x = {
        "input_ids": torch.tensor(ids),
        "attention_mask": torch.tensor(mask),
        "kinds": kinds,
        "pixel_values": torch.ones(3, 2, 2),
    }
    found = Prefix(torch.zeros(count, 5), word=7, name="tiny").before(x)
    for row, length in enumerate(lengths):
        pad = [0] * (longest - length)
        own = [7] * count + list(range(10, 10 + length))
        whole = pad + own if left else own + pad
        assert found["input_ids"][row].tolist() == whole
        assert found["attention_mask"][row].tolist() == [int(i > 0) for i in whole]
        assert found["kinds"][row, :, 0].tolist() == [0 if i == 7 else i for i in whole]
    if longest != 2 or len(lengths) != 3:
        assert found["pixel_values"] is x["pixel_values"]


def test_prompts_whose_tokens_are_numbered_are_told() -> None:
    x = {"input_ids": torch.ones(1, 2), "position_ids": torch.ones(1, 2)}
    with pytest.raises(MeasurementError, match="its processor numbers the tokens"):
        Prefix(torch.zeros(1, 5), word=7, name="tiny").before(x)
