"""Tokens of whole models are laid out where they look, and told where they look nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny_families
import torch
from asking import Counter, noise, prompt
from squares import changed, hottest, texture, with_square

from pytest_vlmsight.models.base import MeasurementError, NoMapError, Stage
from pytest_vlmsight.models.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

EYE, PROJECTED = Stage("encoder", 0), Stage("projector")


@pytest.fixture
def clip(family_vlm: Callable[[str], TransformersVlm]) -> TransformersVlm:
    return family_vlm("llava-clip")


def laid(vlm: TransformersVlm, stage: Stage, *sizes: tuple[int, int]) -> list[Layout]:
    layouts = vlm._engine.maps._of(sizes, stage).layouts
    assert all(isinstance(one, Layout) for one in layouts), layouts
    return [one for one in layouts if isinstance(one, Layout)]


# -- orders ---------------------------------------------------------------------------------------


def test_a_class_token_is_on_no_grid(clip: TransformersVlm) -> None:
    (eye,) = laid(clip, EYE, (224, 224))
    assert eye.index.tolist() == (1 + np.arange(64)).reshape(8, 8).tolist()


def test_image_tokens_are_found_among_words(clip: TransformersVlm) -> None:
    first, second = laid(clip, PROJECTED, (224, 224), (224, 224))
    x = clip._engine.encode(
        [(prompt(*[noise(k) for k in range(2)]), [noise(0), noise(1)])], primer=None
    )
    at_images = torch.nonzero(x["input_ids"][0] == clip._engine.config.image_token_id).flatten()
    numbers = np.concatenate([first.index.ravel(), second.index.ravel()])
    assert numbers.tolist() == at_images.tolist()


def test_windows_are_undone(family_vlm: Callable[[str], TransformersVlm]) -> None:
    """Qwen2.5-VL's encoder has the patches of a window side by side, and two by two in it."""
    vlm = family_vlm("qwen2_5_vl")
    (eye,) = laid(vlm, EYE, (224, 224))
    side = 10
    want = np.full((side, side), -1)
    number = 0
    for top in range(0, side, 4):
        for left in range(0, side, 4):
            for row in range(top, min(top + 4, side), 2):
                for column in range(left, min(left + 4, side), 2):
                    for down, across in ((0, 0), (0, 1), (1, 0), (1, 1)):
                        want[row + down, column + across] = number
                        number += 1
    assert eye.index.tolist() == want.tolist()
    (mouth,) = laid(vlm, PROJECTED, (224, 224))
    assert np.diff(mouth.index.ravel()).tolist() == [1] * 24  # five by five, row by row


def test_tiles_are_put_together(family_vlm: Callable[[str], TransformersVlm]) -> None:
    vlm = family_vlm("internvl")
    (eye,) = laid(vlm, EYE, (224, 224))
    tile = 1 + np.arange(64).reshape(8, 8)  # after a class token
    want = np.block([[tile, tile + 65], [tile + 130, tile + 195]])
    assert eye.index.tolist() == want.tolist()
    assert eye.xs == pytest.approx((np.arange(16) + 0.5) / 16, abs=0.02)


def test_tokens_that_end_rows_are_on_no_grid(family_vlm: Callable[[str], TransformersVlm]) -> None:
    vlm = family_vlm("llava_next")
    (mouth,) = laid(vlm, PROJECTED, (224, 224))
    assert mouth.index.shape == (8, 8)
    assert np.diff(mouth.index, axis=0).ravel().tolist() == [9] * 56


# -- 16 bits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["llava-clip", "qwen2_vl"])
def test_sixteen_bits_have_the_same_grids(
    family_vlm: Callable[[str], TransformersVlm], families: Callable[[str], Path], family: str
) -> None:
    exact, rounded = (
        family_vlm(family),
        tiny_families.loaded(families(family), dtype="bfloat16"),
    )
    assert rounded.fed_from == exact.fed_from
    for stage in (EYE, PROJECTED):
        ((one,), (other,)) = (laid(vlm, stage, (224, 224)) for vlm in (exact, rounded))
        assert one.index.tolist() == other.index.tolist()
        for these, those in ((one.xs, other.xs), (one.ys, other.ys)):
            assert those == pytest.approx(these, abs=0.1 / len(these))


# -- once -----------------------------------------------------------------------------------------


def test_where_tokens_look_is_measured_once_for_sizes(clip: TransformersVlm) -> None:
    def ask(*sizes: tuple[int, int]) -> int:
        counter = Counter(clip._engine.model)
        list(clip.ask([prompt(*(noise(k, size) for k, size in enumerate(sizes)))], stage=EYE))
        counter.handle.remove()
        return counter.runs

    one, two = (112, 112), (112, 224)
    ask(one)
    assert ask(one) == 1
    ask(one, two)
    assert ask(one, two) == 1
    assert ask(two, one) >= 1
    assert ask(two, one) == 1


