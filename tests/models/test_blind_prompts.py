"""Prompts without a picture, or of one colour, recur: each is asked once and none is mixed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from asking import Counter, gap, noise, prompt
from PIL import Image
from tiny_vlms import loaded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

GREY = (128, 128, 128)


@pytest.fixture
def counted(vlm: TransformersVlm) -> Iterator[Counter]:
    counter = Counter(vlm._engine.model)
    yield counter
    counter.handle.remove()


def blank(width: int = 64, height: int = 48) -> Image.Image:
    return Image.new("RGB", (width, height), GREY)


def test_a_recurring_blind_prompt_is_asked_once(vlm: TransformersVlm, counted: Counter) -> None:
    prompts = [prompt(blank(64 + k)) for k in range(10)] + [prompt() for _ in range(10)]
    answers = list(vlm.ask(prompts))
    assert counted.rows == 2
    assert len(set(answers[:10])) == len(set(answers[10:])) == 1
    single = [answer for p in (prompts[0], prompts[9], prompts[10]) for answer in vlm.ask([p])]
    assert gap([answers[0], answers[9], answers[10]], single) <= 1e-5


def test_blind_prompts_that_differ_are_all_asked(vlm: TransformersVlm, counted: Counter) -> None:
    prompts = [
        prompt(),
        prompt(words=2),
        prompt(options=3),
        prompt(blank()),
        prompt(blank(), blank()),
        prompt(Image.new("RGB", (64, 48), (129, 128, 128))),
        prompt(blank(), words=2),
    ]
    answers = list(vlm.ask([*prompts, *reversed(prompts)]))
    assert counted.rows == len(prompts)
    assert answers[: len(prompts)] == answers[: len(prompts) - 1 : -1]
    assert gap(answers[: len(prompts)], [a for p in prompts for a in vlm.ask([p])]) <= 1e-4


def test_sighted_prompts_are_asked_each_time(vlm: TransformersVlm, counted: Counter) -> None:
    list(vlm.ask([prompt(noise(0))] * 3))
    assert counted.rows == 3


def test_a_blind_prompt_with_features_has_grids_of_its_own(vlm: TransformersVlm) -> None:
    answers = list(vlm.ask([prompt(blank(64)), prompt(blank(128))], stage=vlm.fed_from))
    assert [float(a.grids[0].xs[-1]) for a in answers] == pytest.approx([60, 120], abs=1)


def test_recurring_prompts_among_sighted_ones_keep_the_order(vlm: TransformersVlm) -> None:
    prompts = [
        prompt(blank()) if k % 3 == 0 else prompt(noise(k)) if k % 3 == 1 else prompt()
        for k in range(13)
    ]
    single = [answer for p in prompts for answer in vlm.ask([p])]
    assert gap(list(vlm.ask(prompts)), single) <= 1e-4


def test_blank_pictures_side_by_side_are_asked_once_too(plain: Path) -> None:
    vlm = loaded(plain, images="composite")
    counter = Counter(vlm._engine.model)
    prompts = [prompt(blank(), blank()) for _ in range(9)]
    answers = list(vlm.ask(prompts))
    assert counter.rows == 1
    assert gap(answers, [a for p in prompts for a in vlm.ask([p])]) <= 1e-5
    black = Image.new("RGB", (64, 48))
    (other,) = vlm.ask([prompt(blank(), black)])
    assert abs(other.logprobs[0] - answers[0].logprobs[0]) > 1e-6


def test_uniform_pictures_are_told_apart_by_what_they_show(vlm: TransformersVlm) -> None:
    pictures = []
    for colour in ((200, 0, 0), (0, 0, 200)):
        picture = Image.new("P", (64, 48), 0)
        picture.putpalette(colour)
        pictures.append(picture)
    answers = list(vlm.ask([prompt(picture) for picture in pictures]))
    want = list(vlm.ask([prompt(picture.convert("RGB")) for picture in pictures]))
    assert answers[0] != answers[1]
    assert gap(answers, want) <= 1e-5


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
@pytest.mark.parametrize("images", ["separate", "composite"])
def test_other_picture_modes_are_seen_as_colour(plain: Path, mode: str, images: str) -> None:
    vlm = loaded(plain, images=images)
    pictures = [noise(seed).convert(mode) for seed in range(2)]
    given = list(vlm.ask([prompt(*pictures)]))
    assert gap(given, list(vlm.ask([prompt(*(p.convert("RGB") for p in pictures))]))) <= 1e-5
