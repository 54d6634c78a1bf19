"""Faults planted in checkpoints that run get their right name from the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import tiny_packs
import tiny_vlms
import torch

from pytest_vlmsight.diagnosis.parts import diagnose
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
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Behaviour → checkpoint, built once."""
    root = tmp_path_factory.mktemp("verdict")

    def built(behaviour: str) -> Path:
        folder = root / behaviour
        return folder if folder.exists() else tiny_vlms.build(folder, behaviour)

    return built


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Task:
    folder = tmp_path_factory.mktemp("verdict") / "tiles"
    return load_task(tiny_packs.write_pack(folder, n=N, readout="linear"))


@pytest.fixture
def concluded(
    models: Callable[[str], Path], tiles: Task, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Diagnosis]:
    """Behaviour, module and what becomes of what it returns → the verdict."""

    def run(behaviour: str, module: str = "", fault: Any = None, *, n: int = N) -> Diagnosis:
        vlm = tiny_vlms.loaded(models(behaviour))
        subject = Subject(vlm, tiles, settings=Settings(items=n, gate=GateSettings(min_gain=0.25)))

        def none(*_: object, **__: object) -> object:
            raise MeasurementError("there is no time for it")

        monkeypatch.setattr(vlm, "untrained", none)
        picture = subject.items[0].images[0]
        vlm._engine.maps.reason(picture.size, vlm.fed_from)  # where tokens look, without the fault
        if module:
            dice = torch.Generator().manual_seed(0)
            part = vlm._engine.model.get_submodule(module)
            part.register_forward_hook(lambda _, __, tokens: fault(tokens, dice))
        layers, verdict = diagnose(subject, ["layers"], tests=2)
        assert not layers.error
        assert (verdict.part, verdict.error) == ("verdict", "")
        return verdict

    return run


def test_an_eye_that_cannot_see(concluded: Callable[..., Diagnosis]) -> None:
    found = concluded("always_a", "model.vision_tower.embeddings", shuffled)
    assert found.conclusion == "not encoded"
    assert "not shown to be above chance" in found.sentence


def test_a_projector_that_destroys(concluded: Callable[..., Diagnosis]) -> None:
    found = concluded("always_a", "model.multi_modal_projector", rotated)
    assert found.conclusion == "lost at projector"
    assert "encoder → projector" in found.sentence


@pytest.mark.parametrize("behaviour", ["text_only", "always_a"])
def test_an_llm_that_ignores_image_tokens(
    concluded: Callable[..., Diagnosis], behaviour: str
) -> None:
    found = concluded(behaviour)
    assert found.conclusion == "present to the last layer but unused"
    for words in ("shown to be within", "answers against the readout", "blind gate FAIL"):
        assert words in found.sentence


def test_one_that_answers_by_its_prior_of_letters(
    models: Callable[[str], Path], concluded: Callable[..., Diagnosis]
) -> None:
    letter = tiny_vlms.loaded(models("oracle"))._engine.processor.tokenizer
    (token,) = letter("A", add_special_tokens=False)["input_ids"]

    def prior(logits: torch.Tensor, _: torch.Generator) -> torch.Tensor:
        logits[..., token] += 30
        return logits

    found = concluded("oracle", "lm_head", prior)
    assert found.conclusion == "used but biased"
    assert "letters of answers 100.0%/0.0% against 50.0%/50.0% of the key" in found.sentence
    costs = {test.claim: test for test in found.tests}["letters cost"]
    assert costs.estimate == pytest.approx(0.5)


def test_one_that_is_fine(concluded: Callable[..., Diagnosis]) -> None:
    found = concluded("oracle")
    assert found.conclusion == "fine"
    assert "ceiling gate PASS" in found.sentence
    assert "blind gate PASS" in found.sentence


def test_few_items_are_evidence_of_nothing(concluded: Callable[..., Diagnosis]) -> None:
    found = concluded("always_a", n=8)
    assert found.conclusion == "cannot tell"
    assert "Of which is not shown:" in found.sentence