def test_pictures_of_other_sizes_that_are_given_alike_are_not_measured_again(
    clip: TransformersVlm,
) -> None:
    def runs(*sizes: tuple[int, int]) -> int:
        counter = Counter(clip._engine.model)
        for size in sizes:
            laid(clip, EYE, size)
        counter.handle.remove()
        return counter.runs

    clip._engine.maps = clip._engine.new_maps()
    assert runs((112, 112)) > 1
    assert runs((224, 224), (300, 300)) == 0  # all are scaled to one size
    assert runs((112, 224)) > 1  # of this the middle is cut out


def test_what_is_laid_out_again_is_where_it_would_be(clip: TransformersVlm) -> None:
    clip._engine.maps = clip._engine.new_maps()
    laid(clip, EYE, (112, 112))
    (again,) = laid(clip, EYE, (300, 300))
    clip._engine.maps = clip._engine.new_maps()
    (anew,) = laid(clip, EYE, (300, 300))
    assert again.index.tolist() == anew.index.tolist()
    assert again.xs == pytest.approx(anew.xs, abs=0.005)


# -- cropping -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "hidden"),
    [((224, 224), False), ((240, 224), False), ((224, 270), True), ((320, 160), True)],
)
def test_more_than_half_a_patch_that_is_cropped_away_is_hidden(
    clip: TransformersVlm, size: tuple[int, int], *, hidden: bool
) -> None:
    for stage in (EYE, PROJECTED):
        assert clip._engine.maps.hides(size, stage) is hidden


def test_padding_hides_nothing(family_vlm: Callable[[str], TransformersVlm]) -> None:
    vlm = family_vlm("deepseek_vl")
    assert not vlm._engine.maps.hides((320, 160), EYE)
    (eye,) = laid(vlm, EYE, (320, 160))
    assert eye.index.shape == (4, 8)


# -- nothing to lay out ---------------------------------------------------------------------------


def test_a_resampler_has_no_map_and_its_encoder_has_one(
    family_vlm: Callable[[str], TransformersVlm],
) -> None:
    vlm = family_vlm("idefics2")
    image = texture((224, 224), 0)
    for stage in (PROJECTED, Stage("llm", 1)):
        with pytest.raises(
            NoMapError, match="has no spatial map: no token shows a place of it by itself"
        ):
            list(vlm.ask([prompt(image)], stage=stage))
    (answer,) = vlm.ask([prompt(image)], stage=vlm.fed_from)
    (grid,) = answer.grids
    x, y = float(grid.xs[2]), float(grid.ys[5])
    (lit,) = vlm.ask([prompt(with_square(image, x, y, 14))], stage=vlm.fed_from)
    assert hottest(changed(grid, lit.grids[0])) == (5, 2)


def test_a_processor_that_shows_nothing_has_no_map(
    clip: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clip._engine.chat.encode

    def blank(*args: Any, **named: Any) -> Any:
        x = real(*args, **named)
        return x | {"pixel_values": 0 * x["pixel_values"]}

    monkeypatch.setattr(clip._engine.chat, "encode", blank)
    for stage in (EYE, PROJECTED):
        with pytest.raises(NoMapError, match="the same of dark and of light pictures"):
            list(clip.ask([prompt(noise(0))], stage=stage))


def test_other_tokens_than_were_mapped_are_no_measurement(
    clip: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = noise(0, (112, 112))
    x = clip._engine.encode([(prompt(image), [image])], primer=None)
    with pytest.raises(MeasurementError, match=r"64 tokens at encoder\[0\] for 1 prompts of 65"):
        clip._engine.maps.grids(torch.zeros(1, 64, 8), stage=EYE, sizes=((112, 112),), x=x)
    clip._engine.maps.grids(torch.zeros(1, 200, 8), stage=PROJECTED, sizes=((112, 112),), x=x)
    x["input_ids"][0, 2] += 1
    with pytest.raises(MeasurementError, match="must put images before the question"):
        clip._engine.maps.grids(torch.zeros(1, 200, 8), stage=PROJECTED, sizes=((112, 112),), x=x)


def test_a_template_that_puts_the_question_first_is_no_measurement(
    clip: TransformersVlm,
) -> None:
    chat = clip._engine.chat
    template = str(chat._template)
    chat._template = template.replace(
        "{% for part in message['content'] %}", "{% for part in message['content'] | reverse %}"
    )
    assert chat._template != template
    clip._engine.maps = clip._engine.new_maps()
    try:
        asked = [prompt(noise(0, (112, 112)))]
        (answer,) = clip.ask(asked, stage=EYE)
        assert answer.grids[0].features.shape[:2] == (8, 8)
        with pytest.raises(MeasurementError, match="must put images before the question"):
            list(clip.ask(asked, stage=PROJECTED))
    finally:
        chat._template = template
