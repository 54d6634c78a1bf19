"""Faults planted in models of transformers fail the check that is for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_families
import tiny_vlms
import torch
from checks import failed

from pytest_vlmsight.models import maps
from pytest_vlmsight.models.base import ModelError
from pytest_vlmsight.models.conformance import FAIL, NONE, conformance
from pytest_vlmsight.models.layouts import layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.layouts import Layout
    from pytest_vlmsight.models.token_places import TokenPlaces
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    Fault = Callable[[Layout, TokenPlaces], np.ndarray]

MAPS = {"encoder map", "fed-from map", "projector map"}


def _shuffled(own: Layout, _: TokenPlaces) -> np.ndarray:
    order: np.ndarray = np.random.default_rng(0).permutation(own.index.ravel())
    return order.reshape(own.index.shape)


def _by_column(own: Layout, _: TokenPlaces) -> np.ndarray:
    return own.index.T.reshape(own.index.shape)


def _shifted(own: Layout, _: TokenPlaces) -> np.ndarray:
    """As if there were no class token in front of an encoder's, and a word less before an LLM's."""
    return own.index - 1


def _row_by_row(own: Layout, places: TokenPlaces) -> np.ndarray:
    """An encoder's tokens, which all show something, in the order that they come in."""
    if np.isnan(places.x).any():
        return own.index
    return np.sort(own.index, axis=None).reshape(own.index.shape)


ORDERS: dict[str, tuple[str, Fault, set[str]]] = {
    "patches shuffled": ("llava-clip", _shuffled, MAPS),
    "patches by column": ("llava-clip", _by_column, MAPS),
    "class token counted": ("llava-clip", _shifted, MAPS),
    "windows taken for rows": ("qwen2_5_vl", _row_by_row, MAPS - {"projector map"}),
    "tiles taken for rows": (
        "internvl",
        lambda own, _: np.sort(own.index, axis=None).reshape(own.index.shape),
        MAPS,
    ),
}
"""Family, fault, and the checks that it fails."""


def plant(monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Have grids be of other tokens than look there."""

    def faulty(places: TokenPlaces, picture: int) -> Layout:
        own = layout(places, picture)
        return replace(own, index=fault(own, places))

    monkeypatch.setattr(maps, "layout", faulty)


@pytest.mark.parametrize("fault", ORDERS)
def test_tokens_in_a_wrong_order_fail_the_maps_and_nothing_else(
    family_vlm: Callable[[str], TransformersVlm], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    family, change, checks = ORDERS[fault]
    vlm = family_vlm(family)
    plant(monkeypatch, change)
    assert set(failed(vlm)) == checks


@pytest.mark.parametrize("fault", ORDERS)
def test_tokens_in_a_wrong_order_do_not_start(
    families: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    family, change, _ = ORDERS[fault]
    plant(monkeypatch, change)
    with pytest.raises(ModelError, match=r"self-check failed at .*look in the wrong place"):
        tiny_families.loaded(families(family))


def test_a_batch_that_is_padded_on_the_wrong_side_fails(
    family_vlm: Callable[[str], TransformersVlm], monkeypatch: pytest.MonkeyPatch
) -> None:
    vlm = family_vlm("llava-clip")
    monkeypatch.setattr(vlm._engine.processor.tokenizer, "padding_side", "right")
    told = failed(vlm)
    assert set(told) == {"batch"}
    assert "answers in a padded batch differ by" in told["batch"]


def test_a_batch_whose_padding_is_read_fails(
    family_vlm: Callable[[str], TransformersVlm], monkeypatch: pytest.MonkeyPatch
) -> None:
    vlm = family_vlm("llava-clip")
    real = vlm._engine.chat.encode

    def unmasked(*args: Any, **named: Any) -> dict[str, Any]:
        x = real(*args, **named)
        return x | {"attention_mask": torch.ones_like(x["attention_mask"])}

    monkeypatch.setattr(vlm._engine.chat, "encode", unmasked)
    assert set(failed(vlm)) == {"batch"}


def test_a_model_that_ignores_its_eye_does_not_see(
    family_vlm: Callable[[str], TransformersVlm],
) -> None:
    vlm = family_vlm("llava-clip")
    projector = vlm._engine.model.model.multi_modal_projector
    handle = projector.register_forward_hook(lambda _, __, features: torch.ones_like(features))
    checks = {check.name: check for check in conformance(vlm)}
    handle.remove()
    assert {name for name, check in checks.items() if check.outcome == FAIL} == {"sees", "swap"}
    assert checks["sees"].told == "a picture and a grey one are answered alike (within 0e+00)"
    assert checks["projector map"].outcome == NONE
    assert "no token shows a place of it by itself" in checks["projector map"].told


def test_a_model_that_makes_nothing_of_what_it_is_given_is_left_to_the_gates(
    tmp_path: Path,
) -> None:
    """Its answers are the question's, and yet depend a bit on what it sees."""
    vlm = tiny_vlms.loaded(tiny_vlms.build(tmp_path / "model", "text_only"))
    assert failed(vlm) == {}
