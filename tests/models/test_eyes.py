"""Eyes of several families are read where their projector reads, or the model does not start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from squares import asked, changed, hottest, texture, with_square
from tiny_eyes import EYES, FED_FROM, build, clip, dinov2
from tiny_vlms import loaded

from pytest_vlmsight.models.base import ModelError, Stage
from pytest_vlmsight.models.transformers_vlm import TransformersVlm

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
def test_an_eye_read_one_layer_off_does_not_start(
    eyes: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(TransformersVlm, "fed_from", Stage("encoder", FED_FROM[name] - 1))
    if name == "clip, two layers":  # nothing to compare with: its projector reads both
        loaded(eyes(name))
        return
    with pytest.raises(ModelError, match="self-check failed"):
        loaded(eyes(name))


def test_a_cls_token_that_the_llm_is_given_is_refused(tmp_path: Path) -> None:
    folder = build(tmp_path / "model", clip(layer=-2, select="full"))
    with pytest.raises(ModelError, match=r"self-check failed: .* in shape"):
        loaded(folder)


def test_registers_that_the_llm_is_given_are_refused(tmp_path: Path) -> None:
    """LLaVA drops one token in front; an eye with registers has more."""
    folder = build(tmp_path / "model", dinov2(4))
    with pytest.raises(ModelError, match=r"self-check failed: .* in shape"):
        loaded(folder)
