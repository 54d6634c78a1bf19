"""From a place to a loaded transformers model: safetensors only, nothing initialised silently."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .attempts import attempt, words_of
from .base import ModelError
from .digest import content_of
from .placement import MAP, devices_of, on_cpu, place_for, weights_size
from .quantisation import BITS, asked_for, method_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .adapters import Adapter
    from .digest import Content
    from .names import ModelName

DTYPES = ("auto", "float32", "bfloat16", "float16")
"""Number formats that weights can be saved in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model with its processor and what was decided on the way.

    Attributes:
        model: of transformers, ready to be asked.
        processor: its own.
        source: what records tell of where it came from.
        device: where its inputs go.
        dtype: that it computes in.
        revision: commit of a hub id.
        devices: in words, where its weights are on several; else None.
        adapter: that was merged into it.
        quantisation: method and bits of quantised weights.
        content: hashes of the checkpoint's files and the adapter's.
    """

    model: Any
    processor: Any
    source: str
    device: str
    dtype: str
    revision: str | None
    devices: str | None = None
    adapter: str | None = None
    quantisation: str | None = None
    content: Content | None = None


def load(
    name: ModelName, *, device: str = "auto", dtype: str = "auto", trust_remote_code: bool = False
) -> Loaded:
    """Load a checkpoint for image-text-to-text from a folder or the hub.

    Args:
        name: where from, and an adapter to be merged.
        device: "auto" takes CUDA where there is one, else the CPU; "map" spreads the weights over
            all GPUs, which "auto" does by itself where the first is too small.
        dtype: "auto" is the checkpoint's own on CUDA and float32 on a CPU; "int8" and "int4"
            quantise the weights.
        trust_remote_code: run code that comes with the checkpoint.

    Raises:
        ModelError: not found, no VLM, weights missing, no safetensors, processor missing, an
            adapter that does not fit, or a package that is not installed.
    """
    from transformers import AutoConfig, AutoProcessor

    if dtype not in (*DTYPES, *BITS):
        raise ModelError(f"dtype {dtype!r}: expected one of {', '.join((*DTYPES, *BITS))}")
    adapter = None
    with _quiet():
        if name.adapter is not None:
            from .adapters import find_adapter

            adapter = find_adapter(name.adapter)
        commit = None if name.local else _commit(name)
        revision = commit or "main"
        place = place_for(device, size=lambda: weights_size(name, revision=revision))
        common: dict[str, Any] = {"revision": revision, "trust_remote_code": trust_remote_code}
        config = attempt(name, "its configuration", AutoConfig.from_pretrained, common)
        auto = _auto_for(config)
        if auto is None:
            raise ModelError(
                f"{name.shown} is no vision-language model: model_type "
                f"{config.model_type!r} has no vision encoder and language model that "
                "transformers loads as image-text-to-text"
            )
        arguments = _weights_arguments(name, config, place=place, dtype=dtype)
        fewer_bits = dtype in BITS or method_of(config) is not None
        if fewer_bits and adapter is not None:
            raise ModelError(
                f"{name.shown}: merging an adapter into quantised weights would round it; load "
                "the base without --vlm-dtype of fewer bits, or merge and quantise it yourself"
            )
        processor = attempt(name, "its processor", AutoProcessor.from_pretrained, common)
        _check_processor(name, config, processor)
        model, info = attempt(
            name,
            "its weights",
            auto.from_pretrained,
            {
                **common,
                **arguments,
                "use_safetensors": True,
                "output_loading_info": True,
                "ignore_mismatched_sizes": True,  # told below, by name
            },
        )
        _check_weights(name, model, info)
        if not fewer_bits and place != MAP:
            model = _moved(name, model, place)
        given, devices = devices_of(model)
        if adapter is not None:
            from .adapters import merged

            base = name.shown.removesuffix(f"+{adapter.name.shown}")
            model = merged(model, adapter, base=base, device=given)
    return Loaded(
        model=model.eval().requires_grad_(requires_grad=False),
        processor=processor,
        source=name.recorded,
        device=given if place == MAP else place,
        dtype=_dtype_of(model),
        revision=commit,
        devices=f"map: {', '.join(devices)}" if place == MAP else None,
        adapter=None if adapter is None else adapter.told,
        quantisation=method_of(model.config),
        content=_content(name, revision, adapter),
    )


def _content(name: ModelName, revision: str, adapter: Adapter | None) -> Content:
    """Hashes of all files that decide answers."""
    from transformers.utils import cached_file

    folder = Path(name.source)
    if not name.local:
        folder = Path(cached_file(name.source, "config.json", revision=revision)).parent
    try:
        return content_of(*([folder] if adapter is None else [folder, adapter.folder]))
    except OSError as error:
        raise ModelError(f"{name.shown}: a file of its folder cannot be read: {error}") from error


def _weights_arguments(
    name: ModelName, config: Any, *, place: str, dtype: str
) -> Mapping[str, Any]:
    """Number format and place of the weights, as transformers is told."""
    arguments: dict[str, Any] = {"dtype": dtype}
    if dtype in BITS:
        arguments["dtype"] = "auto"
        arguments["quantization_config"] = asked_for(dtype, config, name=name.shown)
    quantised = dtype in BITS or method_of(config) is not None
    if dtype == "auto" and on_cpu(place) and not quantised:
        arguments["dtype"] = "float32"
    if place == MAP:
        arguments["device_map"] = "auto"
    elif quantised:  # cannot be moved later
        arguments["device_map"] = {"": place}
    return arguments


def _check_processor(name: ModelName, config: Any, processor: Any) -> None:
    kind = type(processor).__name__
    if getattr(processor, "image_processor", None) is None:
        raise ModelError(
            f"{name.shown}: the processor reads no images ({kind}); preprocessor_config.json or "
            "processor_config.json is missing or belongs to another model"
        )
    tokenizer = getattr(processor, "tokenizer", None)
    if tokenizer is None:
        raise ModelError(
            f"{name.shown}: the processor reads no text ({kind}); tokenizer.json or "
            "tokenizer_config.json is missing"
        )
    number = getattr(config, "image_token_id", None)
    token = getattr(processor, "image_token", None)
    lacks = isinstance(number, int) and tokenizer.convert_ids_to_tokens(number) is None
    if isinstance(token, str):
        known = tokenizer.convert_tokens_to_ids(token)
        lacks = lacks or known is None or known == tokenizer.unk_token_id
    if lacks:
        raise ModelError(
            f"{name.shown}: its tokenizer does not have the image token (config.json: id "
            f"{number}, processor: {token!r}), without which a prompt has no place for an image; "
            "the tokenizer's files belong to another model or were saved without the token"
        )


def _check_weights(name: ModelName, model: Any, info: Mapping[str, Any]) -> None:
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


def _moved(name: ModelName, model: Any, place: str) -> Any:
    try:
        return model.to(place)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch without CUDA
        words = str(error).strip().splitlines()[0]
        raise ModelError(f"{name.shown} cannot be put on --vlm-device={place}: {words}") from error


def _dtype_of(model: Any) -> str:
    """The format of inputs: quantised weights have others, some of which are floating, too."""
    formats = (str(weights.dtype).removeprefix("torch.") for weights in model.parameters())
    return next((one for one in formats if one in DTYPES), "float32")


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

    def fetched(file: str, **further: bool) -> Any:
        arguments = {"filename": file, "revision": name.revision or "main", **further}
        return attempt(name, "its configuration", cached_file, arguments)

    # With peft installed transformers would load the base that an adapter names, from anywhere.
    silently = {f"_raise_exceptions_for_{kind}": False for kind in _SILENT}
    if fetched("adapter_config.json", **silently) is not None:
        raise ModelError(
            f"{name.shown} is an adapter (it has an adapter_config.json); give its base before "
            f"it: --vlm=BASE+{name.shown}"
        )
    return Path(fetched("config.json")).parent.name


_SILENT = ("gated_repo", "missing_entries", "connection_errors")
"""What keeps a file from being there that need not be."""


def unasked(name: str, loaded: Loaded, error: Exception) -> str:
    """Why a model that was loaded cannot be asked, from its own forward's words."""
    words = words_of(error)
    told = f"{name} cannot be asked about a picture: {words}"
    if "image" not in words.lower():
        return told
    kinds = (loaded.processor, getattr(loaded.processor, "image_processor", None))
    names = " and ".join(type(kind).__name__ for kind in kinds if kind is not None)
    return (
        f"{told.rstrip('.')}; what {names} make of it is not what "
        f"{type(loaded.model).__name__} expects: processor_config.json or "
        "preprocessor_config.json may belong to another model"
    )


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
