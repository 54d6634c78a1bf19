"""Faults planted in a checkpoint that runs are found by part ``layers`` where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tiny_packs
import tiny_vlms
import torch

from pytest_vlmsight.diagnosis.layers import diagnose
from pytest_vlmsight.diagnosis.subject import Subject
from pytest_vlmsight.models.base import MeasurementError
from pytest_vlmsight.settings import GateSettings, Settings
from pytest_vlmsight.tasks.pack import load_task

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_vlmsight.diagnosis.result import Diagnosis
    from pytest_vlmsight.tasks.item import Task

N = 40


def rotated(tokens: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    """Another random rotation of the features of each image."""
    size = tokens.shape[-1]
    turn, _ = torch.linalg.qr(torch.randn(len(tokens), size, size, generator=dice))
    turned: torch.Tensor = tokens @ turn
    return turned


def shuffled(tokens: torch.Tensor, dice: torch.Generator) -> torch.Tensor:
    """The patches of each image in another order; the class token stays first."""
    order = [torch.randperm(tokens.shape[1] - 1, generator=dice) + 1 for _ in tokens]
    mixed = [one[o] for one, o in zip(tokens, order, strict=True)]
    return torch.cat([tokens[:, :1], torch.stack(mixed)], dim=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_vlms.build(tmp_path_factory.mktemp("layers") / "model", "always_a")


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder = tmp_path_factory.mktemp("layers") / "tiles"
    return load_task(tiny_packs.write_pack(folder, n=N, readout="linear"))


@pytest.fixture
def diagnosed(
    model: Path, tiles: Task, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Diagnosis]:
    """Path of a module and what becomes of what it returns → what is found."""

    def run(module: str | None = None, fault: Any = None, *, twin: bool = False) -> Diagnosis:
        vlm = tiny_vlms.loaded(model)
        settings = Settings(items=N, gate=GateSettings(min_gain=0.25))
        subject = Subject(vlm, tiles, settings=settings)
        if not twin:

            def none(*_: object, **__: object) -> object:
                raise MeasurementError("there is no time for it")

            monkeypatch.setattr(vlm, "untrained", none)
        picture = subject.items[0].images[0]
        vlm._engine.maps.reason(picture.size, vlm.fed_from)  # where tokens look, without the fault
        if module is not None:
            dice = torch.Generator().manual_seed(0)
            part = vlm._engine.model.get_submodule(module)
            part.register_forward_hook(lambda _, __, tokens: fault(tokens, dice))
        return diagnose(subject)

    return run


def test_a_sound_eye_is_present_to_the_last_layer(diagnosed: Callable[..., Diagnosis]) -> None:
    found = diagnosed(twin=True)
    assert found.conclusion == "present to the last layer"
    assert len(found.of("untrained twin")) == len(found.of("readout")) == 6
    (unused,) = (test for test in found.tests if test.claim == "unused")
    assert unused.p < 1e-3  # it always says A


def test_a_projector_that_rotates_each_image_otherwise_loses_it_there(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    found = diagnosed("model.multi_modal_projector", rotated)
    assert found.conclusion == "lost at projector"
    values = {one.name: one.value for one in found.of("readout")}
    assert values["encoder[1]"] > 0.9
    assert all(values[name] < 0.75 for name in ("projector", "llm[1]", "llm[2]"))


def test_an_eye_whose_patches_are_shuffled_does_not_encode(
    diagnosed: Callable[..., Diagnosis],
) -> None:
    found = diagnosed("model.vision_tower.embeddings", shuffled)
    assert found.conclusion == "not encoded"
