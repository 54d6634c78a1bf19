"""What cannot be discovered from a model: one row of facts per family.

Everything else (layers, patch size, which layer the projector reads, where each patch looks) is
read from the checkpoint or measured at start-up, so that a new family needs a row and no code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What is particular to one ``model_type`` of transformers; its image tokens are in rows.

    Attributes:
        projector: attribute of the base model that maps encoder features to LLM inputs.
    """

    projector: str = "multi_modal_projector"


FAMILIES = {"llava": Family()}

ONE_IMAGE = re.compile(r"(?i)llava[-_]?(v)?1\.5|bakllava")
"""Checkpoints trained on one image per prompt: several are given side by side in one.

Matched against the name and the place that were given. A finetune of such a model in a folder of
another name says so with ``--vlm-images=composite``."""


def family_of(model_type: str) -> Family:
    """The facts of a family.

    Raises:
        KeyError: the family has no row yet.
    """
    try:
        return FAMILIES[model_type]
    except KeyError:
        known = ", ".join(sorted(FAMILIES))
        raise KeyError(
            f"model_type {model_type!r} is not supported yet; supported: {known}"
        ) from None
