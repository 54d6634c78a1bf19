"""Parts learn to answer by what an eye sees, and the others stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.tiny.answering import answers, asked_of, train_parts
from pytest_vlmsight.models.tiny.architecture import GRID, new_vlm
from pytest_vlmsight.models.tiny.examination_store import ExaminationStore, save
from pytest_vlmsight.models.tiny.naming import Examination, Question
from pytest_vlmsight.models.tiny.sequences import SILENT, padded
from pytest_vlmsight.models.tiny.store import PARTS
from pytest_vlmsight.models.tiny.training import Course
from pytest_vlmsight.models.tiny.words import new_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def coloured(index: int) -> Examination:
    """A picture of one colour, or two, and which it is."""
    names = [list(COLOURS)[(index + k) % 2] for k in range(1 + index % 3 // 2)]
    flat = np.array([COLOURS[name] for name in names], np.uint8)
    options = tuple(COLOURS)  # in one order, so that little is to be learnt
    asked = Question(
        about="colour",
        text="What colour is it?",
        options=options,
        answer=options.index(names[-1]),
    )
    return Examination(
        pixels=np.broadcast_to(flat[:, None, None], (len(flat), 224, 224, 3)), questions=(asked,)
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExaminationStore:
    folder = tmp_path_factory.mktemp("examinations")
    (folder / "colours-0-0000").mkdir()
    save(folder / "colours-0-0000", [coloured(index) for index in range(8)])
    return ExaminationStore(folder, name="colours", count=1, seed=0)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return new_tokenizer(["What colour is it?\n(A) red\n(B) blue\nAnswer: (A)"])


def ignored(*_: object) -> None:
    """Nobody is told."""


def right(vlm: Any, steps: list[Any], tokenizer: Any) -> float:
    """Share of the letters that are said, each the likelier of both."""
    letters = [tokenizer.convert_tokens_to_ids(letter) for letter in "AB"]
    hits = []
    for features, sequences in steps:
        batch = padded(sequences, pad=tokenizer.pad_token_id)
        with torch.no_grad():
            logits = answers(vlm, features, batch)
        first = (batch.targets != SILENT).int().argmax(1)
        for row, place in enumerate(first.tolist()):
            said = letters[int(logits[row, place, letters].argmax())]
            hits.append(said == int(batch.targets[row, place]))
    return float(np.mean(hits))


@pytest.mark.slow
def test_it_learns_to_look(store: ExaminationStore, tokenizer: Any, tmp_path: Path) -> None:
    vlm = new_vlm(tokenizer, seed=0)
    store.see(vlm.model.vision_tower, told=ignored)
    eye = {key: value.clone() for key, value in vlm.model.vision_tower.state_dict().items()}
    step = asked_of(store, tokenizer, batch=4, seed=0)
    every = [task for number in range(2) for task in step(number)]
    train_parts(
        vlm,
        step,
        parts=("projector", "mouth"),
        course=Course(steps=30, rate=5e-3),
        path=tmp_path / "mouth.safetensors",
        told=ignored,
    )
    assert right(vlm, every, tokenizer) > 0.9
    for key, value in vlm.model.vision_tower.state_dict().items():
        assert torch.equal(value, eye[key])


@pytest.mark.parametrize("part", PARTS)
def test_only_the_part_that_is_trained_changes(
    store: ExaminationStore, tokenizer: Any, tmp_path: Path, part: str
) -> None:
    vlm = new_vlm(tokenizer, seed=0)
    before = {key: value.clone() for key, value in vlm.named_parameters()}
    train_parts(
        vlm,
        asked_of(store, tokenizer, batch=2, seed=0, eye=vlm.model.vision_tower),
        parts=(part,),
        course=Course(steps=2, rate=1e-3),
        path=tmp_path / "part.safetensors",
        told=ignored,
    )
    changed = {key for key, value in vlm.named_parameters() if not torch.equal(value, before[key])}
    assert changed
    assert all(PARTS[part] in key for key in changed)


def test_what_was_seen_before_is_what_is_looked_at(store: ExaminationStore, tokenizer: Any) -> None:
    eye = new_vlm(tokenizer, seed=0).model.vision_tower
    store.see(eye, told=ignored)
    before = asked_of(store, tokenizer, batch=4, seed=0)(0)
    now = asked_of(store, tokenizer, batch=4, seed=0, eye=eye)(0)
    for (one, tokens), (other, same) in zip(before, now, strict=True):
        assert torch.allclose(one, other, atol=2e-2)
        assert [sequence.ids for sequence in tokens] == [sequence.ids for sequence in same]


def test_all_examinations_are_asked_each_with_its_own_pictures(
    store: ExaminationStore, tokenizer: Any
) -> None:
    vlm = new_vlm(tokenizer, seed=0)
    store.see(vlm.model.vision_tower, told=ignored)
    step = asked_of(store, tokenizer, batch=4, seed=0)
    met = [(features, tokens) for number in range(2) for features, tokens in step(number)]
    assert sum(len(tokens) for _, tokens in met) == len(store)
    image = tokenizer.convert_tokens_to_ids("<image>")
    each = [{tokens.ids.count(image) // GRID**2 for tokens in some} for _, some in met]
    assert sorted(map(sorted, each)) == [[1], [1], [2], [2]]
    for features, tokens in met:
        pictures = sum(sequence.ids.count(image) for sequence in tokens) // GRID**2
        assert features.shape == (pictures, GRID * GRID, 128)


def test_questions_about_several_pictures_can_be_asked_with_the_others(
    store: ExaminationStore, tokenizer: Any
) -> None:
    """What is answered is the same: each looks at its own pictures, in one batch or in two."""
    vlm = new_vlm(tokenizer, seed=0).eval()
    store.see(vlm.model.vision_tower, told=ignored)
    pad = tokenizer.pad_token_id
    found = []
    for together in (False, True):
        said = {}
        batches = asked_of(store, tokenizer, batch=4, seed=0, together=together)(0)
        assert len(batches) == (1 if together else 2)
        for features, tokens in batches:
            batch = padded(tokens, pad=pad)
            with torch.no_grad():
                logits = answers(vlm, features, batch)
            for row, (one, targets) in enumerate(zip(tokens, batch.targets, strict=True)):
                said[tuple(one.ids), tuple(one.targets)] = logits[row, targets != SILENT]
        found.append(said)
    apart, joined = found
    assert apart.keys() == joined.keys()
    for key, logits in apart.items():
        assert torch.allclose(logits, joined[key], atol=1e-4)
