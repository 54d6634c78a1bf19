"""All stages of a model are read from one forward, as each is read by itself."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest
import torch
from asking import gap, noise, prompt
from tiny_vlms import loaded

from pytest_vlmsight.models.base import LayeredVlm, MeasurementError, NoMapError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm


def prompts(count: int) -> list[Any]:
    return [prompt(noise(seed, (112, 112)), words=1 + seed % 5) for seed in range(count)]


def test_stages_go_from_the_eye_to_the_last_layer(vlm: TransformersVlm) -> None:
    assert isinstance(vlm, LayeredVlm)
    assert list(map(str, vlm.stages)) == [
        *(f"encoder[{k}]" for k in range(3)),
        "projector",
        "llm[1]",
        "llm[2]",
    ]


def test_each_stage_is_as_it_is_read_by_itself_and_answers_are_alike(vlm: TransformersVlm) -> None:
    asked = prompts(6)
    readings = list(vlm.read(asked, stages=vlm.stages))
    answers = [answer for reading in readings for answer in reading.answers]
    assert gap(answers, list(vlm.ask(asked))) <= 1e-6
    for stage in vlm.stages:
        alone = [answer.grids for answer in vlm.ask(asked, stage=stage)]
        together = [grids for reading in readings for grids in reading.grids(stage)]
        for (one,), (other,) in zip(alone, together, strict=True):
            torch.testing.assert_close(one.features, other.features)
            assert one.xs.tolist() == other.xs.tolist()


def test_a_batch_goes_through_the_model_once(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = loaded(plain, batch=4)
    list(own.ask(prompts(1), stage=own.fed_from))  # measures where tokens look
    real, sizes = own._engine.model.forward, list[int]()

    @functools.wraps(real)
    def counted(*args: Any, **named: Any) -> Any:
        sizes.append(len(named["input_ids"]))
        return real(*args, **named)

    monkeypatch.setattr(own._engine.model, "forward", counted)
    for reading in own.read(prompts(10), stages=own.stages):
        for stage in own.stages:
            reading.grids(stage)
    assert sizes == [4, 4, 2]


def test_an_untrained_twin_has_other_weights_and_leaves_the_model_and_the_dice_alone(
    plain: Path,
) -> None:
    own = loaded(plain)
    asked = prompts(2)
    before, dice = list(own.ask(asked)), torch.random.get_rng_state()
    twin = own.untrained(seed=1)
    assert torch.equal(torch.random.get_rng_state(), dice)
    assert (twin.stages, twin.fed_from) == (own.stages, own.fed_from)
    said = list(twin.ask(asked))
    assert gap(said, before) > 1e-3
    assert gap(list(own.untrained(seed=1).ask(asked)), said) == 0
    twin.close()
    assert gap(list(own.ask(asked)), before) == 0


def test_quantised_weights_have_no_untrained_twin(plain: Path) -> None:
    from dataclasses import replace

    own = loaded(plain)
    own._loaded = replace(own._loaded, quantisation="bitsandbytes int8")
    with pytest.raises(MeasurementError, match="quantised has no untrained twin"):
        own.untrained(seed=0)


@pytest.mark.parametrize("family", ["qwen2_5_vl", "internvl"])
def test_families_are_read_at_all_their_stages(
    family_vlm: Callable[[str], TransformersVlm], family: str
) -> None:
    own = family_vlm(family)
    (reading,) = own.read([prompt(noise(1))], stages=own.stages)
    for stage in own.stages:
        ((one,),) = reading.grids(stage)
        (alone,) = own.ask([prompt(noise(1))], stage=stage)
        torch.testing.assert_close(one.features, alone.grids[0].features)


def test_a_stage_without_a_map_is_told_when_it_is_laid_out(
    family_vlm: Callable[[str], TransformersVlm],
) -> None:
    own = family_vlm("idefics2")
    (reading,) = own.read([prompt(noise(1))], stages=own.stages)
    assert reading.grids(own.fed_from)
    with pytest.raises(NoMapError, match="has no spatial map"):
        reading.grids(own.stages[-1])
