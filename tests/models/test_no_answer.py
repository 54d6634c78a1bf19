"""What cannot be measured: models that do not start, and asking that ends in an error."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import pytest
import torch
from asking import noise, prompt
from safetensors.torch import load_file, save_file
from tiny_vlms import loaded

from pytest_vlmsight.models import maps
from pytest_vlmsight.models.base import MeasurementError, ModelError, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm


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
        vlm._engine.model.lm_head.weight[7] = value
    with pytest.raises(MeasurementError, match=rf"NaN or infinite logits \(dtype {dtype}\)"):
        list(vlm.ask([prompt(noise(0))]))


def changed_weights(
    plain: Path, folder: Path, name: str, change: Callable[[Tensor], object]
) -> Path:
    """A copy of a checkpoint with the one weight changed that has such a name."""
    for path in plain.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    weights = load_file(plain / "model.safetensors")
    (key,) = (key for key in weights if re.search(name, key))
    change(weights[key])
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_nan_in_the_eye_is_caught_at_the_start(plain: Path, tmp_path: Path) -> None:
    name = r"vision.*layers\.0\.mlp\.fc1\.weight"
    folder = changed_weights(plain, tmp_path, name, lambda weight: weight[0, 0].fill_(math.nan))
    with pytest.raises(ModelError, match=r"self-check failed: .* NaN .* \(dtype float32\)"):
        loaded(folder)


def test_an_eye_that_the_llm_is_given_nothing_of_does_not_start(
    plain: Path, tmp_path: Path
) -> None:
    folder = changed_weights(
        plain, tmp_path, r"projector\.linear_2\.weight", lambda weight: weight.zero_()
    )
    with pytest.raises(
        ModelError, match=r"nothing that the LLM is given depends on a layer .* × 2\)"
    ):
        loaded(folder)


@pytest.mark.parametrize(
    "fault",
    [lambda x: x.flip(0), lambda x: x.roll(1, 0), lambda x: x.roll(9, 0)],
    ids=["reversed", "one token off", "a row off"],
)
def test_features_that_are_moved_on_their_way_to_the_grid_do_not_start(
    plain: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Tensor], Tensor]
) -> None:
    real = maps._grid
    monkeypatch.setattr(maps, "_grid", lambda tokens, *rest: real(fault(tokens), *rest))
    with pytest.raises(ModelError, match=r"self-check failed at .*look in the wrong place"):
        loaded(plain)


def test_options_that_share_a_token_are_no_measurement(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vlm = loaded(plain)
    real = type(vlm._engine.processor.tokenizer).__call__

    def unknown(self: Any, text: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(text, str):
            text = text.replace("B", "C") if text.endswith("B") else text
        return real(self, text, *args, **kwargs)

    monkeypatch.setattr(type(vlm._engine.processor.tokenizer), "__call__", unknown)
    with pytest.raises(MeasurementError, match="letters A to C cannot be told apart"):
        list(vlm.ask([prompt(noise(0), options=3)]))
