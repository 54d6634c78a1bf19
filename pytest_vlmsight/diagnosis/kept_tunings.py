"""Trainings that are written down as they go, in files that are there whole or not at all."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.whole_file import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

_TOLD = "told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was written down.

    Attributes:
        tensors: by name.
        told: plain values.
    """

    tensors: Mapping[str, Tensor]
    told: Mapping[str, Any]


class KeptTunings:
    """Those of one (model, task, budget).

    Args:
        folder: where they are; None keeps none.
        decided_by: plain values, all that decides the numbers.
    """

    def __init__(self, folder: Path | None, *, decided_by: Mapping[str, object]) -> None:
        self._folder = folder
        self._decided_by = json.dumps(decided_by, sort_keys=True, default=str)

    def read(self, name: str) -> Kept | None:
        """What was written under a name; None where there is nothing that can be read."""
        from safetensors import SafetensorError, safe_open

        path = self._path(name)
        if path is None or not path.is_file():
            return None
        try:
            with safe_open(path, "pt") as file:
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                told = json.loads(file.metadata()[_TOLD])
        except (OSError, SafetensorError, KeyError, TypeError, ValueError):
            return None  # not ours, or of a disk that failed: it is made again
        return Kept(tensors=tensors, told=told)

    def write(self, name: str, *, tensors: Mapping[str, Tensor], told: Mapping[str, Any]) -> None:
        """Write something down; where there is no room for it, go on without."""
        from safetensors.torch import save_file

        path = self._path(name)
        if path is None:
            return
        # What cannot be kept is no reason to lose what is measured.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            own = {key: one.contiguous() for key, one in tensors.items()}
            with whole_file(path) as unfinished:
                save_file(own, unfinished, metadata={_TOLD: json.dumps(told)})

    def forget(self, name: str) -> None:
        """Remove what was written under a name."""
        path = self._path(name)
        if path is not None:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path | None:
        if self._folder is None:
            return None
        key = hashlib.sha256(f"{self._decided_by}\0{name}".encode()).hexdigest()
        return self._folder / f"{key}.safetensors"
