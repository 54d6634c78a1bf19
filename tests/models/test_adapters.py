"""Adapters of PEFT are merged into their base, or refused in words; nothing is unpickled."""

from __future__ import annotations

import json
import pickle
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tiny_vlms
import torch
from asking import gap, noise, prompt
from safetensors.torch import load_file, save_file

from pytest_vlmsight.models import adapters, extras
from pytest_vlmsight.models.base import ModelError, Stage
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_vlmsight.models.base import Answer

WEIGHTS = "adapter_model.safetensors"
PROMPTS = [prompt(noise(1)), prompt(noise(2), noise(3), options=3), prompt()]

KINDS: dict[str, dict[str, Any]] = {
    "lora": {"target_modules": ["q_proj", "v_proj"]},
    "llm only": {"target_modules": r".*language_model.*\.(down_proj|k_proj)"},
    "whole projector": {
        "target_modules": ["q_proj"],
        "modules_to_save": ["multi_modal_projector"],
    },
    "dora": {"target_modules": ["gate_proj"], "use_dora": True},
}


def model_of(folder: Path) -> Any:
    from transformers import AutoModelForImageTextToText

    return AutoModelForImageTextToText.from_pretrained(folder)


def made(base: Path, folder: Path, *, seed: int = 0, **config: Any) -> Path:
    """An adapter whose matrices are both random, as peft saves it, and the merged checkpoint."""
    from peft import LoraConfig, get_peft_model

    with (
        torch.random.fork_rng(devices=[]),
        tiny_vlms._no_bars(),
        warnings.catch_warnings(action="ignore"),  # of peft, on what transformers deprecates
    ):
        torch.manual_seed(seed)
        wrapped = get_peft_model(
            model_of(base), LoraConfig(r=2, lora_alpha=8, init_lora_weights=False, **config)
        )
        for key, weights in wrapped.named_parameters():
            if "modules_to_save" in key:
                weights.data += 0.1 * torch.randn_like(weights)
        wrapped.save_pretrained(folder)
        whole = wrapped.merge_and_unload()
        shutil.copytree(base, folder.with_name(f"{folder.name}-merged"))
        whole.save_pretrained(folder.with_name(f"{folder.name}-merged"))
    return folder


@pytest.fixture(scope="module")
def lora(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(plain, tmp_path_factory.mktemp("lora") / "lora", **KINDS["lora"])


@pytest.fixture(scope="module")
def base(plain: Path) -> TransformersVlm:
    """The checkpoint without an adapter, loaded."""
    return loaded(plain)


@pytest.fixture(scope="module")
def with_lora(plain: Path, lora: Path) -> TransformersVlm:
    return loaded(plain, lora)


@pytest.fixture
def broken(lora: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(lora, tmp_path / "broken"))


def edit_weights(folder: Path, change: Any) -> None:
    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})


