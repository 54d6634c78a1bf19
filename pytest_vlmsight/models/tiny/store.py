"""Several models in one folder that share what is the same in them.

A model is a folder as every checkpoint is one. Its index says in which file each weight is, and
files that models share lie beside their folders: once, in 16 bits.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


PARTS = {"eye": "vision_tower", "projector": "multi_modal_projector", "mouth": "language_model"}
"""Part of a model → what is in the names of its weights. The output shares the embeddings."""


def save_part(folder: Path, name: str, vlm: Any, part: str) -> None:
    """Write the weights of a part of a model to ``NAME.safetensors``, in 16 bits.

    Args:
        folder: of all models.
        name: of the file.
        vlm: the model.
        part: one of ``PARTS``.
    """
    import torch
    from safetensors.torch import save_file

    tensors = {
        key: tensor.to("cpu", torch.float16).contiguous()
        for key, tensor in vlm.state_dict().items()
        if PARTS[part] in key
    }
    partial = folder / f"{name}.partial"
    save_file(tensors, partial, metadata={"format": "pt"})
    partial.replace(folder / f"{name}.safetensors")


def save_model(
    folder: Path, name: str, *, config: Any, processor: Any, parts: Mapping[str, str]
) -> None:
    """Write a model that is made of files that are there.

    Args:
        folder: of all models.
        name: of the model.
        config: of the model.
        processor: of the model.
        parts: each of ``PARTS`` → the name of its file.

    Raises:
        FileNotFoundError: a file is missing.
    """
    from safetensors import safe_open

    where: dict[str, str] = {}
    size = 0
    for part in PARTS:
        path = folder / f"{parts[part]}.safetensors"
        if not path.is_file():
            raise FileNotFoundError(f"{path}: the {part} of {name} is missing; save it first")
        with safe_open(path, "pt") as file:
            where |= dict.fromkeys(file.keys(), f"../{path.name}")
        size += path.stat().st_size
    own = folder / name
    own.mkdir(exist_ok=True)
    config.save_pretrained(own)
    processor.save_pretrained(own)
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(where.items()))}
    text = json.dumps(index, indent=1)
    (own / "model.safetensors.index.json").write_text(f"{text}\n", encoding="utf-8")
