"""Whatever a processor does to pictures, all of them is seen and features keep their place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from squares import asked, changed, hottest, nearest, texture, with_square
from tiny_eyes import EYES, SIDE, build
from tiny_vlms import loaded

from pytest_vlmsight.models.base import NoMapError, Prompt, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm


@pytest.fixture(scope="module")
def cropping(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TransformersVlm]:
    """A checkpoint whose processor crops, given several images in either way."""
    from transformers import CLIPImageProcessorPil

    crop = CLIPImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
    )
    folder = build(tmp_path_factory.mktemp("crop") / "model", EYES["clip"](), processor=crop)
    return {images: loaded(folder, images=images) for images in ("separate", "composite")}


@pytest.mark.parametrize("size", [(336, 160), (150, 300)], ids=str)
def test_a_picture_that_would_be_cropped_is_given_whole(
    cropping: dict[str, TransformersVlm], size: tuple[int, int]
) -> None:
    """What lies beyond a centre crop neither LLM nor readout could see."""
    image = texture(size, 0)
    x, y = size[0] - 20, size[1] - 20
    marked = with_square(image, x, y, 36)
    for vlm in cropping.values():
        shown = [asked(vlm, [image, second], Stage("encoder", 1))[1] for second in (image, marked)]
        for before, after in (shown, vlm.look([image, marked], stage=Stage("encoder", 1))):
            for centres, length in zip((before.xs, before.ys), size, strict=True):
                step = centres[1] - centres[0]
                assert centres[0] < step
                assert length - step < centres[-1] < length
            assert hottest(changed(before, after)) == nearest(before, x, y)


def test_padding_to_a_square_is_the_processors_mean_colour(
    cropping: dict[str, TransformersVlm],
) -> None:
    vlm = cropping["separate"]
    mean = vlm._engine.processor.image_processor.image_mean
    (canvas,), _ = vlm._given(Prompt(images=(texture((300, 150), 0),), question="?", options=()))
    assert canvas.size == (300, 300)
    assert canvas.getpixel((299, 299)) == tuple(round(255 * m) for m in mean)
    pixels = vlm._engine.encode(
        [(Prompt(images=(), question="?", options=()), [canvas])], primer=None
    )
    # Nothing, after normalisation.
    assert float(pixels["pixel_values"][0, :, -4:, -4:].abs().max()) < 0.02


def test_padding_is_on_no_grid(tmp_path: Path) -> None:
    from transformers import LlavaImageProcessorPil

    pad = LlavaImageProcessorPil(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, do_pad=True
    )
    vlm = loaded(build(tmp_path / "model", EYES["clip"](), processor=pad), images="separate")
    image = texture((320, 160), 0)
    for stage in (Stage("encoder", 2), Stage("projector")):
        before, after = vlm.look([image, with_square(image, 100, 60, 12)], stage=stage)
        assert before.features.shape[:2] == (4, 8)
        assert hottest(changed(before, after)) == nearest(before, 100, 60) == (1, 2)


def test_a_processor_that_mirrors_pictures_is_mapped_as_it_does(
    eyes: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    meddle(monkeypatch, lambda pixels: pixels.flip(-1))
    vlm = loaded(eyes("clip"))
    image = texture((224, 160), 0)
    for stage in (Stage("encoder", 0), Stage("projector")):
        before, after = vlm.look([image, with_square(image, 62, 70, 16)], stage=stage)
        assert hottest(changed(before, after)) == nearest(before, 62, 70)


def test_a_processor_that_mixes_rows_up_has_no_map_and_answers(
    eyes: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = torch.randperm(SIDE, generator=torch.Generator().manual_seed(0))
    meddle(monkeypatch, lambda pixels: pixels[..., order, :])
    vlm = loaded(eyes("clip"))
    asked_once = [Prompt(images=(texture((224, 160), 0),), question="?", options=("a", "b"))]
    (answer,) = vlm.ask(asked_once)
    assert all(score < 0 for score in answer.logprobs)
    for stage in (Stage("encoder", 0), Stage("projector")):
        with pytest.raises(NoMapError, match=rf"{re.escape(str(stage))} has no spatial map"):
            list(vlm.ask(asked_once, stage=stage))


def meddle(monkeypatch: pytest.MonkeyPatch, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Have the image processor give other pixels than it would."""
    from transformers import CLIPImageProcessorPil

    real = CLIPImageProcessorPil.preprocess

    def preprocess(self: Any, *args: Any, **named: Any) -> Any:
        x = real(self, *args, **named)
        x["pixel_values"] = change(torch.as_tensor(np.asarray(x["pixel_values"])))
        return x

    monkeypatch.setattr(CLIPImageProcessorPil, "preprocess", preprocess)
