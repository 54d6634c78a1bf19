"""Models that share files load as any checkpoint does, with the weights that were saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.tiny.architecture import new_vlm
from pytest_vlmsight.models.tiny.store import PARTS, save_model, save_part
from pytest_vlmsight.models.tiny.words import new_processor, new_tokenizer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return new_tokenizer(["(A) a ball\n(B) a cube\nAnswer with the letter. Answer: (A)"])


def saved(folder: Path, tokenizer: Any) -> tuple[Any, Any]:
    """Two models of one eye and projector."""
    one, other = (new_vlm(tokenizer, seed=seed) for seed in (0, 1))
    for part in PARTS:
        save_part(folder, part, one, part)
    save_part(folder, "mouth-tuned", other, "mouth")
    processor = new_processor(tokenizer)
    own = {part: part for part in PARTS}
    save_model(folder, "tiny", config=one.config, processor=processor, parts=own)
    own["mouth"] = "mouth-tuned"
    save_model(folder, "tiny-tuned", config=one.config, processor=processor, parts=own)
    return one, other


def test_models_load_with_the_weights_that_were_saved(tmp_path: Path, tokenizer: Any) -> None:
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    one, other = saved(tmp_path, tokenizer)
    for name, mouth in (("tiny", one), ("tiny-tuned", other)):
        loaded = TransformersVlm.from_name(
            parse_name(str(tmp_path / name))
        )._engine.model.state_dict()
        assert set(loaded) == set(one.state_dict())
        for key, tensor in loaded.items():
            source = mouth if PARTS["mouth"] in key or key == "lm_head.weight" else one
            assert torch.equal(tensor, source.state_dict()[key].half().float()), key


def test_what_is_shared_is_there_once(tmp_path: Path, tokenizer: Any) -> None:
    one, _ = saved(tmp_path, tokenizer)
    files = sorted(path.name for path in tmp_path.rglob("*.safetensors"))
    assert files == [f"{n}.safetensors" for n in ("eye", "mouth-tuned", "mouth", "projector")]
    sizes = {
        part: sum(t.numel() for key, t in one.state_dict().items() if name in key)
        for part, name in PARTS.items()
    }
    spent = sum(path.stat().st_size for path in tmp_path.rglob("*.safetensors"))
    wanted = 2 * (sum(sizes.values()) + sizes["mouth"])
    assert wanted <= spent < wanted + 100_000


def test_a_model_without_all_its_parts_is_not_written(tmp_path: Path, tokenizer: Any) -> None:
    vlm = new_vlm(tokenizer, seed=0)
    save_part(tmp_path, "eye", vlm, "eye")
    with pytest.raises(FileNotFoundError, match="the projector of tiny is missing"):
        save_model(
            tmp_path,
            "tiny",
            config=vlm.config,
            processor=new_processor(tokenizer),
            parts={part: part for part in PARTS},
        )
    assert not (tmp_path / "tiny").exists()
