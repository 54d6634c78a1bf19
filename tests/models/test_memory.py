"""Where a batch does not fit in memory, smaller ones are asked, down to a prompt by itself."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest
import torch
from asking import gap, noise, prompt
from tiny_vlms import loaded

from pytest_vlmsight.models.base import MeasurementError, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

WORDS = "CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has a total of 1.00 GiB"


def shrink(vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch, *, most: int) -> list[int]:
    """Have its memory be full with so many prompts in a forward; counts of all that were tried."""
    real, tried = vlm._engine.model.forward, list[int]()

    @functools.wraps(real)
    def forward(*args: Any, **named: Any) -> Any:
        tried.append(len(named["input_ids"]))
        if tried[-1] > most:
            raise torch.OutOfMemoryError(WORDS)
        return real(*args, **named)

    monkeypatch.setattr(vlm._engine.model, "forward", forward)
    return tried


@pytest.mark.parametrize("most", [1, 3])
def test_a_batch_that_does_not_fit_is_halved_and_answered_alike(
    plain: Path, vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    small = loaded(plain, batch=16)
    shrink(small, monkeypatch, most=most)
    prompts = [prompt(*[noise(k)] * (k % 3 > 0), words=k, options=2 + (k > 8)) for k in range(14)]
    assert gap(list(small.ask(prompts)), list(vlm.ask(prompts))) <= 1e-4


def test_what_fits_is_remembered(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = loaded(plain, batch=8)
    list(small.ask([prompt(noise(0))]))  # measures what is cropped
    tried = shrink(small, monkeypatch, most=2)
    answers = list(small.ask(prompt(noise(seed)) for seed in range(20)))
    assert len(answers) == 20
    assert tried == [8, 4, *[2] * 10]
    assert small.provenance["batch"] == 2
    tried.clear()
    list(small.ask(prompt(noise(seed)) for seed in range(4)))
    assert tried == [2, 2]


def test_features_of_halved_batches_are_those_of_their_prompts(
    plain: Path, vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = loaded(plain, batch=4)
    shrink(small, monkeypatch, most=1)
    prompts = [prompt(noise(seed)) for seed in range(4)]
    for stage in (small.fed_from, Stage("projector")):
        for one, other in zip(
            small.ask(prompts, stage=stage), vlm.ask(prompts, stage=stage), strict=True
        ):
            torch.testing.assert_close(
                one.grids[0].features, other.grids[0].features, atol=1e-4, rtol=1e-4
            )


def test_generated_text_of_halved_batches_is_the_same(
    plain: Path, vlm: TransformersVlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = loaded(plain, batch=4)
    tried = shrink(small, monkeypatch, most=2)
    prompts = [prompt(noise(seed), words=seed) for seed in range(4)]
    texts = [answer.text for answer in small.ask(prompts, scoring="generate")]
    assert texts == [answer.text for answer in vlm.ask(prompts, scoring="generate")]
    assert max(tried) == 4


@pytest.mark.parametrize(
    ("images", "sizes"),
    [((), "no"), (((128, 96),), "128×96"), (((40, 30), (64, 160)), "40×30, 64×160")],
    ids=["none", "one", "two"],
)
def test_a_prompt_that_does_not_fit_is_no_measurement_and_its_images_are_named(
    plain: Path,
    monkeypatch: pytest.MonkeyPatch,
    images: tuple[tuple[int, int], ...],
    sizes: str,
) -> None:
    small = loaded(plain)
    asked = [prompt(*(noise(k, size) for size in images), words=k) for k in range(4)]
    list(small.ask(asked))  # measures what is cropped
    tried = shrink(small, monkeypatch, most=0)
    with pytest.raises(
        MeasurementError,
        match=rf"one prompt with images of {sizes} px does not fit in memory on cpu in float32: "
        r"CUDA out of memory\. Tried to allocate 2\.00 GiB\.$",
    ):
        list(small.ask(asked))
    assert tried == [4, 2, 1]
