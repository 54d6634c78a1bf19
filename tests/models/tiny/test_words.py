"""The small models load as any checkpoint does, and letters are tokens of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_vlmsight.models.base import Prompt, Stage
from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.prompts import LETTERS, wording
from pytest_vlmsight.models.tiny import architecture
from pytest_vlmsight.models.tiny.architecture import GRID, new_vlm
from pytest_vlmsight.models.tiny.words import VOCABULARY, new_processor, new_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

OPTIONS = ("point A", "point B", "point C", "point D")
QUESTION = "Which marked point is on the mushroom?"


def texts() -> list[str]:
    return [f"{wording(Prompt(images=(), question=QUESTION, options=OPTIONS))}\nAnswer: (A)"] * 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = new_tokenizer(texts())
    made = tmp_path_factory.mktemp("tiny")
    new_vlm(tokenizer, seed=0).save_pretrained(made)
    new_processor(tokenizer).save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def vlm(folder: Path) -> TransformersVlm:
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    return TransformersVlm.from_name(parse_name(str(folder)))


def test_the_same_texts_make_the_same_tokenizer() -> None:
    one, again = new_tokenizer(texts()), new_tokenizer(iter(texts()))
    assert one.get_vocab() == again.get_vocab()
    assert len(one) <= VOCABULARY


def test_words_that_are_met_are_one_token_and_others_are_kept() -> None:
    tokenizer = new_tokenizer(texts())
    assert len(tokenizer(" mushroom")["input_ids"]) == 1
    for text in ("Zürich – 27 ☂", "(Z) an elephant\n"):
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids) == text


def test_letters_are_single_tokens_after_the_first_primer(vlm: Any) -> None:
    prompt = Prompt(images=(), question=QUESTION, options=tuple(LETTERS[:4]))
    primer, ids = vlm._engine.chat.letters(prompt)
    assert primer.text == "Answer: ("
    assert len(set(ids)) == 4


def test_the_adapter_of_all_models_reads_it(vlm: TransformersVlm) -> None:
    from PIL import Image

    assert vlm.fed_from == Stage("encoder", architecture.LAYERS)
    noise = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    pictures = tuple(Image.fromarray(picture) for picture in noise)
    prompt = Prompt(images=pictures, question=QUESTION, options=OPTIONS)
    (answer,) = vlm.ask([prompt], stage=vlm.fed_from)
    assert len(answer.logprobs) == 4
    assert [grid.features.shape for grid in answer.grids] == [(GRID, GRID, 128)] * 2
    (blind,) = vlm.ask([Prompt(images=(), question=QUESTION, options=OPTIONS)])
    assert blind.logprobs != answer.logprobs


def test_models_of_one_seed_are_the_same() -> None:
    import torch

    tokenizer = new_tokenizer(texts())
    one, again, other = (new_vlm(tokenizer, seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)
