"""Examinations that were written are read back, with what an eye sees in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.tiny import examination_store
from pytest_vlmsight.models.tiny.architecture import eye_config
from pytest_vlmsight.models.tiny.examination_store import ExaminationStore, make
from pytest_vlmsight.models.tiny.eye import look, normalised
from pytest_vlmsight.models.tiny.naming import examination
from pytest_vlmsight.models.tiny.parts import write_parts

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import CLIPVisionModel


def ignored(*_: object) -> None:
    """Nobody is told."""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExaminationStore:
    monkeypatch.setattr(examination_store, "PART", 4)
    write_parts(tmp_path, name="naming", seed=5, count=2, make=make, jobs=1, told=ignored)
    return ExaminationStore(tmp_path, name="naming", count=2, seed=5)


def eye(seed: int) -> CLIPVisionModel:
    from transformers import CLIPVisionModel

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return CLIPVisionModel(eye_config())


def test_what_was_written_is_read(store: ExaminationStore) -> None:
    assert len(store) == 8
    for number in (0, 3, 6):
        rng = np.random.default_rng([5, number // 4, number % 4])
        drawn = examination(rng, questions=examination_store.QUESTIONS)
        read = store.examination(number)
        assert np.array_equal(read.pixels, drawn.pixels)
        assert read.questions == drawn.questions
        assert store.pictures(number) == len(drawn.pixels)


def test_an_eye_sees_the_pictures_of_each(store: ExaminationStore) -> None:
    tower = eye(0)
    store.see(tower, told=ignored)
    for number in (1, 7):
        with torch.no_grad():
            seen = look(tower, normalised(np.array(store.examination(number).pixels)))
        expected = seen.flatten(2).transpose(1, 2).numpy()
        assert np.allclose(store.features(number), expected, atol=2e-2)


def test_what_was_seen_before_is_read_and_another_eye_looks_itself(
    store: ExaminationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.see(eye(0), told=ignored)
    first = np.array(store.features(0))
    store.see(eye(1), told=ignored)
    assert not np.array_equal(first, store.features(0))

    def never(*_: object) -> None:
        raise AssertionError("it was seen before")

    monkeypatch.setattr(examination_store, "_seen", never)
    store.see(eye(0), told=ignored)
    assert np.array_equal(first, store.features(0))
