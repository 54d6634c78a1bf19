"""Where weights go: one device, or as many as a model needs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import tiny_vlms
import torch
from asking import gap, noise, prompt

from pytest_vlmsight.models import extras
from pytest_vlmsight.models.base import ModelError, Stage
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.placement import MAP, devices_of, on_cpu, place_for, weights_size

if TYPE_CHECKING:
    from pathlib import Path

PROMPTS = [prompt(noise(1)), prompt(noise(2), noise(3), options=3), prompt()]


def no_size() -> int:
    raise AssertionError("the size decides nothing here")


def gpus(monkeypatch: pytest.MonkeyPatch, count: int, *, free: int = 10) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free, 100))


@pytest.mark.parametrize(("count", "place"), [(0, "cpu"), (1, "cuda")])
def test_auto_is_the_only_gpu_or_the_cpu(
    monkeypatch: pytest.MonkeyPatch, count: int, place: str
) -> None:
    gpus(monkeypatch, count)
    assert place_for("auto", size=no_size) == place


@pytest.mark.parametrize(("size", "place"), [(9, "cuda"), (10, "cuda"), (11, MAP)])
def test_auto_is_the_map_where_the_first_of_several_is_too_small(
    monkeypatch: pytest.MonkeyPatch, size: int, place: str
) -> None:
    gpus(monkeypatch, 2)
    assert place_for("auto", size=lambda: size) == place


@pytest.mark.parametrize("asked", ["cpu", "cuda:1", "cuda", "map"])
def test_what_is_asked_for_is_taken(monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    gpus(monkeypatch, 2)
    assert place_for(asked, size=no_size) == asked


def test_without_accelerate_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_installed", lambda package: False)
    advice = r"needs accelerate: pip install 'pytest-vlmsight\[accelerate\]'"
    with pytest.raises(ModelError, match=f"--vlm-device=map {advice}"):
        place_for("map", size=no_size)
    gpus(monkeypatch, 2)
    with pytest.raises(ModelError, match=rf"30\.0 GB on GPUs .* first has 0\.0 GB free {advice}"):
        place_for("auto", size=lambda: 30 * 10**9)


def test_the_map_without_a_gpu_is_computed_by_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 0)
    assert on_cpu(MAP)
    gpus(monkeypatch, 2)
    assert not on_cpu(MAP)
    assert on_cpu("cpu")


def test_size_is_that_of_the_weight_file(plain: Path) -> None:
    expected = (plain / "model.safetensors").stat().st_size
    assert weights_size(parse_name(str(plain)), revision="main") == expected > 0


def test_size_of_shards_is_in_their_index(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 123}, "weight_map": {}})
    )
    assert weights_size(parse_name(str(tmp_path)), revision="main") == 123


def test_size_of_no_weights_is_zero(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert weights_size(parse_name(str(tmp_path)), revision="main") == 0


def test_a_mapped_model_answers_as_one_on_the_cpu(plain: Path) -> None:
    one, mapped = tiny_vlms.loaded(plain, device="cpu"), tiny_vlms.loaded(plain, device="map")
    assert gap(list(mapped.ask(PROMPTS)), list(one.ask(PROMPTS))) == 0
    stage = Stage("projector")
    answers = [next(iter(vlm.ask(PROMPTS[:1], stage=stage))) for vlm in (one, mapped)]
    torch.testing.assert_close(*(answer.grids[0].features for answer in answers))
    assert mapped.provenance["device"] == "map: cpu"
    assert mapped.provenance["dtype"] == "float32"
    assert mapped.provenance["batch"] == one.provenance["batch"]


def test_a_model_that_waits_in_the_memory_of_the_cpu_answers_alike(plain: Path) -> None:
    """Hooks of accelerate around each layer, as on several GPUs."""
    from accelerate import cpu_offload

    vlm = tiny_vlms.loaded(plain, device="cpu")
    expected = list(vlm.ask(PROMPTS, stage=Stage("llm", 1)))
    cpu_offload(vlm._engine.model, execution_device=torch.device("cpu"))
    assert devices_of(vlm._engine.model)[0] == "cpu"
    found = list(vlm.ask(PROMPTS, stage=Stage("llm", 1)))
    assert gap(found, expected) <= 1e-6
    torch.testing.assert_close(found[0].grids[0].features, expected[0].grids[0].features)


def test_devices_are_those_of_the_map() -> None:
    weight = SimpleNamespace(device=torch.device("meta"))
    hook = SimpleNamespace(execution_device=0)
    embeddings = SimpleNamespace(weight=weight, _hf_hook=hook)
    model: Any = SimpleNamespace(
        get_input_embeddings=lambda: embeddings,
        hf_device_map={"model.vision_tower": 0, "model.language_model": 1, "lm_head": "cpu"},
    )
    assert devices_of(model) == ("cuda:0", ("cpu", "cuda:0", "cuda:1"))
