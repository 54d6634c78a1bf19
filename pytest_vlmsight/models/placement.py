"""On which devices a model's weights go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import ModelError
from .extras import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from .names import ModelName

MAP = "map"
"""Over all GPUs, and what does not fit there in the CPU's memory: accelerate's ``device_map``."""


def place_for(asked: str, *, size: Callable[[], int]) -> str:
    """A torch device, or ``MAP``.

    Args:
        asked: "auto", "map" or a torch device. "auto" takes CUDA where there is one, else the
            CPU; and where there are several GPUs the map for a model that the first is too small
            for.
        size: → bytes of the weights; asked for only where it decides.

    Raises:
        ModelError: torch knows no such device, or accelerate is not installed.
    """
    import torch

    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "cpu"
        if asked == "cuda" and torch.cuda.device_count() > 1:
            weights, (free, _) = size(), torch.cuda.mem_get_info(0)
            if weights > free:
                require(
                    "accelerate",
                    what=f"a model of {weights / 1e9:.1f} GB on GPUs of which the first has "
                    f"{free / 1e9:.1f} GB free",
                )
                return MAP
    if asked == MAP:
        require("accelerate", what="--vlm-device=map")
        return MAP
    try:
        torch.device(asked)
    except RuntimeError as error:
        raise ModelError(
            f"--vlm-device={asked}: torch knows no such device; expected auto, map or one such as "
            "cpu or cuda:0"
        ) from error
    return asked


def on_cpu(place: str) -> bool:
    """Whether a model at a place is computed by the CPU."""
    import torch

    return place == "cpu" or (place == MAP and not torch.cuda.is_available())


def weights_size(name: ModelName, *, revision: str) -> int:
    """Bytes of a checkpoint's safetensors; 0 where it has none."""
    from transformers.utils import cached_file

    where: dict[str, Any] = {
        "revision": revision,
        "_raise_exceptions_for_missing_entries": False,
    }
    index = cached_file(name.source, "model.safetensors.index.json", **where)
    if index is not None:
        content = json.loads(Path(index).read_text(encoding="utf-8"))
        return int(content.get("metadata", {}).get("total_size", 0))
    weights = cached_file(name.source, "model.safetensors", **where)
    return 0 if weights is None else Path(weights).stat().st_size


def devices_of(model: Any) -> tuple[str, tuple[str, ...]]:
    """Where a model wants its inputs, and all the devices that its weights are on."""
    embeddings = model.get_input_embeddings()
    # Weights that wait in the CPU's memory for their turn on a GPU are on "meta".
    hook = getattr(embeddings, "_hf_hook", None)
    at = getattr(hook, "execution_device", None)
    given = embeddings.weight.device if at is None else at
    mapped = getattr(model, "hf_device_map", None)
    found = mapped.values() if mapped else [weights.device for weights in model.parameters()]
    return _told(given), tuple(sorted(set(map(_told, found))))


def _told(device: Any) -> str:
    """A device in torch's words; accelerate has numbers for GPUs."""
    return f"cuda:{device}" if isinstance(device, int) else str(device)
