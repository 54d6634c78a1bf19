"""What can go wrong between a folder and a loaded model, each with one clear error."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tiny_vlms
import torch
from asking import noise, prompt
from safetensors.torch import load_file, save_file

from pytest_vlmsight.models import extras
from pytest_vlmsight.models.base import ModelError
from pytest_vlmsight.models.families import FAMILIES
from pytest_vlmsight.models.loading import load
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

if TYPE_CHECKING:
    from collections.abc import Callable

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_vlms.build(tmp_path_factory.mktemp("built") / "model", "plain")


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    return Path(shutil.copytree(built, tmp_path / "model"))


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def refused(folder: Path, match: str, **options: Any) -> str:
    """The message of the ModelError that loading ends in, with all else (warnings too) silent."""
    with pytest.raises(ModelError, match=match) as error:
        TransformersVlm.from_name(parse_name(str(folder)), **options)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 1000
    return message


def test_a_checkpoint_loads_ready_to_be_asked(built: Path) -> None:
    loaded = load(parse_name(str(built)))
    assert (loaded.device, loaded.dtype, loaded.revision) == ("cpu", "float32", None)
    assert not loaded.model.training
    assert not any(p.requires_grad for p in loaded.model.parameters())
    assert type(loaded.processor).__name__ == "LlavaProcessor"


def test_loading_says_nothing_and_leaves_the_log_level(
    built: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load(parse_name(str(built)))
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_a_dtype_is_used_where_it_is_asked_for(built: Path, dtype: str) -> None:
    loaded = load(parse_name(str(built)), dtype=dtype)
    assert loaded.dtype == dtype
    assert {p.dtype for p in loaded.model.parameters()} == {getattr(torch, dtype)}


def test_the_cpu_computes_in_float32_whatever_the_checkpoint_is(folder: Path) -> None:
    save_file(
        {key: value.half() for key, value in load_file(folder / WEIGHTS).items()},
        folder / WEIGHTS,
        metadata={"format": "pt"},
    )
    edit(folder / "config.json", lambda c: c.update(dtype="float16"))
    assert load(parse_name(str(folder))).dtype == "float32"


def test_a_language_model_is_no_vlm(tmp_path: Path, built: Path) -> None:
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM
    from transformers.utils import logging

    config = LlamaConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    logging.disable_progress_bar()
    LlamaForCausalLM(config).save_pretrained(tmp_path / "llm")
    logging.enable_progress_bar()
    AutoTokenizer.from_pretrained(built).save_pretrained(tmp_path / "llm")
    message = refused(tmp_path / "llm", "is no vision-language model: model_type 'llama'")
    assert "no vision encoder" in message


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"model_type": "no-such-type"}'])
def test_a_corrupt_config_is_told_as_the_configuration(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content)
    message = refused(folder, "cannot load its configuration of")
    assert str(folder) in message


def test_binary_rubbish_as_config_is_told_as_the_configuration(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"\xff\xfe\x00\x80" * 20)
    refused(folder, "cannot load its configuration of")


def test_missing_eyes_are_not_replaced_by_random_ones(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    kept = {key: value for key, value in weights.items() if "vision" not in key}
    assert 0 < len(kept) < len(weights)
    save_file(kept, folder / WEIGHTS, metadata={"format": "pt"})
    refused(folder, r"no weights of a vision encoder \(first: .*vision.*random numbers")


def test_some_missing_weights_are_counted_and_the_first_named(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    (gone,) = (key for key in weights if key.endswith("linear_2.weight"))
    save_file(
        {key: value for key, value in weights.items() if key != gone},
        folder / WEIGHTS,
        metadata={"format": "pt"},
    )
    refused(folder, r"no weights for 1 of .* \(first: .*projector\.linear_2\.weight\)")


def test_a_few_missing_weights_of_the_eye_are_counted_too(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    gone = next(key for key in weights if "vision" in key and key.endswith("fc1.weight"))
    save_file(
        {key: value for key, value in weights.items() if key != gone},
        folder / WEIGHTS,
        metadata={"format": "pt"},
    )
    message = refused(folder, r"no weights for 1 of .* \(first: .*fc1\.weight\)")
    assert "vision encoder" not in message


def test_weights_of_another_shape_are_named(folder: Path) -> None:
    weights = load_file(folder / WEIGHTS)
    (wrong,) = (key for key in weights if key.endswith("linear_2.weight"))
    weights[wrong] = torch.zeros(3, 5)
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    refused(folder, r"another shape .*linear_2\.weight is \(3, 5\), expected \(64, 64\)")


def test_a_damaged_weight_file_is_told_as_the_weights(folder: Path) -> None:
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    refused(folder, "cannot load its weights of")


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    refused(folder, "cannot load its weights of .*safetensors")


class Trap:
    """Creates a file where it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.marker,))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused_unopened(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / WEIGHTS).unlink()
    marker = tmp_path / "executed"
    (folder / name).write_bytes(pickle.dumps({"x": Trap(marker)}))
    refused(folder, "cannot load its weights of")
    assert not marker.exists()
    pickle.loads((folder / name).read_bytes())  # noqa: S301  the trap works
    assert marker.exists()


