"""Eyes by other objectives: each learns what it is to learn, and nothing that it is not told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from transformers import CLIPVisionModel

from pytest_vlmsight.models.tiny import labels, training
from pytest_vlmsight.models.tiny.architecture import SIDE, SIZE, eye_config
from pytest_vlmsight.models.tiny.distilled import Distilled, cropped
from pytest_vlmsight.models.tiny.eye import normalised
from pytest_vlmsight.models.tiny.lesson_store import Batch
from pytest_vlmsight.models.tiny.lessons import SITES
from pytest_vlmsight.models.tiny.objectives import OBJECTIVES, new_objective
from pytest_vlmsight.models.tiny.pictures import CLASSES, GRID
from pytest_vlmsight.models.tiny.training import Course, train

if TYPE_CHECKING:
    from pathlib import Path

LESSONS = 4


def batch(*, told: bool = True) -> Batch:
    """Pictures of one colour each, and a kind, and a technique, that go with it."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (LESSONS, 1, 1, 1, 3), np.uint8)
    classes = np.zeros((LESSONS, 2, len(CLASSES), GRID, GRID), np.uint8)
    if told:
        numbers = np.arange(1, LESSONS + 1, dtype=np.uint8)[:, None, None, None]
        classes[:, :, CLASSES.index("kind")] = numbers
        classes[:, :, CLASSES.index("technique")] = numbers % len(labels.techniques()) + 1
    return Batch(
        pixels=np.broadcast_to(colours, (LESSONS, 2, SIZE, SIZE, 3)).copy(),
        depth=np.ones((LESSONS, 2, GRID, GRID), np.float16),
        facing=np.zeros((LESSONS, 2, 3, GRID, GRID), np.float16),
        classes=classes,
        name=np.zeros((LESSONS, 2, GRID, GRID), np.int64),
        sites=rng.uniform(0, SIZE, (LESSONS, 2, SITES, 2)).astype(np.float32),
        known=np.ones((LESSONS, SITES), bool),
        sort=np.zeros(LESSONS, np.int64),
    )


def eye() -> Any:
    torch.manual_seed(0)
    config = eye_config()
    config.num_hidden_layers = 1
    return CLIPVisionModel(config)


def loss_of(objective: Any, tower: Any, shown: Batch) -> float:
    with torch.no_grad():
        return float(objective.loss(tower, shown, torch.Generator().manual_seed(0)))


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of a training, and its losses."""

    tower: Any
    objective: Any
    losses: list[float]


@pytest.fixture(scope="module", params=OBJECTIVES)
def learnt(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Learnt:
    """An eye that was trained for an objective."""
    tower = eye()
    objective = new_objective(request.param, tower)
    shown = batch()
    told: list[float] = []
    train(
        torch.nn.ModuleDict({"eye": tower, "objective": objective}),
        lambda step: objective.loss(tower, shown, torch.Generator().manual_seed(step)),
        course=Course(steps=20, rate=3e-3),
        path=tmp_path_factory.mktemp("objectives") / "a.safetensors",
        told=lambda _, __, loss: told.append(loss),
        after=lambda: objective.after(tower),
    )
    return Learnt(tower, objective, told)


@pytest.mark.slow
def test_what_an_objective_wants_can_be_learnt(learnt: Learnt) -> None:
    assert np.mean(learnt.losses[-3:]) < 0.8 * np.mean(learnt.losses[:3])


@pytest.mark.parametrize("learnt", ["contrastive", "classified"], indirect=True)
def test_what_is_said_goes_with_its_picture(learnt: Learnt) -> None:
    """With other captions or classes than it learnt the loss is larger."""
    shown = batch()
    other = replace(shown, classes=shown.classes[::-1].copy())
    learns = loss_of(learnt.objective, learnt.tower, shown)
    assert loss_of(learnt.objective, learnt.tower, other) > 2 * learns


@pytest.mark.parametrize("name", ["contrastive", "classified"])
def test_pictures_of_which_nothing_is_known_teach_nothing(name: str) -> None:
    tower = eye()
    objective = new_objective(name, tower)
    assert loss_of(objective, tower, batch(told=False)) == 0


def test_a_teacher_follows_its_student_and_is_told_nothing() -> None:
    tower = eye()
    objective = new_objective("distilled", tower)
    assert isinstance(objective, Distilled)
    assert loss_of(objective, tower, batch()) == loss_of(
        new_objective_like(objective, tower), tower, batch(told=False)
    )
    teacher = objective.teacher.get_submodule("0")
    before = [one.clone() for one in teacher.parameters()]
    with torch.no_grad():
        for one in tower.parameters():
            one.add_(1.0)
    objective.after(tower)
    for one, start in zip(teacher.parameters(), before, strict=True):
        assert torch.allclose(one, start + 0.01, atol=1e-5)
        assert not one.requires_grad


def new_objective_like(objective: Any, tower: Any) -> Any:
    """One with the same weights, as it was before its first step."""
    found = new_objective("distilled", tower)
    state = objective.state_dict()
    found.load_state_dict({**state, "centre": torch.zeros_like(state["centre"])})
    return found


def test_a_teacher_is_kept_when_a_training_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = batch()

    def trained(name: str, *, stop: int | None) -> Any:
        tower = eye()
        objective = new_objective("distilled", tower)
        module = torch.nn.ModuleDict({"eye": tower, "objective": objective})

        def loss(step: int) -> Any:
            if step == stop:
                raise KeyboardInterrupt
            return objective.loss(tower, shown, torch.Generator().manual_seed(step))

        train(
            module,
            loss,
            course=Course(steps=4, rate=1e-3),
            path=tmp_path / name,
            told=lambda *_: None,
            after=lambda: objective.after(tower),
        )
        return module.state_dict()

    whole = trained("whole.safetensors", stop=None)
    monkeypatch.setattr(training, "_WRITTEN_EVERY", -1.0)
    with pytest.raises(KeyboardInterrupt):
        trained("part.safetensors", stop=2)
    again = trained("part.safetensors", stop=None)
    assert set(whole) == set(again)
    for name, tensor in whole.items():
        assert torch.equal(tensor, again[name]), name


def test_crops_show_parts_of_their_own_pictures() -> None:
    step = np.linspace(0, 255, SIZE).astype(np.uint8)
    pixels = np.zeros((6, SIZE, SIZE, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = step, step[:, None]
    images = normalised(pixels)
    generator = torch.Generator().manual_seed(0)
    crops = cropped(images, generator)
    assert crops.shape == (6, 3, SIDE, SIDE)
    again = cropped(images, torch.Generator().manual_seed(0))
    assert torch.equal(crops, again)
    # What rises from left to right does so in crops, or falls where one is mirrored; what rises
    # downwards always does.
    across = (crops[:, 0, :, -1] - crops[:, 0, :, 0]).mean(1)
    down = (crops[:, 1, -1] - crops[:, 1, 0]).mean(1)
    assert (down > 0).all()
    assert (across > 0).any()
    assert (across < 0).any()


def test_an_objective_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="'seen': expected one of dense, contrastive"):
        new_objective("seen", eye())
