"""Parts of a checkpoint learn by the answers it gives, and all weights are put back bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tiny_vlms
import torch
from asking import noise, prompt
from tiny_families import MEASURED

from pytest_vlmsight.models import extras
from pytest_vlmsight.models.base import MeasurementError, ModelError
from pytest_vlmsight.models.reach import Layer, dealt_ranks, equal_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

PROMPTS = [prompt(noise(1)), prompt(noise(2), noise(3), options=3), prompt(noise(4))]
RIGHT = [0, 2, 1]
WAYS = ["encoder", "projector", "llm", "whole projector"]


@pytest.fixture(scope="module")
def vlm(plain: Path) -> TransformersVlm:
    return tiny_vlms.loaded(plain)


def weights(vlm: TransformersVlm) -> dict[str, torch.Tensor]:
    return {name: one.clone() for name, one in vlm._engine.model.state_dict().items()}


def asked(vlm: TransformersVlm) -> list[tuple[float, ...]]:
    return [answer.logprobs for answer in vlm.ask(PROMPTS)]


def flat(answers: list[tuple[float, ...]]) -> list[float]:
    return [number for one in answers for number in one]


def test_parts_have_equally_many_weights_within_a_tenth(vlm: TransformersVlm) -> None:
    for rank in (1, 2, 8):
        ways, missing = vlm.ways(rank=rank)
        assert [way.name for way in ways] == WAYS
        assert not missing
        sizes = [way.size for way in ways[:3]]
        assert max(sizes) <= 1.1 * min(sizes)
        assert "rank" in ways[0].told


def test_parts_are_told_apart_by_when_they_run(vlm: TransformersVlm) -> None:
    found = vlm._reach()
    places = {"encoder": "vision_tower", "projector": "projector", "llm": "language_model"}
    for part, place in places.items():
        assert all(f".{place}" in one.name or place in one.name for one in found.layers[part])
    # The last layer of the encoder comes after the one that the projector reads.
    assert not any("encoder.layers.1" in one.name for one in found.layers["encoder"])
    assert {name.rpartition(".")[0].rpartition(".")[2] for name in found.projector} == {
        "linear_1",
        "linear_2",
    }


@pytest.mark.parametrize("way", WAYS)
def test_a_way_learns_and_afterwards_all_is_as_before(vlm: TransformersVlm, way: str) -> None:
    before, answers = weights(vlm), asked(vlm)
    with vlm.tuned(way, rank=2, seed=0) as learner:
        assert flat(asked(vlm)) == pytest.approx(flat(answers), abs=1e-5)  # nothing learned yet
        losses = []
        for _ in range(4):
            losses.append(learner.loss(PROMPTS, RIGHT, learn=True))
            learner.step(3e-3)
        assert learner.loss(PROMPTS, RIGHT, learn=False) < losses[0]
        assert flat(asked(vlm)) != pytest.approx(flat(answers), abs=1e-5)
        (own,) = (one for one in vlm.ways(rank=2)[0] if one.name == way)
        assert learner.size == own.size
    after = weights(vlm)
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert asked(vlm) == answers
    assert not hasattr(vlm._engine.model, "peft_config")
    assert not any(one.requires_grad for one in vlm._engine.model.parameters())


FAMILIES = ("glm4v_moe", "mllama")
"""One of whose experts peft knows, and one that attends across; all of them with ``-m slow``."""


@pytest.mark.parametrize(
    "family",
    [
        *FAMILIES,
        *(pytest.param(name, marks=pytest.mark.slow) for name in MEASURED if name not in FAMILIES),
    ],
)
def test_ways_of_families_learn_and_put_all_back(
    family_vlm: Callable[[str], TransformersVlm], family: str
) -> None:
    vlm = family_vlm(family)
    before = weights(vlm)
    some = [prompt(noise(1)), prompt(noise(2))]
    ways, missing = vlm.ways(rank=2)
    assert {way.name for way in ways} | set(missing) | {"whole projector"} == set(WAYS)
    assert "llm" in {way.name for way in ways}
    for way in ways:
        with vlm.tuned(way.name, rank=2, seed=0) as learner:
            assert learner.size == way.size
            first = learner.loss(some, [0, 1], learn=True)
            learner.step(2e-3)
            assert learner.loss(some, [0, 1], learn=False) < first
    after = weights(vlm)
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_the_loss_is_that_of_the_letters_that_are_scored(vlm: TransformersVlm) -> None:
    told = [one[right] for one, right in zip(asked(vlm), RIGHT, strict=True)]
    with vlm.tuned("llm", rank=1, seed=0) as learner:
        assert learner.loss(PROMPTS, RIGHT, learn=False) == pytest.approx(-sum(told) / 3, abs=1e-4)


@pytest.mark.parametrize("way", ["llm", "whole projector"])
def test_a_state_is_gone_on_from_with_the_same_numbers(vlm: TransformersVlm, way: str) -> None:
    def steps(learner: Any, count: int) -> list[float]:
        found = []
        for _ in range(count):
            found.append(learner.loss(PROMPTS, RIGHT, learn=True))
            learner.step(3e-3)
        return found

    with vlm.tuned(way, rank=2, seed=0) as learner:
        whole = steps(learner, 4)
    with vlm.tuned(way, rank=2, seed=0) as learner:
        first = steps(learner, 2)
        state = learner.state()
    with vlm.tuned(way, rank=2, seed=0) as learner:
        learner.restore(state)
        assert first + steps(learner, 2) == whole
        with pytest.raises(ValueError, match="the state is that of other weights"):
            learner.restore({"other": torch.zeros(1)})


def test_what_learns_is_in_float32_where_the_model_is_in_16_bits(plain: Path) -> None:
    vlm = tiny_vlms.loaded(plain, dtype="bfloat16")
    before = weights(vlm)
    for way in ("llm", "whole projector"):
        with vlm.tuned(way, rank=2, seed=0) as learner:
            first = learner.loss(PROMPTS, RIGHT, learn=True)
            for _ in range(6):
                learner.step(1e-3)
                last = learner.loss(PROMPTS, RIGHT, learn=True)
            assert last < first
            assert {one.dtype for one in learner.state().values()} == {torch.float32}
    after = weights(vlm)
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_where_a_batch_does_not_fit_it_is_halved(
    vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = vlm._engine
    forward = engine.next_words
    sizes: list[int] = []

    def small(x: Any) -> Any:
        sizes.append(len(x["input_ids"]))
        if sizes[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(x)

    monkeypatch.setattr(engine, "next_words", small)
    alike = [prompt(noise(k)) for k in range(4)]
    losses = {}
    for most in (4, 1):
        with vlm.tuned("llm", rank=1, seed=0) as learner:
            losses[most] = learner.loss(alike, [0, 1, 0, 1], learn=True)
    assert sizes == [4, 4, 2, 1, 1, 1, 1]
    assert losses[1] == pytest.approx(losses[4], abs=1e-5)
    most = 0
    with (
        vlm.tuned("llm", rank=1, seed=0) as learner,
        pytest.raises(MeasurementError, match="one prompt at a time does not fit in memory"),
    ):
        learner.loss(alike, [0, 1, 0, 1], learn=True)


def test_peft_is_asked_for_by_its_extra(
    vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: package != "peft")
    with pytest.raises(ModelError, match=r"pip install 'pytest-vlmsight\[diagnose\]'"):
        vlm.ways(rank=8)


def layers(*sizes: tuple[int, int]) -> list[Layer]:
    return [Layer(name=f"{k}", inputs=i, outputs=o) for k, (i, o) in enumerate(sizes)]


def test_ranks_differ_by_one_at_most_in_layers_alike() -> None:
    some = layers(*[(64, 64)] * 10)
    ranks = dealt_ranks(some, weights=128 * 25)
    assert sorted(ranks.values()) == [2] * 5 + [3] * 5
    assert len(dealt_ranks(some, weights=128 * 4)) == 4  # others are left out
    assert list(dealt_ranks(some, weights=5).values()) == [1]


def test_no_rank_is_so_high_that_the_layer_itself_has_fewer_weights() -> None:
    small, large = layers((8, 8)), layers((64, 64), (64, 64))
    weights = equal_weights({"projector": small, "llm": large}, rank=8)
    assert weights == 4 * 16
    assert dealt_ranks(small, weights=weights) == {"0": 4}