def edit_config(folder: Path, **changes: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def loaded(base: Path, adapter: Path | None = None) -> TransformersVlm:
    name = str(base) if adapter is None else f"{base}+{adapter}"
    return TransformersVlm.from_name(parse_name(name))


def asked(vlm: TransformersVlm) -> Sequence[Answer]:
    return list(vlm.ask(PROMPTS))


def refused(base: Path, adapter: Path, match: str) -> str:
    with pytest.raises(ModelError, match=match) as error:
        loaded(base, adapter)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


@pytest.mark.parametrize("kind", KINDS)
def test_the_answers_are_those_of_the_merged_checkpoint(
    plain: Path, base: TransformersVlm, tmp_path: Path, kind: str
) -> None:
    adapter = made(plain, tmp_path / "adapter", **KINDS[kind])
    with_adapter = loaded(plain, adapter)
    merged = loaded(tmp_path / "adapter-merged")
    assert gap(asked(with_adapter), asked(merged)) <= 1e-5
    assert gap(asked(with_adapter), asked(base)) > 1e-3


def test_features_are_those_of_the_merged_encoder(
    base: TransformersVlm, with_lora: TransformersVlm, lora: Path
) -> None:
    stage = Stage("encoder", 1)
    seen = [
        next(iter(vlm.look([noise(1)], stage=stage))).features
        for vlm in (base, with_lora, loaded(lora.with_name("lora-merged")))
    ]
    torch.testing.assert_close(seen[1], seen[2], atol=1e-5, rtol=0)
    assert (seen[1] - seen[0]).abs().max() > 1e-2


def test_an_adapter_that_changes_nothing_answers_as_its_base(
    plain: Path, base: TransformersVlm, broken: Path
) -> None:
    def zero(weights: dict[str, torch.Tensor]) -> None:
        for key, values in weights.items():
            if "lora_B" in key:
                weights[key] = torch.zeros_like(values)

    edit_weights(broken, zero)
    assert gap(asked(loaded(plain, broken)), asked(base)) == 0


def test_the_model_is_an_ordinary_one_and_provenance_names_both(
    plain: Path, lora: Path, base: TransformersVlm, with_lora: TransformersVlm
) -> None:
    vlm = with_lora
    assert vlm.name == f"{plain}+{lora}"
    assert vlm.provenance["source"] == plain.name
    assert vlm.provenance["adapter"] == lora.name
    assert type(vlm._engine.model).__name__ == "LlavaForConditionalGeneration"
    assert not any("lora" in key for key, _ in vlm._engine.model.named_parameters())
    assert not any(weights.requires_grad for weights in vlm._engine.model.parameters())
    assert base.provenance["adapter"] is None


def test_an_adapter_of_the_older_layout_of_modules_fits(
    plain: Path, with_lora: TransformersVlm, broken: Path
) -> None:
    """As trained with transformers 4."""

    def older(weights: dict[str, torch.Tensor]) -> None:
        for key in list(weights):
            old = key.replace(".model.model.language_model.", ".model.language_model.model.")
            old = old.replace(".model.model.vision_tower.", ".model.vision_tower.vision_model.")
            assert old != key
            weights[old] = weights.pop(key)

    edit_weights(broken, older)
    assert gap(asked(loaded(plain, broken)), asked(with_lora)) == 0


@pytest.mark.parametrize("name", ["adapter_model.bin", None])
def test_pickled_adapters_are_refused_unopened(plain: Path, broken: Path, name: str | None) -> None:
    (broken / WEIGHTS).unlink()
    if name:
        (broken / name).write_bytes(pickle.dumps({"x": 1}))
    message = refused(plain, broken, rf"has no {WEIGHTS}; pickled|has no {WEIGHTS} but")
    assert ("but adapter_model.bin" in message) is (name is not None)
    assert "safe_serialization=True" in message


def test_weights_that_are_missing_are_named(plain: Path, broken: Path) -> None:
    edit_weights(broken, lambda weights: weights.pop(sorted(weights)[0]))
    refused(plain, broken, rf"\(made for {plain}\) does not fit .* no weights for parts .*lora_A")


def test_weights_without_a_place_are_named(plain: Path, broken: Path) -> None:
    def more(weights: dict[str, torch.Tensor]) -> None:
        first = next(key for key in sorted(weights) if "language_model.layers.1" in key)
        weights[first.replace("layers.1", "layers.7")] = weights[first].clone()

    edit_weights(broken, more)
    refused(plain, broken, r"does not fit .* has no place for \(.*layers\.7\.")


def test_an_adapter_of_another_size_is_told(plain: Path, broken: Path) -> None:
    def wider(weights: dict[str, torch.Tensor]) -> None:
        for key in weights:
            if "lora_A" in key:
                weights[key] = torch.zeros(2, 99)

    edit_weights(broken, wider)
    refused(plain, broken, r"does not fit .*size mismatch")


def test_an_adapter_of_other_modules_is_told(plain: Path, broken: Path) -> None:
    edit_config(broken, target_modules=["c_attn"], base_model_name_or_path="some/gpt")
    refused(plain, broken, r"\(made for some/gpt\) does not fit .*c_attn.* not found")


def test_prompt_tuning_cannot_be_merged(plain: Path, broken: Path) -> None:
    from peft import PromptTuningConfig

    PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2).save_pretrained(broken)
    refused(plain, broken, "is of the kind PROMPT_TUNING, which cannot be merged")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"peft_type": "NONE"}'])
def test_a_corrupt_configuration_is_told(plain: Path, broken: Path, content: str) -> None:
    (broken / "adapter_config.json").write_text(content)
    message = refused(plain, broken, r"adapter_config\.json")
    assert str(broken) in message


def test_without_peft_the_extra_is_named(
    plain: Path, lora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: package != "peft")
    refused(plain, lora, rf"the adapter {lora} needs peft: pip install 'pytest-vlmsight\[peft\]'")


def test_quantised_weights_are_not_merged_into(plain: Path, lora: Path) -> None:
    with pytest.raises(ModelError, match="merging an adapter into quantised weights would round"):
        TransformersVlm.from_name(parse_name(f"{quantised(plain)}+{lora}"))


def quantised(plain: Path) -> Path:
    """The same checkpoint, said to be quantised."""
    folder = plain.with_name("quantised")
    if not folder.exists():
        shutil.copytree(plain, folder)
        config = json.loads((folder / "config.json").read_text())
        config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_8bit": True}
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_files_of_an_adapter_are_those_that_peft_writes(lora: Path) -> None:
    assert {adapters.CONFIG, adapters.WEIGHTS} <= {path.name for path in lora.iterdir()}
