"""What is known of models without loading them agrees with what loading them would find."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import tiny_families

from pytest_vlmsight.models.aliases import ALIASES, PARTS, TABLE
from pytest_vlmsight.models.base import Stage
from pytest_vlmsight.models.families import FAMILIES, ONE_IMAGE, family_of
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.recording import PROJECTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.aliases import Alias

BY_FAMILY = {alias.family: alias for alias in TABLE}

MEASURED = ("blip2", "chameleon", "deepseek_vl_hybrid", "idefics2", "llava-clip", "mllama")
"""Tiny checkpoints on which the parts with a map are measured here; all are in docs/models.md."""


def test_names_are_typed_easily_and_once() -> None:
    assert len(ALIASES) == len(TABLE)
    assert all(re.fullmatch(r"[a-z0-9.-]+", alias.name) for alias in TABLE)
    assert all(alias.encoder == alias.encoder.strip() != "" for alias in TABLE)


def test_families_are_of_transformers_and_measured() -> None:
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    assert set(BY_FAMILY) <= set(MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES)
    assert not [family for family in BY_FAMILY if family_of(family).refused]
    assert FAMILIES["kosmos-2"].refused


@pytest.mark.parametrize("alias", TABLE, ids=lambda alias: alias.name)
def test_one_image_is_what_the_adapter_will_put_side_by_side(alias: Alias) -> None:
    name = parse_name(alias.name)
    by_name = any(ONE_IMAGE.search(text) for text in (name.shown, name.source))
    one = family_of(alias.family).one_image or by_name
    assert (alias.images == "1") is one


@pytest.mark.parametrize("family", MEASURED)
def test_parts_with_a_map_are_those_that_are_measured(
    families: Callable[[str], Path], family: str
) -> None:
    import tiny_vlms

    vlm = tiny_vlms.loaded(families(family))
    stages = {"encoder": Stage("encoder", 0), "projector": PROJECTED, "LLM": PROJECTED}
    found = tuple(
        part for part in PARTS if vlm._engine.maps.reason((224, 224), stages[part]) is None
    )
    assert found == BY_FAMILY[vlm.provenance["model_type"]].maps
    vlm.close()


def test_the_measured_are_tiny_families() -> None:
    assert set(MEASURED) <= set(tiny_families.FAMILIES)
