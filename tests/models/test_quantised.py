"""Quantised weights: what transformers is told, what is refused, and, where it runs, the answers.

bitsandbytes is not among what the tests install; without it the arguments are tested, not the
weights.
"""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import tiny_vlms
import torch
from asking import gap, noise, prompt

from pytest_vlmsight.models import extras, loading
from pytest_vlmsight.models.base import ModelError
from pytest_vlmsight.models.loading import load
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.quantisation import method_of

if TYPE_CHECKING:
    from pathlib import Path

needs_bitsandbytes = pytest.mark.skipif(
    find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed"
)

CONFIGS: dict[str, tuple[dict[str, Any] | None, str | None]] = {
    "none": (None, None),
    "int8": ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes, 8 bits"),
    "int4": ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "bitsandbytes, 4 bits"),
    "gptq": ({"quant_method": "gptq", "bits": 4, "group_size": 128}, "gptq, 4 bits"),
    "awq": ({"quant_method": "awq", "bits": 4, "version": "gemm"}, "awq, 4 bits"),
    "fp8": ({"quant_method": "fp8", "activation_scheme": "dynamic"}, "fp8"),
    "compressed": (
        {
            "quant_method": "compressed-tensors",
            "config_groups": {"a": {"weights": {"num_bits": 8}}},
        },
        "compressed-tensors, 8 bits",
    ),
}


class Stub:
    """Stands for a class of transformers: keeps what it is told, and loads unquantised."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from transformers import AutoModelForImageTextToText, LlavaForConditionalGeneration

        self.told: dict[str, Any] = {}
        self._auto = AutoModelForImageTextToText
        monkeypatch.setattr(loading, "_auto_for", lambda config: self)
        monkeypatch.setattr(extras, "_installed", lambda package: True)

        def refuse(*_: Any, **__: Any) -> None:
            raise ValueError("`.to` is not supported for quantised models")

        monkeypatch.setattr(LlavaForConditionalGeneration, "to", refuse)

    def from_pretrained(self, source: str, **told: Any) -> Any:
        from transformers import AutoConfig

        self.told = told
        config = AutoConfig.from_pretrained(source)
        given = told.get("quantization_config", getattr(config, "quantization_config", None))
        config.quantization_config = None
        model, info = self._auto.from_pretrained(
            source, config=config, output_loading_info=True, dtype="float32"
        )
        model.config.quantization_config = given
        return model, info


def said_to_be(plain: Path, folder: Path, quantisation: dict[str, Any]) -> Path:
    """The same checkpoint, said to be quantised."""
    shutil.copytree(plain, folder)
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = quantisation
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize("kind", CONFIGS)
def test_method_and_bits_are_told(kind: str) -> None:
    given, words = CONFIGS[kind]
    assert method_of(SimpleNamespace(quantization_config=given)) == words
    if given is not None:
        as_object = SimpleNamespace(to_dict=lambda: given)
        assert method_of(SimpleNamespace(quantization_config=as_object)) == words


@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_without_bitsandbytes_the_extra_is_named(
    plain: Path, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: package != "bitsandbytes")
    advice = r"needs bitsandbytes: pip install 'pytest-vlmsight\[quantised\]'"
    with pytest.raises(ModelError, match=f"--vlm-dtype={dtype} {advice}"):
        load(parse_name(str(plain)), dtype=dtype)


@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_what_is_quantised_is_not_quantised_again(plain: Path, tmp_path: Path, dtype: str) -> None:
    given, words = CONFIGS["gptq"]
    assert given is not None
    folder = said_to_be(plain, tmp_path / "model", given)
    with pytest.raises(ModelError, match=rf"is quantised already \({words}\); leave --vlm-dtype"):
        load(parse_name(str(folder)), dtype=dtype)


@pytest.mark.parametrize(
    ("dtype", "fields"),
    [
        ("int8", {"load_in_8bit": True, "load_in_4bit": False}),
        (
            "int4",
            {
                "load_in_8bit": False,
                "load_in_4bit": True,
                "bnb_4bit_quant_type": "nf4",
                "bnb_4bit_compute_dtype": "bfloat16",
            },
        ),
    ],
)
@pytest.mark.parametrize("device", ["cpu", "map"])
def test_transformers_is_told_the_bits_and_the_place(
    plain: Path,
    monkeypatch: pytest.MonkeyPatch,
    dtype: str,
    fields: dict[str, Any],
    device: str,
) -> None:
    stub = Stub(monkeypatch)
    loaded = load(parse_name(str(plain)), dtype=dtype, device=device)
    told = stub.told["quantization_config"].to_dict()
    assert {key: told[key] for key in fields} == fields
    assert stub.told["dtype"] == "auto"
    assert stub.told["device_map"] == ("auto" if device == "map" else {"": "cpu"})
    assert loaded.quantisation == f"bitsandbytes, {dtype[-1]} bits"
    assert loaded.dtype == "float32"
    assert loaded.device == "cpu"


def test_a_quantised_checkpoint_is_loaded_as_it_is_and_not_moved(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, words = CONFIGS["gptq"]
    assert given is not None
    stub = Stub(monkeypatch)
    loaded = load(parse_name(str(said_to_be(plain, tmp_path / "model", given))))
    assert loaded.quantisation == words
    assert stub.told["dtype"] == "auto"
    assert stub.told["device_map"] == {"": "cpu"}
    assert "quantization_config" not in stub.told


def test_an_ordinary_checkpoint_has_no_quantisation(plain: Path) -> None:
    vlm = tiny_vlms.loaded(plain)
    assert vlm.provenance["quantisation"] is None


def test_inputs_have_the_format_that_is_computed_in_and_not_that_of_the_weights() -> None:
    class Model:
        def parameters(self) -> list[Any]:
            return [
                SimpleNamespace(dtype=torch.uint8),
                SimpleNamespace(dtype=torch.float8_e4m3fn),
                SimpleNamespace(dtype=torch.bfloat16),
            ]

    assert loading._dtype_of(Model()) == "bfloat16"


@needs_bitsandbytes
@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_quantised_weights_answer_nearly_as_the_others(plain: Path, dtype: str) -> None:
    prompts = [prompt(noise(1)), prompt(noise(2), noise(3))]
    whole = list(tiny_vlms.loaded(plain).ask(prompts))
    vlm = tiny_vlms.loaded(plain, dtype=dtype, device="cpu")
    assert vlm.provenance["quantisation"] == f"bitsandbytes, {dtype[-1]} bits"
    assert {"torch.int8", "torch.uint8"} & {str(p.dtype) for p in vlm._engine.model.parameters()}
    assert 0 < gap(list(vlm.ask(prompts)), whole) < 2
