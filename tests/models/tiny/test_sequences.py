"""Questions in one sequence are answered as if each had been asked by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.base import Prompt
from pytest_vlmsight.models.prompts import wording
from pytest_vlmsight.models.tiny.answering import answers
from pytest_vlmsight.models.tiny.architecture import GRID, new_vlm
from pytest_vlmsight.models.tiny.naming import Question
from pytest_vlmsight.models.tiny.sequences import SILENT, padded, sequence
from pytest_vlmsight.models.tiny.words import new_processor, new_tokenizer

ASKED = [
    Question(
        about="", text="What is in the picture?", options=("a ball", "a cube", "a cone"), answer=2
    ),
    Question(about="", text="How many objects are there?", options=("one", "two"), answer=0),
    Question(
        about="",
        text="Which marked point is on the cube?",
        options=("point A", "point B", "point C", "point D"),
        answer=3,
    ),
]
PATCHES = GRID * GRID


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return new_tokenizer(
        [wording(Prompt(images=(), question=one.text, options=one.options)) for one in ASKED]
    )


def test_the_answer_is_what_is_to_be_said(tokenizer: Any) -> None:
    tokens = sequence(tokenizer, pictures=1, patches=4, asked=ASKED)
    lengths = {len(tokens.ids), len(tokens.positions), len(tokens.block), len(tokens.targets)}
    assert len(lengths) == 1
    for number, question in enumerate(ASKED, start=1):
        said = [
            target
            for target, block in zip(tokens.targets, tokens.block, strict=True)
            if block == number and target != SILENT
        ]
        assert tokenizer.decode(said) == f"{'ABCD'[question.answer]}){tokenizer.eos_token}"


def test_what_is_asked_for_in_words_is_said_in_words(tokenizer: Any) -> None:
    described = Question(about="", text="Describe what you see.", words="a cube, a ball")
    tokens = sequence(tokenizer, pictures=1, patches=4, asked=[ASKED[0], described])
    at = [k for k, block in enumerate(tokens.block) if block == 2]
    said = [tokens.targets[k] for k in at if tokens.targets[k] != SILENT]
    assert tokenizer.decode(said) == f" a cube, a ball{tokenizer.eos_token}"
    whole = tokenizer.decode([tokens.ids[k] for k in at])
    assert whole == "Describe what you see.\nAssistant: Answer: a cube, a ball"


def test_every_question_follows_the_pictures(tokenizer: Any) -> None:
    tokens = sequence(tokenizer, pictures=2, patches=4, asked=ASKED)
    start = tokens.block.count(0)
    for number in range(1, 4):
        places = [
            position
            for position, block in zip(tokens.positions, tokens.block, strict=True)
            if block == number
        ]
        assert places == list(range(start, start + len(places)))


def test_a_sequence_is_what_the_processor_writes(tokenizer: Any) -> None:
    from PIL import Image

    from pytest_vlmsight.models.prompts import PRIMERS, conversation

    processor = new_processor(tokenizer)
    picture = Image.new("RGB", (224, 224))
    prompt = Prompt(images=(picture,) * 2, question=ASKED[2].text, options=ASKED[2].options)
    written = processor.apply_chat_template(
        conversation(prompt, images=prompt.images, primer=PRIMERS[0]),
        tokenize=True,
        return_dict=True,
        continue_final_message=True,
    )["input_ids"][0]
    tokens = sequence(tokenizer, pictures=2, patches=PATCHES, asked=ASKED[2:])
    asked = next(k for k, target in enumerate(tokens.targets) if target != SILENT) + 1
    assert tokens.ids[:asked] == list(written)


def test_others_in_the_sequence_change_nothing(tokenizer: Any) -> None:
    """By a model's own answers, to floating-point rounding."""
    vlm = new_vlm(tokenizer, seed=0).eval()
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, PATCHES, 128, generator=generator)

    def said(asked: list[Question]) -> torch.Tensor:
        tokens = sequence(tokenizer, pictures=1, patches=PATCHES, asked=asked)
        batch = padded([tokens], pad=tokenizer.pad_token_id)
        with torch.no_grad():
            logits = answers(vlm, features, batch)
        told: torch.Tensor = logits[batch.targets != SILENT]
        return told

    together = said(ASKED)
    alone = torch.cat([said([one]) for one in ASKED])
    assert torch.allclose(together, alone, atol=1e-4)
    swapped = said([ASKED[1], ASKED[0]])
    assert torch.allclose(swapped, torch.cat([alone[3:6], alone[:3]]), atol=1e-4)


def test_padding_changes_nothing(tokenizer: Any) -> None:
    vlm = new_vlm(tokenizer, seed=0).eval()
    features = torch.randn(2, PATCHES, 128, generator=torch.Generator().manual_seed(0))
    short, long = (
        sequence(tokenizer, pictures=1, patches=PATCHES, asked=asked)
        for asked in (ASKED[:1], ASKED)
    )
    both = padded([short, long], pad=tokenizer.pad_token_id)
    alone = padded([short], pad=tokenizer.pad_token_id)
    assert both.ids.shape == both.targets.shape == (2, len(long.ids))
    with torch.no_grad():
        one = answers(vlm, features, both)[0, : len(short.ids)]
        other = answers(vlm, features[:1], alone)[0]
    assert torch.allclose(one, other, atol=1e-4)
    assert np.isfinite(one.numpy()).all()
