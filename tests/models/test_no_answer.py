"""What cannot be measured: models that do not start, and asking that ends in an error."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import torch
from asking import noise, prompt
from tiny_vlms import loaded

from pytest_vlmsight.models.base import MeasurementError, ModelError, Stage
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
    "fault",
    [lambda x: x.flip(1), lambda x: x.roll(1, 1), lambda x: x * 1.01],
    ids=["reversed", "rolled", "scaled"],
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