def test_harmless_pickled_weights_are_refused_too(folder: Path) -> None:
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()
    refused(folder, "cannot load its weights of .*safetensors")


def test_pickled_weights_beside_safetensors_are_not_opened(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"x": Trap(marker)}))
    load(parse_name(str(folder)))
    assert not marker.exists()


def test_a_missing_processor_is_told(folder: Path) -> None:
    (folder / "processor_config.json").unlink()
    refused(folder, "processor")


def test_a_missing_tokenizer_is_told(folder: Path) -> None:
    for path in folder.glob("*token*"):
        path.unlink()
    refused(folder, "cannot load its processor of|the processor reads no text")


def test_a_processor_without_image_part_is_told(folder: Path) -> None:
    (folder / "processor_config.json").unlink()
    for path in (*folder.glob("*preprocessor*"), *folder.glob("*.jinja")):
        path.unlink()
    refused(folder, "processor")


def test_without_a_chat_template_prompts_are_plain_text(folder: Path) -> None:
    found = [*folder.glob("*.jinja")]
    assert found
    for path in found:
        path.unlink()
    vlm = TransformersVlm.from_name(parse_name(str(folder)))
    assert vlm.provenance["prompt"] == "no chat template: '{images}\\n{text}\\n'"
    (answer,) = vlm.ask([prompt(noise(1))])
    assert len(answer.logprobs) == 2
    assert vlm._engine.chat._text(prompt(noise(1)), 1, None).startswith("<image>\nWhich?")


def test_a_tokenizer_without_the_image_token_is_told(folder: Path) -> None:
    """As where the files of the LLM alone were put beside the weights."""

    def without(content: dict[str, Any]) -> None:
        content["added_tokens"] = [t for t in content["added_tokens"] if t["content"] != "<image>"]

    edit(folder / "tokenizer.json", without)
    edit(folder / "tokenizer_config.json", lambda c: c.pop("image_token"))
    number = json.loads((folder / "config.json").read_text())["image_token_index"]
    message = refused(folder, "its tokenizer does not have the image token")
    assert f"(config.json: id {number}, processor: '<image>')" in message


def test_an_image_token_that_the_configuration_alone_knows_is_told(folder: Path) -> None:
    edit(folder / "config.json", lambda c: c.update(image_token_id=9999))
    refused(folder, r"does not have the image token \(config\.json: id 9999, processor: '<image>'")


def test_a_processor_that_makes_more_image_tokens_is_told(folder: Path) -> None:
    def smaller_patches(content: dict[str, Any]) -> None:
        content["patch_size"] = 7

    edit(folder / "processor_config.json", smaller_patches)
    message = refused(folder, "cannot be asked about a picture: .*[Ii]mage.* do not match")
    assert "what LlavaProcessor and CLIPImageProcessor" in message
    assert (
        "processor_config.json or preprocessor_config.json may belong to another model" in message
    )


def test_a_processor_of_another_size_of_pictures_is_told(folder: Path) -> None:
    def larger(content: dict[str, Any]) -> None:
        for key in ("size", "crop_size"):
            content["image_processor"][key] = {"height": 224, "width": 224}

    edit(folder / "processor_config.json", larger)
    message = refused(folder, "cannot be asked about a picture: .*224")
    assert "may belong to another model" in message


