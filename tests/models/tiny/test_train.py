"""The recipe as a command: checkpoints come out, and what is there is gone on with."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import pytest
import torch

from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.tiny import (
    architecture,
    examination_store,
    lesson_store,
    suite_items,
    train,
    trainer,
)
from pytest_vlmsight.models.tiny.recipe import Recipe
from pytest_vlmsight.models.tiny.store import PARTS
from pytest_vlmsight.tasks.relative_depth import relative_depth

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def all_is_small() -> Iterator[None]:
    """Batches, parts and items of a recipe that takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lesson_store, "PART", 2)
        patch.setattr(examination_store, "PART", 4)
        for name, module in product(("BATCH", "LESSONS", "MORE_LESSONS"), (train, trainer)):
            patch.setattr(module, name, 2)
        patch.setattr(trainer, "suite_texts", lambda: ["Which image shows another object?"])
        patch.setattr(suite_items, "make", some_items)
        yield


@pytest.fixture
def little() -> Iterator[list[str]]:
    """Arguments for as little as possible."""
    with all_is_small():
        yield least()


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the recipe was followed to its end."""
    folder = tmp_path_factory.mktemp("recipe") / "new"
    with all_is_small():
        train.main([str(folder), *least()])
    return folder


@pytest.fixture
def nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Lessons and items are those that are there."""
    for module in (lesson_store, suite_items):
        monkeypatch.setattr(module, "make", never)
    return monkeypatch


def never(*_: object) -> None:
    raise AssertionError("it was made before")


def least() -> list[str]:
    counts = dict.fromkeys(
        (
            "eye-steps",
            "hard-steps",
            "more-steps",
            "align-steps",
            "word-steps",
            "mouth-steps",
            "tune-steps",
            "suite-parts",
            "jobs",
        ),
        1,
    )
    counts |= {"lessons": 2, "more-lessons": 2, "examinations": 4, "seed": 3}
    return [f"--{name}={count}" for name, count in counts.items()]


def some_items(seed: int, folder: Path, number: int) -> None:
    """Items of one task, which are made quickly."""
    examination_store.save(folder, suite_items.examinations(relative_depth(), 4, seed))


def test_checkpoints_come_out(followed: Path) -> None:
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    parts = {}
    for name in ("tiny", *(f"tiny-{ending}" for ending in trainer.TUNED.values())):
        vlm = TransformersVlm.from_name(parse_name(str(followed / "models" / name)))
        assert str(vlm.fed_from) == f"encoder[{architecture.LAYERS}]"
        parts[name] = vlm._engine.model.state_dict()
    for part, ending in trainer.TUNED.items():
        own = parts[f"tiny-{ending}"]
        changed = {key for key, one in own.items() if not torch.equal(one, parts["tiny"][key])}
        assert changed
        assert all(PARTS[part] in key or key == "lm_head.weight" for key in changed)


def test_nothing_is_made_twice(
    followed: Path,
    little: list[str],
    nothing_is_made: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = followed / "models"
    before = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}
    nothing_is_made.setattr(examination_store, "make", never)
    nothing_is_made.setattr(lesson_store.LessonStore, "batch", never)
    train.main([str(followed), *little])
    assert "wrote tiny, " in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in folder.glob("*.safetensors")} == before


@pytest.mark.usefixtures("nothing_is_made")
def test_another_eye_learns_from_the_same_lessons_and_is_tuned(
    followed: Path, little: list[str]
) -> None:
    train.main([str(followed), *little, "--eye=classified"])
    models = followed / "models"
    names = sorted(path.name for path in models.iterdir() if path.is_dir())
    assert names == sorted(
        f"tiny{ending}"
        for ending in (
            *("", "-tuned", "-vit-tuned", "-projector-tuned"),
            *("-classified", "-classified-tuned"),
        )
    )
    eyes = [(models / f"{eye}-eye.safetensors").read_bytes() for eye in ("dense", "classified")]
    assert eyes[0] != eyes[1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("--lessons=1", "got 1; expected a number from 16"),
        ("--jobs=0", "from 1"),
        ("--seed=x", "x"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    given: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train.main([str(tmp_path / "new"), given])
    error = capsys.readouterr().err
    assert told in error
    assert given.split("=", maxsplit=1)[0] in error
    assert not (tmp_path / "new").exists()


def test_a_folder_keeps_to_the_recipe_that_was_begun_in_it(
    little: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else what was learnt from one seed would go on with another's lessons."""
    first = Recipe(seed=3)
    trainer.Trainer(tmp_path, first)
    trainer.Trainer(tmp_path, replace(first, jobs=7))
    with pytest.raises(SystemExit):
        train.main([str(tmp_path), "--seed=4"])
    error = " ".join(capsys.readouterr().err.split())
    assert "recipe.json: another recipe was begun here, with seed=3" in error
    assert "another folder" in error


def test_words_are_taken_from_no_item_that_a_run_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    task = replace(
        relative_depth(),
        make_items=lambda n, seed: asked.append(seed) or [],  # type: ignore[func-returns-value]
    )
    monkeypatch.setattr("pytest_vlmsight.tasks.registry.resolve", lambda _: [task])
    assert trainer.suite_texts() == []
    assert asked == [suite_items.FIRST_SEED]
