"""Eyes of several families are read where their projector reads, and tokens in front are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from asking import noise, prompt
from squares import asked, changed, hottest, texture, with_square
from tiny_eyes import EYES, FED_FROM, build, clip, dinov2
from tiny_vlms import loaded

from pytest_vlmsight.models.base import Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("name", EYES)
def test_an_eye_is_read_where_its_projector_reads(eyes: Callable[[str], Path], name: str) -> None:
    vlm = loaded(eyes(name))
    assert vlm.fed_from == Stage("encoder", FED_FROM[name])
    pair = [texture((240, 200), 1), texture((180, 260), 2)]
    for stage in (Stage("encoder", 0), vlm.fed_from, Stage("projector"), Stage("llm", 0)):
        before = asked(vlm, pair, stage)
        assert before[1].features.shape[:2] == (8, 8)
        x, y = float(before[1].xs[5]), float(before[1].ys[2])
        after = asked(vlm, [pair[0], with_square(pair[1], x, y, 12)], stage)
        assert hottest(changed(before[1], after[1])) == (2, 5)


@pytest.mark.parametrize("name", EYES)
def test_layers_beyond_the_one_that_is_read_change_nothing(
    eyes: Callable[[str], Path], name: str
) -> None:
    vlm = loaded(eyes(name))
    layers = vlm._engine.anatomy.eye
    assert layers is not None
    asked_once = [prompt(noise(0))]
    (before,) = vlm.ask(asked_once)
    for number, layer in reversed(list(enumerate(layers, start=1))):
        with torch.no_grad():
            layer.get_parameter("mlp.fc1.bias").add_(1)
        (after,) = vlm.ask(asked_once)
        assert (after != before) is (number == FED_FROM[name])
        if after != before:
            break


@pytest.mark.parametrize("made", ["a class token", "registers"])
def test_tokens_of_no_place_that_the_llm_is_given_are_on_no_grid(tmp_path: Path, made: str) -> None:
    """LLaVA drops one token in front, or none; an eye with registers has more."""
    eye = clip(layer=-2, select="full") if made == "a class token" else dinov2(4)
    vlm = loaded(build(tmp_path / "model", eye))
    image = texture((240, 200), 1)
    for stage in (Stage("encoder", 0), Stage("projector"), Stage("llm", 0)):
        (before,) = asked(vlm, [image], stage)
        assert before.features.shape[:2] == (8, 8)
        for row, col in ((0, 0), (0, 7), (3, 4), (7, 7)):
            x, y = float(before.xs[col]), float(before.ys[row])
            (after,) = asked(vlm, [with_square(image, x, y, 12)], stage)
            assert hottest(changed(before, after)) == (row, col)
