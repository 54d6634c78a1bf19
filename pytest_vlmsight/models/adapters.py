"""Adapters of PEFT, merged into the model that they were made for."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .attempts import attempt, words_of
from .base import ModelError
from .extras import require

if TYPE_CHECKING:
    from .names import ModelName

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PICKLED = "adapter_model.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """Where an adapter's files are.

    Attributes:
        name: as it was given.
        folder: with its configuration and weights.
        commit: of the hub; None for a folder.
    """

    name: ModelName
    folder: Path
    commit: str | None

    @property
    def told(self) -> str:
        """For provenance: the folder, or the hub id and its commit."""
        recorded = self.name.recorded
        return f"{recorded}@{self.commit}" if self.commit else recorded


def find_adapter(name: ModelName) -> Adapter:
    """Fetch an adapter's files.

    Raises:
        ModelError: peft is not installed, or a file is missing. Pickled weights do not count.
    """
    from transformers.utils import cached_file

    require("peft", what=f"the adapter {name.shown}")
    if name.local:
        folder, commit = Path(name.source), None
        there = (folder / WEIGHTS).is_file()
        pickled = (folder / _PICKLED).is_file()
    else:
        where: dict[str, Any] = {"filename": CONFIG, "revision": name.revision or "main"}
        folder = Path(attempt(name, CONFIG, cached_file, where)).parent
        commit, pickled = folder.name, False
        where = {"filename": WEIGHTS, "revision": commit}
        where["_raise_exceptions_for_missing_entries"] = False
        there = attempt(name, WEIGHTS, cached_file, where) is not None
    if not there:
        only = f" but {_PICKLED}" if pickled else ""
        raise ModelError(
            f"the adapter {name.shown} has no {WEIGHTS}{only}; pickled weights are not read: save "
            "it with peft's save_pretrained(..., safe_serialization=True)"
        )
    return Adapter(name=name, folder=folder, commit=commit)


def merged(model: Any, adapter: Adapter, *, base: str, device: str) -> Any:
    """The model with an adapter's changes in its own weights.

    Args:
        model: of transformers; is changed.
        adapter: to be merged.
        base: the model's name, for errors.
        device: where the adapter is computed.

    Raises:
        ModelError: the adapter does not fit the model, or is of a kind that cannot be merged.
    """
    from peft import PeftConfig, PeftModel

    name, folder = adapter.name, str(adapter.folder)
    config = attempt(name, CONFIG, lambda _: PeftConfig.from_pretrained(folder), {})
    made_for = getattr(config, "base_model_name_or_path", None) or "a model that it does not name"
    unfit = f"the adapter {name.shown} (made for {made_for}) does not fit {base}"
    if config.peft_type is None:
        raise ModelError(f"the adapter {name.shown}: its {CONFIG} names no peft_type")
    if config.is_prompt_learning:
        raise ModelError(
            f"the adapter {name.shown} is of the kind {config.peft_type.value}, which cannot be "
            "merged into weights"
        )
    config.inference_mode = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is told below
            wrapped = PeftModel(model, config)
            result = wrapped.load_adapter(folder, "default", torch_device=device)
            if not result.missing_keys and not result.unexpected_keys:
                return wrapped.merge_and_unload()
    except Exception as error:
        raise ModelError(f"{unfit}: {words_of(error)}") from error
    if result.unexpected_keys:
        first = sorted(result.unexpected_keys)[0]
        raise ModelError(f"{unfit}: it has weights that the model has no place for ({first})")
    first = sorted(result.missing_keys)[0]
    raise ModelError(f"{unfit}: it has no weights for parts of the model ({first})")
