"""A projector begins by saying, patch by patch, what captions say of pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.tiny import alignment
from pytest_vlmsight.models.tiny.alignment import align, some_features, unsaid, whiten
from pytest_vlmsight.models.tiny.architecture import GRID, new_vlm
from pytest_vlmsight.models.tiny.examination_store import ExaminationStore, save
from pytest_vlmsight.models.tiny.naming import BETWEEN, Examination, Question
from pytest_vlmsight.models.tiny.training import Course
from pytest_vlmsight.models.tiny.words import new_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


def coloured(*names: str) -> Examination:
    """Pictures of one colour each, and what they are."""
    flat = np.array([COLOURS[name] for name in names], np.uint8)
    caption = Question(about="caption", text="What?", words=BETWEEN.join(names))
    other = Question(about="colour", text="Which?", options=("red", "blue"), answer=0)
    return Examination(
        pixels=np.broadcast_to(flat[:, None, None], (len(flat), 224, 224, 3)),
        questions=(other, caption),
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ExaminationStore:
    folder = tmp_path_factory.mktemp("examinations")
    (folder / "colours-0-0000").mkdir()
    drawn = [coloured("red"), coloured("green", "blue"), coloured("blue"), coloured("red", "green")]
    save(folder / "colours-0-0000", drawn)
    return ExaminationStore(folder, name="colours", count=1, seed=0)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return new_tokenizer(["What? red; green", "What? blue, red green", "Which? blue; green red"])


def ignored(*_: object) -> None:
    """Nobody is told."""


# -- what is not said -----------------------------------------------------------------------------


def test_patches_that_say_a_word_each_lose_their_number() -> None:
    sure = 50.0 * torch.eye(5)[[3, 1]][None]  # (pictures, patches, words)
    assert float(unsaid(sure, [[1, 3]])) == pytest.approx(math.log(2))
    assert float(unsaid(sure, [[1]])) == pytest.approx(math.log(2))
    assert float(unsaid(sure, [[0]])) == pytest.approx(50)


def test_all_words_of_all_pictures_count_alike() -> None:
    logits = torch.randn(2, 6, 9, generator=torch.Generator().manual_seed(0))
    words = [[0, 4, 8], [2]]
    chances = logits.softmax(-1).mean(1)
    each = [-math.log(chances[one, word]) for one, own in enumerate(words) for word in own]
    assert float(unsaid(logits, words)) == pytest.approx(sum(each) / 4, rel=1e-5)


# -- alignment ------------------------------------------------------------------------------------


def test_patches_come_to_say_what_is_in_their_own_picture(
    store: ExaminationStore, tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alignment, "BATCH", 2)
    vlm = new_vlm(tokenizer, seed=0)
    store.see(vlm.model.vision_tower, told=ignored)
    before = {key: value.clone() for key, value in vlm.named_parameters()}
    course = Course(steps=60, rate=1e-2)
    path = tmp_path / "alignment.safetensors"
    align(vlm, store, tokenizer, seed=0, course=course, path=path, told=ignored)
    features = torch.from_numpy(np.array(store.features(1), np.float32))
    with torch.inference_mode():
        logits = vlm.lm_head(vlm.model.multi_modal_projector(features))
    said = tokenizer.batch_decode(logits.mean(1).argmax(-1)[:, None])
    assert [word.strip() for word in said] == ["green", "blue"]
    changed = {key for key, value in vlm.named_parameters() if not torch.equal(value, before[key])}
    assert changed == {
        key for key in before if "multi_modal_projector" in key or "embed_tokens" in key
    }


# -- the beginning --------------------------------------------------------------------------------


def test_a_projector_begins_with_directions_that_vary_alike(tokenizer: Any) -> None:
    random = torch.Generator().manual_seed(0)
    mixed = torch.randn(128, 128, generator=random) * torch.logspace(-1, 1, 128)
    features = 3 + torch.randn(5000, 128, generator=random) @ mixed
    projector = new_vlm(tokenizer, seed=0).model.multi_modal_projector
    whiten(projector, features)
    given = projector.linear_1(features).detach()
    assert given.mean(0).abs().max() < 1e-2
    spread = torch.linalg.eigvalsh(torch.cov(given.T))
    before = torch.linalg.eigvalsh(torch.cov(features.T))
    assert float(spread.max()) < 1.05
    assert float(spread.median()) > 0.3
    assert float(before.median() / before.max()) < 0.1
    assert projector(features).std() > 0.1


def test_features_come_from_all_over_a_store(store: ExaminationStore, tokenizer: Any) -> None:
    store.see(new_vlm(tokenizer, seed=0).model.vision_tower, told=ignored)
    features = some_features(store)
    assert features.shape == (len(store) * -(-GRID * GRID // 7), 128)
    assert torch.equal(features[0].half(), torch.from_numpy(np.array(store.features(0)[0, 0])))
