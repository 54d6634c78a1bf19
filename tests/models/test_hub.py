"""Models of the hub, from a cache laid out as the hub's client lays it out, without a network."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import tiny_vlms
from hub_cache import lay_out, offline

COMMIT, OLDER = "0123456789abcdef" * 2 + "01234567", "fedcba9876543210" * 2 + "76543210"
LLAVA, OTHER = "llava-hf/llava-1.5-7b-hf", "somebody/tiny-vlm"
LORA, PICKLED = "somebody/tiny-lora", "somebody/pickled-lora"

_PROGRAM = """
import json, sys, warnings
warnings.simplefilter("error")
from PIL import Image
from pytest_vlmsight.models.base import ModelError, Prompt
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

picture = Image.new("RGB", (64, 64), (200, 30, 90))
for text in json.loads(sys.argv[1]):
    try:
        vlm = TransformersVlm.from_name(parse_name(text))
        (answer,) = vlm.ask([Prompt(images=(picture,), question="?", options=("a", "b"))])
        said = {**vlm.provenance, "name": vlm.name, "logprobs": answer.logprobs}
    except ModelError as error:
        said = {"error": str(error)}
    print("SAID", json.dumps([text, said]))
"""


def adapters(base: Path, folder: Path) -> tuple[Path, Path]:
    """A LoRA that changes nothing, and one whose weights are pickled."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForImageTextToText

    with tiny_vlms._no_bars(), warnings.catch_warnings(action="ignore"):
        model = AutoModelForImageTextToText.from_pretrained(base)
        wrapped = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"]))
        wrapped.save_pretrained(folder / "lora")
    pickled = Path(shutil.copytree(folder / "lora", folder / "pickled"))
    (pickled / "adapter_model.safetensors").rename(pickled / "adapter_model.bin")
    return folder / "lora", pickled


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each name came to, all loaded by one process that may not use the network."""
    built = tmp_path_factory.mktemp("built")
    new = tiny_vlms.build(built / "new", "always_a")
    old = tiny_vlms.build(built / "old", "last_option")
    cache = tmp_path_factory.mktemp("hub")
    lay_out(cache, LLAVA, {COMMIT: new, OLDER: old}, {"main": COMMIT, "v1": OLDER})
    lay_out(cache, OTHER, {COMMIT: new, OLDER: old}, {"main": COMMIT, "refs/pr/3": OLDER})
    lora, pickled = adapters(old, built)
    lay_out(cache, LORA, {COMMIT: lora}, {"main": COMMIT, "v1": COMMIT})
    lay_out(cache, PICKLED, {COMMIT: pickled}, {"main": COMMIT})
    names = [
        "llava-1.5",
        LLAVA,
        f"{LLAVA}@v1",
        f"{LLAVA}@{OLDER}",
        "llava-1.5@v1",
        OTHER,
        f"{OTHER}@refs/pr/3",
        "nobody/nothing",
        f"{LLAVA}@gone",
        f"{OTHER}+{LORA}",
        f"{OTHER}@{OLDER}+{LORA}@v1",
        f"{OTHER}+{PICKLED}",
        f"{OTHER}+nobody/nothing",
        f"{OTHER}+{LORA}@gone",
        LORA,
    ]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(names)],
        env=offline(cache),
        cwd=cache,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("SAID ")]
    return dict(json.loads(line.removeprefix("SAID ")) for line in lines)


@pytest.mark.parametrize(
    ("text", "commit"),
    [
        ("llava-1.5", COMMIT),
        (LLAVA, COMMIT),
        (f"{LLAVA}@v1", OLDER),
        (f"{LLAVA}@{OLDER}", OLDER),
        ("llava-1.5@v1", OLDER),
        (OTHER, COMMIT),
        (f"{OTHER}@refs/pr/3", OLDER),
    ],
)
def test_a_name_loads_its_revision_and_provenance_has_the_commit(
    said: dict[str, dict[str, Any]], text: str, commit: str
) -> None:
    assert said[text]["name"] == text
    assert said[text]["source"] == (LLAVA if "llava" in text else OTHER)
    assert said[text]["revision"] == commit
    first, last = said[text]["logprobs"]
    assert (first > last) is (commit == COMMIT)  # the older says the last, the newer says A


def test_only_models_trained_on_one_image_get_composites(said: dict[str, dict[str, Any]]) -> None:
    assert said["llava-1.5"]["several_images"] == "composite"
    assert said[f"{LLAVA}@v1"]["several_images"] == "composite"
    assert said[OTHER]["several_images"] == "separate"


@pytest.mark.parametrize("text", ["nobody/nothing", f"{LLAVA}@gone"])
def test_what_is_not_there_is_one_clear_error_with_the_hubs_own_words(
    said: dict[str, dict[str, Any]], text: str
) -> None:
    message = said[text]["error"]
    hub_id, _, revision = text.partition("@")
    assert message.startswith(f"cannot load its configuration of {text} (hub id {hub_id}")
    assert f"at revision {revision}" in message or not revision
    assert "\n" not in message
    assert "connect" in message or "offline" in message or "cached" in message


@pytest.mark.parametrize(
    ("text", "commit"), [(f"{OTHER}+{LORA}", COMMIT), (f"{OTHER}@{OLDER}+{LORA}@v1", OLDER)]
)
def test_an_adapter_is_of_its_own_revision_and_provenance_has_its_commit(
    said: dict[str, dict[str, Any]], text: str, commit: str
) -> None:
    assert said[text]["name"] == text
    assert (said[text]["source"], said[text]["revision"]) == (OTHER, commit)
    assert said[text]["adapter"] == f"{LORA}@{COMMIT}"
    assert (
        said[text]["logprobs"]
        == said[text.partition("+")[0].replace(OLDER, "refs/pr/3")]["logprobs"]
    )


@pytest.mark.parametrize("adapter", ["nobody/nothing", f"{LORA}@gone"])
def test_an_adapter_that_is_not_there_is_told_once(
    said: dict[str, dict[str, Any]], adapter: str
) -> None:
    message = said[f"{OTHER}+{adapter}"]["error"]
    assert message.startswith(f"cannot load adapter_config.json of {adapter} (hub id ")
    assert "\n" not in message


def test_pickled_weights_of_an_adapter_of_the_hub_are_not_read(
    said: dict[str, dict[str, Any]],
) -> None:
    message = said[f"{OTHER}+{PICKLED}"]["error"]
    assert message.startswith(f"the adapter {PICKLED} has no adapter_model.safetensors")


def test_an_adapter_alone_is_no_model(said: dict[str, dict[str, Any]]) -> None:
    """Else transformers would load whatever base the adapter names."""
    assert said[LORA]["error"] == (
        f"{LORA} is an adapter (it has an adapter_config.json); give its base before it: "
        f"--vlm=BASE+{LORA}"
    )


@pytest.mark.parametrize(
    "words",
    [
        "You are trying to access a gated repo.\nMake sure to have access to it at https://x.y",
        "nobody/nothing is not a local folder and is not a valid model identifier",
    ],
)
def test_the_hubs_own_words_are_told_once(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """Of gated and of missing models: what the hub's client raises with a network."""
    import transformers.utils

    from pytest_vlmsight.models.base import ModelError
    from pytest_vlmsight.models.loading import load
    from pytest_vlmsight.models.names import parse_name

    def fail(*_: object, **__: object) -> None:
        raise OSError(words)

    monkeypatch.setattr(transformers.utils, "cached_file", fail)
    with pytest.raises(ModelError) as error:
        load(parse_name("llama-3.2-11b-vision"))
    told = " ".join(words.split())
    assert str(error.value) == (
        "cannot load its configuration of llama-3.2-11b-vision (hub id "
        f"meta-llama/Llama-3.2-11B-Vision-Instruct): {told}"
    )
