"""The untrained twin of a checkpoint: its architecture with the weights that training starts from.

What can be read from it is due to the architecture and the readout, and to nothing learned.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from .base import MeasurementError

if TYPE_CHECKING:
    from .loading import Loaded


def untrained(loaded: Loaded, *, seed: int) -> Loaded:
    """A twin beside the model; it takes as much memory once more.

    Args:
        loaded: the model and its processor, which the twin shares.
        seed: of the weights; the global generators are left as they are.

    Raises:
        MeasurementError: the weights are quantised or on several devices, or there is no memory
            for it.
    """
    import torch

    if loaded.quantisation or loaded.devices:
        why = "quantised" if loaded.quantisation else "on several devices"
        raise MeasurementError(f"a model whose weights are {why} has no untrained twin")
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            # As AutoModel.from_config makes one; the class may be code of the checkpoint.
            twin = type(loaded.model)._from_config(
                copy.deepcopy(loaded.model.config), dtype=getattr(torch, loaded.dtype)
            )
        twin = twin.to(loaded.device).eval().requires_grad_(requires_grad=False)
    except torch.OutOfMemoryError as error:
        words = str(error).splitlines()[0]
        raise MeasurementError(
            f"there is no memory for an untrained twin beside the model: {words}"
        ) from None
    return replace(loaded, model=twin, revision=None, adapter=None, content=None)
