"""From a place to a loaded transformers model: safetensors only, nothing initialised silently."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .base import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .names import ModelName

DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model with its processor and what was decided on the way."""

    model: Any
    processor: Any
    device: str
    dtype: str
    revision: str | None


def load(
    name: ModelName, *, device: str = "auto", dtype: str = "auto", trust_remote_code: bool = False
) -> Loaded:
    """Load a checkpoint for image-text-to-text from a folder or the hub.

    Args:
        name: where from.
        device: "auto" takes CUDA where there is one, else the CPU.
        dtype: "auto" is the checkpoint's own on CUDA and float32 on a CPU.
        trust_remote_code: run code that comes with the checkpoint.

    Raises:
        ModelError: not found, no VLM, weights missing, no safetensors, processor missing.
    """
    import torch
    from transformers import AutoConfig, AutoProcessor

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.device(device)
    except RuntimeError as error:
        raise ModelError(f"--vlm-device={device}: torch knows no such device") from error
    if dtype not in DTYPES:
        raise ModelError(f"dtype {dtype!r}: expected one of {', '.join(DTYPES)}")
    if dtype == "auto" and device == "cpu":
        dtype = "float32"
    with _quiet():
        commit = None if name.local else _commit(name)
        common: dict[str, Any] = {
            "revision": commit or "main",
            "trust_remote_code": trust_remote_code,
        }
        config = _try(name, "its configuration", AutoConfig.from_pretrained, common)
        auto = _auto_for(config)
        if auto is None:
            raise ModelError(
                f"{name.shown} is no vision-language model: model_type "
                f"{config.model_type!r} has no vision encoder and language model that "
                "transformers loads as image-text-to-text"
            )
        processor = _try(name, "its processor", AutoProcessor.from_pretrained, common)
        if getattr(processor, "image_processor", None) is None:
            raise ModelError(
                f"{name.shown}: the processor reads no images ({type(processor).__name__}); "
                "preprocessor_config.json or processor_config.json is missing or belongs to "
                "another model"
            )
        model, info = _try(
            name,
            "its weights",
            auto.from_pretrained,
            {
                **common,
                "dtype": dtype,
                "use_safetensors": True,
                "output_loading_info": True,
                "ignore_mismatched_sizes": True,  # told below, by name
            },
        )
    if info.get("mismatched_keys"):
        key, found, expected = sorted(info["mismatched_keys"])[0]
        raise ModelError(
            f"{name.shown}: weights of another shape than its config.json says: {key} is "
            f"{tuple(found)}, expected {tuple(expected)}"
        )
    missing = sorted(info["missing_keys"])
    if missing:
        eye = [key for key in model.state_dict() if "vision" in key or "visual" in key]
        if eye and set(eye) <= set(missing):
            which, missing = "no weights of a vision encoder", eye
        else:
            which = f"no weights for {len(missing)} of the model's parameters"
        raise ModelError(
            f"{name.shown}: the checkpoint has {which} (first: {missing[0]}); "
            "transformers would fill them with random numbers"
        )
    try:
        model = model.to(device).eval().requires_grad_(requires_grad=False)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch without CUDA
        words = str(error).strip().splitlines()[0]
        raise ModelError(f"{name.shown} cannot be put on --vlm-device={device}: {words}") from error
    used = str(next(model.parameters()).dtype).removeprefix("torch.")
    return Loaded(
        model=model,
        processor=processor,
        device=device,
        dtype=used,
        revision=commit,
    )


def _auto_for(config: Any) -> Any:
    """The class of transformers that loads a model with a vision encoder and an LLM; or None."""
    from transformers import AutoModelForImageTextToText, AutoModelForMultimodalLM
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
        MODEL_FOR_MULTIMODAL_LM_MAPPING,
    )

    if type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        return AutoModelForImageTextToText
    # Models that hear as well as see, some of them (Phi-4) are only in the other list.
    sees = hasattr(config, "vision_config")
    known = type(config) in MODEL_FOR_MULTIMODAL_LM_MAPPING
    return AutoModelForMultimodalLM if sees and known else None


def _commit(name: ModelName) -> str:
    """The commit that a hub id's revision is now, so that all files come from that one.

    Configurations no longer carry it (transformers 5.23), but the cache has a folder for each.
    """
    from transformers.utils import cached_file

    arguments = {"filename": "config.json", "revision": name.revision or "main"}
    return Path(_try(name, "its configuration", cached_file, arguments)).parent.name


def _try(name: ModelName, what: str, call: Any, arguments: dict[str, Any]) -> Any:
    """Call transformers and put its many ways of failing into one error with the first words."""
    try:
        return call(name.source, **arguments)
    except Exception as error:
        lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
        words = " ".join(lines)[:600] or type(error).__name__
        where = "folder" if name.local else "hub id"
        revision = f" at revision {name.revision}" if name.revision else ""
        raise ModelError(
            f"cannot load {what} of {name.shown} ({where} {name.source}{revision}): {words}"
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers' loading bars and reports out of the test output."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