@pytest.mark.parametrize(
    ("error", "packages"),
    [
        (ImportError("XVideoProcessor requires the Torchvision library but"), "torchvision"),
        (ValueError("Missing optional dependencies: torchvision. Please"), "torchvision"),
        (ImportError("TimmWrapperModel requires the timm library but it was not"), "timm"),
        (ImportError("Package `num2words` is required to run SmolVLM processor"), "num2words"),
        (ImportError("needs timm and Torchvision"), "torchvision and timm"),
    ],
)
def test_a_missing_package_is_told_with_the_extra_that_has_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, packages: str
) -> None:
    from transformers import AutoProcessor

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(AutoProcessor, "from_pretrained", fail)
    monkeypatch.setattr(extras, "_installed", lambda package: False)
    message = refused(folder, "cannot load its processor of")
    assert message.endswith(f"): it needs {packages}: pip install 'pytest-vlmsight[vision]'")


def test_an_error_that_names_no_missing_package_keeps_its_words(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoProcessor

    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"timm is installed\nand something else is wrong with {folder}/peft")

    monkeypatch.setattr(AutoProcessor, "from_pretrained", fail)
    monkeypatch.setattr(extras, "_installed", lambda package: True)
    message = refused(folder, "timm is installed and something else is wrong")
    assert "pip install" not in message


def test_extras_are_those_of_the_package() -> None:
    import tomllib

    project = Path(__file__).parents[2] / "pyproject.toml"
    optional = tomllib.loads(project.read_text())["project"]["optional-dependencies"]
    for extra, packages in extras.EXTRAS.items():
        assert [line.split(">=")[0] for line in optional[extra]] == list(packages)


def test_an_unknown_device_is_told(built: Path) -> None:
    refused(built, "--vlm-device=toaster: torch knows no such device", device="toaster")


def test_an_unknown_dtype_is_refused_by_name(built: Path) -> None:
    refused(built, "dtype 'int3': expected one of auto, float32, .*, int8, int4", dtype="int3")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda", "cuda:3"])
def test_a_device_that_is_not_there_is_told(built: Path, device: str) -> None:
    refused(built, f"cannot be put on --vlm-device={device}: ", device=device)


def test_code_that_comes_with_a_checkpoint_is_not_run(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    (folder / "own.py").write_text(
        f"from pathlib import Path\nPath({str(marker)!r}).touch()\n"
        "from transformers import LlavaConfig as OwnConfig\n"
        "from transformers import LlavaForConditionalGeneration as OwnModel\n"
        "from transformers import LlavaProcessor as OwnProcessor\n"
    )

    def own(content: dict[str, Any]) -> None:
        content["auto_map"] = {
            "AutoConfig": "own.OwnConfig",
            "AutoModelForImageTextToText": "own.OwnModel",
            "AutoProcessor": "own.OwnProcessor",
        }

    edit(folder / "config.json", own)
    edit(folder / "processor_config.json", own)
    load(parse_name(str(folder)))  # transformers' own LLaVA serves
    assert not marker.exists()
    edit(folder / "config.json", lambda c: c.update(model_type="own"))
    refused(folder, "cannot load its configuration of .*trust_remote_code")
    assert not marker.exists()


def test_a_family_without_a_row_is_tried_like_any_other(
    families: Callable[[str], Path],
) -> None:
    assert "vipllava" not in FAMILIES
    vlm = TransformersVlm.from_name(parse_name(str(families("vipllava"))))
    assert vlm.provenance["model_type"] == "vipllava"
    (answer,) = vlm.ask([prompt(noise(1))], stage=vlm.fed_from)
    assert len(answer.grids) == 1


@pytest.mark.parametrize("family", ["florence2", "got_ocr2", "kosmos-2"])
def test_a_refused_family_is_told_why(families: Callable[[str], Path], family: str) -> None:
    message = refused(families(family), f"model_type '{family}' is not measured: ")
    reason = FAMILIES[family].refused
    assert reason is not None
    assert message.endswith(reason)
