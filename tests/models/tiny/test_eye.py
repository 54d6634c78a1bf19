"""An eye is trained on lessons, to the same end from the same seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from pytest_vlmsight.models.tiny import eye, eye_training, lesson_store
from pytest_vlmsight.models.tiny.architecture import GRID, MEAN, STD
from pytest_vlmsight.models.tiny.dense import Dense
from pytest_vlmsight.models.tiny.lesson_store import NAME, LessonStore, make
from pytest_vlmsight.models.tiny.parts import write_parts
from pytest_vlmsight.models.tiny.training import Course

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> LessonStore:
    folder = tmp_path_factory.mktemp("lessons")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesson_store, "PART", 4)
        write_parts(folder, name=NAME, seed=0, count=1, make=make, jobs=1, told=lambda *_: None)
        return LessonStore(folder, lessons=4, seed=0)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_store, "PART", 4)


def course(store: LessonStore, *, steps: int, hard: bool) -> eye_training.EyeCourse:
    return eye_training.EyeCourse(
        course=Course(steps=steps, rate=1e-3), store=store, batch=2, hard=hard
    )


def trained(
    store: LessonStore, path: Path, *, seed: int, told: list[float], objective: str = "dense"
) -> Any:
    return eye_training.train_eye(
        [course(store, steps=2, hard=False), course(store, steps=1, hard=True)],
        objective=objective,
        seed=seed,
        path=path,
        told=lambda _, __, loss: told.append(loss),
    )


def test_a_training_is_decided_by_its_seed(store: LessonStore, tmp_path: Path) -> None:
    runs = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        told: list[float] = []
        runs.append((trained(store, tmp_path / f"{name}.safetensors", seed=seed, told=told), told))
    (one, losses), (again, same), (_, other) = runs
    assert losses == same != other
    for p, q in zip(one.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_what_is_hard_is_asked_after_the_first_course(
    store: LessonStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    loss = Dense.loss

    def seen(self: Dense, *given: Any) -> Any:
        asked.append(self.hard)
        return loss(self, *given)

    monkeypatch.setattr(Dense, "loss", seen)
    told: list[float] = []
    once = trained(store, tmp_path / "a.safetensors", seed=0, told=told)
    assert asked == [False, False, True]
    # Both courses were written down, and are read.
    again = trained(store, tmp_path / "a.safetensors", seed=0, told=told)
    assert len(asked) == len(told) == 3
    for p, q in zip(once.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_places_that_are_near_begin_alike(store: LessonStore, tmp_path: Path) -> None:
    tower = eye_training.train_eye(
        [course(store, steps=0, hard=False)],
        objective="dense",
        seed=0,
        path=tmp_path / "a.safetensors",
        told=lambda *_: None,
    )
    table = tower.embeddings.position_embedding.weight.detach()[1:].reshape(GRID, GRID, -1)
    off = (table - table[5, 5]).norm(dim=-1)
    for row, column in ((5, 6), (4, 5), (6, 6)):
        assert 0 < off[row, column] < 0.7 * off[10, 11]
    assert torch.allclose(off[5, 7], off[7, 5], rtol=1e-4)


def test_what_it_learns_is_what_the_projector_reads(store: LessonStore, tmp_path: Path) -> None:
    told: list[float] = []
    tower = trained(store, tmp_path / "a.safetensors", seed=0, told=told)
    images = eye.normalised(np.zeros((2, 224, 224, 3), np.uint8))
    with torch.no_grad():
        seen = eye.look(tower, images)
        states = tower(pixel_values=images, output_hidden_states=True).hidden_states
        last = states[tower.config.num_hidden_layers]
    assert seen.shape == (2, 128, GRID, GRID)
    assert torch.equal(seen[1, :, 2, 5], last[1, 1 + 2 * GRID + 5])


def test_pixels_are_normalised_as_the_processor_does_it() -> None:
    from PIL import Image

    from pytest_vlmsight.models.tiny.words import new_processor, new_tokenizer

    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    processor = new_processor(new_tokenizer(["a"])).image_processor
    given = processor(images=[Image.fromarray(pixels)], return_tensors="pt")["pixel_values"]
    # Both round to whole numbers from 0 to 255, hardly ever to different ones.
    off = (eye.normalised(pixels[None]) - given).abs() * torch.tensor(STD).view(3, 1, 1) * 255
    assert off.max() < 1.01
    assert (off > 0.01).float().mean() < 0.01
    black = eye.normalised(np.zeros((1, 224, 224, 3), np.uint8))[0, :, 0, 0]
    assert torch.allclose(black, -torch.tensor(MEAN) / torch.tensor(STD))


def test_features_between_patches_are_interpolated() -> None:
    # A plane: its value at a place is the place.
    middle = (torch.arange(14) + 0.5) * 16
    plane = torch.stack([middle.expand(14, 14), middle[:, None].expand(14, 14)])[None]
    asked = torch.tensor([[[8.0, 8.0], [100.0, 37.5], [216.0, 150.0]]])
    assert torch.allclose(eye.at(plane, asked), asked, atol=1e-4)
    assert torch.allclose(eye.at(plane, torch.tensor([[[0.0, 224.0]]])), torch.tensor([8.0, 216.0]))
