"""The recipe as a command: a checkpoint comes out, and what is there is gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_vlmsight.models.names import parse_name
from pytest_vlmsight.models.tiny import examination_store, eye, lesson_store, train

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Arguments for as little as possible."""
    monkeypatch.setattr(lesson_store, "PART", 2)
    monkeypatch.setattr(eye, "BATCH", 2)
    monkeypatch.setattr(examination_store, "PART", 4)
    monkeypatch.setattr(train, "BATCH", 2)
    monkeypatch.setattr(train, "suite_texts", lambda: ["Which image shows another object?"])
    numbers = ("lessons=2", "eye-steps=1", "examinations=4", "mouth-steps=1", "jobs=1", "seed=3")
    return [f"--{number}" for number in numbers]


def test_a_checkpoint_comes_out_and_nothing_is_made_twice(
    little: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pytest_vlmsight.models.transformers_vlm import TransformersVlm

    train.main([str(tmp_path / "new"), *little])
    assert "wrote" in capsys.readouterr().out
    folder = tmp_path / "new" / "models"
    vlm = TransformersVlm.from_name(parse_name(str(folder / "tiny")))
    assert str(vlm.fed_from) == "encoder[6]"
    before = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}

    def never(*_: object) -> None:
        raise AssertionError("it was made before")

    monkeypatch.setattr(lesson_store, "make", never)
    monkeypatch.setattr(examination_store, "make", never)
    monkeypatch.setattr(lesson_store.LessonStore, "batch", never)
    train.main([str(tmp_path / "new"), *little])
    assert {path.name: path.read_bytes() for path in folder.glob("*.safetensors")} == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("--lessons=1", "got 1; expected a number from 32"),
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
